//! From the scripts that are there to the versions in the ledger: new ones begin, changed ones begin anew, and the due times
//! of those that are gone end. Nothing that was due before goes without a row.

use super::{Held, Notice, Plan, Scheduler, TOO_FAR, What, close};
use crate::{
    cron::Schedule,
    store::due::{Ledger, LedgerError, Version},
};
use jiff::{Timestamp, tz::TimeZone};
use std::path::Path;

impl Scheduler {
    /// Takes over the schedules of the scripts in the folder `root`, and follows these from now on. Another text or another zone is
    /// a new version, which begins now; everything else of a plan counts from the next tick on for what is not accounted
    /// for yet. The versions of the scripts in `broken` stay in force: they are accounted for, and nothing is run. Call it at
    /// the start, and again when scripts may have changed, each time behind a tick.
    pub fn adopt(
        &mut self,
        ledger: Ledger<'_>,
        root: &Path,
        plans: Vec<Plan>,
        broken: &[String],
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let (held, notices) = ledger.together(|| {
            let mut notices = Vec::new();
            let mut left = ledger.versions()?;
            let mut held = Vec::new();
            for plan in plans {
                let at = left.iter().position(|version| version.script == plan.script);
                let before = at.map(|at| left.swap_remove(at));
                held.push(match before {
                    Some(version) if same(&version, &plan) => {
                        let mut same = Held::new(plan, version.id, version.accounted_to);
                        same.unseen = self.held.iter().all(|held| held.version != version.id);
                        same
                    }
                    before => begin(ledger, plan, before, now, &mut notices)?,
                });
            }
            // Those of other folders are for others to follow, also of folders below this one.
            left.retain(|version| Path::new(&version.script).parent() == Some(root));
            for gone in left {
                if broken.contains(&gone.script)
                    && let Some(plan) = Plan::kept(&gone)
                {
                    let mut version = Held::new(plan, gone.id, gone.accounted_to);
                    version.breaks(now);
                    held.push(version);
                    continue;
                }
                end(ledger, &gone, now, "the schedule was taken away before it could be started", &mut notices)?;
                notices.push(Notice { script: Some(gone.script), what: What::Removed });
            }
            Ok::<_, LedgerError>((held, notices))
        })?;
        let before = std::mem::replace(&mut self.held, held);
        for held in &mut self.held {
            if let Some(before) = before.iter().find(|before| before.version == held.version) {
                // What was said of a schedule is not said again, and what has been broken for longer still is.
                held.stopped = before.stopped;
                held.broken = held.broken.map(|now| before.broken.unwrap_or(now));
            }
        }
        Ok(notices)
    }
}

fn same(version: &Version, plan: &Plan) -> bool {
    version.text == plan.schedule.text() && version.zone == plan.zone_name
}

fn begin(
    ledger: Ledger<'_>,
    plan: Plan,
    before: Option<Version>,
    now: Timestamp,
    notices: &mut Vec<Notice>,
) -> Result<Held, LedgerError> {
    let mut from = now;
    if let Some(before) = before {
        end(ledger, &before, now, "the schedule was changed before it could be started", notices)?;
        notices.push(Notice { script: Some(plan.script.clone()), what: What::Changed });
        // After a small step back of the clock, what the old version was run for is not run again.
        if before.accounted_to.duration_since(now) <= TOO_FAR {
            from = now.max(before.accounted_to);
        }
    }
    let id = ledger.begin(&plan.script, plan.schedule.text(), &plan.zone_name, now, from)?;
    Ok(Held::new(plan, id, from))
}

/// Ends a version, with a row for all that it was due for.
fn end(
    ledger: Ledger<'_>,
    version: &Version,
    now: Timestamp,
    why: &str,
    notices: &mut Vec<Notice>,
) -> Result<(), LedgerError> {
    match (Schedule::parse(&version.text), TimeZone::get(&version.zone)) {
        (Ok(schedule), Ok(zone)) => {
            let lines = close(&schedule, &zone, version.accounted_to, now, why);
            lines.iter().try_for_each(|line| ledger.write(version.id, &line.row, now))?;
            if !lines.is_empty() {
                ledger.advance(version.id, now)?;
            }
        }
        // Another version of onramp, or of the time zones, understood it.
        _ => notices.push(Notice { script: Some(version.script.clone()), what: What::Unknown(version.text.clone()) }),
    }
    ledger.end(version.id, now)
}
