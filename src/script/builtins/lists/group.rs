//! The verbs that make an object map of all rows: groups, counts, an index.

use super::{Builtin, Verbs, by_types};
use crate::{
    script::{by::text_key, fault::Thrown, holder::Holder},
    text,
};
use foldhash::fast::RandomState;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use std::collections::HashMap;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "group_by",
        signatures: &["rows.group_by(field)", "rows.group_by(|row| …)"],
        summary: "An object map from each value to the array of its rows, of a held list to a held list of them; values \
that are no strings are keys as they are printed, `()` is the key `\"\"`",
        example: r#"list_customers().group_by("plan").keys()"#,
    },
    Builtin {
        name: "count_by",
        signatures: &["rows.count_by(field)", "rows.count_by(|row| …)"],
        summary: "An object map from each value to the number of its rows, with keys like those of `group_by`",
        example: r#"list_customers().count_by("status")"#,
    },
    Builtin {
        name: "index_by",
        signatures: &["rows.index_by(field)", "rows.index_by(|row| …)"],
        summary: "An object map from each value to its row, with keys like those of `group_by`; two rows with the same \
value are an error",
        example: r#"let by_id = list_customers().index_by("display_id"); by_id["101"].name"#,
    },
];

/// The rows of one value.
enum Group {
    Rows(Array),
    Held(Box<Holder>),
}

pub fn register(verbs: &mut Verbs<'_, '_>) {
    for by in by_types() {
        verbs.value("group_by", &[by], None, |given, walker| {
            let by = given.by("group_by", 0)?;
            let mut places = HashMap::with_hasher(RandomState::default());
            let mut groups: Vec<(ImmutableString, Group)> = Vec::new();
            while let Some(mut row) = walker.next_to_keep()? {
                let key = text_key(&by.value(&mut row, &mut walker.cx)?);
                let at = *places.entry(key).or_insert_with_key(|key| {
                    let held = walker.held;
                    groups.push((
                        key.clone(),
                        if held { Group::Held(Box::default()) } else { Group::Rows(Array::new()) },
                    ));
                    groups.len() - 1
                });
                match &mut groups[at].1 {
                    Group::Held(held) => held.push(row, &mut walker.cx)?,
                    Group::Rows(rows) => rows.push(walker.keep(row)?),
                }
            }
            let made = |group| match group {
                Group::Held(held) => Dynamic::from(held.finish(&walker.cx)),
                Group::Rows(rows) => Dynamic::from_array(rows),
            };
            let groups = groups.into_iter().map(|(key, group)| (key.as_str().into(), made(group)));
            Ok(Dynamic::from_map(groups.collect()))
        });
        verbs.value("count_by", &[by], None, |given, walker| {
            let by = given.by("count_by", 0)?;
            let mut counts = HashMap::<ImmutableString, INT, RandomState>::default();
            while let Some(mut row) = walker.next()? {
                *counts.entry(text_key(&by.value(&mut row, &mut walker.cx)?)).or_default() += 1;
            }
            Ok(counts.into_iter().map(|(key, count)| (key.as_str().into(), count.into())).collect::<Map>().into())
        });
        verbs.value("index_by", &[by], None, |given, walker| {
            let by = given.by("index_by", 0)?;
            let mut index = Map::new();
            while let Some(mut row) = walker.next_to_keep()? {
                let value = by.value(&mut row, &mut walker.cx)?;
                let key = text_key(&value);
                let row: Dynamic = walker.keep(row)?;
                if index.insert(key.as_str().into(), row).is_some() {
                    let named = by.named();
                    let message = match value.is_unit() {
                        true => format!("{named} is `()` in two rows"),
                        false => format!("{named} is `{}` in two rows", text::escape_control(&key)),
                    };
                    let hint = "use `group_by`, or `unique_by` before, which keeps the first row of each value";
                    return Err(walker.raise(Thrown::argument("index_by", None, message).hint(hint.into())));
                }
            }
            Ok(Dynamic::from_map(index))
        });
    }
}
