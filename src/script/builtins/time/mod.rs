//! Times: now, today, reading, calendar arithmetic, zones and forms. The clock is the session's, so that a run can be
//! followed again.

mod span;
mod value;

pub use span::Span;
pub use value::Time;

use super::Builtin;
use crate::script::{
    fault::{Spot, Thrown},
    host::{Host, Raised},
    registry::Registry,
};
use rhai::{INT, NativeCallContext};
use std::sync::Arc;
use value::zone_named;

pub const BUILTINS: &[Builtin] = &[
    Builtin { name: "now", signatures: &["now()"], summary: "The present time", example: "now()" },
    Builtin {
        name: "today",
        signatures: &["today()"],
        summary: "The beginning of the present day",
        example: "today()",
    },
    Builtin {
        name: "parse_time",
        signatures: &["parse_time(text)", "parse_time(text, zone)"],
        summary: "The time that an ISO 8601 text means; a plain date is its beginning, in the zone where one is given",
        example: "parse_time(\"2026-05-26T17:21:09Z\").year",
    },
    Builtin {
        name: "days_between",
        signatures: &["days_between(from, to)"],
        summary: "Calendar days from one time to another, negative if it is the earlier one",
        example: "days_between(parse_time(\"2026-05-01\"), parse_time(\"2026-05-26\"))",
    },
    Builtin {
        name: "weeks",
        signatures: &["weeks(n)"],
        summary: "A span of n weeks of the calendar, to add to a time",
        example: "today() + weeks(2)",
    },
    Builtin {
        name: "days",
        signatures: &["days(n)"],
        summary: "A span of n days of the calendar, to add to a time or to compare with a difference",
        example: "now() - parse_time(\"2026-05-01\") > days(14)",
    },
    Builtin { name: "hours", signatures: &["hours(n)"], summary: "A span of n hours", example: "now() - hours(2)" },
    Builtin {
        name: "minutes",
        signatures: &["minutes(n)"],
        summary: "A span of n minutes",
        example: "now() + minutes(30)",
    },
    Builtin {
        name: "seconds",
        signatures: &["seconds(n)"],
        summary: "A span of n seconds",
        example: "seconds(90).minutes",
    },
    Builtin {
        name: "add_months",
        signatures: &["time.add_months(n)"],
        summary: "The same day n months later, or the last day of that month where it is shorter",
        example: "parse_time(\"2026-01-31\").add_months(1).date",
    },
    Builtin {
        name: "start_of_day",
        signatures: &["time.start_of_day()"],
        summary: "The beginning of the time's day, in its zone",
        example: "(now() - days(1)).start_of_day()",
    },
    Builtin {
        name: "in_zone",
        signatures: &["time.in_zone(name)"],
        summary: "The same instant as the clocks of another zone show it",
        example: "parse_time(\"2026-05-26T17:21:09Z\").in_zone(\"Europe/Berlin\").hour",
    },
    Builtin {
        name: "format",
        signatures: &["time.format(pattern)"],
        summary: "A time as text; the pattern is that of strftime",
        example: "parse_time(\"2026-05-26\").format(\"%d %B %Y\")",
    },
];

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    registry.register_type_with_name::<Time>("time").register_type_with_name::<Span>("span");
    register_clock(registry, host);
    register_reading(registry, host);
    register_times(registry);
    register_spans(registry);
    register_comparisons(registry);
}

fn register_clock(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let now = |host: &Host, ctx: &NativeCallContext| {
        let now = host.session.now().map_err(|error| host.raise(error, &Spot::of(ctx)))?;
        Ok::<_, Raised>(now.to_zoned_datetime(host.session.clock().zone()))
    };
    // The engine's own `timestamp` would read a clock that no test and no journal knows of.
    for name in ["now", "timestamp"] {
        let host = host.clone();
        registry.register_fn(name, move |ctx: NativeCallContext| now(&host, &ctx).map(Time));
    }
    let host = host.clone();
    registry.register_fn("today", move |ctx: NativeCallContext| {
        now(&host, &ctx)?.start_of_day().ok().map(Time).ok_or_else(|| beyond("today", &ctx))
    });
}

