//! `sort_by`: by a field, by several, descending, by closures.

use super::{Builtin, Given, Verbs, aggregate::rank, by_types, digits};
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

pub fn register(verbs: &mut Verbs<'_, '_>) {
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
    let (mut rows, mut held, mut ranks) = (Vec::new(), Holder::default(), Vec::new());
    let mut kinds = vec![None; keys.len()];
    while let Some(mut row) = walker.next_to_keep()? {
        for (key, kind) in keys.iter().zip(&mut kinds) {
            ranks.push(rank("sort_by", &key.by, &mut row, walker, kind)?);
        }
        if walker.held {
            held.push(row, &mut walker.cx)?;
        } else {
            rows.push(Some(row));
        }
    }
    let order = order(keys, &ranks);
    if walker.held {
        return Ok(Dynamic::from(held.finish_in(order, &walker.cx)));
    }
    let mut out = Array::with_capacity(rows.len());
    for row in order.filter_map(|at| rows[at as usize].take()) {
        out.push(walker.keep(row)?);
    }
    Ok(Dynamic::from_array(out))
}

/// The numbers of the rows in their new order; `ranks` holds those of each row, one for each key.
fn order(keys: &[SortKey], ranks: &[Rank]) -> impl Iterator<Item = u32> + use<> {
    let ranks_of = |at: &u32| &ranks[*at as usize * keys.len()..][..keys.len()];
    let (mut places, mut last) = (Vec::with_capacity(ranks.len() / keys.len()), Vec::new());
    for (at, ranks) in ranks.chunks_exact(keys.len()).enumerate() {
        match ranks[0].prefix(keys[0].descending) {
            Some(prefix) => places.push((prefix, at as u32)),
            None => last.push(at as u32),
        }
    }
    digits::sort(&mut places);
    // What has the same number, and what has none, has an order all the same where it is not alike.
    for alike in places.chunk_by_mut(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
        alike.sort_by(|a, b| compare(keys, ranks_of(&a.1), ranks_of(&b.1)));
    }
    last.sort_by(|a, b| compare(keys, ranks_of(a), ranks_of(b)));
    places.into_iter().map(|(_, at)| at).chain(last)
}

fn compare(keys: &[SortKey], one: &[Rank], other: &[Rank]) -> Ordering {
    let pairs = one.iter().zip(other).zip(keys);
    pairs.fold(Ordering::Equal, |order, ((a, b), key)| order.then_with(|| a.compare(b, key.descending)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::fault::Spot;
    use proptest::prelude::*;
    use rhai::Position;

    fn ranks(values: &[Dynamic]) -> Vec<Rank> {
        values.iter().map(|value| Rank::of(value).unwrap()).collect()
    }

    proptest! {
        /// Whatever the short form of the values says, and whether it tells them apart.
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            rows in proptest::collection::vec((0_usize..7, 0_usize..6), 0..400), down in any::<[bool; 2]>(), both in any::<bool>(),
        ) {
            let big = 1_i64 << 53;
            let floats = [big as f64, 1.5].map(Dynamic::from);
            let numbers = [[big, big + 1, -1, i64::MAX].map(Dynamic::from).to_vec(), floats.to_vec(), vec![Dynamic::UNIT]];
            let numbers = ranks(&numbers.concat());
            let texts = ["customer 2", "customer 1", "customer", "a", ""].map(Dynamic::from);
            let texts = ranks(&[&texts[..], &[Dynamic::UNIT]].concat());
            let spot = Spot { source: "".into(), at: Position::NONE };
            let mut keys: Vec<_> =
                down.iter().map(|down| SortKey { by: By::Row(spot.clone()), descending: *down }).collect();
            let of = |(a, b): &(usize, usize)| [texts[*b].clone(), numbers[*a].clone()];
            let mut all: Vec<Vec<Rank>> = rows.iter().map(|row| of(row).to_vec()).collect();
            if !both {
                keys.truncate(1);
                all.iter_mut().for_each(|row| row.truncate(1));
            }
            let mut wanted: Vec<u32> = (0..rows.len() as u32).collect();
            wanted.sort_by(|a, b| compare(&keys, &all[*a as usize], &all[*b as usize]));
            prop_assert_eq!(order(&keys, &all.concat()).collect::<Vec<_>>(), wanted);
        }
    }
}
