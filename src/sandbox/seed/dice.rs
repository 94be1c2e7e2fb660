//! Chance that is the same for the same seed, on every machine and in every version. Owns the sequence; must not know
//! what it decides.

use crate::sandbox::ident::mix;

/// A sequence of numbers that follows from a seed.
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0) % end
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of the list, which must not be empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// An external id of an other system, or none.
    pub fn external(&mut self, prefix: &str, chance: u64) -> Option<String> {
        let number = self.below(1_000_000_000);
        self.percent(chance).then(|| format!("{prefix}{number:09}"))
    }
}
