//! How deep a value nests: arrays, object maps, and what closures have captured. Only asks; changes nothing.

use rhai::{Array, Dynamic, FnPtr, Map};
use std::collections::HashSet;

/// Whether a value nests deeper than `most` levels.
pub fn exceeds(value: &Dynamic, most: usize) -> bool {
    deeper(value, most, &mut HashSet::new())
}

/// Shared values are looked at once: they may lead back to themselves.
fn deeper(value: &Dynamic, left: usize, seen: &mut HashSet<usize>) -> bool {
    let Some(left) = left.checked_sub(1) else { return true };
    let shared = value.is_shared();
    if let Some(array) = value.read_lock::<Array>() {
        let first_time = !shared || seen.insert(&raw const *array as usize);
        return first_time && array.iter().any(|inner| deeper(inner, left, seen));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let first_time = !shared || seen.insert(&raw const *map as usize);
        return first_time && map.values().any(|inner| deeper(inner, left, seen));
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        let first_time = !shared || seen.insert(&raw const *function as usize);
        return first_time && function.iter_curry().any(|inner| deeper(inner, left, seen));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Dynamic {
        (0..levels).fold(Dynamic::UNIT, |inner, _| vec![inner].into())
    }

    #[test]
    fn levels_are_counted_and_a_circle_has_an_end() {
        assert!(!exceeds(&nested(9), 10));
        assert!(exceeds(&nested(10), 10));
        let circle = Dynamic::from(Array::new()).into_shared();
        circle.clone().write_lock::<Array>().unwrap().push(circle.clone());
        assert!(!exceeds(&circle, 10));
        circle.clone().write_lock::<Array>().unwrap().clear();
    }
}
