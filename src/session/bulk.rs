//! A bulk call: one write for each of many rows, many of them in flight, in the order of the rows. A row's intent is safe
//! before it goes out; intents are made safe in groups. Knows no script and no file.

use super::{
    Number, Session, SessionError,
    control::Stage,
    outgoing::{self, Bounds, GROUP, Outgoing, Sent},
    sent::Prepared,
    write::{self, Manner, Outcome, Ready},
};
use crate::api::{
    operation::{Effect, Operation},
    request::Call,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};
use tokio::sync::Semaphore;

/// In flight, before latency and budget are known.
const FIRST_IN_FLIGHT: usize = 4;
/// In flight by our own choice: more would only leave more in doubt.
const MOST_IN_FLIGHT: usize = 16;

/// A bulk call in progress. Rows go in in order and come out as they are answered.
pub struct Bulk<'s> {
    session: &'s Session,
    number: Number,
    /// The run's own number, while a closure counts for itself.
    outside: Option<Number>,
    /// Ready to be sent, their intents not yet safe; with the record that each is about.
    group: Vec<(Prepared, Option<Target>)>,
    /// Those that were handed on and whose answers are not there yet, by row, with the record that each is about.
    open: HashMap<u64, Option<Target>>,
    /// Records that are being written to: the next write to one of them waits.
    busy: HashSet<Target>,
    finished: VecDeque<Row>,
    /// Made with the first write that is sent.
    outgoing: Option<Outgoing>,
    answers: mpsc::Receiver<Vec<Sent>>,
    answer: mpsc::Sender<Vec<Sent>>,
    bounds: Bounds,
    in_flight: usize,
    /// How many may wait for those in flight.
    ahead: usize,
    /// Whether `in_flight` follows latency and budget.
    adapts: bool,
    /// What ends the run, once everything in flight is answered.
    fatal: Option<SessionError>,
}

/// The record that a write is about.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Target {
    /// As the run has seen it, under whichever form of its id.
    Seen(u32),
    /// As the row calls it.
    Named(String),
}

/// A row with what became of it.
#[derive(Debug)]
pub struct Row {
    /// From 1.
    pub row: u64,
    pub outcome: Outcome,
    /// Of an earlier attempt of the run.
    pub recorded: bool,
}

impl Session {
    /// Begins a bulk call of `operation`. `in_flight` is how many writes may be under way at once; by default as many as
    /// latency and budget are worth. `total` is how many rows there are, where that is known
    /// before the first one.
    pub fn bulk(
        &self,
        operation: &'static Operation,
        in_flight: Option<usize>,
        total: Option<u64>,
    ) -> Result<Bulk<'_>, SessionError> {
        let number = self.number();
        if number.1 > 0 {
            return Err(SessionError::Nested);
        }
        self.control().progress.stage(Some(Stage {
            call: number.0,
            operation: operation.name.to_string(),
            done: 0,
            total,
            changed: 0,
            unchanged: 0,
            skipped: 0,
            failed: 0,
        }));
        let first = in_flight.unwrap_or(FIRST_IN_FLIGHT);
        let (answer, answers) = mpsc::channel();
        Ok(Bulk {
            session: self,
            number,
            outside: None,
            group: Vec::new(),
            open: HashMap::new(),
            busy: HashSet::new(),
            finished: VecDeque::new(),
            outgoing: None,
            answers,
            answer,
            bounds: Bounds {
                permits: Arc::new(Semaphore::new(first)),
                closed: Arc::default(),
                bearable: Arc::new(AtomicU64::new(u64::MAX)),
            },
            in_flight: first,
            ahead: GROUP,
            adapts: in_flight.is_none(),
            fatal: None,
        })
    }
}

