//! From a schedule to its instants, as Debian's cron finds them: over gaps and folds, changes at midnight and changes by
//! half an hour. Owns the rule; says of each instant why it is not simply the time on the wall.

use super::{Fields, Rule};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use std::collections::VecDeque;

/// Without a due time for so long, a schedule is never due. 29 February comes back after eight years at the latest.
const YEARS: i64 = 8;

/// An instant at which a schedule is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub at: Timestamp,
    /// The time on the wall that the schedule asks for.
    pub local: DateTime,
    /// What a change of the clocks does to it.
    pub change: Option<Change>,
    /// Other times on the wall that fall on the same instant: those of a gap, which all become its end.
    pub also: Vec<DateTime>,
}

/// What a change of the clocks does to a time on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It comes twice, and this is the first; the second is not due.
    OnlyFirst,
    /// It comes twice, both are due, and this is the first.
    First,
    /// It comes twice, both are due, and this is the second.
    Second,
    /// It does not come; the first instant behind the gap takes its place.
    Skipped,
}

impl Due {
    /// Why it is not simply the time on the wall, for people; none where it is.
    pub fn reason(&self) -> Option<String> {
        let local = self.local.strftime("%H:%M");
        let also: Vec<String> = self.also.iter().map(|time| time.strftime("%H:%M").to_string()).collect();
        let skipped = |times: Vec<String>| {
            let does = if times.len() == 1 { "does" } else { "do" };
            format!("{} {does} not come on this day", crate::text::joined(times, "and"))
        };
        match self.change {
            Some(Change::OnlyFirst) => Some(format!("{local} comes twice on this day; the first counts")),
            Some(Change::First) => Some(format!("{local} comes twice on this day; this is the first")),
            Some(Change::Second) => Some(format!("{local} comes twice on this day; this is the second")),
            Some(Change::Skipped) => {
                let times = std::iter::once(local.to_string()).chain(also).collect();
                Some(format!("{}; this is the first moment after", skipped(times)))
            }
            None if also.is_empty() => None,
            None => Some(format!("{}; this stands for it too", skipped(also))),
        }
    }
}

/// The due times of a schedule, one after the other.
#[derive(Clone, Debug)]
pub struct Walk<'a>(Inner<'a>);

#[derive(Clone, Debug)]
enum Inner<'a> {
    Dates(Dates<'a>),
    Every { seconds: i128, cursor: Timestamp, zone: TimeZone },
}

#[derive(Clone, Debug)]
struct Dates<'a> {
    fields: &'a Fields,
    zone: TimeZone,
    /// What was given back last.
    cursor: Timestamp,
    /// The first date that was not looked at yet; none behind the end of the calendar.
    next: Option<Date>,
    /// Where to give up.
    until: Date,
    /// What the dates before `next` asked for, in the order of the instants.
    pending: VecDeque<Due>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(rule: &'a Rule, cursor: Timestamp, zone: &TimeZone) -> Walk<'a> {
        let zone = zone.clone();
        Walk(match rule {
            Rule::Every(seconds) => Inner::Every { seconds: i128::from(*seconds), cursor, zone },
            Rule::Fields(fields) => {
                let date = zone.to_datetime(cursor).date();
                // A change at midnight can leave the date before with times that are still to come.
                let next = Some(date.yesterday().unwrap_or(date));
                Inner::Dates(Dates { fields, zone, cursor, next, until: end(date), pending: VecDeque::new() })
            }
        })
    }
}

/// The date at which a search that begins at `date` is given up.
fn end(date: Date) -> Date {
    date.checked_add(YEARS.years()).unwrap_or(Date::MAX)
}

impl Iterator for Walk<'_> {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        match &mut self.0 {
            Inner::Dates(dates) => dates.following(),
            Inner::Every { seconds, cursor, zone } => {
                let nanos = *seconds * 1_000_000_000;
                let at = (cursor.as_nanosecond().div_euclid(nanos) + 1).checked_mul(nanos)?;
                *cursor = Timestamp::from_nanosecond(at).ok()?;
                Some(Due { at: *cursor, local: zone.to_datetime(*cursor), change: None, also: Vec::new() })
            }
        }
    }
}

impl Dates<'_> {
    fn following(&mut self) -> Option<Due> {
        loop {
            while self.pending.front().is_some_and(|due| due.at <= self.cursor) {
                self.pending.pop_front();
            }
            // The date behind a due time's own can hold an earlier instant, so it must have been looked at; the ones
            // behind that cannot, because no change is longer than a day.
            let ready = |due: &Due| self.next.is_none_or(|next| next.yesterday().is_ok_and(|d| due.local.date() < d));
            if self.pending.front().is_some_and(ready) {
                let mut due = self.pending.pop_front()?;
                while self.pending.front().is_some_and(|other| other.at == due.at) {
                    due.also.extend(self.pending.pop_front().map(|other| other.local));
                }
                self.cursor = due.at;
                self.until = end(due.local.date());
                return Some(due);
            }
            let date = self.next?;
            if date > self.until && self.pending.is_empty() {
                return None;
            }
            self.next = date.tomorrow().ok();
            self.look_at(date);
        }
    }

    fn look_at(&mut self, date: Date) {
        let Fields { minutes, hours, days, months, .. } = self.fields;
        if months >> date.month() & 1 == 0 || !days.contain(date) {
            return;
        }
        for hour in (0..24).filter(|hour| hours >> hour & 1 == 1) {
            for minute in (0..60).filter(|minute| minutes >> minute & 1 == 1) {
                self.ask(date.at(hour, minute, 0, 0));
            }
        }
        // Of those that fall together, the one that exists speaks for the others.
        self.pending.make_contiguous().sort_by_key(|due| (due.at, due.change, due.local));
    }

    /// Puts the instants of one time on the wall into the list.
    fn ask(&mut self, local: DateTime) {
        let wildcard = self.fields.wildcard;
        let mut push = |at: Option<Timestamp>, change| {
            self.pending.extend(at.map(|at| Due { at, local, change, also: Vec::new() }));
        };
        let instant = |offset: Offset| offset.to_timestamp(local).ok();
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => push(instant(offset), None),
            AmbiguousOffset::Gap { .. } if wildcard => {}
            AmbiguousOffset::Gap { after, .. } => {
                // With the later offset, a time in the gap lies before the change that makes it.
                let change = |before| self.zone.following(before).find(|change| change.offset() == after);
                let end = instant(after).and_then(change).map(|change| change.timestamp());
                push(end, Some(Change::Skipped));
            }
            AmbiguousOffset::Fold { before, after } if wildcard => {
                push(instant(before), Some(Change::First));
                push(instant(after), Some(Change::Second));
            }
            AmbiguousOffset::Fold { before, .. } => push(instant(before), Some(Change::OnlyFirst)),
        }
    }
}
