//! `onramp unpause`: a run that is held goes on.

use super::{status, wishes};
use crate::{error::Failure, ui::Ui};

/// Let a run go on that was paused
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 the run goes on; 2 there is no such run, or it is not at work or not paused.")]
pub struct Args {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN")]
    run: String,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let (store, run) = wishes::at_work(&args.run)?;
    let id = &run.id;
    match run.wish.as_deref() {
        Some("pause") => {}
        // The wish to stop is not to be taken back by the way.
        Some(_) => return Err(Failure::usage(format!("the run `{id}` is stopping, and is not paused"))),
        None => return Err(Failure::usage(format!("the run `{id}` is not paused"))),
    }
    match wishes::make(&store, &run, None, wishes::PATIENCE, |now, _| !status::standing(now).paused)? {
        Some(_) => ui.status(&format!("the run `{id}` goes on")),
        None => ui.status(&format!("the run `{id}` was asked to go on, and has not answered yet")),
    }
    Ok(0)
}
