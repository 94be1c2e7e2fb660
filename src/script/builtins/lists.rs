//! The verbs that lists and arrays have in common. On a list they are lazy where they can be; on an array they give a
//! new array and leave the old one as it was.

use super::Builtin;
use crate::script::{
    fault::{Spot, Thrown},
    host::Raised,
    rows::{self, Conditions},
    stream::{Closure, Stream, apply},
    value::kind_of,
};
use rhai::{Array, Dynamic, Engine, FnPtr, INT, Map, NativeCallContext};

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "filter",
        signatures: &["rows.filter(|row| …)"],
        summary: "Only the rows for which the closure gives `true`",
        example: r#"list_customers().filter(|c| c.name.contains("Acme")).count()"#,
    },
    Builtin {
        name: "map",
        signatures: &["rows.map(|row| …)"],
        summary: "What the closure makes of each row",
        example: "list_customers().map(|c| c.name).first()",
    },
    Builtin {
        name: "where",
        signatures: &["rows.where(#{field: value, …})"],
        summary: "Only the rows whose fields have these values; an array means any of them, a range anything within",
        example: r#"list_customers().where(#{status: ["active", "at_risk"], mrr: 1000..50000}).count()"#,
    },
    Builtin {
        name: "take",
        signatures: &["rows.take(n)"],
        summary: "The first n rows; a list fetches no more pages than they need",
        example: "list_customers().take(3).to_array().len()",
    },
    Builtin {
        name: "first",
        signatures: &["rows.first()"],
        summary: "The first row, or `()` where there is none",
        example: "list_customers().first().object",
    },
    Builtin {
        name: "count",
        signatures: &["rows.count()"],
        summary: "How many rows there are; a list is walked to its end",
        example: "list_customers().count()",
    },
    Builtin {
        name: "to_array",
        signatures: &["rows.to_array()"],
        summary: "All rows in memory, as an array that can be indexed and changed",
        example: "list_customers().to_array().len()",
    },
];

pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Stream>("list").register_iterator_result::<Stream, Dynamic>();
    register_list_verbs(engine);
    register_array_verbs(engine);
}

fn register_list_verbs(engine: &mut Engine) {
    engine
        .register_fn("filter", |ctx: NativeCallContext, list: &mut Stream, f: FnPtr| {
            list.filter(Closure::new(f, "filter", &ctx))
        })
        .register_fn("map", |ctx: NativeCallContext, list: &mut Stream, f: FnPtr| {
            list.map(Closure::new(f, "map", &ctx))
        })
        .register_fn("where", |ctx: NativeCallContext, list: &mut Stream, map: Map| {
            list.matching(Conditions::new(&map), Spot::of(&ctx))
        })
        .register_fn("take", |ctx: NativeCallContext, list: &mut Stream, count: INT| {
            Ok::<_, Raised>(list.take(how_many(&ctx, count)?))
        })
        .register_fn("first", |list: &mut Stream| list.take(1).into_iter().next().unwrap_or(Ok(Dynamic::UNIT)))
        .register_fn("count", |list: &mut Stream| {
            let mut count: INT = 0;
            for row in list.clone() {
                count += row.map(|_| 1)?;
            }
            Ok::<_, Raised>(count)
        })
        .register_fn("to_array", |list: &mut Stream| list.clone().into_iter().collect::<Result<Array, Raised>>())
        .register_fn("to_string", |list: &mut Stream| describe(list))
        .register_fn("to_debug", |list: &mut Stream| describe(list));
}

fn register_array_verbs(engine: &mut Engine) {
    engine
        .register_fn("filter", |ctx: NativeCallContext, array: &mut Array, f: FnPtr| {
            let spot = Spot::of(&ctx);
            let mut kept = Array::new();
            for row in array.iter() {
                let said = apply(&f, &ctx, "filter", &spot, row.clone())?;
                if rows::verdict("filter", &said).map_err(|thrown| thrown.raise(spot.at))? {
                    kept.push(row.clone());
                }
            }
            Ok::<_, Raised>(kept)
        })
        .register_fn("map", |ctx: NativeCallContext, array: &mut Array, f: FnPtr| {
            let spot = Spot::of(&ctx);
            array.iter().map(|row| apply(&f, &ctx, "map", &spot, row.clone())).collect::<Result<Array, Raised>>()
        })
        .register_fn("where", |ctx: NativeCallContext, array: &mut Array, map: Map| {
            let conditions = Conditions::new(&map);
            let mut kept = Array::new();
            for row in array.iter() {
                if conditions.hold(row).map_err(|thrown| thrown.raise(ctx.call_position()))? {
                    kept.push(row.clone());
                }
            }
            Ok::<_, Raised>(kept)
        })
        .register_fn("take", |ctx: NativeCallContext, array: &mut Array, count: INT| {
            let count = how_many(&ctx, count)?;
            Ok::<_, Raised>(array.iter().take(count).cloned().collect::<Array>())
        })
        .register_fn("first", |array: &mut Array| array.first().cloned().unwrap_or(Dynamic::UNIT))
        .register_fn("count", |array: &mut Array| array.len() as INT)
        .register_fn("to_array", |array: &mut Array| array.clone());
}

fn how_many(ctx: &NativeCallContext, count: INT) -> Result<usize, Raised> {
    usize::try_from(count).map_err(|_| {
        Thrown::argument("take", None, format!("it takes a number of rows from 0 up, not {count}"))
            .raise(ctx.call_position())
    })
}

fn describe(list: &Stream) -> String {
    format!("<list of {}>", list.operation())
}

/// The rows of a list or an array, for functions that take either.
pub fn rows_of(function: &str, value: &Dynamic, spot: &Spot) -> Result<Array, Raised> {
    if let Some(list) = value.read_lock::<Stream>() {
        return list.clone().into_iter().collect();
    }
    if let Some(array) = value.read_lock::<Array>() {
        return Ok(array.clone());
    }
    let message = format!("it takes a list or an array of rows, not {}", kind_of(value));
    Err(Thrown::argument(function, None, message).raise(spot.at))
}
