//! `sort_by`: by a field, by several, descending, by closures.

use super::{Builtin, Given, Verbs, aggregate::rank, by_types};
use crate::script::{by::By, fault::Thrown, holder::Holder, host::Raised, order::Rank, walk::Walker};
use rhai::{Array, Dynamic, ImmutableString};
use std::{any::TypeId, cmp::Ordering};

pub const BUILTINS: &[Builtin] = &[Builtin {
    name: "sort_by",
    signatures: &["rows.sort_by(field)", "rows.sort_by(|row| …)", "rows.sort_by([field, …])"],
    summary: "All rows in the order of a field, or of several; `-` before a name sorts that one descending, `()` comes \
last either way, and rows that are alike keep their order. A held list stays one, other rows become an array",
    example: r#"list_customers().sort_by(["plan", "-mrr"]).first().name"#,
}];

pub fn register(verbs: &mut Verbs) {
    for by in by_types().into_iter().chain([TypeId::of::<Array>()]) {
        verbs.value("sort_by", &[by], None, |given, walker| sort(&keys(&given)?, walker));
    }
}

struct SortKey {
    by: By,
    descending: bool,
}

fn keys(given: &Given) -> Result<Vec<SortKey>, Raised> {
    let key = |value: &Dynamic| {
        let down = value.read_lock::<ImmutableString>().and_then(|name| name.strip_prefix('-').map(str::to_string));
        let descending = down.is_some();
        let by = By::of("sort_by", &down.map_or_else(|| value.clone(), Dynamic::from), given.ctx)?;
        Ok(SortKey { by, descending })
    };
    let Some(several) = given.args[0].read_lock::<Array>() else { return Ok(vec![key(given.args[0])?]) };
    if several.is_empty() {
        let thrown = Thrown::argument("sort_by", None, "it has no field to sort by".into());
        return Err(thrown.raise(given.ctx.call_position()));
    }
    several.iter().map(key).collect()
}

fn sort(keys: &[SortKey], walker: &mut Walker) -> Result<Dynamic, Raised> {
    let (mut rows, mut ranks) = (Vec::new(), Vec::new());
    let mut kinds = vec![None; keys.len()];
    while let Some(mut row) = walker.next_to_keep()? {
        for (key, kind) in keys.iter().zip(&mut kinds) {
            ranks.push(rank("sort_by", &key.by, &mut row, walker, kind)?);
        }
        rows.push(Some(row));
    }
    let ranks_of = |at: u32| &ranks[at as usize * keys.len()..][..keys.len()];
    let prefix = |at: u32| ranks_of(at)[0].prefix(keys[0].descending);
    let mut order: Vec<((bool, u64), u32)> = (0..rows.len() as u32).map(|at| (prefix(at), at)).collect();
    // The rows' numbers come last, so that rows that are alike keep their order.
    order.sort_unstable_by(|(p, a), (q, b)| {
        p.cmp(q).then_with(|| compare(keys, ranks_of(*a), ranks_of(*b))).then_with(|| a.cmp(b))
    });
    let sorted = order.iter().filter_map(|(_, at)| rows[*at as usize].take());
    if walker.held {
        let mut held = Holder::default();
        for row in sorted {
            held.push(row, &mut walker.cx)?;
        }
        return Ok(Dynamic::from(held.finish(&walker.cx)));
    }
    let mut out = Array::with_capacity(order.len());
    for row in sorted {
        out.push(walker.keep(row)?);
    }
    Ok(Dynamic::from_array(out))
}

fn compare(keys: &[SortKey], one: &[Rank], other: &[Rank]) -> Ordering {
    let pairs = one.iter().zip(other).zip(keys);
    pairs.fold(Ordering::Equal, |order, ((a, b), key)| order.then_with(|| a.compare(b, key.descending)))
}