fn register_reading(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let host = host.clone();
    registry
        .register_fn("parse_time", move |ctx: NativeCallContext, text: &str| {
            Time::parse(text, host.session.clock().zone()).ok_or_else(|| no_time(text, &ctx))
        })
        .register_fn("parse_time", |ctx: NativeCallContext, text: &str, zone: &str| {
            let zone = zone_named(zone).map_err(|why| no_zone("parse_time", why, &ctx))?;
            Time::parse(text, zone).ok_or_else(|| no_time(text, &ctx))
        })
        .register_fn("in_zone", |ctx: NativeCallContext, time: &mut Time, zone: &str| {
            let zone = zone_named(zone).map_err(|why| no_zone("in_zone", why, &ctx))?;
            Ok::<_, Raised>(Time(time.0.with_time_zone(zone)))
        })
        .register_fn("format", |ctx: NativeCallContext, time: &mut Time, pattern: &str| {
            jiff::fmt::strtime::format(pattern, &time.0).map_err(|_| {
                Thrown::argument("format", None, format!("`{pattern}` is not a pattern for times"))
                    .hint("write for example `%d %B %Y` or `%Y-%m-%d %H:%M`".into())
                    .raise(ctx.call_position())
            })
        });
}

fn register_times(registry: &mut Registry<'_>) {
    registry
        .register_get("year", |time: &mut Time| INT::from(time.0.year()))
        .register_get("month", |time: &mut Time| INT::from(time.0.month()))
        .register_get("day", |time: &mut Time| INT::from(time.0.day()))
        .register_get("hour", |time: &mut Time| INT::from(time.0.hour()))
        .register_get("minute", |time: &mut Time| INT::from(time.0.minute()))
        .register_get("second", |time: &mut Time| INT::from(time.0.second()))
        .register_get("date", |time: &mut Time| time.0.date().to_string())
        .register_get("weekday", |time: &mut Time| time.weekday())
        .register_get("zone", |time: &mut Time| time.zone())
        .register_fn("to_string", |time: &mut Time| time.to_string())
        .register_fn("to_debug", |time: &mut Time| time.to_string())
        .register_fn("days_between", |ctx: NativeCallContext, from: Time, to: Time| {
            from.days_until(&to).ok_or_else(|| beyond("days_between", &ctx))
        })
        .register_fn("start_of_day", |ctx: NativeCallContext, time: &mut Time| {
            time.0.start_of_day().ok().map(Time).ok_or_else(|| beyond("start_of_day", &ctx))
        })
        .register_fn("add_months", |ctx: NativeCallContext, time: &mut Time, months: INT| {
            time.plus_months(months).ok_or_else(|| beyond("add_months", &ctx))
        })
        .register_fn("-", |ctx: NativeCallContext, later: Time, earlier: Time| {
            later.since(&earlier).ok_or_else(|| beyond("-", &ctx))
        })
        .register_fn("+", |ctx: NativeCallContext, time: Time, span: Span| {
            time.plus(span).ok_or_else(|| beyond("+", &ctx))
        })
        .register_fn("-", |ctx: NativeCallContext, time: Time, span: Span| {
            time.plus(span.negated()).ok_or_else(|| beyond("-", &ctx))
        });
}

