//! Schedules followed: every due time gets its row in the ledger and, where one is due, its run, in one transaction with
//! the cursor. Killed at any moment and started again, it does the same tick again and nothing twice. Starts no run
//! itself: [`Runs`] queues them. Reads no clock: it is told the time.

mod adopt;
mod fold;
mod notice;
mod plan;
mod reset;
mod tick;

pub use notice::{Notice, What, how_to_go_on};
pub use plan::{MISSED_WINDOW, Plan};
pub use reset::reset;
pub use tick::{Line, Open, TOO_FAR, Tick, broken, close, tick};

use crate::store::due::{Ledger, LedgerError};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The clock is looked at this often at least, so that a sleep of the machine or a step of its clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// A clock is set right by small steps all the time.
const STEP: SignedDuration = SignedDuration::from_secs(1);

/// Where runs are queued: in the same database as the ledger, so that both are written together.
pub trait Runs {
    type Error: From<LedgerError>;

    /// The runs of a script that have not ended, whoever started them, the oldest first.
    fn open(&self, script: &str) -> Result<Vec<Open>, Self::Error>;

    /// Queues a run and gives back its id. Called within the ledger's transaction, which may still be given up.
    fn queue(&self, wanted: &Wanted<'_>) -> Result<String, Self::Error>;
}

/// A run that is to be queued.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub plan: &'a Plan,
    /// The nominal due time: `run.scheduled_for`.
    pub scheduled_for: Timestamp,
    /// It must not begin before this.
    pub not_before: Timestamp,
}

/// The schedules of a set of scripts, and how far they are.
#[derive(Debug, Default)]
pub struct Scheduler {
    held: Vec<Held>,
    /// The clock as it was read last.
    last: Option<Timestamp>,
    /// What there was to say when something failed.
    unsaid: Vec<Notice>,
}

#[derive(Debug)]
struct Held {
    plan: Plan,
    version: i64,
    accounted_to: Timestamp,
    /// When there is something to do next: at the next due time, or, while the script is broken, when that is missed.
    next: Option<Timestamp>,
    stopped: bool,
    /// An earlier process followed it, and this one has not looked at it yet.
    unseen: bool,
    /// Since when the script is known to be broken: its due times have their rows, and nothing is run.
    broken: Option<Timestamp>,
}

impl Held {
    fn new(plan: Plan, version: i64, accounted_to: Timestamp) -> Held {
        let mut held = Held { plan, version, accounted_to, next: None, stopped: false, unseen: false, broken: None };
        held.reach(accounted_to);
        held
    }

    /// It is accounted for up to then.
    fn reach(&mut self, accounted_to: Timestamp) {
        self.accounted_to = accounted_to;
        let next = self.plan.after(accounted_to).next().map(|due| due.at);
        self.next = match self.broken {
            Some(_) => next.and_then(|next| next.checked_add(tick::ON_TIME).ok()),
            None => next,
        };
    }

    fn breaks(&mut self, since: Timestamp) {
        self.broken = self.broken.or(Some(since));
        self.reach(self.accounted_to);
    }

    fn notice(&self, what: What) -> Notice {
        Notice { script: Some(self.plan.script.clone()), what }
    }
}

impl Scheduler {
    /// Accounts for everything that was due up to `now`, and queues its runs. Where one schedule fails, those before it are
    /// done, and the next tick does the rest, and says what there was to say by then.
    pub fn tick<R: Runs>(&mut self, ledger: Ledger<'_>, runs: &R, now: Timestamp) -> Result<Vec<Notice>, R::Error> {
        let mut notices = std::mem::take(&mut self.unsaid);
        match self.look(ledger, runs, now, &mut notices) {
            Ok(()) => Ok(notices),
            Err(error) => {
                self.unsaid = notices;
                Err(error)
            }
        }
    }

    fn look<R: Runs>(
        &mut self,
        ledger: Ledger<'_>,
        runs: &R,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) -> Result<(), R::Error> {
        let last = self.last.replace(now);
        let back = last.map_or(SignedDuration::ZERO, |last| last.duration_since(now));
        if back > STEP {
            notices.push(Notice { script: None, what: What::Back(back) });
        }
        for held in &mut self.held {
            // With nothing due there is nothing to write, and mostly nothing is.
            let behind = held.accounted_to > now;
            if behind || held.stopped || held.next.is_some_and(|next| next <= now) {
                one(held, ledger, runs, now, notices)?;
            }
            // The step may have been while nothing was there to see it.
            let behind = held.accounted_to.duration_since(now);
            if std::mem::take(&mut held.unseen)
                && !held.stopped
                && behind > STEP
                && !notices.iter().any(|n| matches!(n.what, What::Back(_)))
            {
                notices.push(Notice { script: None, what: What::Back(behind) });
            }
        }
        Ok(())
    }

