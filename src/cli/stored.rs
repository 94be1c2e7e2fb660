//! What commands over kept runs have in common: the store, the run that people mean, and how a run is shown.

use super::kept::failure_of_store;
use crate::{
    clock::Clock,
    config,
    error::Failure,
    store::{Counts, Filter, Lock, Run, State, Store},
    text,
};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;

/// What a run is at, as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Condition {
    /// It waits for a worker
    Queued,
    /// A process is at it
    Running,
    /// It has not ended, and no process is at it: it can be resumed
    Stopped,
    Done,
    Failed,
    /// Somebody had it stopped: it can be resumed
    Cancelled,
    Skipped,
    Missed,
}

impl Condition {
    pub fn of(store: &Store, run: &Run) -> Condition {
        match run.state {
            State::Queued => Condition::Queued,
            State::Running if Lock::is_held(&store.folder(&run.id)) => Condition::Running,
            State::Running => Condition::Stopped,
            State::Done => Condition::Done,
            State::Failed => Condition::Failed,
            State::Cancelled => Condition::Cancelled,
            State::Skipped => Condition::Skipped,
            State::Missed => Condition::Missed,
        }
    }

    /// The state under which such runs are kept.
    pub fn state(self) -> State {
        match self {
            Condition::Queued => State::Queued,
            Condition::Running | Condition::Stopped => State::Running,
            Condition::Done => State::Done,
            Condition::Failed => State::Failed,
            Condition::Cancelled => State::Cancelled,
            Condition::Skipped => State::Skipped,
            Condition::Missed => State::Missed,
        }
    }

    pub fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string())
    }
}

/// The store of the state folder, if there is one.
pub fn any_store() -> Result<Option<Store>, Failure> {
    Store::existing(&config::state_dir()?).map_err(|error| failure_of_store(&error))
}

/// The store of the state folder; there has to be one.
pub fn store() -> Result<Store, Failure> {
    any_store()?.ok_or_else(|| match config::state_dir() {
        Ok(dir) => Failure::usage(format!("no run has been kept in `{}` yet", dir.display()))
            .hint("a script that writes is kept; `ONRAMP_STATE_DIR` says where"),
        Err(failure) => failure,
    })
}

/// Which run people mean, on a command line.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN", required_unless_present = "last")]
    run: Option<String>,
    /// The newest run
    #[arg(long, conflicts_with = "run")]
    last: bool,
}

impl Which {
    pub fn find(&self, store: &Store) -> Result<Run, Failure> {
        if let Some(id) = &self.run {
            return find(store, id);
        }
        let newest = Filter { limit: Some(1), ..Filter::default() };
        let runs = store.list(&newest).map_err(|error| failure_of_store(&error))?;
        runs.into_iter().next().ok_or_else(|| Failure::usage("there is no run"))
    }
}

/// The run that people mean.
pub fn find(store: &Store, id: &str) -> Result<Run, Failure> {
    let mut found = store.find(id).map_err(|error| failure_of_store(&error))?;
    let shown = text::escape_control(id);
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::usage(format!("there is no run `{shown}`")).hint("`onramp runs` lists them")),
        _ => {
            let ids: Vec<&str> = found.iter().map(|run| run.id.as_str()).collect();
            Err(Failure::usage(format!("several runs begin with `{shown}`"))
                .hint(format!("use {}", text::one_of(ids.into_iter()))))
        }
    }
}

/// A time as people read it, in the zone of this machine.
pub fn when(at: Timestamp) -> String {
    at.to_zoned_datetime(Clock::System.zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a run did, in words; empty where it did nothing.
pub fn outcome(counts: &Counts) -> String {
    let Counts { changed, unchanged, skipped, failed, .. } = *counts;
    let all = [(changed, "changed"), (unchanged, "unchanged"), (skipped, "skipped"), (failed, "failed")];
    let some = all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    some.collect::<Vec<_>>().join(", ")
}

/// The workspace of a run, and what it is where it is not the real one.
pub fn workspace(run: &Run) -> String {
    match (&run.workspace, run.mode.as_str()) {
        (Some(workspace), "live") => workspace.clone(),
        (Some(workspace), mode) if workspace == mode => mode.into(),
        (Some(workspace), mode) => format!("{workspace} ({mode})"),
        (None, mode) => mode.into(),
    }
}

/// A run for machines; `state` as people see it.
pub fn as_json(store: &Store, run: &Run) -> Value {
    let mut value = serde_json::to_value(run).expect("a run is texts, times and numbers");
    value["state"] = Condition::of(store, run).word().into();
    value
}
