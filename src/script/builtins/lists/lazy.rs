//! The verbs that give rows: what they take, and the stage that it makes. The work is done in `stages`.

use super::{Builtin, Given, Verbs, by_types};
use crate::script::{
    by::By,
    closure::Closure,
    fault::{Spot, Thrown},
    host::Raised,
    join::{Join, Other, Right},
    rows::Conditions,
    stages::Stage,
    stream::Stream,
    value::kind_of,
};
use rhai::{Array, Dynamic, FnPtr, INT, ImmutableString, Map};
use std::{any::TypeId, sync::Arc};

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
        example: r#"list_customers().take(3).pluck("name").to_array()"#,
    },
    Builtin {
        name: "skip",
        signatures: &["rows.skip(n)"],
        summary: "All but the first n rows",
        example: "list_customers().skip(100).count()",
    },
    Builtin {
        name: "pluck",
        signatures: &["rows.pluck(field)"],
        summary: "One field of each row",
        example: r#"list_customers().pluck("name").take(2).to_array()"#,
    },
    Builtin {
        name: "unique_by",
        signatures: &["rows.unique_by(field)", "rows.unique_by(|row| …)"],
        summary: "The first row of each value; all rows that have `()` there count as one value",
        example: r#"list_customers().unique_by("plan").pluck("plan").to_array()"#,
    },
    Builtin {
        name: "chunk",
        signatures: &["rows.chunk(n)"],
        summary: "Arrays of n rows each; the last one may be shorter",
        example: "list_customers().chunk(50).map(|rows| rows.len()).to_array()",
    },
    Builtin {
        name: "join",
        signatures: &["rows.join(other, left_key, right_key)", "rows.join(other, left_key, right_key, name)"],
        summary: "Each row with each row of `other` that has the same key, under that row's object name (`right` where \
it has none) or `name`; rows without a partner and rows whose key is `()` are left out",
        example: r#"list_onboardings().join(list_customers(), "customer_id", "id").first().customer.name"#,
    },
];

pub fn register(verbs: &mut Verbs<'_, '_>) {
    let (integer, closure) = (TypeId::of::<INT>(), TypeId::of::<FnPtr>());
    verbs.lazy("filter", &[closure], |given| Ok(Stage::Filter(given.closure("filter")?)));
    verbs.lazy("map", &[closure], |given| Ok(Stage::Map(given.closure("map")?)));
    verbs.lazy("where", &[TypeId::of::<Map>()], |given| {
        Ok(Stage::Where(Arc::new(given.conditions("where")?), Spot::of(given.ctx)))
    });
    verbs.lazy("take", &[integer], |given| Ok(Stage::Take(given.how_many("take", 0)?)));
    verbs.lazy("skip", &[integer], |given| Ok(Stage::Skip(given.how_many("skip", 0)?)));
    verbs.lazy("chunk", &[integer], |given| Ok(Stage::Chunk(given.how_many("chunk", 1)?)));
    for by in by_types() {
        verbs.lazy("pluck", &[by], |given| Ok(Stage::Pluck(given.by("pluck", 0)?)));
        verbs.lazy("unique_by", &[by], |given| Ok(Stage::UniqueBy(given.by("unique_by", 0)?)));
    }
    let host = verbs.host.clone();
    let join = move |given: Given| {
        let (left, right, spot) = (given.by("join", 1)?, given.by("join", 2)?, Spot::of(given.ctx));
        let name = given.args.get(3).and_then(|name| name.read_lock::<ImmutableString>().map(|name| name.clone()));
        let other = &given.args[0];
        let other = if let Some(list) = other.read_lock::<Stream>() {
            Other::List(list.clone())
        } else if let Some(array) = other.read_lock::<Array>() {
            Other::Read(Arc::new(Right::of_array(&array, &right, &host, &spot)?))
        } else {
            let message = format!("the other rows are a list or an array, not {}", kind_of(other));
            return Err(Thrown::argument("join", None, message).raise(spot.at));
        };
        Ok(Stage::Join(Arc::new(Join { other, left, right, name, spot })))
    };
    let any = TypeId::of::<Dynamic>();
    verbs.lazy("join", &[any, any, any], join.clone());
    verbs.lazy("join", &[any, any, any, TypeId::of::<ImmutableString>()], join);
}

impl Given<'_> {
    /// The field or the closure at a place.
    pub fn by(&self, verb: &'static str, at: usize) -> Result<By, Raised> {
        By::of(verb, self.args[at], self.ctx)
    }

    /// The closure that is the first argument.
    pub fn closure(&self, verb: &'static str) -> Result<Closure, Raised> {
        match self.by(verb, 0)? {
            By::Closure(closure) => Ok(closure),
            By::Field(..) | By::Row(_) => {
                let message = format!("it takes a closure, not {}", kind_of(self.args[0]));
                Err(Thrown::argument(verb, None, message).raise(self.ctx.call_position()))
            }
        }
    }

    /// The conditions that are the first argument.
    pub fn conditions(&self, verb: &str) -> Result<Conditions, Raised> {
        let map = self.args[0].read_lock::<Map>().map(|map| map.clone()).unwrap_or_default();
        Conditions::new(verb, &map).map_err(|thrown| thrown.raise(self.ctx.call_position()))
    }

    fn how_many(&self, verb: &str, fewest: INT) -> Result<usize, Raised> {
        let count = self.args[0].as_int().unwrap_or_default();
        usize::try_from(count).ok().filter(|_| count >= fewest).ok_or_else(|| {
            let message = format!("it takes a number of rows from {fewest} up, not {count}");
            Thrown::argument(verb, None, message).raise(self.ctx.call_position())
        })
    }
}