impl Bulk<'_> {
    /// From here on what the script does belongs to the closure of this row; until [`Bulk::leave`].
    pub fn enter(&mut self, row: u64) {
        self.outside = Some(self.session.renumber(Number(self.number.0, row, 0, 0)));
    }

    /// The closure is done.
    pub fn leave(&mut self) {
        if let Some(number) = self.outside.take() {
            self.session.renumber(number);
        }
    }

    /// The number of the bulk call among the run's calls.
    pub fn number(&self) -> u64 {
        self.number.0
    }

    /// So many rows there are, as it is known by now.
    pub fn set_total(&self, total: u64) {
        self.session.control().progress.on_stage(|stage| stage.total = Some(total));
    }

    /// Lets nothing more go out once so many rows have failed.
    pub fn stop_after(&mut self, failures: u64) {
        self.bounds.bearable.store(failures, Ordering::SeqCst);
    }

    /// A row for which no call could be made.
    pub fn fail(&mut self) {
        self.bounds.fail();
        self.session.control().progress.failed(1);
        self.session.control().progress.on_stage(|stage| {
            stage.done += 1;
            stage.failed += 1;
        });
    }

    /// Nothing is to be done for a row.
    pub fn skip(&mut self) {
        self.session.control().progress.skipped(1);
        self.session.control().progress.on_stage(|stage| {
            stage.done += 1;
            stage.skipped += 1;
        });
    }

    /// Hands in the write of a row. Returns when it is on its way, which may take as long as those before it.
    pub fn push(&mut self, row: u64, call: &Call, manner: Manner<'_>) -> Result<(), SessionError> {
        self.check()?;
        let call = &self.session.real(call.clone());
        if let Err(refused) = self.session.knows_its_ids(call) {
            self.bounds.fail();
            self.finish(row, Outcome::Failed(refused), false);
            return Ok(());
        }
        let number = Number(self.number.0, row, 0, 0);
        // Two writes to one record must not overtake each other.
        let mut target = self.target(call);
        while target.as_ref().is_some_and(|target| self.busy.contains(target)) {
            self.flush()?;
            self.receive(true)?;
        }
        let recorded = self.session.recorder().is_some_and(|recorder| recorder.knows(number));
        match self.session.prepare(number, call, manner)? {
            Ready::Done(outcome) => {
                if !recorded && matches!(outcome, Outcome::Left(_) | Outcome::Failed(_)) {
                    self.bounds.fail();
                }
                self.finish(row, outcome, recorded);
            }
            Ready::Send(prepared) => {
                self.session.control().pass(self.session.stop())?;
                if matches!(target, Some(Target::Named(_))) {
                    // It was looked at just now.
                    target = self.target(call);
                }
                self.busy.extend(target.clone());
                self.group.push((*prepared, target));
            }
        }
        self.receive(false)?;
        // A group is closed when it is full, or as soon as something could go out at once.
        if self.group.len() >= GROUP || self.open.len() < self.in_flight {
            self.flush()?;
        }
        // One group ahead of those in flight, and no more: what is safe and not sent is in doubt after a crash.
        while self.open.len() >= self.in_flight + self.ahead {
            self.receive(true)?;
        }
        Ok(())
    }

    /// The record that a call is about; `None` for a create.
    fn target(&self, call: &Call) -> Option<Target> {
        let id = call.path.last().filter(|_| call.operation.effect != Effect::Create)?;
        // Ids of two kinds of objects may be the same.
        let object = write::object_of(call.operation);
        let place = self.session.recorder().and_then(|recorder| recorder.place(object, id));
        Some(place.map_or_else(|| Target::Named(format!("{object}/{id}")), Target::Seen))
    }

    /// A row that is done, if there is one; rows may come out of order.
    pub fn next_done(&mut self) -> Option<Row> {
        self.finished.pop_front()
    }

    /// Sends what was handed in and waits for its answers; more may follow.
    pub fn settle(&mut self) -> Result<(), SessionError> {
        self.flush()?;
        while !self.open.is_empty() {
            self.receive(true)?;
        }
        self.check()
    }

    /// Sends what is left and waits for all answers. An error is what ends the run; the rows that were answered come out
    /// all the same.
    pub fn drain(&mut self) -> Result<(), SessionError> {
        let flushed = if self.fatal.is_none() { self.flush() } else { Ok(()) };
        if let Err(error) = flushed {
            self.give_up(error);
        }
        while !self.open.is_empty() {
            if let Err(error) = self.receive(true) {
                self.give_up(error);
            }
        }
        self.session.control().progress.stage(None);
        self.check()
    }

    /// Lets nothing more go out, and waits for what is in flight.
    pub fn stop(&mut self) {
        self.bounds.closed.store(true, Ordering::SeqCst);
        self.group.clear();
        while !self.open.is_empty() {
            if let Err(error) = self.receive(true) {
                self.give_up(error);
            }
        }
        self.session.control().progress.stage(None);
    }

    fn give_up(&mut self, error: SessionError) {
        self.bounds.closed.store(true, Ordering::SeqCst);
        self.group.clear();
        self.fatal.get_or_insert(error);
    }

    fn check(&mut self) -> Result<(), SessionError> {
        self.fatal.take().map_or(Ok(()), Err)
    }

    /// Lets the group go, once its intents are safe.
    fn flush(&mut self) -> Result<(), SessionError> {
        if self.group.is_empty() {
            return Ok(());
        }
        if self.outgoing.is_none() {
            self.outgoing = Some(Outgoing::new(self.session, self.bounds.clone(), self.answer.clone())?);
        }
        let (mut group, open) = (Vec::with_capacity(self.group.len()), &mut self.open);
        for (prepared, target) in self.group.drain(..) {
            open.insert(prepared.number.1, target);
            group.push(prepared);
        }
        if let Some(outgoing) = &self.outgoing {
            outgoing.hand(group);
        }
        Ok(())
    }

    /// Takes the answers that are there; waits for one where `wait` says so.
    fn receive(&mut self, wait: bool) -> Result<(), SessionError> {
        if wait && !self.open.is_empty() {
            let sent = crate::memory::unbounded(|| self.answers.recv());
            // The sender lives as long as `self`.
            sent.into_iter().flatten().for_each(|sent| self.take(sent));
        }
        while let Ok(sent) = self.answers.try_recv() {
            sent.into_iter().for_each(|sent| self.take(sent));
        }
        self.check()
    }

    fn take(&mut self, (row, outcome): Sent) {
        let Some(target) = self.open.remove(&row) else { return };
        if let Some(target) = &target {
            self.busy.remove(target);
        }
        match outcome {
            None => {}
            Some(Ok(outcome)) => {
                self.adapt();
                self.finish(row, outcome, false);
            }
            Some(Err(error)) => self.give_up(error),
        }
    }

    fn finish(&mut self, row: u64, outcome: Outcome, recorded: bool) {
        let progress = &self.session.control().progress;
        match &outcome {
            // What is only planned has changed nothing.
            Outcome::Changed(_) if self.session.is_dry() => {}
            Outcome::Changed(_) => progress.changed(1),
            Outcome::Unchanged(_) => progress.unchanged(1),
            Outcome::Left(_) | Outcome::Failed(_) => progress.failed(1),
        }
        progress.on_stage(|stage| {
            stage.done += 1;
            match &outcome {
                Outcome::Changed(_) => stage.changed += 1,
                Outcome::Unchanged(_) => stage.unchanged += 1,
                Outcome::Left(_) | Outcome::Failed(_) => stage.failed += 1,
            }
        });
        self.finished.push_back(Row { row, outcome, recorded });
    }

    /// Learns what the budget allows, and has as many in flight as keep it busy at this latency, and a few more so that
    /// one slow answer holds up nobody.
    fn adapt(&mut self) {
        let Ok(link) = self.session.link() else { return };
        let pace = link.client().pace();
        self.session.control().progress.keep_to(pace.rate);
        self.ahead = outgoing::group_at(pace.rate);
        if !self.adapts {
            return;
        }
        let busy = f64::from(pace.rate.limit) / pace.rate.window.as_secs_f64() * pace.latency.as_secs_f64();
        let wanted = ((busy * 1.5).ceil() as usize + 1).clamp(2, MOST_IN_FLIGHT);
        if wanted > self.in_flight {
            self.bounds.permits.add_permits(wanted - self.in_flight);
            self.in_flight = wanted;
        }
    }
}

impl Drop for Bulk<'_> {
    /// A closure that fails, or a panic, leaves nothing in flight behind: what was sent is answered and recorded first.
    fn drop(&mut self) {
        if !self.open.is_empty() {
            self.stop();
        }
        self.leave();
    }
}
