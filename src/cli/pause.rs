//! `onramp pause`: a run is held, wherever it was started.

use super::{status, stored::Condition, wishes};
use crate::{error::Failure, store::Wish, ui::Ui};

/// Hold a run in another terminal before its next request
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is in flight is finished; nothing more goes out until `onramp unpause`. The script itself computes on until it \
needs the API.

Exit codes: 0 the run is held, or was asked to; 2 there is no such run, or it is not at work.")]
pub struct Args {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN")]
    run: String,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let (store, run) = wishes::at_work(&args.run)?;
    let paused =
        wishes::make(&store, &run, Some(Wish::Pause), wishes::PATIENCE, |now, _| status::standing(now).paused)?;
    let id = &run.id;
    match paused.map(|now| (Condition::of(&store, &now), now)) {
        None => ui.status(&format!("the run `{id}` was asked to pause, and has not answered yet")),
        Some((Condition::Running, _)) => {
            ui.status(&format!("the run `{id}` is paused; `onramp unpause {id}` lets it go on"));
        }
        Some((condition, now)) => return Err(wishes::not_at_work(&now, condition)),
    }
    Ok(0)
}
