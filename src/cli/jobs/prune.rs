//! Old runs are deleted while `onramp serve` is at work: now and then, on a thread of its own.

use crate::{clock::Clock, config, store::Store, text, ui::Ui};
use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two times.
const EVERY: Duration = Duration::from_secs(6 * 3600);

/// How long runs are kept: for ever where this is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep(Option<Duration>);

/// Reads `90d` or `forever`.
pub fn parse_keep(text: &str) -> Result<Keep, String> {
    match text {
        "forever" => Ok(Keep(None)),
        text => match text::parse_duration(text) {
            Ok(span) => Ok(Keep(Some(span))),
            Err(_) => Err(format!("`{text}` says no time; write for example `90d`, or `forever`")),
        },
    }
}

/// Deletes what is older.
pub struct Pruner {
    keep: Option<Duration>,
    begun: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

impl Pruner {
    pub fn new(Keep(keep): Keep) -> Pruner {
        Pruner { keep, begun: None, thread: None }
    }

    /// Begins to delete, if it is time. What it did or could not do is said.
    pub fn turn(&mut self, clock: &Clock, ui: &Ui) {
        let Some(keep) = self.keep else { return };
        let is_at_it = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_at_it || self.begun.is_some_and(|begun| begun.elapsed() < EVERY) {
            return;
        }
        self.begun = Some(Instant::now());
        let (before, ui) = (clock.now() - keep, ui.clone());
        let prune = move || {
            let state = config::state_dir().map_err(|failure| failure.message);
            let open = |dir: std::path::PathBuf| Store::open(&dir).map_err(|error| error.message);
            match state.and_then(open).and_then(|store| store.prune(before).map_err(|error| error.message)) {
                Ok(gone) if gone.is_empty() => {}
                Ok(gone) => {
                    let runs = text::plural(gone.len(), "run");
                    ui.status(&format!("{runs} of more than {} ago deleted", text::duration(keep)));
                }
                Err(why) => ui.warn(&format!("old runs cannot be deleted: {why}")),
            }
        };
        // Without a thread to spare there is a next time. The process need not wait for it: a run is deleted or not.
        self.thread = thread::Builder::new().name("prune".into()).spawn(prune).ok();
    }
}
