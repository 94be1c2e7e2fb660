//! What becomes of the due times between a schedule's cursor and now: which are run, which are skipped or missed, and why.
//! Pure: the same cursor, instant, plan and open runs give the same rows. Writes nothing, starts nothing.

use super::{fold::Fold, plan::Plan};
use crate::{
    cron::{Due, Schedule},
    header::{Missed, Overlap},
    store::due::{Outcome, Row},
    text,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// What is less late than this is on time.
pub(super) const ON_TIME: SignedDuration = SignedDuration::from_secs(60);
/// A cursor further in the future than this was put there by a clock that was wrong.
pub const TOO_FAR: SignedDuration = SignedDuration::from_hours(1);
/// How many missed due times `missed = "all"` makes up for.
const MOST_RUNS: usize = 100;

/// A run of the script that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub id: String,
    /// It has begun; otherwise it is queued.
    pub running: bool,
}

/// What a look at the clock comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing was due since the cursor.
    Nothing,
    /// The clock went back to before the cursor: nothing is repeated.
    Behind(SignedDuration),
    /// The cursor lies more than an hour ahead: the schedule cannot go on.
    Ahead(SignedDuration),
    /// Due times, in their order, each accounted for.
    Rows(Vec<Line>),
}

/// A row of the ledger that is to be written, and the run that is to be queued with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its `run` is still to be filled in where there is a start.
    pub row: Row,
    /// Not before when its run begins; `None` where nothing is run.
    pub start: Option<Timestamp>,
}

/// Accounts for the due times in (`accounted_to`, `now`]. `open` are the script's runs that have not ended, the oldest first.
pub fn tick(plan: &Plan, accounted_to: Timestamp, now: Timestamp, open: &[Open]) -> Tick {
    let ahead = accounted_to.duration_since(now);
    if ahead > TOO_FAR {
        return Tick::Ahead(ahead);
    }
    if ahead > SignedDuration::ZERO {
        return Tick::Behind(ahead);
    }
    let found = sort(plan, accounted_to, now);
    if found.is_empty() { Tick::Nothing } else { Tick::Rows(account(plan, found, now, open)) }
}

/// The due times of a version that ends: nothing is run for what was not accounted for.
pub fn close(schedule: &Schedule, zone: &TimeZone, accounted_to: Timestamp, now: Timestamp, why: &str) -> Vec<Line> {
    let mut missed = Fold::default();
    schedule.after(accounted_to, zone).take_while(|due| due.at <= now).for_each(|due| missed.add(due));
    lines(missed.rows(Outcome::Missed, why))
}

/// Due times by what is asked of them.
#[derive(Default)]
struct Found {
    /// Missed for longer than the window.
    old: Fold,
    /// Missed, and a run that comes later stands for it; or nothing is to be done about it.
    passed: Fold,
    /// Missed, and to be made up for.
    late: Vec<Due>,
    /// More than are made up for.
    rest: Fold,
    on_time: Vec<Due>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.late.is_empty()
            && self.on_time.is_empty()
            && [&self.old, &self.passed, &self.rest].iter().all(|f| f.is_empty())
    }
}

fn sort(plan: &Plan, accounted_to: Timestamp, now: Timestamp) -> Found {
    let mut found = Found::default();
    let window = SignedDuration::try_from(plan.missed_window).unwrap_or(SignedDuration::MAX);
    for due in plan.after(accounted_to).take_while(|due| due.at <= now) {
        let late = now.duration_since(due.at);
        match plan.missed {
            _ if late < ON_TIME => found.on_time.push(due),
            Missed::Skip => found.passed.add(due),
            _ if late > window => found.old.add(due),
            Missed::Once => {
                // The newest is made up for, and stands for those before it.
                found.late.pop().into_iter().for_each(|before| found.passed.add(before));
                found.late.push(due);
            }
            Missed::All if found.late.len() < MOST_RUNS => found.late.push(due),
            Missed::All => found.rest.add(due),
        }
    }
    // So does a run that is on time.
    if plan.missed == Missed::Once && !found.on_time.is_empty() {
        found.late.drain(..).for_each(|due| found.passed.add(due));
    }
    found
}

/// The due times of a script that has been broken since then, and up to when they are accounted for; `None` where there are
/// none. Those of the last minute are left open: a script that is mended by then is still on time for them.
pub fn broken(
    plan: &Plan,
    accounted_to: Timestamp,
    now: Timestamp,
    since: Timestamp,
) -> Option<(Vec<Line>, Timestamp)> {
    let until = now.checked_sub(ON_TIME).ok().filter(|until| *until > accounted_to)?;
    let before = format!("{ABSENT}, and by then the script was broken");
    let mut all = close(&plan.schedule, &plan.zone, accounted_to, since.min(until), &before);
    all.extend(close(&plan.schedule, &plan.zone, accounted_to.max(since), until, "the script was broken"));
    (!all.is_empty()).then_some((all, until))
}

