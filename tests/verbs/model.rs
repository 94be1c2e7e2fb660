//! The verbs against a plain model, over rows made by chance: all three kinds of rows agree with it.

use super::results;
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Map, Value, json};
use std::{cmp::Ordering, collections::HashSet};

fn row() -> impl Strategy<Value = Value> {
    let number = prop_oneof![Just(Value::Null), (-3_i64..4).prop_map(Value::from)];
    let float = prop_oneof![Just(Value::Null), (-3_i64..4).prop_map(|n| json!(n)), Just(json!(0.5)), Just(json!(-1.0))];
    let text = prop_oneof![Just(Value::Null), "[ab]{0,2}".prop_map(Value::from), Just(json!("ä\n\"x"))];
    (number, float, text).prop_map(|(n, f, t)| json!({"n": n, "f": f, "t": t}))
}

/// The order of the documentation: `()` last in both directions.
fn order(a: &Value, b: &Value, descending: bool) -> Ordering {
    let order = match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => a.as_f64().partial_cmp(&b.as_f64()).unwrap(),
    };
    if descending { order.reverse() } else { order }
}

fn at(rows: &[Value]) -> Value {
    rows.iter().map(|row| row["at"].clone()).collect()
}

fn printed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn sorted(rows: &[Value], keys: &[(&str, bool)]) -> Value {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        keys.iter().fold(Ordering::Equal, |so_far, (key, down)| so_far.then_with(|| order(&a[key], &b[key], *down)))
    });
    at(&rows)
}

fn grouped(rows: &[Value], key: &str) -> Value {
    let mut groups = Map::new();
    for row in rows {
        let group = groups.entry(printed(&row[key])).or_insert(json!([]));
        group.as_array_mut().unwrap().push(row["at"].clone());
    }
    groups.into()
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]
    #[test]
    fn all_kinds_of_rows_agree_with_the_model(made in prop::collection::vec(row(), 0..40), some in 0_usize..45) {
        let mut rows = made;
        rows.iter_mut().enumerate().for_each(|(at, row)| row["at"] = json!(at));
        let numbers = || rows.iter().filter_map(|row| row["n"].as_i64());
        let within = |row: &&Value| row["n"].as_i64().is_some_and(|n| (-1..2).contains(&n));
        let mut seen = HashSet::new();
        let unique: Vec<Value> = rows.iter().filter(|row| seen.insert(row["t"].clone())).cloned().collect();
        let pairs: Vec<Value> = rows
            .iter()
            .flat_map(|left| {
                let partners = rows.iter().filter(|right| !left["n"].is_null() && left["n"] == right["n"]);
                partners.map(|right| json!([left["at"], right["at"]])).collect::<Vec<_>>()
            })
            .collect();
        let (taken, skipped) = (&rows[..some.min(rows.len())], &rows[some.min(rows.len())..]);
        let min = rows.iter().filter(|row| !row["n"].is_null()).min_by_key(|row| row["n"].as_i64());
        let count_by: Map<_, _> =
            grouped(&rows, "t").as_object().unwrap().iter().map(|(k, v)| (k.clone(), json!(v.as_array().unwrap().len()))).collect();
        let average = match numbers().count() {
            0 => Value::Null,
            count => json!((numbers().sum::<i64>() as f64 / count as f64 * 1000.0) as i64),
        };
        let take = format!("rows.take({some}).pluck(\"at\")");
        let skip = format!("rows.skip({some}).pluck(\"at\")");
        let cases = [
            ("rows.sum(\"n\")", json!(numbers().sum::<i64>())),
            ("{ let a = rows.average(\"n\"); if a == () { a } else { (a * 1000.0).to_int() } }", average),
            ("rows.count()", json!(rows.len())),
            ("rows.where(#{n: -1..2}).pluck(\"at\")", at(&rows.iter().filter(within).cloned().collect::<Vec<_>>())),
            ("rows.filter(|r| r.n != () && r.n >= -1 && r.n < 2).pluck(\"at\")", at(&rows.iter().filter(within).cloned().collect::<Vec<_>>())),
            ("rows.sort_by(\"f\").pluck(\"at\")", sorted(&rows, &[("f", false)])),
            ("rows.sort_by(\"-t\").pluck(\"at\")", sorted(&rows, &[("t", true)])),
            ("rows.sort_by([\"t\", \"-f\", \"n\"]).pluck(\"at\")", sorted(&rows, &[("t", false), ("f", true), ("n", false)])),
            ("rows.sort_by(|r| r.n).pluck(\"at\")", sorted(&rows, &[("n", false)])),
            ("{ let g = rows.group_by(\"t\"); let o = #{}; for k in g.keys() { o[k] = g[k].pluck(\"at\").to_array(); } o }", grouped(&rows, "t")),
            ("rows.count_by(\"t\")", count_by.into()),
            ("rows.unique_by(\"t\").pluck(\"at\")", at(&unique)),
            ("rows.index_by(\"at\").len()", json!(rows.len())),
            ("rows.join(rows, \"n\", \"n\", \"r\").map(|p| [p.at, p.r.at])", pairs.into()),
            ("(rows.min_by(\"n\") ?? #{at: ()}).at", min.map_or(Value::Null, |row| row["at"].clone())),
            ("rows.any(|r| r.n == 0)", json!(rows.iter().any(|row| row["n"] == 0))),
            (&take, at(taken)),
            (&skip, at(skipped)),
        ];
        let expressions: Vec<&str> = cases.iter().map(|(expression, _)| *expression).collect();
        for (source, given) in results(&rows, &expressions).iter().enumerate() {
            for ((expression, wanted), given) in cases.iter().zip(given) {
                prop_assert_eq!(given, wanted, "{} over {}", expression, super::SOURCES[source]);
            }
        }
    }
}
