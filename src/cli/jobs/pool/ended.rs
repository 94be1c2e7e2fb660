//! What becomes of a run whose process has ended: it is over, it is tried again, or it holds up the others of its script.

use super::{ELSEWHERE, Ended, FIRST_WAIT, News, Running, Waiting, Work, child};
use crate::{
    cli::record::Record,
    header::Header,
    store::{self, Lock, Run, State, StoreError},
};
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

/// A run whose process dies so often without a word will do so again.
const MOST_DEATHS: u32 = 3;
/// A run that stopped for a reason that passes waits so long at the most before it is tried again.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(300);

impl Work {
    /// Takes in the processes that have ended.
    pub(super) fn collect(&mut self) -> Result<(), StoreError> {
        let mut at = 0;
        while at < self.running.len() {
            let status = match self.running[at].child.try_wait() {
                Ok(None) => {
                    self.listen(at, false);
                    at += 1;
                    continue;
                }
                Ok(Some(status)) => child::code(status),
                Err(_) => None,
            };
            self.listen(at, true);
            let Running { run, group, epoch, .. } = self.running.swap_remove(at);
            match self.ended(&run, &group, epoch, status) {
                Ok(ended) => {
                    // Before it is told: who hears it looks.
                    if !self.waiting.iter().any(|waiting| waiting.run == run) {
                        self.let_go(&run);
                    }
                    ended.into_iter().for_each(|ended| (self.tell)(News::Ended(Box::new(ended))));
                }
                Err(error) => {
                    // What became of it is looked at again when the store can be used.
                    let not_before = self.clock.now().checked_add(FIRST_WAIT).ok();
                    self.wait_for(run, group, not_before, None);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Passes on what the process of a run has said.
    fn listen(&mut self, at: usize, is_over: bool) {
        let Running { run, ear, .. } = &mut self.running[at];
        // What cannot be heard now stands in its file.
        for line in ear.iter_mut().flat_map(|ear| ear.lines(is_over).unwrap_or_default()) {
            (self.tell)(News::Line { run: run.clone(), line });
        }
    }

    /// What became of a run whose process began it behind the epoch `before`, and ended with `status`.
    fn ended(&mut self, id: &str, group: &str, before: i64, status: Option<u8>) -> Result<Option<Ended>, StoreError> {
        let Some(mut run) = self.store.find(id)?.pop() else { return Ok(None) };
        let began = run.epoch != before;
        if let (false, false, Some(code @ 1..)) = (began, run.state.has_ended(), status) {
            match self.enter_failed_start(run, code)? {
                Some(entered) => run = entered,
                None => {
                    // Another process was faster.
                    self.wait_for(id.into(), group.into(), None, Some(Instant::now()));
                    return Ok(None);
                }
            }
        }
        let again = self.after(&run, group, began || status.is_some())?;
        let run = self.store.find(id)?.pop().unwrap_or(run);
        Ok(Some(Ended { run, again }))
    }

    fn wait_for(&mut self, run: String, group: String, not_before: Option<Timestamp>, elsewhere: Option<Instant>) {
        self.waiting.push(Waiting { run, not_before, group, elsewhere });
    }

    /// Enters an attempt whose process ended before it could begin it, so that an attempt at a run always has an epoch of
    /// its own: an end that is older than that of the process is never taken for its own. `None` where another process is
    /// at the run.
    fn enter_failed_start(&self, run: Run, code: u8) -> Result<Option<Run>, StoreError> {
        let folder = self.store.folder(&run.id);
        // A lock that cannot be made will not be had by anybody.
        let lock = Lock::take(&folder);
        if matches!(lock, Ok(None)) {
            return Ok(None);
        }
        let why = child::last_words(&folder).unwrap_or_else(|| "its process could not begin".into());
        let now = self.clock.now();
        let Some(epoch) = self.store.begin(&run.id, run.epoch, "", now)? else { return Ok(None) };
        let (state, message) = (State::Running, Some(why.as_str()));
        self.store.end(&run.id, epoch, &store::Ended { state, exit_code: code, message, counts: run.counts }, now)?;
        Ok(Some(self.store.find(&run.id)?.pop().unwrap_or(run)))
    }

    /// Decides what becomes of a run whose process has ended, and says when it is tried again. What the run's row says of its
    /// end is of this process where it has `told` of one.
    fn after(&mut self, run: &Run, group: &str, told: bool) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now();
        let stops = self.stopping.is_some();
        match (run.state, run.exit_code.filter(|_| told)) {
            (State::Running, Some(code @ (3 | 75))) => {
                let tries = self.tries.entry(run.id.clone()).or_default();
                if code == 75 && u64::from(*tries) < retries(run) && !stops {
                    let wait = (FIRST_WAIT * 2_i32.saturating_pow((*tries).min(8))).min(LONGEST_WAIT);
                    *tries += 1;
                    let again = now.checked_add(wait).unwrap_or(now);
                    self.requeue(run, group, Some(again));
                    return Ok(Some(again));
                }
                // A file keeps its place; of a schedule the next due time is another run.
                if run.trigger == "watch" {
                    self.held.insert(group.to_string(), (run.id.clone(), Instant::now()));
                }
                Ok(None)
            }
            // Rows that failed have ended it early: what is left can be done by dropping them in again.
            (State::Running, Some(code)) if code != 130 => {
                let why = run.message.clone().unwrap_or_else(|| "it was not carried out to its end".into());
                self.store.give_up(run, code, &why, now)?;
                Ok(None)
            }
            // It was asked to stop, or it died.
            (State::Running | State::Queued, _) if !stops => {
                let deaths = self.deaths.entry(run.id.clone()).or_default();
                *deaths += 1;
                if *deaths < MOST_DEATHS {
                    self.requeue(run, group, None);
                    return Ok(Some(now));
                }
                let why = format!("its process has died {deaths} times");
                self.store.give_up(run, 70, &why, now)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn requeue(&mut self, run: &Run, group: &str, not_before: Option<Timestamp>) {
        // Before those that were handed over later: a script's files are worked through in their order.
        let waiting = Waiting { run: run.id.clone(), not_before, group: group.into(), elsewhere: None };
        self.waiting.insert(0, waiting);
        if not_before.is_some() && run.trigger == "watch" {
            self.held.insert(group.to_string(), (run.id.clone(), Instant::now()));
        }
    }

    /// Lets groups go on whose run has ended elsewhere, or is to be tried again now.
    pub(super) fn release(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut free = Vec::new();
        for (group, (run, looked)) in &mut self.held {
            let due = |waiting: &Waiting| waiting.run == *run && waiting.not_before.is_none_or(|at| at <= now);
            if self.waiting.iter().any(due) {
                free.push(group.clone());
            } else if looked.elapsed() >= ELSEWHERE {
                *looked = Instant::now();
                let row = self.store.find(run)?.pop();
                if row.is_none_or(|row| row.state.has_ended() || row.state == State::Cancelled) {
                    free.push(group.clone());
                }
            }
        }
        free.iter().for_each(|group| drop(self.held.remove(group)));
        Ok(())
    }
}

/// How often a run may be tried again, by its script's header.
fn retries(run: &Run) -> u64 {
    let record = Record::of(run).ok();
    let text = record.and_then(|record| record.script).map_or_else(String::new, |(_, text)| text);
    Header::read(&text, &[]).0.triggers.retries.unwrap_or(0)
}