/// Nobody looked at the clock when it was due.
const ABSENT: &str = "nothing was there to start it";

fn account(plan: &Plan, found: Found, now: Timestamp, open: &[Open]) -> Vec<Line> {
    let mut room = Room::new(plan.overlap, open);
    let mut all = Vec::new();
    for due in found.late {
        let late = Some(text::duration(now.duration_since(due.at).unsigned_abs()));
        // `all` asks for a run each, one after the other.
        let entry = if plan.missed == Missed::All { room.squeeze(&due) } else { room.enter(&due) };
        let start = now.checked_add(plan.delay(due.at)).unwrap_or(now);
        decided(&mut all, due, entry, late, start);
    }
    for due in found.on_time {
        let entry = room.enter(&due);
        let start = plan.start(&due);
        decided(&mut all, due, entry, None, start);
    }
    let stands = all.iter().find(|line| line.start.is_some()).map(|line| line.row.due_at);
    let passed = match (plan.missed, stands) {
        (Missed::Skip, _) => format!("{ABSENT}, and `missed` is `skip`"),
        (_, Some(at)) => format!("{ABSENT}; the run due at {at} stands for it"),
        (_, None) => ABSENT.to_string(),
    };
    let old = format!("{ABSENT} within {}, its `missed_window`", text::duration(plan.missed_window));
    let rest = format!("{ABSENT}, and {MOST_RUNS} runs make up for others");
    for (fold, why) in [(found.old, old), (found.passed, passed), (found.rest, rest)] {
        all.extend(lines(fold.rows(Outcome::Missed, &why)));
    }
    all.sort_by_key(|line| line.row.due_at);
    all
}

fn lines(rows: Vec<Row>) -> Vec<Line> {
    rows.into_iter().map(|row| Line { row, start: None }).collect()
}

/// Adds the rows of a due time that is run or skipped; `late` says by how much it was missed.
fn decided(all: &mut Vec<Line>, due: Due, entry: Entry, late: Option<String>, start: Timestamp) {
    let made_up = |late| format!("{ABSENT} on time; made up for {late} later");
    let (outcome, late, more) = match entry {
        Entry::Free => (Outcome::Run, late.map(made_up), None),
        Entry::Behind(what) => (Outcome::Run, late.map(made_up), Some(format!("it waits, because {what}"))),
        Entry::Shut(what) => match late {
            Some(late) => (Outcome::Skipped, Some(format!("{ABSENT} on time, and {late} later {what}")), None),
            None => (Outcome::Skipped, None, Some(what)),
        },
    };
    let why: Vec<String> = due.reason().into_iter().chain(late).chain(more).collect();
    let why = (!why.is_empty()).then(|| why.join("; "));
    for (at, row) in super::fold::rows_of(&due, outcome, why.as_deref()).into_iter().enumerate() {
        all.push(Line { row, start: (at == 0 && outcome == Outcome::Run).then_some(start) });
    }
}

/// What `overlap` leaves room for.
struct Room {
    overlap: Overlap,
    /// What is there already, in words for a reason, the oldest first.
    held: Vec<String>,
}

/// Whether a run finds room.
enum Entry {
    Free,
    /// Behind this.
    Behind(String),
    /// It does not, because of this.
    Shut(String),
}

impl Room {
    fn new(overlap: Overlap, open: &[Open]) -> Room {
        let word = |running| if running { "running" } else { "waiting" };
        let held = open.iter().map(|run| format!("run `{}` was still {}", run.id, word(run.running))).collect();
        Room { overlap, held }
    }

    fn enter(&mut self, due: &Due) -> Entry {
        match (self.overlap, &self.held[..]) {
            (Overlap::Skip, [first, ..]) => Entry::Shut(first.clone()),
            (Overlap::Queue, [first, _, ..]) => Entry::Shut(format!("{first}, and another one was waiting")),
            _ => self.squeeze(due),
        }
    }

    /// Whatever `overlap` says.
    fn squeeze(&mut self, due: &Due) -> Entry {
        let before = self.held.first().cloned();
        self.held.push(format!("the run due at {} had not ended", due.at));
        before.map_or(Entry::Free, Entry::Behind)
    }
}

#[cfg(test)]
mod tests;
