//! `onramp schedule`: when scripts run by themselves, as their headers say and as the ledger knows. What is decided here is
//! only which part of it runs.

mod check;
mod list;
pub mod moment;
mod next;
mod reset;
pub mod scripts;

use crate::{clock::Clock, error::Failure, ui::Ui};
use jiff::Timestamp;
use std::path::PathBuf;

/// Show when scripts run by themselves, and check that it can work
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Next(next::Args),
    List(list::Args),
    Check(check::Args),
    Reset(reset::Args),
}

/// Which scripts are meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Files {
    /// The scripts; without one all that have a schedule, of the project folder, or of this folder and its `scripts`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A present time that can be given, so that what is said can be repeated.
#[derive(Clone, Debug, clap::Args)]
pub struct Now {
    /// Take this for the present time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub now: Option<Timestamp>,
}

impl Now {
    /// The clock that these flags ask for.
    pub fn clock(&self) -> Clock {
        self.now.map_or(Clock::System, Clock::Fixed)
    }
}

/// An instant as the command line takes it.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is not a time; write for example `2026-05-26T17:21:09Z`"))
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    match args.command {
        Command::Next(args) => next::run(args, ui),
        Command::List(args) => list::run(args, ui),
        Command::Check(args) => check::run(args, ui),
        Command::Reset(args) => reset::run(args, ui),
    }
}
