//! Sessions of the real program: from a pipe, from the command line, at a terminal.

mod piped;
#[cfg(unix)]
mod terminal;
