//! A question to whoever sits at the terminal: shown there wherever the streams go, and answered by what is typed once it can
//! be seen. Decides nothing about the answer.

use std::{fs::File, io};

/// Reads the line that somebody types once `show` has shown them the question; empty where it has no end. A question that
/// cannot be shown has no answer.
pub fn answer_to(question: &str, show: impl Fn(&str) -> io::Result<()>) -> io::Result<String> {
    drop_what_is_typed();
    show(&format!("{question} [y/N] "))?;
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // Ctrl-D ends no line on the screen.
        show("\n")?;
        answer.clear();
    }
    read.map(|_| answer)
}

/// The terminal of this process, wherever its streams go.
pub fn terminal() -> io::Result<File> {
    File::options().write(true).open(if cfg!(windows) { "CONOUT$" } else { "/dev/tty" })
}

/// Drops what is typed and not yet read: it was meant for something else than what is shown next.
#[cfg(unix)]
pub fn drop_what_is_typed() {
    // SAFETY: the call touches no memory; where standard input is no terminal it is an error, and drops nothing.
    unsafe { libc::tcflush(libc::STDIN_FILENO, libc::TCIFLUSH) };
}

/// A console has no call for it that the standard library knows.
#[cfg(not(unix))]
pub fn drop_what_is_typed() {}
