//! The numbers of what a run does and observes. Knows no call.

use super::{LOCK, Session};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The place of something in the order of all that a run does and observes. The same script over the same answers
/// gives the same numbers, which is what lets an interrupted run be followed again.
///
/// In order: the call *n*; in a bulk call the row; in a row's closure the call *m* in it; of a list the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Number(pub u64, pub u64, pub u64, pub u64);

impl Number {
    /// Page `page` of the list with this number, counted from 1.
    pub(super) fn page(self, page: u64) -> Number {
        Number(self.0, self.1, self.2, page)
    }

    /// Whether it is the write of a bulk call's row.
    pub(super) fn is_row(self) -> bool {
        self.1 > 0 && self.2 == 0 && self.3 == 0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number(call, 0, 0, _) => write!(f, "{call}"),
            Number(call, row, 0, _) => write!(f, "{call}.{row}"),
            Number(call, row, inner, _) => write!(f, "{call}.{row}.{inner}"),
        }?;
        if self.3 > 0 { write!(f, "#{}", self.3) } else { Ok(()) }
    }
}

impl Session {
    /// The next number.
    pub(super) fn number(&self) -> Number {
        let mut steps = self.steps.lock().expect(LOCK);
        if steps.1 > 0 {
            steps.2 += 1
        } else {
            steps.0 += 1
        }
        if let Some(recorder) = self.recorder() {
            recorder.go_on();
        }
        *steps
    }

    /// Goes on with another number; gives the one that was the latest.
    pub(super) fn renumber(&self, to: Number) -> Number {
        std::mem::replace(&mut *self.steps.lock().expect(LOCK), to)
    }

    /// The key of the create with this number.
    pub(super) fn idempotency_key(&self, number: Number) -> String {
        format!("{}-{number}", self.run_key)
    }
}
