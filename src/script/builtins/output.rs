//! What a script says: `print` and `debug`, log lines, tables. Data goes to standard output, everything else to the
//! log; which streams these are is the sink's business.

use super::{
    Builtin,
    lists::rows_of,
    time::{Span, Time},
};
use crate::script::{
    fault::{Spot, Thrown},
    host::{Host, Level, Raised},
    layout::{self, Cell},
    registry::Registry,
    rows,
    value::{Json, kind_of},
};
use rhai::{Array, Dynamic, Engine, INT, ImmutableString, Map, NativeCallContext, Position};
use std::{
    ops::{Range, RangeInclusive},
    sync::Arc,
};

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "print",
        signatures: &["print(value)"],
        summary: "A line on standard output",
        example: r#"print("hello")"#,
    },
    Builtin {
        name: "debug",
        signatures: &["debug(value)"],
        summary: "A value as script text, with its place, in the log",
        example: "debug(#{a: 1})",
    },
    Builtin {
        name: "log_info",
        signatures: &["log_info(message)"],
        summary: "A line in the log, on standard error",
        example: r#"log_info("looked at 3 customers")"#,
    },
    Builtin {
        name: "log_warn",
        signatures: &["log_warn(message)"],
        summary: "A warning in the log, on standard error",
        example: r#"log_warn("a customer has no plan")"#,
    },
    Builtin {
        name: "log_error",
        signatures: &["log_error(message)"],
        summary: "An error in the log, on standard error; the script goes on",
        example: r#"log_error("one row was left out")"#,
    },
    Builtin {
        name: "table",
        signatures: &["table(rows)", "table(rows, [column, …])"],
        summary: "Rows as a table on standard output, with these columns in this order",
        example: r#"table(list_customers().take(3), ["display_id", "name", "mrr"])"#,
    },
];

/// Where `print` and `debug` write, which are the engine's own.
pub fn redirect(engine: &mut Engine, host: &Arc<Host>) {
    let sink = host.clone();
    engine.on_print(move |line| sink.say(line));
    let sink = host.clone();
    engine.on_debug(move |value, source, at: Position| {
        let line = at.line().map_or(String::new(), |line| format!("{}:{line}: ", source.unwrap_or_default()));
        sink.sink.log(Level::Info, &format!("{line}{value}"));
    });
}

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    for (name, level) in [("log_info", Level::Info), ("log_warn", Level::Warn), ("log_error", Level::Error)] {
        let host = host.clone();
        registry.register_fn(name, move |value: Dynamic| host.sink.log(level, &shown(&value)));
    }
    let printer = host.clone();
    registry
        .register_fn("table", move |ctx: NativeCallContext, value: Dynamic| print_table(&printer, &ctx, &value, None));
    let printer = host.clone();
    registry.register_fn("table", move |ctx: NativeCallContext, value: Dynamic, columns: Array| {
        print_table(&printer, &ctx, &value, Some(&columns))
    });
}

/// A value as people read it: text as it is, the rest as JSON.
pub fn shown(value: &Dynamic) -> String {
    if let Ok(text) = value.clone().into_string() {
        return text;
    }
    if value.is_unit() {
        return String::new();
    }
    if let Some(time) = value.read_lock::<Time>() {
        return time.to_string();
    }
    if let Some(span) = value.read_lock::<Span>() {
        return span.to_string();
    }
    if let Ok(json) = serde_json::to_string(&Json(value)) {
        return json;
    }
    let plain = plain(value);
    plain.clone().into_string().unwrap_or_else(|_| serde_json::to_string(&Json(&plain)).unwrap_or_default())
}

/// A value in which everything that has no JSON form is a word in angle brackets.
pub fn plain(value: &Dynamic) -> Dynamic {
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(plain).collect::<Array>().into();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(name, item)| (name.clone(), plain(item))).collect::<Map>().into();
    }
    if serde_json::to_string(&Json(value)).is_ok() {
        return value.flatten_clone();
    }
    if value.is::<Range<INT>>() || value.is::<RangeInclusive<INT>>() || value.is_float() {
        return value.to_string().into();
    }
    let kind = kind_of(value);
    format!("<{}>", kind.strip_prefix("a ").unwrap_or(kind)).into()
}

fn print_table(host: &Host, ctx: &NativeCallContext, value: &Dynamic, columns: Option<&Array>) -> Result<(), Raised> {
    let spot = Spot::of(ctx);
    let rows = rows_of("table", value, &spot)?;
    let raise = |thrown: Thrown| thrown.raise(spot.at);
    let columns = match columns {
        Some(columns) => columns
            .iter()
            .map(|name| {
                name.clone().into_string().map_err(|_| {
                    raise(Thrown::argument("table", None, format!("a column is a string, not {}", kind_of(name))))
                })
            })
            .collect::<Result<Vec<_>, _>>()?,
        None => columns_of(&rows),
    };
    let mut cells = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(map) = row.read_lock::<Map>() else {
            let message = format!("the rows must be object maps; one is {}", kind_of(row));
            return Err(raise(Thrown::argument("table", None, message)));
        };
        let row = columns.iter().map(|name| rows::field(&map, name).map(|value| cell(&value)));
        cells.push(row.collect::<Result<Vec<_>, _>>().map_err(raise)?);
    }
    host.say(&layout::draw(&columns, cells, host.sink.width()));
    Ok(())
}

/// The fields of all rows, in the order in which they first turn up.
pub fn columns_of(rows: &[Dynamic]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for row in rows {
        for name in row.read_lock::<Map>().iter().flat_map(|map| map.keys()) {
            if !columns.iter().any(|known| known == name.as_str()) {
                columns.push(name.to_string());
            }
        }
    }
    columns
}

fn cell(value: &Dynamic) -> Cell {
    match shown(value) {
        _ if value.is_unit() => Cell::empty(),
        text if is_number(value) => Cell::number(&text),
        text => Cell::text(&text),
    }
}

/// Whether a cell reads as a number: one, or a text such as `1,250` or `-3.5 %`.
fn is_number(value: &Dynamic) -> bool {
    value.is_int()
        || value.is_float()
        || value.read_lock::<ImmutableString>().is_some_and(|text| {
            text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
                && text
                    .trim_start_matches('-')
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | ' ' | '%'))
        })
}
