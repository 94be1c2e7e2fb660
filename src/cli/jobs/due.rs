//! Due times under `onramp serve`: how the runs of schedules are queued, and which runs of a script are still open.

use super::{Maker, pool::AtWork};
use crate::{
    cli::{record::Record, schedule::scripts::identity},
    run::short_id,
    store::{Lock, Run, State, Store, StoreError, due::LedgerError},
    trigger::{
        Cause, Job, Make,
        schedule::{Open, Runs, Wanted},
    },
};
use jiff::Timestamp;
use std::cell::RefCell;

/// Queues runs in the store, within the ledger's transactions.
pub struct Queue<'a> {
    pub store: &'a Store,
    pub maker: &'a Maker,
    pub at_work: AtWork,
    pub now: Timestamp,
    /// What was queued, to be handed over once it is committed: the run, when it may begin, and its script.
    pub queued: RefCell<Vec<(String, Timestamp, String)>>,
}

/// Why a due time could not be accounted for, in a line for people.
pub struct Refused(pub String);

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Refused {
        Refused(format!("the due times cannot be accounted for: {error}"))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        Refused(error.message)
    }
}

impl Runs for Queue<'_> {
    type Error = Refused;

    fn open(&self, script: &str) -> Result<Vec<Open>, Refused> {
        let mut runs = self.store.open_runs()?;
        runs.retain(|run| script_of(run).as_deref() == Some(script));
        for run in runs.iter().filter(|run| run.trigger == "schedule" && !self.at_work.has(&run.id)) {
            self.take_up_if_dead(run, script)?;
        }
        // One that stopped waits for people, and holds up nothing, unless it is to be tried again.
        let counts = |run: &Run| match run.state {
            State::Queued => true,
            _ if self.at_work.has(&run.id) => true,
            _ => run.exit_code.is_none() && run.trigger != "manual" || Lock::is_held(&self.store.folder(&run.id)),
        };
        let open = |run: Run| Open { running: run.state == State::Running && run.exit_code.is_none(), id: run.id };
        Ok(runs.into_iter().filter(counts).map(open).collect())
    }

    fn queue(&self, wanted: &Wanted<'_>) -> Result<String, Refused> {
        let dedupe_key = format!("due:{}\n{}", wanted.plan.script, wanted.scheduled_for);
        if let Some(run) = self.store.by_dedupe_key(&dedupe_key)? {
            return Ok(run.id);
        }
        let job = Job {
            run: short_id().map_err(|error| Refused(format!("there are no random numbers ({error})")))?,
            script: wanted.plan.script.clone(),
            dedupe_key,
            cause: Cause::Due { at: wanted.scheduled_for, zone: wanted.plan.zone_name.clone() },
            not_before: Some(wanted.not_before),
        };
        let new = self.maker.make(&job).map_err(Refused)?;
        self.store.add(&new, State::Queued, self.now)?;
        self.queued.borrow_mut().push((job.run.clone(), wanted.not_before, job.script));
        Ok(job.run)
    }
}

impl Queue<'_> {
    /// Hands over a run whose process died, whoever had started it: it would hold up its script for ever.
    fn take_up_if_dead(&self, run: &Run, script: &str) -> Result<(), StoreError> {
        // In this order: who has its lock writes down how it ended before that is free.
        let is_free = !Lock::is_held(&self.store.folder(&run.id));
        let now = self.store.find(&run.id)?.pop().filter(|_| is_free);
        if now.is_some_and(|now| now.state == State::Running && now.exit_code.is_none()) {
            self.queued.borrow_mut().push((run.id.clone(), self.now, script.to_string()));
        }
        Ok(())
    }
}

/// The script of a run, as triggers know it.
pub fn script_of(run: &Run) -> Option<String> {
    let record = Record::of(run).ok()?;
    let (name, _) = record.script.as_ref().filter(|_| record.has_file())?;
    Some(identity(&record.folder.join(name)))
}
