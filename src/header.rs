//! A script's header: text in, plain struct out. What stands in the comment block at the top says what the script is for,
//! which params it takes, what it may do and when it runs. Opens nothing, knows no API, no engine and no clock; what only
//! those can judge (operations, time zones) keeps its place, so that whoever judges it can point there.

mod block;
mod keys;
mod param;
mod reader;

pub use block::MARK;
pub use param::{Param, Type, Value};

use crate::cron::Schedule;
use std::{fmt, time::Duration};

/// All that a header says. A script without one has the default: no params, no limits of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    pub description: Option<String>,
    /// In the order of the script.
    pub params: Vec<Param>,
    /// How long a run may take, as wall time.
    pub timeout: Option<Duration>,
    /// How long the script itself may compute; waiting for the API does not count.
    pub max_run_time: Option<Duration>,
    /// How much memory its data may take, in bytes.
    pub max_memory: Option<u64>,
    /// Names of environment variables that it reads.
    pub env: Vec<At<String>>,
    /// Writes that it may make, as `operation` or `operation.field`; without the key all, with an empty list none.
    pub allow: Option<Vec<At<String>>>,
    /// How many writes a run may make.
    pub max_writes: Option<u64>,
    /// The slug or the id of the only workspace it is for.
    pub workspace: Option<At<String>>,
    pub triggers: Triggers,
}

/// When a script runs by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    pub schedule: Option<At<Schedule>>,
    /// The zone that the schedule is meant in.
    pub timezone: Option<At<String>>,
    /// What happens when a run is due while the one before still runs.
    pub overlap: Option<Overlap>,
    /// What happens with runs that were due while nothing was there to start them.
    pub missed: Option<Missed>,
    /// How old such a run may be.
    pub missed_window: Option<Duration>,
    /// A run starts up to this much later, so that not all start at once.
    pub jitter: Option<Duration>,
    /// How often a failed run is tried again.
    pub retries: Option<u64>,
    pub watch: Option<Watch>,
    /// Kinds of events that start a run.
    pub events: Vec<At<String>>,
}

impl Triggers {
    /// When the script runs by itself, in words: `0 7 * * MON-FRI in Europe/Berlin, files of `inbox``. Empty where it does not.
    pub fn words(&self) -> String {
        let zone = self.timezone.as_ref().map_or(String::new(), |zone| format!(" in {}", zone.value));
        let schedule = self.schedule.as_ref().map(|schedule| format!("{}{zone}", schedule.value.text()));
        let folder = self.watch.as_ref().and_then(|watch| watch.folder.as_ref());
        let folder = folder.map(|folder| format!("files of `{}`", folder.value));
        schedule.into_iter().chain(folder).collect::<Vec<_>>().join(", ")
    }
}

/// What happens while an earlier run of the script is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// No run for this due time.
    #[default]
    Skip,
    /// It waits; no more than one does.
    Queue,
}

/// What happens with the due times at which nothing was there to start a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// One run stands for all of them.
    #[default]
    Once,
    /// No run.
    Skip,
    /// A run for each, the oldest first.
    All,
}

/// Which files of a watched folder start a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// The folder, below the project's own.
    pub folder: Option<At<String>>,
    /// One of them matches a file's name; none stands for all. Each can be read.
    pub patterns: Vec<At<String>>,
    /// How long a file must have been left alone.
    pub settle: Option<Duration>,
    /// What makes two files the same one.
    pub dedupe: Option<String>,
    /// Larger files are refused; in bytes.
    pub max_size: Option<u64>,
    /// Files with more rows are refused.
    pub max_rows: Option<u64>,
}

/// A value with its place in the script, both from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub line: usize,
    pub column: usize,
}

/// Something wrong with a header, at a place of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    /// In characters.
    pub column: usize,
    /// Lower case, names in back-ticks, no final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

impl Problem {
    pub fn new(line: usize, column: usize, message: impl Into<String>) -> Problem {
        Problem { line, column, message: message.into(), hints: Vec::new() }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hints.push(hint.into());
        self
    }
}

impl<T> At<T> {
    /// A problem with this value.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.line, self.column, message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Whether an environment variable is onramp's own, so that no script may read it and no header declare it.
pub fn is_reserved(variable: &str) -> bool {
    keys::is_reserved(variable)
}

impl Header {
    /// Reads the header of a script. `flags` are the long flags, without their dashes, that a param may not be named
    /// like. All problems are told at once, in the order of the script; there is at least one in an error.
    pub fn parse(script: &str, flags: &[String]) -> Result<Header, Vec<Problem>> {
        let (header, problems) = Header::read(script, flags);
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }

    /// The same for whoever judges more of it than can be judged here: what could be read, and what is wrong with the
    /// rest.
    pub fn read(script: &str, flags: &[String]) -> (Header, Vec<Problem>) {
        match block::find(script) {
            Err(problem) => (Header::default(), vec![problem]),
            Ok(None) => (Header::default(), Vec::new()),
            Ok(Some(block)) => keys::read(&block, flags),
        }
    }
}
