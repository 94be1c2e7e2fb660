//! Due times under `onramp serve`: the runs that an earlier process left, what is due now, and what is said of it.

use super::{
    About, Server,
    scripts::{Seen, State},
};
use crate::{
    cli::{
        connect::Connection,
        jobs::{Service, adopt, due},
        kept::failure_of_store,
        watch,
    },
    error::Failure,
    store, text,
    trigger::{
        Wake,
        schedule::{Notice, Plan},
    },
};
use std::{cell::RefCell, path::Path, time::Duration};

impl Server<'_> {
    /// Hands over what an earlier process left of the runs of schedules.
    pub(super) fn resume(&self, connection: &Connection) -> Result<(), Failure> {
        let store = &self.service.store;
        let open = || store.open_runs().map_err(|error| failure_of_store(&error));
        let ours = |run: &crate::store::Run| {
            run.trigger == "schedule"
                && due::script_of(run).is_some_and(|script| Path::new(&script).starts_with(&self.root))
        };
        let runs: Vec<_> = open()?.into_iter().filter(ours).collect();
        adopt(store, &runs, connection)?;
        for run in open()?.into_iter().filter(ours) {
            if let Some(script) = due::script_of(&run) {
                if run.state == store::State::Running {
                    self.ui.status(&format!("run `{}` of `{}` goes on", run.id, text::escape_control(&run.script)));
                }
                self.service.handover().wake(&run.id, run.not_before, &script);
            }
        }
        Ok(())
    }

    pub(super) fn adopt(&mut self) {
        let scripts = self.scripts.values().filter_map(Seen::script);
        let plans = scripts.filter_map(|script| Plan::of(&script.identity, &script.header.triggers));
        let plans: Vec<Plan> = plans.collect();
        let broken = self.scripts.values().filter(|seen| matches!(seen.state, State::Broken | State::Waits(_)));
        let broken: Vec<String> = broken.map(|seen| seen.identity.clone()).collect();
        self.scheduler.suspend(self.service.clock.now(), |script| plans.iter().any(|plan| plan.script == script));
        // What was due up to now belongs to the schedules as they were.
        self.tick();
        let now = self.service.clock.now();
        let ledger = self.service.store.ledger();
        let done = ledger.and_then(|ledger| self.scheduler.adopt(ledger, &self.root, plans, &broken, now));
        let why = match done {
            Ok(notices) => {
                self.notices(&notices);
                None
            }
            Err(error) => Some(format!("the due times cannot be accounted for: {error}")),
        };
        self.trouble(About::Adopted, why);
    }

    /// Accounts for what was due, hands it over, and says how long nothing will be.
    pub(super) fn tick(&mut self) -> Duration {
        let now = self.service.clock.now();
        let Service { store, maker, .. } = &self.service;
        let queue = due::Queue { store, maker, at_work: self.service.at_work(), now, queued: RefCell::default() };
        let done = match store.ledger() {
            Ok(ledger) => self.scheduler.tick(ledger, &queue, now),
            Err(error) => Err(error.into()),
        };
        let queued = queue.queued.take();
        // Of a transaction that was given up there is no run, and who is asked for it does nothing.
        for (run, not_before, script) in queued {
            self.service.handover().wake(&run, Some(not_before), &script);
        }
        match done {
            Ok(notices) => {
                self.trouble(About::Due, None);
                self.notices(&notices);
                self.scheduler.sleep(self.service.clock.now())
            }
            Err(due::Refused(why)) => {
                self.trouble(About::Due, Some(why));
                watch::RESCAN
            }
        }
    }

    fn notices(&self, notices: &[Notice]) {
        for notice in notices {
            match notice.hint() {
                Some(hint) => self.ui.failure(&Failure::usage(notice.to_string()).hint(hint)),
                None => self.ui.status(&notice.to_string()),
            }
        }
    }
}
