//! The verbs that are about the rows as a whole: the first one, how many, all of them in memory, whether any or all are
//! of a kind.

use super::{Builtin, Given, Verbs};
use crate::script::{
    holder::Holder,
    host::Raised,
    row::Row,
    stages::verdict,
    walk::{Cx, Walker},
};
use rhai::{Dynamic, FnPtr, INT, Map};
use std::any::TypeId;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "first",
        signatures: &["rows.first()"],
        summary: "The first row, or `()` where there is none",
        example: "list_customers().first().name",
    },
    Builtin {
        name: "count",
        signatures: &["rows.count()"],
        summary: "How many rows there are; a list is walked to its end",
        example: "list_customers().count()",
    },
    Builtin {
        name: "any",
        signatures: &["rows.any(|row| …)", "rows.any(#{field: value, …})"],
        summary: "Whether there is a row for which the closure gives `true`, or that meets the conditions of `where`",
        example: r#"list_customers().any(#{status: "at_risk"})"#,
    },
    Builtin {
        name: "all",
        signatures: &["rows.all(|row| …)", "rows.all(#{field: value, …})"],
        summary: "Whether the closure gives `true` for every row, or every row meets the conditions of `where`",
        example: r#"list_customers().all(|c| c.object == "customer")"#,
    },
    Builtin {
        name: "to_array",
        signatures: &["rows.to_array()"],
        summary: "All rows in memory, as an array that can be indexed and changed",
        example: "list_customers().to_array().len()",
    },
    Builtin {
        name: "hold",
        signatures: &["rows.hold()"],
        summary: "All rows in memory, packed to a fraction of an array's size: a list that is fetched once and can be \
walked often",
        example: r#"let held = list_customers().hold(); [held.count(), held.where(#{plan: "enterprise"}).count()]"#,
    },
];

pub fn register(verbs: &mut Verbs<'_, '_>) {
    verbs.value("first", &[], Some(1), |_, walker| match walker.next()? {
        Some(row) => walker.keep(row),
        None => Ok(Dynamic::UNIT),
    });
    verbs.value("count", &[], None, |_, walker| {
        while walker.next()?.is_some() {}
        Ok((walker.given as INT).into())
    });
    verbs.value("to_array", &[], None, |_, walker| walker.collect().map(Dynamic::from));
    verbs.value("hold", &[], None, |_, walker| hold(walker));
    for (verb, end) in [("any", true), ("all", false)] {
        for kind in [TypeId::of::<FnPtr>(), TypeId::of::<Map>()] {
            verbs.value(verb, &[kind], None, move |given, walker| {
                let test = test(verb, &given)?;
                while let Some(mut row) = walker.next()? {
                    if test(&mut row, &mut walker.cx)? == end {
                        return Ok(end.into());
                    }
                }
                Ok((!end).into())
            });
        }
    }
}

type Test = Box<dyn Fn(&mut Row, &mut Cx) -> Result<bool, Raised>>;

fn test(verb: &'static str, given: &Given) -> Result<Test, Raised> {
    if given.args[0].is_map() {
        let conditions = given.conditions(verb)?;
        return Ok(Box::new(move |row, cx| conditions.hold(verb, row, cx).map_err(|it| it.raise(cx.spot.at))));
    }
    let closure = given.closure(verb)?;
    Ok(Box::new(move |row, cx| verdict(verb, &closure, row, cx)))
}

fn hold(walker: &mut Walker) -> Result<Dynamic, Raised> {
    let mut held = Holder::default();
    while let Some(row) = walker.next()? {
        held.push(row, &mut walker.cx)?;
    }
    Ok(Dynamic::from(held.finish(&walker.cx)))
}