fn register_spans(registry: &mut Registry<'_>) {
    for (name, unit) in [("hours", 3600), ("minutes", 60), ("seconds", 1)] {
        registry.register_fn(name, move |ctx: NativeCallContext, count: INT| {
            Span::of_seconds(count, unit).ok_or_else(|| beyond(name, &ctx))
        });
    }
    for (name, days) in [("days", 1), ("weeks", 7)] {
        registry.register_fn(name, move |ctx: NativeCallContext, count: INT| {
            count.checked_mul(days).and_then(Span::of_days).ok_or_else(|| beyond(name, &ctx))
        });
    }
    registry
        .register_get("days", |span: &mut Span| span.days)
        .register_get("hours", |span: &mut Span| span.exact.as_hours())
        .register_get("minutes", |span: &mut Span| span.exact.as_mins())
        .register_get("seconds", |span: &mut Span| span.exact.as_secs())
        .register_fn("to_string", |span: &mut Span| span.to_string())
        .register_fn("to_debug", |span: &mut Span| span.to_string())
        .register_fn("-", |span: Span| span.negated())
        .register_fn("+", |ctx: NativeCallContext, a: Span, b: Span| a.plus(b).ok_or_else(|| beyond("+", &ctx)))
        .register_fn("-", |ctx: NativeCallContext, a: Span, b: Span| {
            a.plus(b.negated()).ok_or_else(|| beyond("-", &ctx))
        })
        .register_fn("*", |ctx: NativeCallContext, span: Span, count: INT| {
            span.times(count).ok_or_else(|| beyond("*", &ctx))
        })
        .register_fn("*", |ctx: NativeCallContext, count: INT, span: Span| {
            span.times(count).ok_or_else(|| beyond("*", &ctx))
        });
}

fn register_comparisons(registry: &mut Registry<'_>) {
    registry
        .register_fn("==", |a: Time, b: Time| a == b)
        .register_fn("!=", |a: Time, b: Time| a != b)
        .register_fn("<", |a: Time, b: Time| a.0 < b.0)
        .register_fn("<=", |a: Time, b: Time| a.0 <= b.0)
        .register_fn(">", |a: Time, b: Time| a.0 > b.0)
        .register_fn(">=", |a: Time, b: Time| a.0 >= b.0)
        .register_fn("==", |a: Span, b: Span| a == b)
        .register_fn("!=", |a: Span, b: Span| a != b)
        .register_fn("<", |a: Span, b: Span| a < b)
        .register_fn("<=", |a: Span, b: Span| a <= b)
        .register_fn(">", |a: Span, b: Span| a > b)
        .register_fn(">=", |a: Span, b: Span| a >= b);
    // The engine finds values of different kinds unequal and neither larger, without a word. The API's times are text,
    // and a span has units, so that both are easily forgotten.
    for name in ["==", "!=", "<", "<=", ">", ">="] {
        registry
            .register_fn(name, move |ctx: NativeCallContext, _: Time, _: &str| text_beside_time(name, &ctx))
            .register_fn(name, move |ctx: NativeCallContext, _: &str, _: Time| text_beside_time(name, &ctx))
            .register_fn(name, move |ctx: NativeCallContext, _: Span, _: INT| number_beside_span(name, &ctx))
            .register_fn(name, move |ctx: NativeCallContext, _: INT, _: Span| number_beside_span(name, &ctx));
    }
}

fn text_beside_time(operator: &str, ctx: &NativeCallContext) -> Result<bool, Raised> {
    Err(Thrown::argument(operator, None, "a time cannot be compared with a string".into())
        .hint("make a time of it first, with `parse_time(…)`".into())
        .raise(ctx.call_position()))
}

fn number_beside_span(operator: &str, ctx: &NativeCallContext) -> Result<bool, Raised> {
    Err(Thrown::argument(operator, None, "a span of time cannot be compared with an integer".into())
        .hint("compare its `.days` or `.hours`, or compare with `days(14)`".into())
        .raise(ctx.call_position()))
}

fn no_time(text: &str, ctx: &NativeCallContext) -> Raised {
    Thrown::argument("parse_time", None, format!("`{text}` is not a time"))
        .hint("write it as `2026-05-26T17:21:09Z` or `2026-05-26`".into())
        .raise(ctx.call_position())
}

fn no_zone(function: &str, (message, hint): (String, String), ctx: &NativeCallContext) -> Raised {
    Thrown::argument(function, None, message).hint(hint).raise(ctx.call_position())
}

fn beyond(function: &str, ctx: &NativeCallContext) -> Raised {
    Thrown::argument(function, None, "the result is beyond the years -9999 to 9999".into()).raise(ctx.call_position())
}

#[cfg(test)]
mod tests;
