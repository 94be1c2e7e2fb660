//! A time of a script: an instant with the zone it is shown in. Reading, showing and calendar arithmetic; knows no clock.

use super::Span;
use crate::text;
use jiff::{
    Timestamp, ToSpan, Unit, ZonedDateTime,
    civil::{DateTime, Weekday},
    tz::{self, TimeZone},
};
use std::fmt;

/// An instant with the zone it is shown in.
#[derive(Clone, Debug, PartialEq)]
pub struct Time(pub ZonedDateTime);

impl Time {
    /// The time that a text means: with an offset or a zone it is that instant, without one it is meant in `zone`. It
    /// is shown in `zone` in any case.
    pub fn parse(text: &str, zone: TimeZone) -> Option<Time> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Time(at.to_zoned_datetime(zone)));
        }
        if let Ok(at) = text.parse::<ZonedDateTime>() {
            return Some(Time(at.with_time_zone(zone)));
        }
        text.parse::<DateTime>().ok()?.to_zoned_datetime(zone).ok().map(Time)
    }

    /// As the API writes times: ISO 8601 in UTC.
    pub fn to_utc(&self) -> String {
        self.0.timestamp().to_string()
    }

    /// Later or earlier: days of the calendar first, whatever their length, then hours and the rest.
    pub fn plus(&self, span: Span) -> Option<Time> {
        let moved = self.0.checked_add(span.days.days()).ok()?;
        moved.checked_add(span.rest).ok().map(Time)
    }

    /// The same day of another month, or the last one where that month is shorter.
    pub fn plus_months(&self, months: i64) -> Option<Time> {
        let months = jiff::Span::new().try_months(months).ok()?;
        self.0.checked_add(months).ok().map(Time)
    }

    /// How far it is from `earlier` to this time, in days of this time's calendar and what is left of the last one.
    pub fn since(&self, earlier: &Time) -> Option<Span> {
        let earlier = earlier.0.with_time_zone(self.0.time_zone().clone());
        let days = i64::from(earlier.until((Unit::Day, &self.0)).ok()?.get_days());
        let rest = self.0.duration_since(&earlier.checked_add(days.days()).ok()?);
        Some(Span { days, rest, exact: self.0.duration_since(&earlier) })
    }

    /// Calendar days from one date to the other, in the zone of the first.
    pub fn days_until(&self, later: &Time) -> Option<i64> {
        let later = later.0.with_time_zone(self.0.time_zone().clone());
        self.0.date().until((Unit::Day, later.date())).ok().map(|span| i64::from(span.get_days()))
    }

    /// The day of the week, in lower case.
    pub fn weekday(&self) -> &'static str {
        match self.0.weekday() {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        }
    }

    /// The name of its zone, or its offset where it has none.
    pub fn zone(&self) -> String {
        self.0.time_zone().iana_name().map_or_else(|| self.0.offset().to_string(), str::to_string)
    }
}

impl fmt::Display for Time {
    /// With the offset of its zone: `2026-05-26T19:21:09+02:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self.0.time_zone() == TimeZone::UTC {
            return self.0.timestamp().fmt(f);
        }
        f.write_str(&self.0.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string())
    }
}

/// The zone of that name. The error is a message and a hint.
pub fn zone_named(name: &str) -> Result<TimeZone, (String, String)> {
    tz::TimeZone::get(name).map_err(|_| {
        let known: Vec<String> = tz::db().available().map(|known| known.to_string()).collect();
        let hint = match text::did_you_mean(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name it by a place, as `Europe/Berlin` or `America/New_York`, or use `UTC`".to_string(),
        };
        (format!("there is no time zone `{}`", text::escape_control(name)), hint)
    })
}
