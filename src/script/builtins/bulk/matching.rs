//! `match_rows`: finds the records that rows without ids are about, by a field that tells them apart. Changes nothing.

use crate::script::{
    builtins::{Builtin, lists::rows_of},
    fault::{Spot, Thrown},
    host::{Host, Raised},
    registry::Registry,
    value::kind_of,
};
use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};
use std::{collections::HashMap, sync::Arc};

pub const BUILTINS: &[Builtin] = &[Builtin {
    name: "match_rows",
    signatures: &["match_rows(rows, records, #{by: field})", "match_rows(rows, records, #{by: field, column: name})"],
    summary: "The rows with the `id` of the record that has the same value in a field, whatever its case and blanks: \
`matched`, `ambiguous` with their `candidates`, `missing`",
    example: r#"match_rows([#{company: " acme corporation"}], list_customers(), #{by: "name", column: "company"}).matched.len()"#,
}];

/// The name of the function.
const NAME: &str = "match_rows";

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let _ = host;
    registry.register_fn(NAME, |ctx: NativeCallContext, rows: Dynamic, records: Dynamic, options: Map| {
        match_rows(&rows, &records, &options, &Spot::of(&ctx))
    });
}

fn match_rows(rows: &Dynamic, records: &Dynamic, options: &Map, spot: &Spot) -> Result<Dynamic, Raised> {
    let raise = |thrown: Thrown| thrown.raise(spot.at);
    if let Some(odd) = options.keys().find(|name| !["by", "column"].contains(&name.as_str())) {
        let message = format!("it has no option `{}`", crate::text::escape_control(odd));
        return Err(raise(Thrown::argument(NAME, None, message).hint("use `by` or `column`".into())));
    }
    let text =
        |name: &str| options.get(name).and_then(|value| value.read_lock::<ImmutableString>().map(|it| it.clone()));
    let Some(by) = text("by") else {
        let thrown =
            Thrown::argument(NAME, Some("by"), "`by` is missing: the field that tells the records apart".into());
        return Err(raise(thrown.hint("write `#{by: \"domain\"}`".into())));
    };
    let column = text("column").unwrap_or_else(|| by.clone());
    let mut known: HashMap<String, Vec<Dynamic>> = HashMap::new();
    for record in rows_of(NAME, records, spot)? {
        let Some(map) = record.read_lock::<Map>() else { continue };
        let Some(value) = map.get(by.as_str()) else {
            let message = format!("the records have no field `{}`", crate::text::escape_control(&by));
            return Err(raise(Thrown::argument(NAME, Some("by"), message)));
        };
        let key = folded(value);
        if !key.is_empty() {
            known.entry(key).or_default().push(map.get("id").cloned().unwrap_or_default());
        }
    }
    let (mut matched, mut ambiguous, mut missing) = (Array::new(), Array::new(), Array::new());
    for (at, row) in rows_of(NAME, rows, spot)?.into_iter().enumerate() {
        let Some(mut map) = row.clone().try_cast::<Map>() else {
            let message = format!("the rows must be object maps; row {} is {}", at + 1, kind_of(&row));
            return Err(raise(Thrown::argument(NAME, None, message)));
        };
        let Some(value) = map.get(column.as_str()) else {
            let message = format!("row {} has no column `{}`", at + 1, crate::text::escape_control(&column));
            return Err(raise(Thrown::argument(NAME, Some("column"), message)));
        };
        match known.get(&folded(value)).map(Vec::as_slice) {
            None => missing.push(row),
            Some([id]) => {
                map.insert("id".into(), id.clone());
                matched.push(map.into());
            }
            Some(several) => {
                map.insert("candidates".into(), several.to_vec().into());
                ambiguous.push(map.into());
            }
        }
    }
    let mut result = Map::new();
    for (name, rows) in [("matched", matched), ("ambiguous", ambiguous), ("missing", missing)] {
        result.insert(name.into(), rows.into());
    }
    Ok(result.into())
}

/// Without the differences that people do not mean: case, and blanks around and between words.
fn folded(value: &Dynamic) -> String {
    if value.is_unit() {
        return String::new();
    }
    value.to_string().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
