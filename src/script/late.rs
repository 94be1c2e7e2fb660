//! A value that comes later than what it is part of. Knows nothing about either.

use std::{ops::Deref, sync::OnceLock};

/// A place for a value that is given once. It is used like the value itself, and only after that.
pub struct Late<T>(OnceLock<T>);

impl<T> Late<T> {
    /// Puts the value in.
    pub fn give(&self, value: T) {
        assert!(self.0.set(value).is_ok(), "it was given before");
    }
}

impl<T> Default for Late<T> {
    fn default() -> Late<T> {
        Late(OnceLock::new())
    }
}

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.get().expect("nothing is called before the run begins")
    }
}
