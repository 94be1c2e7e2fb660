//! What the functions of a script share: the session, the sinks for what it says, and the ending that no `catch` may
//! hold up. Knows no single function.

use super::{
    builtins::{bulk::Only, input::Inputs},
    fault::{Fault, FaultKind, Spot, consequence},
    interactive::Seen,
    late::Late,
    limits::Limits,
};
use crate::{
    csv, memory,
    project::Project,
    session::{ConnectError, ConnectKind, Session, SessionError},
    stop::Reason,
    text,
};
use rhai::{Dynamic, Engine, EvalAltResult, Identifier};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

const LOCK: &str = "no code panics while it holds this lock";

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Where a script's words go. Whoever starts a run supplies it; the host never writes to a stream itself.
pub trait Sink: Send + Sync {
    /// A line, or several, of data for standard output. False if nobody reads it any more.
    fn data(&self, text: &str) -> bool;
    /// A log line for people.
    fn log(&self, level: Level, text: &str);
    /// Called before the script waits, so that what was said is seen by then.
    fn flush(&self);
    /// Columns that a table may take; `None` where there is no terminal to fit.
    fn width(&self) -> Option<usize>;
}

/// So many failed rows are told at the end of a run.
const FIRST_FAILURES: usize = 3;

/// Shared by all functions of one engine. What its run gives it comes with [`Host::begin`].
#[derive(Default)]
pub struct Host {
    pub session: Late<Session>,
    pub sink: Late<Box<dyn Sink>>,
    /// The files that the script can reach.
    pub project: Late<Project>,
    /// The texts of the modules that were imported, by the names that errors give them.
    modules: Mutex<HashMap<String, String>>,
    /// What the run was given: params, args, what it is about itself.
    pub inputs: Late<Inputs>,
    /// What the script may use.
    pub limits: Late<Limits>,
    /// What it has seen of the workspace, for sessions that ask for it.
    pub(super) seen: Seen,
    /// The rows of bulk calls that are to be done, where not all are.
    only: OnceLock<Only>,
    engine: OnceLock<Weak<Engine>>,
    ending: Mutex<Option<Fault>>,
    /// Whether there is an ending: nothing more may happen then, however the script was told.
    has_ended: AtomicBool,
    /// The failure of a list whose loop is still pulling from it (see `stream`), and whether there is one.
    unheard: Mutex<Option<Fault>>,
    is_unheard: AtomicBool,
    /// Whether the script has used up its own time.
    out_of_time: AtomicBool,
    /// The first rows that failed in bulk calls, and why, for whoever tells how the run ended.
    failures: Mutex<Vec<String>>,
    /// The headers of the tables that the script has read: object maps keep no order.
    headers: Mutex<Vec<Vec<Identifier>>>,
}

/// A sink that is never left half-way: a thread that is halted for its use of memory while it holds a stream's lock
/// would silence everybody else.
struct Unhalted(Box<dyn Sink>);

impl Sink for Unhalted {
    fn data(&self, text: &str) -> bool {
        memory::unbounded(|| self.0.data(text))
    }

    fn log(&self, level: Level, text: &str) {
        memory::unbounded(|| self.0.log(level, text));
    }

    fn flush(&self) {
        memory::unbounded(|| self.0.flush());
    }

    fn width(&self) -> Option<usize> {
        self.0.width()
    }
}

/// The error type of Rhai's functions.
pub type Raised = Box<EvalAltResult>;

impl Host {
    pub fn new(session: Session, sink: Box<dyn Sink>, project: Project) -> Arc<Host> {
        Host::with_inputs(session, sink, project, Inputs::default(), Limits::default())
    }

    /// A host of a run that is given something.
    pub fn with_inputs(
        session: Session,
        sink: Box<dyn Sink>,
        project: Project,
        inputs: Inputs,
        limits: Limits,
    ) -> Arc<Host> {
        let host = Host::idle();
        host.begin(session, sink, project, inputs, limits);
        host
    }

    /// A table with these columns was read.
    pub fn has_read_columns(&self, names: &[Identifier]) {
        let mut headers = self.headers.lock().expect(LOCK);
        headers.retain(|header| header != names);
        headers.push(names.to_vec());
    }

    /// The columns of a row in the order of the table that it came from, and behind them what was added to it.
    pub fn in_their_order(&self, columns: &mut [String]) {
        let headers = self.headers.lock().expect(LOCK);
        let is_of =
            |header: &&Vec<Identifier>| header.iter().all(|name| columns.iter().any(|column| column == name.as_str()));
        let Some(header) = headers.iter().rev().find(is_of) else { return };
        let place = |column: &String| header.iter().position(|name| name.as_str() == column).unwrap_or(usize::MAX);
        columns.sort_by_key(place);
    }

    /// A host for looking at scripts: none of its functions can be called before it is given a run.
    pub(super) fn idle() -> Arc<Host> {
        Arc::default()
    }

    /// Gives it its run, once.
    pub fn begin(&self, session: Session, sink: Box<dyn Sink>, project: Project, inputs: Inputs, limits: Limits) {
        self.session.give(session);
        self.sink.give(Box::new(Unhalted(sink)));
        self.project.give(project);
        self.inputs.give(inputs);
        self.limits.give(limits);
    }

    /// The rows of bulk calls that are to be done, where not all are.
    pub(super) fn only(&self) -> Option<&Only> {
        self.only.get()
    }

