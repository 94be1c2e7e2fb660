//! The program: parses the command line, calls the library, ends with its exit code. Decides nothing.

use clap::Parser;
use onramp::{Cli, Ui, config};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    onramp::run(cli, &Ui::new(config::colour_wanted()))
}
