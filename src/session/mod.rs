//! What every call of a script goes through. Gives each thing a run does or observes its number, and drives the
//! asynchronous client from the script's synchronous thread. Knows no script engine and prints nothing.

pub mod allow;
mod apply;
mod bulk;
mod capability;
mod control;
pub mod crash;
mod doubt;
mod drift;
mod dry;
mod earlier;
mod error;
mod guard;
pub mod journal;
mod link;
mod listing;
mod look;
mod number;
mod observe;
mod outgoing;
pub mod overlay;
pub mod plan;
mod seen;
mod sent;
mod standing;
mod undo;
mod workspace;
mod write;

pub use allow::{Allow, Allowed, Refusal};
pub use apply::{Applied, How};
pub use bulk::{Bulk, Row};
pub use capability::Capability;
pub use control::{Control, Progress, Stage, Standing};
pub use drift::{Drift, Look};
pub use earlier::Earlier;
pub use error::SessionError;
pub use guard::{Guard, Write};
pub use journal::{Keeper, Recorder, Workspace};
pub use link::{ConnectError, ConnectKind, Link};
pub use listing::Listing;
pub use number::Number;
pub use undo::WayBack;
pub use write::{Manner, Outcome};

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
use overlay::{Numbers, Overlay};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};
use write::Ready;

const LOCK: &str = "no code panics while it holds this lock";

/// Opens the connection when the first call needs it: a script that calls nothing needs no key and starts no server.
pub type Connect = Box<dyn Fn() -> Result<Link, ConnectError> + Send + Sync>;

/// Told of a write that is not sent because it would change nothing.
pub type Unsent = Box<dyn Fn(&Request) + Send + Sync>;

/// One run's road to the API.
pub struct Session {
    /// The record of the run, where it is one that may write. A session that goes on from line to line has another for each.
    recorder: RwLock<Option<Arc<Recorder>>>,
    /// What others may ask of the run, and what it says of itself.
    control: Control,
    /// The workspace as it would be, in a dry run: no write is sent then.
    overlay: Mutex<Option<Overlay>>,
    /// What the plan that comes next gives out, while there is none.
    numbers: Mutex<Numbers>,
    /// What became of the provisional ids of plans that this session has applied.
    made: Mutex<BTreeMap<String, String>>,
    /// The provisional ids of plans that are over. Those that are not among `made` lead nowhere.
    given_up: Mutex<HashSet<String>>,
    /// Whether a record that was not read in this run is read before it is changed, so that the change can be told and
    /// taken back.
    reads_before_it_writes: bool,
    connect: Connect,
    link: OnceLock<Arc<Link>>,
    /// Held by whoever connects: one at a time.
    connecting: Mutex<()>,
    /// The workspace that the key belongs to, once it was asked for.
    workspace: OnceLock<Workspace>,
    /// The number of the latest thing this run did or observed.
    steps: Mutex<Number>,
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
    unsent: Option<Unsent>,
}

