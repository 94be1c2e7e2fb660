//! Short texts that repeat among the values of a walk, each kept once: field values, names, ids that other rows name.
//! Remembers the latest ones, so that what comes once in each row crowds nothing out for long. Knows no format.

use foldhash::fast::FixedState;
use rhai::ImmutableString;
use std::hash::BuildHasher;

/// Texts longer than this are hardly ever repeated.
const LONGEST: usize = 24;
/// So many are remembered at first, and so many at most.
const FEWEST: usize = 1 << 8;
const MOST: usize = 1 << 15;

/// The latest texts, each at the place that its hash gives it.
#[derive(Default)]
pub struct Texts {
    places: Vec<Option<ImmutableString>>,
    /// How many texts came that were not there.
    missed: usize,
    hash: FixedState,
}

impl Texts {
    /// The text, or the same one that came before.
    pub fn shared(&mut self, text: &str) -> ImmutableString {
        if text.len() > LONGEST {
            return text.into();
        }
        if self.missed >= self.places.len() && self.places.len() < MOST {
            self.grow();
        }
        let at = self.place(text);
        match &self.places[at] {
            Some(known) if known.as_str() == text => known.clone(),
            _ => {
                let new = ImmutableString::from(text);
                self.places[at] = Some(new.clone());
                self.missed += 1;
                new
            }
        }
    }

    fn place(&self, text: &str) -> usize {
        // The number of places is a power of two.
        self.hash.hash_one(text) as usize & (self.places.len() - 1)
    }

    fn grow(&mut self) {
        let more = (self.places.len() * 8).clamp(FEWEST, MOST);
        let known = std::mem::replace(&mut self.places, vec![None; more]);
        for text in known.into_iter().flatten() {
            let at = self.place(&text);
            self.places[at] = Some(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shared_with_the_latest_ones_however_many_came_before() {
        let mut texts = Texts::default();
        let same = |one: &ImmutableString, other: &ImmutableString| std::ptr::eq(one.as_str(), other.as_str());
        for at in 0..3 * MOST {
            // Long enough to be kept outside of its own handle.
            let text = format!("2026-05-26T12:{at:09}Z");
            let once = texts.shared(&text);
            assert_eq!(once.as_str(), text);
            assert!(same(&once, &texts.shared(&text)), "{text}");
        }
        assert!(texts.places.len() == MOST && texts.missed == 3 * MOST);
        let long = "x".repeat(LONGEST + 1);
        assert!(!same(&texts.shared(&long), &texts.shared(&long)));
    }
}
