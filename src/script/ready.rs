//! An engine with all its functions that no run stands behind yet: the check looks at the script with it, and the run that
//! follows goes on with it, because registering the functions takes longer than many a script.

use super::{engine, host::Host, named::Named};
use rhai::Engine;
use std::sync::Arc;

/// An engine and the host of its functions. The host knows no run before it is given one ([`Host::begin`]).
pub struct Ready {
    host: Arc<Host>,
    engine: Engine,
}

impl Ready {
    /// One for the script with this text, and no other: it has no function that the text cannot call.
    pub fn for_text(text: &str) -> Ready {
        let host = Host::idle();
        Ready { engine: engine::with_functions(&host, &Named::in_text(text)), host }
    }

    /// What its functions work through.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The engine, to look at a script with.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The engine for the host's run.
    pub(super) fn into_engine(self) -> Engine {
        self.engine
    }
}
