//! Wall time: the system's, or a fixed one for tests and `--now`. Owns the only reading of the wall clock; monotonic
//! time (waiting, measuring) is not its business.

use jiff::{
    Timestamp,
    fmt::temporal::{DateTimeParser, DateTimePrinter},
    tz::TimeZone,
};

/// Where "now" comes from. Cheap to clone; every part that needs the time is handed one.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// The machine's clock, in another zone than the machine's: that in which a run was begun.
    SystemIn(TimeZone),
    /// Always the same instant.
    Fixed(Timestamp),
}

impl Clock {
    /// The present instant, UTC.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System | Clock::SystemIn(_) => Timestamp::now(),
            Clock::Fixed(at) => *at,
        }
    }

    /// The zone that dates without a zone are meant in: the machine's, or UTC beside a fixed clock, so that a fixed
    /// run gives the same text everywhere.
    pub fn zone(&self) -> TimeZone {
        match self {
            Clock::System => TimeZone::system(),
            Clock::SystemIn(zone) => zone.clone(),
            Clock::Fixed(_) => TimeZone::UTC,
        }
    }

    /// The zone as text, for a record: its name, its offset or its rule. `None` for one that has none of them, as where the
    /// machine's is a file without a name.
    pub fn zone_name(&self) -> Option<String> {
        DateTimePrinter::new().time_zone_to_string(&self.zone()).ok()
    }

    /// The same clock in the zone that a record holds. A clock that is fixed stays as it is, and so does one for a zone that
    /// this machine does not know.
    pub fn in_zone(self, name: &str) -> Clock {
        match (self, DateTimeParser::new().parse_time_zone(name)) {
            (Clock::System | Clock::SystemIn(_), Ok(zone)) => Clock::SystemIn(zone),
            (clock, _) => clock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_was_recorded_is_the_zone_again() {
        for name in ["Europe/Berlin", "UTC", "+05:30", "EST5EDT,M3.2.0,M11.1.0"] {
            let clock = Clock::System.in_zone(name);
            assert_eq!(clock.zone_name().as_deref(), Some(name));
        }
        assert!(matches!(Clock::System.in_zone("Nowhere/Near"), Clock::System));
        assert_eq!(Clock::Fixed(Timestamp::UNIX_EPOCH).in_zone("Europe/Berlin").zone_name().as_deref(), Some("UTC"));
    }
}
