//! The open connection: the client and the runtime that drives it. Decides nothing about calls.

use crate::{api::client::Client, memory};
use std::{any::Any, future::Future, sync::Arc};
use tokio::runtime::Runtime;

/// A client, the runtime it lives on, and whatever has to live as long as they do.
pub struct Link {
    client: Arc<Client>,
    // Before the runtime, so that it is dropped first: it may be a server that runs on it.
    _keep: Box<dyn Any + Send + Sync>,
    runtime: Runtime,
}

impl Link {
    /// `keep` is dropped with the link; an embedded server, for example.
    pub fn new(client: Client, runtime: Runtime, keep: Box<dyn Any + Send + Sync>) -> Link {
        Link { client: Arc::new(client), _keep: keep, runtime }
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        // What runs here holds locks that others need, also where the script is at the end of its memory.
        memory::unbounded(|| self.runtime.block_on(future))
    }
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub struct ConnectError {
    pub kind: ConnectKind,
    /// The first line for people, lower case, without a final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

/// What kind of obstacle it is; the exit code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectKind {
    /// The key is missing or cannot be one.
    Key,
    /// What was asked for cannot be set up.
    Configuration,
}
