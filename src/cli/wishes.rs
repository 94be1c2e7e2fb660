//! What one terminal wishes of a run in another: noted in the store, heard by the run within half a second. Waits until it
//! has been.

use super::{
    kept::failure_of_store,
    stored::{self, Condition},
};
use crate::{
    error::Failure,
    store::{Run, Store, Wish},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// A run hears within half a second; a busy machine may take longer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at the run.
const TICK: Duration = Duration::from_millis(100);

/// The run that people mean, which has to be at work.
pub fn at_work(id: &str) -> Result<(Store, Run), Failure> {
    let store = stored::store()?;
    let run = stored::find(&store, id)?;
    match Condition::of(&store, &run) {
        Condition::Running => Ok((store, run)),
        condition => Err(not_at_work(&run, condition)),
    }
}

/// Notes a wish, and looks until `granted` says so of the run as it is then. `None` where it took longer than `patience`.
pub fn make(
    store: &Store,
    run: &Run,
    wish: Option<Wish>,
    patience: Duration,
    granted: impl Fn(&Run, Condition) -> bool,
) -> Result<Option<Run>, Failure> {
    let failed = |error| failure_of_store(&error);
    store.wish(&run.id, wish).map_err(failed)?;
    let begun = Instant::now();
    loop {
        // The lock first: what a run said before it went is in its row.
        let condition = Condition::of(store, run);
        if let Some(now) = store.find(&run.id).map_err(failed)?.pop()
            && (granted(&now, condition) || condition != Condition::Running)
        {
            return Ok(Some(now));
        }
        if begun.elapsed() > patience {
            return Ok(None);
        }
        thread::sleep(TICK);
    }
}

/// A wish of which nobody would hear.
pub fn not_at_work(run: &Run, condition: Condition) -> Failure {
    let id = &run.id;
    let failure = match condition {
        Condition::Stopped => Failure::usage(format!("the run `{id}` is not at work: it stopped before its end")),
        other => Failure::usage(format!("the run `{id}` is not at work: it is {}", other.word())),
    };
    match condition {
        Condition::Stopped | Condition::Cancelled => failure.hint(format!("`onramp resume {id}` goes on with it")),
        _ => failure.hint("`onramp status` shows what is at work"),
    }
}
