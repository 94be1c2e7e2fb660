//! Sessions of the real program: from a pipe, from the command line, at a terminal.

#[cfg(unix)]
mod broken;
#[cfg(unix)]
mod page;
mod piped;
#[cfg(unix)]
mod planned;
mod saved;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod written;
