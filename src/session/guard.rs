//! A last look at each write by whoever started the session: its mode, a question to the person who sits there. Held here,
//! below the script, as all that a run may do. Decides nothing itself.

use super::Refusal;
use crate::api::{operation::Effect, request::Call};
use std::fmt;

/// A write that nothing else forbids.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The operation's name.
    pub operation: &'static str,
    /// Whether it takes something away for good.
    pub deletes: bool,
    /// The ids in its path.
    pub ids: &'a [String],
}

/// What decides: lets a write pass, or says why not.
type Decide = dyn Fn(&Write<'_>) -> Result<(), Refusal> + Send + Sync;

/// Who is asked before each write. The default lets all of them pass.
#[derive(Default)]
pub struct Guard(Option<Box<Decide>>);

impl Guard {
    /// Asks `decide`, on the script's thread.
    pub fn new(decide: impl Fn(&Write<'_>) -> Result<(), Refusal> + Send + Sync + 'static) -> Guard {
        Guard(Some(Box::new(decide)))
    }

    pub(super) fn pass(&self, call: &Call) -> Result<(), Refusal> {
        let Some(decide) = &self.0 else { return Ok(()) };
        let deletes = call.operation.effect == Effect::Delete;
        decide(&Write { operation: call.operation.name, deletes, ids: &call.path })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Guard(asked)" } else { "Guard(none)" })
    }
}
