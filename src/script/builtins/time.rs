//! Times: now, today, reading and comparing. The clock is the session's, so that a run can be followed again.

use super::Builtin;
use crate::script::{
    fault::Thrown,
    host::{Host, Raised},
};
use jiff::{SignedDuration, Timestamp, Unit, ZonedDateTime, civil::Date, tz::TimeZone};
use rhai::{Engine, INT, NativeCallContext};
use std::{fmt, sync::Arc};

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "now",
        signatures: &["now()"],
        summary: "The present time",
        example: "now() > parse_time(\"2020-01-01\")",
    },
    Builtin {
        name: "today",
        signatures: &["today()"],
        summary: "The beginning of the present day",
        example: "today() <= now()",
    },
    Builtin {
        name: "parse_time",
        signatures: &["parse_time(text)"],
        summary: "The time that an ISO 8601 text means; a plain date is its beginning",
        example: "parse_time(\"2026-05-26T17:21:09Z\").year",
    },
    Builtin {
        name: "days_between",
        signatures: &["days_between(from, to)"],
        summary: "Calendar days from one time to another, negative if it is the earlier one",
        example: "days_between(parse_time(\"2026-05-01\"), parse_time(\"2026-05-26\"))",
    },
    Builtin {
        name: "format",
        signatures: &["time.format(pattern)"],
        summary: "A time as text; the pattern is that of strftime",
        example: "parse_time(\"2026-05-26\").format(\"%d %B %Y\")",
    },
];

/// An instant with the zone it is shown in.
#[derive(Clone, Debug, PartialEq)]
pub struct Time(pub ZonedDateTime);

impl Time {
    /// As the API writes times: ISO 8601 in UTC.
    pub fn to_utc(&self) -> String {
        self.0.timestamp().to_string()
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

/// The difference between two times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span(pub SignedDuration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

pub fn register(engine: &mut Engine, host: &Arc<Host>) {
    engine.register_type_with_name::<Time>("time").register_type_with_name::<Span>("span");
    let shared = host.clone();
    engine.register_fn("now", move || Time(shared.session.now().to_zoned_datetime(shared.session.clock().zone())));
    let shared = host.clone();
    engine
        .register_fn("timestamp", move || Time(shared.session.now().to_zoned_datetime(shared.session.clock().zone())));
    let shared = host.clone();
    engine.register_fn("today", move |ctx: NativeCallContext| {
        let now = shared.session.now().to_zoned_datetime(shared.session.clock().zone());
        now.start_of_day().map(Time).map_err(|error| failed("today", &error, &ctx))
    });
    let shared = host.clone();
    engine.register_fn("parse_time", move |ctx: NativeCallContext, text: &str| {
        parse(text, shared.session.clock().zone()).ok_or_else(|| {
            Thrown::argument("parse_time", None, format!("`{text}` is not a time"))
                .hint("write it as `2026-05-26T17:21:09Z` or `2026-05-26`".into())
                .raise(ctx.call_position())
        })
    });
    engine.register_fn("days_between", |ctx: NativeCallContext, from: Time, to: Time| {
        let to = to.0.with_time_zone(from.0.time_zone().clone());
        let days = from.0.date().until((Unit::Day, to.date()));
        days.map(|span| INT::from(span.get_days())).map_err(|error| failed("days_between", &error, &ctx))
    });
    engine.register_fn("format", |ctx: NativeCallContext, time: &mut Time, pattern: &str| {
        jiff::fmt::strtime::format(pattern, &time.0).map_err(|_| {
            Thrown::argument("format", None, format!("`{pattern}` is not a pattern for times"))
                .hint("write for example `%d %B %Y` or `%Y-%m-%d %H:%M`".into())
                .raise(ctx.call_position())
        })
    });
    engine
        .register_get("year", |time: &mut Time| INT::from(time.0.year()))
        .register_get("month", |time: &mut Time| INT::from(time.0.month()))
        .register_get("day", |time: &mut Time| INT::from(time.0.day()))
        .register_get("date", |time: &mut Time| time.0.date().to_string())
        .register_fn("==", |a: Time, b: Time| a.0.timestamp() == b.0.timestamp())
        .register_fn("!=", |a: Time, b: Time| a.0.timestamp() != b.0.timestamp())
        .register_fn("<", |a: Time, b: Time| a.0 < b.0)
        .register_fn("<=", |a: Time, b: Time| a.0 <= b.0)
        .register_fn(">", |a: Time, b: Time| a.0 > b.0)
        .register_fn(">=", |a: Time, b: Time| a.0 >= b.0)
        .register_fn("-", |a: Time, b: Time| Span(a.0.timestamp().duration_since(b.0.timestamp())))
        .register_get("days", |span: &mut Span| span.0.as_hours() / 24)
        .register_get("hours", |span: &mut Span| span.0.as_hours())
        .register_get("minutes", |span: &mut Span| span.0.as_mins())
        .register_get("seconds", |span: &mut Span| span.0.as_secs());
    engine
        .register_fn("to_string", |time: &mut Time| time.to_string())
        .register_fn("to_debug", |time: &mut Time| time.to_string())
        .register_fn("to_string", |span: &mut Span| span.to_string())
        .register_fn("to_debug", |span: &mut Span| span.to_string());
}

/// The time that a text means; without an offset in it, in this zone.
pub fn parse(text: &str, zone: TimeZone) -> Option<Time> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Time(at.to_zoned_datetime(zone)));
    }
    let date: Date = text.parse().ok()?;
    date.to_zoned_datetime(zone).ok().map(Time)
}

fn failed(function: &str, error: &jiff::Error, ctx: &NativeCallContext) -> Raised {
    Thrown::argument(function, None, error.to_string()).raise(ctx.call_position())
}
