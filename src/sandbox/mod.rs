//! The embedded stand-in for Pivotal's API: axum and SQLite on 127.0.0.1. It has its own code for every rule and must
//! not import `api`: fed from the client's tables it would prove nothing about the client.
//!
//! In reading order: `gate` is what every request passes (key, rate, idempotency), `faults` what
//! goes wrong on purpose, `routes` are the 18 operations,
//! `validate` what bodies and queries must look like, `store` and `rows` the database, `seed` its first content.
//!
//! Where the API notes leave a question open, the answer is documented beside the code that gives it.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;

mod auth;
mod error;
mod faults;
mod gate;
mod idempotency;
mod ident;
mod limits;
mod problem;
mod record;
mod routes;
mod rows;
mod seed;
mod store;
mod times;
mod validate;

pub use auth::{KEY, READ_ONLY_KEY, REVOKED_KEY, TEST_KEY};
pub use error::StartError;
pub use faults::{Fault, HELP as FAULT_HELP};

/// How the sandbox is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// From which the data and all ids follow.
    pub seed: u64,
    /// How many customers the workspace begins with.
    pub customers: u32,
    /// The limit of each key; `None` is no limit.
    pub rate: Option<Rate>,
    /// Keeps the data in a file. Data that is already there is used as it is: `seed` and `customers` do not apply to it.
    pub data: Option<PathBuf>,
    /// What the sandbox takes for now; the seeded dates lie around it.
    pub clock: Clock,
    /// What goes wrong on purpose.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, seed: 1, customers: 120, rate: None, data: None, clock: Clock::System, faults: Vec::new() }
    }
}

/// A rate limit: so many requests within a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests may lie in one window.
    pub limit: u32,
    /// How long the window is.
    pub window: Duration,
}

/// One answered request, for a line of output.
#[derive(Clone, Debug)]
pub struct Served {
    /// The method, in capitals.
    pub method: String,
    /// Path and query, as they came.
    pub path: String,
    /// The status of the answer; none where a fault broke the connection before one was sent.
    pub status: Option<u16>,
    /// How long it took, from the whole request to the whole answer.
    pub millis: f64,
    /// The answer's `X-Request-Id`.
    pub request_id: String,
    /// The faults that struck it, as they are written.
    pub fault: Option<String>,
}

/// Told about each answered request, once.
pub type OnRequest = Box<dyn Fn(&Served) + Send + Sync>;

/// A running sandbox. It stops when this is dropped.
pub struct Handle {
    address: SocketAddr,
    /// Ends the server when it is dropped.
    stop: Option<watch::Sender<()>>,
    server: JoinHandle<()>,
}

/// Starts listening; resolves once the port is bound. `on_request` is called once for each answered request.
pub async fn start(options: Options, on_request: Option<OnRequest>) -> Result<Handle, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|cause| StartError::Port { port: options.port, cause })?;
    let address = listener.local_addr().map_err(|cause| StartError::Port { port: options.port, cause })?;
    let (stop, stopped) = watch::channel(());
    let mut asked = stopped.clone();
    // The port first: a data file should not be made for a sandbox that cannot run.
    let shared = tokio::task::spawn_blocking(move || gate::Shared::new(&options, on_request, stopped))
        .await
        .map_err(StartError::Seeding)??;
    let router = routes::router(Arc::new(shared)).into_make_service_with_connect_info::<faults::Line>();
    let server = axum::serve(faults::Wires(listener), router).with_graceful_shutdown(async move {
        // Nothing is ever sent: an error means that the handle has dropped its end.
        let _ = asked.changed().await;
    });
    let server = tokio::spawn(async {
        // axum's serve never fails: it retries what `accept` refuses.
        let _ = server.await;
    });
    Ok(Handle { address, stop: Some(stop), server })
}

impl Handle {
    /// Where the API is: `http://127.0.0.1:PORT/api/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    /// The key of the live workspace.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// Stops listening and waits until the requests in flight are answered, at most two seconds: a client that never
    /// finishes its request must not hold the program.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.server).await;
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("address", &self.address).finish_non_exhaustive()
    }
}
