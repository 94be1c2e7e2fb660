//! What every call of a script goes through. Gives each thing a run does or observes its number, and drives the
//! asynchronous client from the script's synchronous thread. Knows no script engine and prints nothing.

pub mod allow;
mod capability;
mod guard;
mod link;
mod listing;
mod workspace;

pub use allow::{Allow, Allowed, Refusal};
pub use capability::Capability;
pub use guard::{Guard, Write};
pub use link::{ConnectError, ConnectKind, Link};
pub use listing::Listing;

use crate::{
    api::{
        client::Answer,
        error::CallError,
        request::{Call, Request},
    },
    clock::Clock,
    secret::Secret,
    stop::Stop,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::runtime::Builder;

/// Opens the connection when the first call needs it: a script that calls nothing needs no key and starts no server.
pub type Connect = Box<dyn Fn() -> Result<Link, ConnectError> + Send + Sync>;

/// One run's road to the API.
pub struct Session {
    connect: Connect,
    link: OnceLock<Result<Link, ConnectError>>,
    /// The number of the latest thing this run did or observed.
    steps: AtomicU64,
    /// Writes that the API has answered well.
    writes: AtomicU64,
    /// What the idempotency keys of this run begin with.
    run_key: String,
    clock: Clock,
    stop: Stop,
    /// What the run may do.
    capability: Capability,
    /// Whether the workspace is known to be the demanded one.
    verified: AtomicBool,
    /// The environment values that the script declares.
    environment: BTreeMap<String, Secret>,
}

/// Why a call brought nothing: it could not be made, it may not be made, or there is no connection to make it over.
#[derive(Debug)]
pub enum SessionError {
    Connect(ConnectError),
    Refusal(Refusal),
    Call(CallError),
}

impl From<CallError> for SessionError {
    fn from(error: CallError) -> Self {
        SessionError::Call(error)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Connect(error) => f.write_str(&error.message),
            SessionError::Refusal(refusal) => refusal.fmt(f),
            SessionError::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {}

/// The place of something in the order of all that a run does and observes. The same script over the same answers
/// gives the same numbers, which is what lets an interrupted run be followed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub u64);

impl Session {
    /// A session that connects when it must. `run_key` has to be unique to the run: with the number of the call it is
    /// the idempotency key of a create.
    pub fn new(connect: Connect, run_key: String, clock: Clock, stop: Stop) -> Session {
        Session {
            connect,
            link: OnceLock::new(),
            steps: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            run_key,
            clock,
            stop,
            capability: Capability::default(),
            verified: AtomicBool::new(false),
            environment: BTreeMap::new(),
        }
    }

    /// Holds the run to what it may do.
    pub fn with_capability(mut self, capability: Capability) -> Session {
        self.capability = capability;
        self
    }

    /// The environment values that the script may read.
    pub fn with_environment(mut self, environment: BTreeMap<String, Secret>) -> Session {
        self.environment = environment;
        self
    }

    /// Makes one call and waits for its answer. The script's thread calls this; it must not run on the runtime.
    pub fn call(&self, call: Call) -> Result<Answer, SessionError> {
        let number = self.number();
        let operation = call.operation;
        let request = Request::build(&call, Some(&self.idempotency_key(number))).map_err(CallError::Refused)?;
        // What a rule forbids needs no key; what it counts is about to be sent.
        self.capability.pass(&call).map_err(SessionError::Refusal)?;
        let link = self.link()?;
        let answer = link.block_on(link.client().send(&request, operation))?;
        if operation.effect.writes() {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Begins a walk over all pages of a list. Nothing is fetched before the first page is asked for.
    ///
    /// `rows` is how many rows will be looked at at the most, where that is known: the first page is then no larger,
    /// and no page is fetched ahead of need.
    pub fn list(&self, call: Call, rows: Option<usize>) -> Listing {
        Listing::new(self.number(), call, rows)
    }

    /// A value of the environment, as an observation of this run; none where the script does not declare it.
    pub fn environment(&self, name: &str) -> Option<&Secret> {
        self.number();
        self.environment.get(name)
    }

    /// Gives a number to something that a run observes or does outside of the API, such as a file it reads.
    pub fn observe(&self) -> Number {
        self.number()
    }

    /// The present time, as an observation of this run.
    pub fn now(&self) -> Timestamp {
        self.number();
        self.clock.now()
    }

    /// Waits, as something that this run does. Ends early where somebody asks to stop.
    pub fn sleep(&self, span: Duration) -> Result<(), SessionError> {
        self.number();
        // A runtime of its own: a script that only sleeps opens no connection.
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime without input and output needs nothing of the system");
        runtime.block_on(async {
            tokio::select! {
                biased;
                reason = self.stop.wait() => Err(CallError::Stopped(reason).into()),
                () = tokio::time::sleep(span) => Ok(()),
            }
        })
    }

    /// The clock itself, for its zone.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether a call has opened the connection.
    pub fn is_connected(&self) -> bool {
        self.link.get().is_some_and(Result::is_ok)
    }

    /// How many calls the rate budget would let through at once; `None` before the first call.
    pub fn budget_left(&self) -> Option<u32> {
        self.link.get().and_then(|link| link.as_ref().ok()).map(|link| link.client().budget_left())
    }

    /// The flag that asks this run to stop.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Writes that the API has answered well so far.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    fn number(&self) -> Number {
        Number(self.steps.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn idempotency_key(&self, number: Number) -> String {
        format!("{}-{}", self.run_key, number.0)
    }

    fn link(&self) -> Result<&Link, SessionError> {
        let link = self.link.get_or_init(|| (self.connect)()).as_ref();
        let link = link.map_err(|error| SessionError::Connect(error.clone()))?;
        if let Some(wanted) = self.capability.workspace()
            && !self.verified.load(Ordering::Relaxed)
        {
            workspace::verify(link, wanted)?;
            self.verified.store(true, Ordering::Relaxed);
        }
        Ok(link)
    }
}