impl Session {
    /// A session that connects when it must. `run_key` has to be unique to the run: with the number of the call it is
    /// the idempotency key of a create.
    pub fn new(connect: Connect, run_key: String, clock: Clock, stop: Stop) -> Session {
        Session {
            connect,
            link: OnceLock::new(),
            connecting: Mutex::default(),
            workspace: OnceLock::new(),
            recorder: RwLock::default(),
            control: Control::default(),
            overlay: Mutex::default(),
            numbers: Mutex::default(),
            made: Mutex::default(),
            given_up: Mutex::default(),
            reads_before_it_writes: true,
            steps: Mutex::default(),
            run_key,
            clock,
            stop,
            capability: Capability::default(),
            verified: AtomicBool::new(false),
            environment: BTreeMap::new(),
            unsent: None,
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

    /// Tells `told` of each write that is not sent because it would change nothing.
    pub fn with_unsent(mut self, told: Unsent) -> Session {
        self.unsent = Some(told);
        self
    }

    /// Reads nothing before it writes: what is changed blindly cannot be told, and not be taken back.
    pub fn without_snapshots(mut self) -> Session {
        self.reads_before_it_writes = false;
        self
    }

    /// Keeps a record of the run.
    pub fn with_recorder(self, recorder: Recorder) -> Session {
        self.record_in(Some(recorder));
        self
    }

    /// Keeps what comes from here on in another record, or in none. What is under way has to be over.
    pub fn record_in(&self, recorder: Option<Recorder>) {
        *self.recorder.write().expect(LOCK) = recorder.map(Arc::new);
    }

    /// Another run over the same connection.
    pub fn beside(&self, run_key: String, control: Control) -> Result<Session, SessionError> {
        self.link()?;
        let refuse = || unreachable!("the connection is there already");
        let session =
            Session::new(Box::new(refuse), run_key, self.clock.clone(), self.stop.clone()).with_control(control);
        if let Some(link) = self.link.get() {
            let _ = session.link.set(link.clone());
        }
        Ok(session)
    }

    /// What others may ask of the run, and what it says of itself.
    pub fn with_control(mut self, control: Control) -> Session {
        self.control = control;
        self
    }

    /// Makes one call and waits for its answer. The script's thread calls this; it must not run on the runtime.
    pub fn call(&self, call: Call) -> Result<Answer, SessionError> {
        let number = self.number();
        let call = self.real(call);
        self.knows_its_ids(&call)?;
        if let Some(planned) = self.plan(&call)? {
            // What is only planned has changed nothing.
            let (answer, _) = planned?;
            return Ok(answer);
        }
        if !call.operation.effect.writes() {
            return self.read(number, &call);
        }
        let outcome = match self.prepare(number, &call, Manner::default())? {
            Ready::Done(outcome) => outcome,
            Ready::Send(prepared) => {
                self.control.pass(&self.stop)?;
                prepared.send_alone(self, self.link()?)?
            }
        };
        match outcome {
            Outcome::Changed(answer) => {
                self.control.progress.changed(1);
                Ok(answer)
            }
            Outcome::Unchanged(answer) => {
                self.control.progress.unchanged(1);
                Ok(answer)
            }
            Outcome::Failed(error) => Err(error.into()),
            Outcome::Left(why) => unreachable!("a single call is never left alone: {why}"),
        }
    }

    /// Makes a call that reads, or finds its answer in the record.
    fn read(&self, number: Number, call: &Call) -> Result<Answer, SessionError> {
        let request = Request::build(call, None).map_err(CallError::Refused)?;
        if let Some(recorded) = self.recorded(number, &request)? {
            return recorded;
        }
        self.control.pass(&self.stop)?;
        let link = self.link()?;
        let result = link.block_on(link.client().send(&request, call.operation));
        self.enter_read(number, &request, &result)?;
        Ok(result?)
    }

    /// Begins a walk over all pages of a list. Nothing is fetched before the first page is asked for.
    ///
    /// `rows` is how many rows will be looked at at the most, where that is known: the first page is then no larger,
    /// and no page is fetched ahead of need.
    pub fn list(&self, call: Call, rows: Option<usize>) -> Listing {
        Listing::new(self.number(), self.real(call), rows)
    }

    /// The clock itself, for its zone.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether a call has opened the connection.
    pub fn is_connected(&self) -> bool {
        self.link.get().is_some()
    }

    /// How many calls the rate budget would let through at once; `None` before the first call.
    pub fn budget_left(&self) -> Option<u32> {
        self.link.get().map(|link| link.client().budget_left())
    }

    /// What the idempotency keys of this run begin with.
    pub fn run_key(&self) -> &str {
        &self.run_key
    }

    /// The flag that asks this run to stop.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Writes that the API has answered well so far.
    pub fn writes(&self) -> u64 {
        self.control.progress.counts().changed
    }

    /// What the run says of itself.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The record of the run, where one is kept.
    pub fn recorder(&self) -> Option<Arc<Recorder>> {
        self.recorder.read().expect(LOCK).clone()
    }

    /// The present time, for the record alone.
    fn present(&self) -> Timestamp {
        self.clock.now()
    }

    /// The workspace that the key belongs to. Asked for once.
    pub fn workspace(&self) -> Result<Workspace, SessionError> {
        match self.workspace.get() {
            Some(known) => Ok(known.clone()),
            None => {
                let asked = workspace::ask(self.link()?)?;
                Ok(self.workspace.get_or_init(|| asked).clone())
            }
        }
    }

    /// The connection. One that could not be made is tried again with the next call: what was wrong may be mended by then.
    fn connected(&self) -> Result<&Arc<Link>, SessionError> {
        if self.link.get().is_none() {
            let _alone = self.connecting.lock().expect(LOCK);
            if self.link.get().is_none() {
                let link = (self.connect)().map_err(SessionError::Connect)?;
                self.control.progress.goes_by(link.client());
                let _ = self.link.set(Arc::new(link));
            }
        }
        Ok(self.link.get().expect("it was set above"))
    }

    fn link(&self) -> Result<&Link, SessionError> {
        let link = self.connected()?;
        let progress = &self.control.progress;
        // Before the first answer nobody knows more than a guess.
        if progress.counts().requests > 0 {
            progress.keep_to(link.client().pace().rate);
        }
        let (wanted, begun_in) = (self.capability.workspace(), self.capability.begun_in());
        if (wanted.is_some() || begun_in.is_some()) && !self.verified.load(Ordering::Relaxed) {
            let workspace = workspace::verify(link, wanted, begun_in)?;
            if begun_in.is_some()
                && let Some(recorder) = self.recorder()
            {
                recorder.meet(&workspace)?;
            }
            self.verified.store(true, Ordering::Relaxed);
        }
        Ok(link)
    }
}