    /// Nothing is run any more, from `now` on, for the scripts of which `works` is false: they are broken, or gone.
    pub fn suspend(&mut self, now: Timestamp, works: impl Fn(&str) -> bool) {
        self.held.iter_mut().filter(|held| !works(&held.plan.script)).for_each(|held| held.breaks(now));
    }

    /// How long to sleep before the next tick: until the next due time, but not so long that a step of the clock would go
    /// unnoticed.
    pub fn sleep(&self, now: Timestamp) -> Duration {
        let next = self.next().map(|next| next.duration_since(now));
        let wait = next.map(|wait| Duration::try_from(wait).unwrap_or_default());
        wait.map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP))
    }

    /// The next due time of all schedules that are not stopped.
    pub fn next(&self) -> Option<Timestamp> {
        self.held.iter().filter(|held| !held.stopped).filter_map(|held| held.next).min()
    }
}

/// One schedule up to `now`.
fn one<R: Runs>(
    held: &mut Held,
    ledger: Ledger<'_>,
    runs: &R,
    now: Timestamp,
    notices: &mut Vec<Notice>,
) -> Result<(), R::Error> {
    let mut told = Vec::new();
    let accounted_to = ledger.together(|| {
        // As it stands: somebody may have put it back, or another process may have been faster.
        let version = ledger.in_force(&held.plan.script)?.filter(|version| version.id == held.version);
        let Some(version) = version else { return Ok(None) };
        if let Some(since) = held.broken {
            let Some((lines, until)) = broken(&held.plan, version.accounted_to, now, since) else {
                return Ok(Some(version.accounted_to));
            };
            lines.iter().try_for_each(|line| ledger.write(held.version, &line.row, now))?;
            ledger.advance(held.version, until)?;
            return Ok(Some(until));
        }
        let open = runs.open(&held.plan.script)?;
        let lines = match tick(&held.plan, version.accounted_to, now, &open) {
            Tick::Nothing | Tick::Behind(_) => return Ok(Some(version.accounted_to)),
            Tick::Ahead(by) => {
                told.push(What::Stopped(by));
                return Ok(Some(version.accounted_to));
            }
            Tick::Rows(lines) => lines,
        };
        told.extend(missed(&lines));
        for line in lines {
            write(held, ledger, runs, line, now)?;
        }
        ledger.advance(held.version, now)?;
        Ok::<_, R::Error>(Some(now))
    })?;
    // A version that another process ended is no longer this one's to follow.
    let Some(accounted_to) = accounted_to else {
        held.next = None;
        return Ok(());
    };
    held.reach(accounted_to);
    if held.broken.is_some() {
        return Ok(());
    }
    let stops = told.iter().any(|what| matches!(what, What::Stopped(_)));
    if stops != held.stopped {
        held.stopped = stops;
        if !stops {
            told.insert(0, What::GoesOn);
        }
    } else if stops {
        told.clear();
    }
    notices.extend(told.into_iter().map(|what| held.notice(what)));
    Ok(())
}

/// Writes a row, and queues its run unless that due time has one already, as it may after its schedule was put back.
fn write<R: Runs>(held: &Held, ledger: Ledger<'_>, runs: &R, line: Line, now: Timestamp) -> Result<(), R::Error> {
    let Line { mut row, start } = line;
    if let Some(not_before) = start {
        if ledger.run_of(held.version, row.due_at)?.is_some() {
            return Ok(());
        }
        let wanted = Wanted { plan: &held.plan, scheduled_for: row.due_at, not_before };
        row.run = Some(runs.queue(&wanted)?);
    }
    Ok(ledger.write(held.version, &row, now)?)
}

/// What there is to say of due times that were missed.
fn missed(lines: &[Line]) -> Option<What> {
    use crate::store::due::Outcome;
    let missed = || lines.iter().map(|line| &line.row).filter(|row| row.outcome == Outcome::Missed);
    let (first, last) = (missed().next()?, missed().next_back()?);
    let count = missed().map(|row| row.count).sum();
    Some(What::Missed { count, first: first.due_at, last: last.until.unwrap_or(last.due_at) })
}
