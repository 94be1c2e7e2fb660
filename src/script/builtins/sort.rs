//! Sorting arrays with a closure. The engine's own goes on sorting, in whatever order, when the closure fails or the
//! run is to stop; this one ends there and leaves the array as it was.

use super::Builtin;
use crate::script::{
    closure::apply,
    fault::{Spot, Thrown},
    host::Raised,
    registry::Registry,
    value::kind_of,
};
use rhai::{Array, Dynamic, FnPtr, NativeCallContext};
use std::cmp::Ordering;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "sort",
        signatures: &["array.sort()", "array.sort(|a, b| …)"],
        summary: "Puts an array in order; the closure gives `true` or a negative number where `a` comes first",
        example: "let a = [3, 1, 2]; a.sort(|a, b| a > b); print(a)",
    },
    Builtin {
        name: "order",
        signatures: &["array.order()", "array.order(|a, b| …)"],
        summary: "A new array in order, as `sort` would put it; the old one stays as it was",
        example: "print([3, 1, 2].order(|a, b| b - a))",
    },
    Builtin {
        name: "dedup",
        signatures: &["array.dedup()", "array.dedup(|a, b| …)"],
        summary: "Takes out elements that are the same as the one before them; the closure says which are",
        example: "let a = [1, 1, 2]; a.dedup(|a, b| a == b); print(a)",
    },
];

pub fn register(registry: &mut Registry<'_>) {
    // `sort_by` is a verb that goes by a key: `lists::order`.
    registry.register_fn("sort", |ctx: NativeCallContext, array: &mut Array, f: FnPtr| sort(&ctx, "sort", array, &f));
    for name in ["order", "order_by"] {
        registry.register_fn(name, move |ctx: NativeCallContext, array: &mut Array, f: FnPtr| {
            let mut sorted = array.clone();
            sort(&ctx, name, &mut sorted, &f).map(|()| sorted)
        });
    }
    registry.register_fn("dedup", |ctx: NativeCallContext, array: &mut Array, f: FnPtr| dedup(&ctx, array, &f));
}

fn sort(ctx: &NativeCallContext, verb: &str, array: &mut Array, f: &FnPtr) -> Result<(), Raised> {
    let spot = Spot::of(ctx);
    let shared = lend(array);
    let sorted = merge_sort((0..shared.len()).collect(), &mut |a, b| {
        let ask =
            |first: usize, second: usize| apply(f, ctx, verb, &spot, [shared[first].clone(), shared[second].clone()]);
        let said = ask(a, b)?;
        match (said.as_int(), said.as_bool()) {
            (Ok(number), _) => Ok(number.cmp(&0)),
            (_, Ok(true)) => Ok(Ordering::Less),
            // With `a < b` this may also mean that they are equal, and equal elements keep their order.
            (_, Ok(false)) if ask(b, a)?.as_bool() == Ok(true) => Ok(Ordering::Greater),
            (_, Ok(false)) => Ok(Ordering::Equal),
            _ => {
                let found = kind_of(&said);
                let message = format!("the closure must give an integer, `true` or `false`, not {found}");
                Err(Thrown::argument(verb, None, message).raise(spot.at))
            }
        }
    });
    let mut slots: Vec<Option<Dynamic>> = shared.into_iter().map(Some).collect();
    let (order, result) = match sorted {
        Ok(order) => (order, Ok(())),
        Err(error) => ((0..slots.len()).collect(), Err(error)),
    };
    array.extend(order.into_iter().filter_map(|at| slots[at].take()).map(Dynamic::flatten));
    result
}

fn dedup(ctx: &NativeCallContext, array: &mut Array, f: &FnPtr) -> Result<(), Raised> {
    let spot = Spot::of(ctx);
    let mut result = Ok(());
    for element in lend(array) {
        let same = match array.last() {
            Some(last) if result.is_ok() => apply(f, ctx, "dedup", &spot, [last.clone(), element.clone()]),
            _ => Ok(Dynamic::FALSE),
        };
        match same {
            Ok(same) if same.as_bool() == Ok(true) => {}
            Ok(_) => array.push(element),
            Err(error) => {
                result = Err(error);
                array.push(element);
            }
        }
    }
    for element in array.iter_mut() {
        *element = std::mem::take(element).flatten();
    }
    result
}

/// Takes the elements out of an array, in a form in which a closure can be handed them without a copy of each.
fn lend(array: &mut Array) -> Array {
    let share = |element: Dynamic| if element.is_map() || element.is_array() { element.into_shared() } else { element };
    std::mem::take(array).into_iter().map(share).collect()
}

/// A stable sort that ends with the first error.
fn merge_sort<E>(
    items: Vec<usize>,
    compare: &mut impl FnMut(usize, usize) -> Result<Ordering, E>,
) -> Result<Vec<usize>, E> {
    if items.len() < 2 {
        return Ok(items);
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let left = merge_sort(left, compare)?;
    let right = merge_sort(right, compare)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(*a, *b)? == Ordering::Greater { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(keys in proptest::collection::vec(0_u8..8, 0..60)) {
            let mut expected: Vec<usize> = (0..keys.len()).collect();
            expected.sort_by_key(|at| keys[*at]);
            let sorted = merge_sort((0..keys.len()).collect(), &mut |a, b| Ok::<_, ()>(keys[a].cmp(&keys[b])));
            prop_assert_eq!(sorted, Ok(expected));
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut asked = 0;
        let result = merge_sort((0..100).collect(), &mut |_, _| {
            asked += 1;
            if asked == 3 { Err("enough") } else { Ok(Ordering::Less) }
        });
        assert_eq!((result, asked), (Err("enough"), 3));
    }
}
