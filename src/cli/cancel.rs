//! `onramp cancel`: a run is stopped, wherever it was started.

use super::{
    kept::failure_of_store,
    stored::{self, Condition},
    wishes,
};
use crate::{
    config,
    error::Failure,
    store::{Lock, Run, State, Store, Wish},
    ui::Ui,
};
use std::time::Duration;

/// Stop a run in another terminal, so that it can be resumed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is in flight is finished and recorded; then the run stops, with exit code 130. `onramp resume` goes on with it.

Exit codes: 0 the run has stopped, or was asked to; 2 there is no such run, or it has ended.")]
pub struct Args {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN")]
    run: String,
}

/// What is in flight may take so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = stored::store()?;
    let run = stored::find(&store, &args.run)?;
    let id = &run.id;
    match Condition::of(&store, &run) {
        Condition::Running => {}
        Condition::Stopped | Condition::Queued => return without_a_process(&store, &run, ui),
        Condition::Cancelled => {
            ui.status(&format!("the run `{id}` is cancelled already"));
            return Ok(0);
        }
        ended => return Err(wishes::not_at_work(&run, ended)),
    }
    match wishes::make(&store, &run, Some(Wish::Cancel), PATIENCE, |_, condition| condition != Condition::Running)? {
        None => ui.status(&format!("the run `{id}` was asked to stop; it finishes what is in flight")),
        Some(now) if now.state == State::Cancelled => said(&now, ui),
        Some(now) => {
            let word = Condition::of(&store, &now).word();
            ui.status(&format!("the run `{id}` came to its own end before it could be cancelled: {word}"));
        }
    }
    Ok(0)
}

/// A run whose process is gone, or that none has begun, is cancelled by its row alone.
fn without_a_process(store: &Store, run: &Run, ui: &Ui) -> Result<u8, Failure> {
    let taken = || Failure::usage(format!("the run `{}` was taken up at the same time", run.id)).hint("try again");
    let lock = Lock::take(&store.folder(&run.id)).map_err(|error| {
        Failure::usage(format!("the run `{}` cannot be cancelled: {}", run.id, config::reason(&error)))
    })?;
    // Held until the row says it.
    let _lock = lock.ok_or_else(taken)?;
    let set = store.set_state(&run.id, run.epoch, State::Cancelled).map_err(|error| failure_of_store(&error))?;
    if !set {
        return Err(taken());
    }
    said(run, ui);
    Ok(0)
}

fn said(run: &Run, ui: &Ui) {
    let id = &run.id;
    ui.status(&match run.trigger.as_str() {
        "watch" => {
            format!("the run `{id}` is cancelled; its file goes to `failed`, and `onramp retry {id}` finds it there")
        }
        _ => format!("the run `{id}` is cancelled; `onramp resume {id}` goes on where it stopped"),
    });
}
