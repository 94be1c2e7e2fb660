//! The program: hands the command line to the library, ends with its exit code. Decides nothing.

use onramp::{Ui, config};
use std::{env, ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    onramp::run(&words, &Ui::new(config::colour_wanted()))
}
