//! onramp: scripted automation for Pivotal. The map, in reading order:
//!
//! - [`api`]: the operations as data, and the client that speaks them;
//! - [`session`]: what every call of a script goes through;
//! - [`script`]: the Rhai host, functions and errors;
//! - [`project`]: the files a script can reach; [`csv`]: what is in some of them;
//! - [`mod@run`]: one job to one outcome;
//! - [`store`]: what is kept between runs: runs, journals, the log of sends;
//! - [`trigger`]: due times and watched folders, which start runs; [`repl`]: a loop over lines;
//! - [`header`]: what a script says of itself at its top; [`cron`]: when a schedule in it is due;
//! - [`sandbox`]: the embedded stand-in for the service, which shares no code with `api`;
//! - [`cli`]: the command line, with [`config`], [`ui`] and [`error`] beside it;
//! - [`clock`], [`memory`], [`pace`], [`secret`], [`stop`], [`text`]: what all of them use.

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cron;
pub mod csv;
pub mod error;
pub mod header;
pub mod memory;
pub mod pace;
pub mod project;
pub mod repl;
pub mod run;
pub mod sandbox;
pub mod script;
pub mod secret;
pub mod session;
pub mod stop;
pub mod store;
pub mod text;
pub mod trigger;
pub mod ui;

pub use cli::Cli;
pub use ui::Ui;

use std::{ffi::OsString, process::ExitCode};

/// Does what the words of the command line ask for, the program's own name first. Everything is said and written when it returns.
pub fn run(words: &[OsString], ui: &Ui) -> ExitCode {
    ExitCode::from(cli::run(words, ui))
}