    /// Reads which rows of bulk calls are to be done, where the run was given a report.
    pub(super) fn read_only_rows(&self) -> Result<(), Box<Fault>> {
        let Some(path) = &self.inputs.rows else { return Ok(()) };
        let fault = |message: String| Fault::new(FaultKind::Configuration, message);
        let bytes = self.session.read_given(path, || {
            self.project.read(path).map_err(|error| {
                SessionError::Connect(ConnectError {
                    kind: ConnectKind::Configuration,
                    message: error.message,
                    hints: error.hint.into_iter().collect(),
                })
            })
        });
        let bytes =
            bytes.map_err(|error| consequence(error).map_or_else(|fault| fault, |it| Box::new(it.into_fault())))?;
        let shown = text::escape_control(path);
        let (text, _) = csv::decode(bytes).map_err(|why| fault(format!("`{shown}` {why}")))?;
        let only = Only::read(&text).map_err(|why| {
            fault(format!("`{shown}` cannot say which rows to do: {why}"))
                .hint("give the `report` that a bulk call of the same script has written")
        })?;
        if only.count() == 0 {
            self.sink.log(Level::Warn, &format!("`{shown}` names no row that failed, so nothing is done"));
        }
        let _ = self.only.set(only);
        Ok(())
    }

    /// Makes the engine known to the values that call closures later than the function that made them.
    pub(super) fn attach(&self, engine: &Arc<Engine>) {
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// Keeps a module's text, so that errors in it can be shown with their line.
    pub(super) fn keep_module(&self, name: &str, text: &str) {
        memory::unbounded(|| self.modules.lock().expect(LOCK).insert(name.into(), text.into()));
    }

    /// The texts of the modules that were imported, by the names that errors give them.
    pub fn module_texts(&self) -> HashMap<String, String> {
        self.modules.lock().expect(LOCK).clone()
    }

    /// The first rows of bulk calls that failed, each with its number, its label and why.
    pub fn first_failures(&self) -> Vec<String> {
        self.failures.lock().expect(LOCK).clone()
    }

    /// Rows of a bulk call failed; the first of them are kept for the end of the run.
    pub(super) fn rows_failed(&self, told: impl Iterator<Item = String>) {
        let mut failures = self.failures.lock().expect(LOCK);
        let room = FIRST_FAILURES.saturating_sub(failures.len());
        failures.extend(told.take(room));
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        self.engine.get().and_then(Weak::upgrade).expect("functions run only while their engine lives")
    }

    /// Ends the run in a way that scripts cannot catch: with the error that this gives back.
    pub(super) fn end(&self, mut ending: Fault, spot: &Spot) -> Raised {
        // The engine moves this error's position outwards from call to call, so its place is noted here.
        ending.place = ending.place.or_else(|| spot.place());
        self.note_ending(ending);
        Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, spot.at))
    }

    /// The first ending stays: what follows it is only how the script came down.
    fn note_ending(&self, ending: Fault) {
        self.ending.lock().expect(LOCK).get_or_insert(ending);
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Why the run ended before its script did.
    pub(super) fn take_ending(&self) -> Option<Fault> {
        self.has_ended.store(false, Ordering::Relaxed);
        self.ending.lock().expect(LOCK).take()
    }

    /// An error of the session, as the script meets it: thrown where it may be caught, the end of the run elsewhere.
    pub(super) fn raise(&self, error: SessionError, spot: &Spot) -> Raised {
        match consequence(error) {
            Ok(thrown) => thrown.raise(spot.at),
            Err(fault) => self.end(*fault, spot),
        }
    }

    /// Says a line on standard output; if nobody reads it any more, the run is asked to stop.
    pub(super) fn say(&self, text: &str) {
        // On its way out a line is copied: by the filter for secrets, and into the stream's buffer.
        if !memory::has_room(text.len().saturating_mul(2)) {
            return self.note_ending(self.limits.out_of_memory());
        }
        if !self.sink.data(text) {
            self.session.stop().ask(Reason::OutputClosed);
        }
    }

    /// Looked at by the engine at every step: whether the script must stop now.
    pub(super) fn must_stop(&self) -> bool {
        if self.has_ended.load(Ordering::Relaxed) {
            return true;
        }
        if let Some(reason) = self.session.stop().asked() {
            self.note_ending(Fault::new(FaultKind::Stopped(reason), "stopped"));
            return true;
        }
        if self.is_unheard.load(Ordering::Relaxed)
            && let Some(fault) = self.set_unheard(None)
        {
            self.note_ending(fault);
            return true;
        }
        if memory::exceeds(self.limits.bound()) {
            self.note_ending(self.limits.out_of_memory());
            return true;
        }
        if self.out_of_time.load(Ordering::Relaxed) {
            self.note_ending(self.limits.out_of_time());
            return true;
        }
        false
    }

    /// Called by whoever watches the run, once the script has used up its own time.
    pub fn run_out_of_time(&self) {
        self.out_of_time.store(true, Ordering::Relaxed);
    }

    /// Makes ready for another line of a session: whatever ended the one before holds for that one alone.
    pub(super) fn begin_line(&self) {
        self.session.stop().take_back();
        self.out_of_time.store(false, Ordering::Relaxed);
        self.set_unheard(None);
        self.take_ending();
    }

    /// Sets or clears the failure that the running loop has not been told of; gives back the one before.
    pub(super) fn set_unheard(&self, fault: Option<Fault>) -> Option<Fault> {
        self.is_unheard.store(fault.is_some(), Ordering::Relaxed);
        std::mem::replace(&mut *self.unheard.lock().expect(LOCK), fault)
    }
}
