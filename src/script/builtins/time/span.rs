//! A span of time: days of the calendar and exact time behind them. Arithmetic and forms; knows no zone and no clock.

use jiff::SignedDuration;
use std::{cmp::Ordering, fmt};

/// The difference of two times, or a distance to go from one. A day of it is a day of the calendar, which may have 23
/// or 25 hours.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Whole days of the calendar.
    pub days: i64,
    /// What comes behind them; of the same sign, if it is the difference of two times.
    pub rest: SignedDuration,
    /// The time that really passes, where that is known; else a day is taken for 24 hours.
    pub exact: SignedDuration,
}

/// Nobody means spans beyond this, and times do not reach further.
const LONGEST: i64 = 20_000 * 366 * DAY;
const DAY: i64 = 86_400;

impl Span {
    /// So many days of the calendar; `None` where that is beyond all times.
    pub fn of_days(days: i64) -> Option<Span> {
        let exact = SignedDuration::from_secs(days.checked_mul(DAY).filter(|seconds| seconds.abs() <= LONGEST)?);
        Some(Span { days, rest: SignedDuration::ZERO, exact })
    }

    /// So many units of that many seconds.
    pub fn of_seconds(count: i64, unit: i64) -> Option<Span> {
        let rest = SignedDuration::from_secs(count.checked_mul(unit).filter(|seconds| seconds.abs() <= LONGEST)?);
        Some(Span { days: 0, rest, exact: rest })
    }

    /// Both together.
    pub fn plus(self, other: Span) -> Option<Span> {
        let days = self.days.checked_add(other.days).filter(|days| days.abs() <= LONGEST / DAY)?;
        Some(Span { days, rest: self.rest.checked_add(other.rest)?, exact: self.exact.checked_add(other.exact)? })
    }

    /// So many times.
    pub fn times(self, count: i64) -> Option<Span> {
        let factor = i32::try_from(count).ok()?;
        let days = self.days.checked_mul(count).filter(|days| days.abs() <= LONGEST / DAY)?;
        Some(Span { days, rest: self.rest.checked_mul(factor)?, exact: self.exact.checked_mul(factor)? })
    }

    /// Backwards.
    pub fn negated(self) -> Span {
        Span { days: -self.days, rest: -self.rest, exact: -self.exact }
    }

    /// With days of 24 hours: what spans are compared by, so that the 23 hours of a day in spring are one day.
    pub fn nominal(self) -> SignedDuration {
        SignedDuration::from_secs(self.days * DAY).saturating_add(self.rest)
    }

    /// ISO 8601: `P3DT4H`.
    pub fn to_iso(self) -> String {
        let parts = Parts::of(self);
        let mut time = String::new();
        for (count, unit) in [(parts.hours, "H"), (parts.minutes, "M")] {
            if count > 0 {
                time.push_str(&format!("{count}{unit}"));
            }
        }
        time.extend(parts.seconds.map(|seconds| format!("{seconds}S")));
        let sign = if parts.negative { "-" } else { "" };
        match (parts.days, time.is_empty()) {
            (0, true) => "PT0S".into(),
            (0, false) => format!("{sign}PT{time}"),
            (days, true) => format!("{sign}P{days}D"),
            (days, false) => format!("{sign}P{days}DT{time}"),
        }
    }
}

/// A span taken apart, without its sign.
struct Parts {
    negative: bool,
    days: u64,
    hours: u64,
    minutes: u64,
    /// With their fraction; `None` where there are none.
    seconds: Option<String>,
}

impl Parts {
    fn of(span: Span) -> Parts {
        // Days and rest may have been added up from both signs; the sum of days of 24 hours then says what it is.
        let mixed = span.days != 0 && !span.rest.is_zero() && (span.days < 0) != span.rest.is_negative();
        let (days, rest) = if mixed {
            let seconds = span.nominal();
            (seconds.as_secs() / DAY, seconds - SignedDuration::from_secs(seconds.as_secs() / DAY * DAY))
        } else {
            (span.days, span.rest)
        };
        let whole = rest.as_secs().unsigned_abs();
        let nanos = rest.subsec_nanos().unsigned_abs();
        let fraction = format!("{nanos:09}");
        let seconds = match (whole % 60, nanos) {
            (0, 0) => None,
            (seconds, 0) => Some(seconds.to_string()),
            (seconds, _) => Some(format!("{seconds}.{}", fraction.trim_end_matches('0'))),
        };
        Parts {
            negative: days < 0 || rest.is_negative(),
            days: days.unsigned_abs(),
            hours: whole / 3600,
            minutes: whole / 60 % 60,
            seconds,
        }
    }
}

impl fmt::Display for Span {
    /// `3 days 4 h 20 min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Parts::of(*self);
        let mut words = Vec::new();
        match parts.days {
            0 => {}
            1 => words.push("1 day".to_string()),
            days => words.push(format!("{days} days")),
        }
        let units = [(parts.hours, "h"), (parts.minutes, "min")];
        words.extend(units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")));
        words.extend(parts.seconds.map(|seconds| format!("{seconds} s")));
        if words.is_empty() {
            return f.write_str("0 s");
        }
        write!(f, "{}{}", if parts.negative { "-" } else { "" }, words.join(" "))
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Span) -> bool {
        self.nominal() == other.nominal()
    }
}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Span) -> Option<Ordering> {
        self.nominal().partial_cmp(&other.nominal())
    }
}
