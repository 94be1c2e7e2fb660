//! `onramp repl`: a session line by line, at a terminal or from a pipe. Reads lines, hands them to the session's thread and
//! shows what comes of them; what a line means is `script`'s business, and what may be sent is held below it.

mod activity;
mod ask;
mod batch;
mod commands;
mod helper;
mod highlight;
mod history;
mod looked;
mod mode;
mod planned;
mod saved;
mod session;
mod terminal;
mod view;
mod written;

pub use activity::{Activity, Answer};
pub use ask::Questions;
pub use mode::{Mode, Switch, guard};

use crate::{
    error::Failure,
    run::Lines,
    script::Host,
    session::{Session as Connected, plan::Plan},
    ui::Ui,
};
use session::Session;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

/// How values are written that nobody looks at in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tables and text.
    Text,
    /// Each value as JSON, with line breaks.
    Json,
    /// Each value on a line, each row of a list on one of its own.
    JsonLines,
}

/// Reads a script: gives its name and its text.
pub type ReadScript = fn(&Path) -> Result<(String, String), Failure>;

/// What a session is started with.
pub struct Options {
    pub host: Arc<Host>,
    /// How a plan is carried out, and how a run is taken back: as runs of their own.
    pub carry: Rc<dyn Carry>,
    /// Applies and takes back without a question.
    pub yes: bool,
    pub switch: Switch,
    pub questions: Questions,
    pub activity: Activity,
    /// The mode that `:mode live` means: live, or the sandbox.
    pub writes: Mode,
    /// What the prompt calls the workspace until the service has told its name.
    pub called: String,
    /// Scripts that are loaded first.
    pub preload: Vec<PathBuf>,
    /// A text that is run instead of reading lines.
    pub code: Option<String>,
    /// Whether standard input and output are a terminal.
    pub at_terminal: bool,
    pub output: Option<Output>,
    pub stop_on_error: bool,
    /// The file of the lines of earlier sessions, or why there is none.
    pub history: Result<PathBuf, Failure>,
    pub colour: bool,
    pub read: ReadScript,
}

/// What became of a plan.
pub struct Carried {
    /// The run that it was, where there was something to do.
    pub run: Option<String>,
    pub changed: u64,
    /// The ids of what was made, by the provisional ones.
    pub made: BTreeMap<String, String>,
    /// Whether it came to its end, and did not stop before.
    pub whole: bool,
    /// An error where it stopped before its end, or not all of it could be done.
    pub end: Result<(), Failure>,
}

/// What a line has written.
pub struct Written {
    /// The run that it was.
    pub run: String,
    pub changed: u64,
    /// Whether the workspace outlives the session, so that it can be taken back later, too.
    pub lasts: bool,
}

/// A line that is kept as a run, if it writes.
pub trait LineRun {
    /// The line has ended, well or with this failure. Gives back what it has written, where it has.
    fn end(self: Box<Self>, session: &Connected, end: Result<(), &Failure>) -> Option<Written>;
}

/// Makes runs of what a session writes.
pub trait Carry {
    /// Keeps the line that is about to run as a run of its own, should it write.
    fn line(&self, session: &Connected, name: &str, text: &str) -> Result<Box<dyn LineRun>, Failure>;

    /// Applies a plan as a run of its own, over the connection of `session`.
    fn apply(&self, session: &Connected, plan: &Plan) -> Result<Carried, Failure>;

    /// Takes a run back, as a run of its own. `approve` is shown what would be done.
    fn undo(
        &self,
        session: &Connected,
        run: &str,
        approve: &mut dyn FnMut(&Plan) -> Result<(), Failure>,
    ) -> Result<Carried, Failure>;
}

/// Runs a session to its end and gives back the exit code.
pub fn run(options: Options, ui: &Ui) -> Result<u8, Failure> {
    let lines = Lines::start(&options.host).map_err(|why| Failure::bug(&why))?;
    let mut session = Session::new(&options, lines, ui);
    for path in &options.preload {
        let (name, text) = (options.read)(path)?;
        session.load(&name, &text)?;
    }
    match &options.code {
        Some(code) => batch::code(&mut session, code),
        None if options.at_terminal => terminal::run(&mut session, &options),
        None => batch::piped(&mut session, options.stop_on_error),
    }
}
