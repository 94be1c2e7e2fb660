//! Runs the real program: a home and a working folder of its own, nothing of the caller's environment, both streams
//! whole. What is tested is decided elsewhere.

mod golden;
mod kept;
mod process;
#[cfg(unix)]
mod pty;
mod served;
mod server;
#[cfg(unix)]
pub mod terminal;

pub use golden::{bless_or_compare, files};
pub use kept::Said;
pub use process::{Onramp, Place, Ran, Running};
pub use served::Served;
pub use server::{KEY, Server, answer};

use std::time::Duration;

/// The instant of all runs that look at dates.
pub const NOW: &str = "2026-05-26T12:00:00Z";

/// Far longer than anything here takes: only a program that hangs meets it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `onramp run` with these arguments.
pub fn run(args: &[&str]) -> Onramp {
    Onramp::new(&["run"]).args(args)
}

/// `onramp run --sandbox` at [`NOW`], with these arguments.
pub fn run_in_sandbox(args: &[&str]) -> Onramp {
    run(&["--sandbox", "--now", NOW]).args(args)
}
