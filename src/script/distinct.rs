//! The values that a verb has met: whether one is there for the first time. Texts and integers are kept apart from the
//! others, so that a plain value of a held row is looked up where it stands. Walks nothing.

use super::{by::Key, packed::Cell};
use foldhash::fast::RandomState;
use std::collections::HashSet;

/// A set of values, which are the same where their [`Key`]s are.
#[derive(Default)]
pub struct Distinct {
    integers: HashSet<i64, RandomState>,
    texts: HashSet<Box<[u8]>, RandomState>,
    others: HashSet<Key, RandomState>,
}

impl Distinct {
    /// Adds a value. Whether it was not there before.
    pub fn insert(&mut self, key: Key) -> bool {
        match key {
            Key::Integer(number) => self.integers.insert(number),
            Key::Text(text) => self.insert_text(text.as_bytes()),
            other => self.others.insert(other),
        }
    }

    /// The same for a plain value.
    pub fn insert_cell(&mut self, cell: &Cell) -> bool {
        match cell {
            Cell::Integer(number) => self.integers.insert(*number),
            Cell::Text(text) => self.insert_text(text),
            Cell::Nothing => self.others.insert(Key::Nothing),
        }
    }

    fn insert_text(&mut self, text: &[u8]) -> bool {
        !self.texts.contains(text) && self.texts.insert(text.into())
    }
}
