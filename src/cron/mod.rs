//! Schedules: how they are written (five fields of cron, a name such as `@daily`, or `every 15m`) and when they are due.
//! The one definition of both. Pure: it is told the instant to begin at and the zone, and reads no clock.

mod days;
mod field;
mod parse;
mod walk;

pub use parse::Bad;
pub use walk::{Change, Due, Walk};

use days::Days;
use jiff::{Timestamp, tz::TimeZone};

/// A schedule that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Fields(Fields),
    /// Seconds between two due times, which are the multiples of it since 1970 in UTC: the same after a restart, and
    /// on every machine.
    Every(u64),
}

/// What five fields ask for. Bit `n` of a field stands for its value `n`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    /// Whether the minute or the hour begins with `*`. Debian's cron lets such a schedule follow the clock on the wall
    /// through a change, and lets a fixed one run once all the same.
    wildcard: bool,
    minutes: u64,
    hours: u64,
    days: Days,
    months: u64,
}

impl Schedule {
    /// Reads a schedule. What is wrong is told for people.
    pub fn parse(text: &str) -> Result<Schedule, Bad> {
        parse::schedule(text)
    }

    /// The schedule as text, the same for all ways to write the same words: capitals, and single spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it means times on a wall, and so a time zone has to be known. `every 15m` means none.
    pub fn needs_zone(&self) -> bool {
        matches!(self.rule, Rule::Fields(_))
    }

    /// Its due times strictly later than `cursor`, in their order, each instant once. The walk ends where there is none
    /// for eight years: such a schedule is never due.
    pub fn after(&self, cursor: Timestamp, zone: &TimeZone) -> Walk<'_> {
        Walk::new(&self.rule, cursor, zone)
    }
}

#[cfg(test)]
mod tests;
