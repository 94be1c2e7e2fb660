//! `sort_by`: by a field, by several, descending, by closures.

use super::{Builtin, Given, Verbs, aggregate::rank, by_types};
use crate::script::{
    by::By,
    fault::{Spot, Thrown},
    host::Raised,
    order::Rank,
    packed::{Packed, Packer},
    row::Row,
    stream::Stream,
    walk::Walker,
};
use rhai::{Array, Dynamic, ImmutableString};
use std::{any::TypeId, cmp::Ordering, sync::Arc};

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
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by(|a, b| compare(keys, ranks_of(*a), ranks_of(*b)));
    let count = rows.len();
    let sorted = order.iter().filter_map(|at| rows[*at as usize].take());
    if walker.held {
        return Ok(Dynamic::from(held(sorted, count, walker)?));
    }
    let mut out = Array::with_capacity(order.len());
    for row in sorted {
        out.push(walker.keep(row)?);
    }
    Ok(out.into())
}

fn compare(keys: &[SortKey], one: &[Rank], other: &[Rank]) -> Ordering {
    let pairs = one.iter().zip(other).zip(keys);
    pairs.fold(Ordering::Equal, |order, ((a, b), key)| order.then_with(|| a.compare(b, key.descending)))
}

/// A held list of these rows: another order of the same packed ones, where they still are.
fn held<'a>(rows: impl Iterator<Item = Row<'a>>, count: usize, walker: &mut Walker) -> Result<Stream, Raised> {
    let mut order = Vec::with_capacity(count);
    let (mut packed, mut packer) = (None::<Arc<Packed>>, Packer::default());
    for mut row in rows {
        match &row {
            Row::Held(home, at) if packer.len() == 0 => {
                order.push(*at);
                packed.get_or_insert_with(|| home.clone());
            }
            _ => packer.push(row.value(&mut walker.cx.decoder).map_err(|it| it.raise(walker.cx.spot.at))?),
        }
    }
    let (host, spot): (_, Spot) = (&walker.cx.host, walker.cx.spot.clone());
    Ok(match packed {
        Some(packed) => Stream::held(host, packed, Some(order.into()), spot),
        None => Stream::held(host, Arc::new(packer.finish()), None, spot),
    })
}
