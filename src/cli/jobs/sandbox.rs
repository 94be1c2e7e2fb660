//! The sandbox that all runs of a serving process share: it lives as long as the process.

use crate::{
    cli::connect::{self, Connection},
    error::Failure,
    sandbox,
    secret::Secret,
};
use tokio::runtime::Runtime;

/// A running sandbox.
pub struct Shared {
    handle: sandbox::Handle,
    runtime: Runtime,
}

impl Shared {
    /// Starts one, where these flags ask for it.
    pub fn start(connection: &Connection) -> Result<Option<Shared>, Failure> {
        if !connection.sandbox {
            return Ok(None);
        }
        let runtime = connect::runtime(2)?;
        let handle = runtime
            .block_on(sandbox::start(connection.sandbox_options(), None))
            .map_err(|error| Failure::usage(format!("the sandbox cannot start: {error}")))?;
        Ok(Some(Shared { handle, runtime }))
    }

    /// Where it is, and its key.
    pub fn place(&self) -> (String, Secret) {
        (self.handle.base_url(), Secret::new(self.handle.key()))
    }

    pub fn stop(self) {
        self.runtime.block_on(self.handle.stop());
    }
}
