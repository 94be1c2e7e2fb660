//! Sorts numbers with their places by the numbers' digits: no comparison, several times faster than one with them where
//! there are many. Knows nothing of rows.

/// So many, and the passes pay.
const WORTH: usize = 256;
/// The bits of a digit.
const DIGIT: u32 = 8;

/// By the number, ascending. Entries of the same number keep their order.
pub fn sort(entries: &mut Vec<(u64, u32)>) {
    if entries.len() < WORTH {
        return entries.sort_by_key(|entry| entry.0);
    }
    let first = entries[0].0;
    let varying = entries.iter().fold(0, |varying, entry| varying | (entry.0 ^ first));
    let mut sorted = vec![(0, 0); entries.len()];
    for shift in (0..u64::BITS).step_by(DIGIT as usize) {
        let digit = |number: u64| usize::from((number >> shift) as u8);
        // A digit that is the same in all of them changes nothing.
        if digit(varying) == 0 {
            continue;
        }
        let mut next = [0_usize; 1 << DIGIT];
        entries.iter().for_each(|entry| next[digit(entry.0)] += 1);
        let mut begin = 0;
        for place in &mut next {
            begin += std::mem::replace(place, begin);
        }
        for entry in entries.iter() {
            let place = &mut next[digit(entry.0)];
            sorted[*place] = *entry;
            *place += 1;
        }
        std::mem::swap(entries, &mut sorted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Of few numbers, which have many digits, and of many that have few.
        #[test]
        fn it_is_the_stable_sort_of_the_library(
            numbers in proptest::collection::vec(any::<u64>(), 1..20), picks in proptest::collection::vec(0_usize..20, 0..700),
            mask in any::<u64>(),
        ) {
            let pick = |(at, pick): (usize, &usize)| (numbers[pick % numbers.len()] & mask, at as u32);
            let mut entries: Vec<(u64, u32)> = picks.iter().enumerate().map(pick).collect();
            let mut wanted = entries.clone();
            wanted.sort_by_key(|entry| entry.0);
            sort(&mut entries);
            prop_assert_eq!(entries, wanted);
        }
    }
}
