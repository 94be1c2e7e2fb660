//! Wall time: the system's, or a fixed one for tests and `--now`. Owns the only reading of the wall clock; monotonic
//! time (waiting, measuring) is not its business.

use jiff::{Timestamp, tz::TimeZone};

/// Where "now" comes from. Cheap to clone; every part that needs the time is handed one.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// Always the same instant.
    Fixed(Timestamp),
}

impl Clock {
    /// The present instant, UTC.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Fixed(at) => *at,
        }
    }

    /// The zone that dates without a zone are meant in: the machine's, or UTC beside a fixed clock, so that a fixed
    /// run gives the same text everywhere.
    pub fn zone(&self) -> TimeZone {
        match self {
            Clock::System => TimeZone::system(),
            Clock::Fixed(_) => TimeZone::UTC,
        }
    }
}
