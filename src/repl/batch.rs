//! A session without a terminal: lines from standard input, or one text from the command line. No prompt and no banner;
//! values go to standard output, everything else to standard error.

use super::{
    commands,
    session::{Broken, Next, Session},
};
use crate::{
    config,
    error::{Failure, Kind},
};
use std::io::{self, BufRead};

/// Runs one text and shows its value. Gives back the exit code.
pub fn code(session: &mut Session, code: &str) -> Result<u8, Failure> {
    let done = if commands::is_command(code) { commands::run(session, code).map(drop) } else { session.code(code) };
    match done {
        Ok(()) => Ok(0),
        Err(broken) => ended(session, broken.failure()),
    }
}

/// Runs the statements of standard input, on after an error unless `stop_on_error`. Gives back the exit code: 1 if there
/// was an error.
pub fn piped(session: &mut Session, stop_on_error: bool) -> Result<u8, Failure> {
    let mut input = io::stdin().lock();
    let mut text = String::new();
    let mut failed = false;
    let mut count = 0_u64;
    // While no line runs there is nothing to stop but the whole.
    let _reading = session.activity.reading();
    loop {
        let line = line(&mut input)?;
        let is_last = line.is_none();
        count += u64::from(!is_last);
        let statement = match String::from_utf8(line.unwrap_or_default()) {
            Ok(line) => {
                text.push_str(&line.replace("\r\n", "\n"));
                if !is_last && !is_whole(session, &text)? {
                    continue;
                }
                Ok(std::mem::take(&mut text))
            }
            Err(_) => {
                text.clear();
                Err(Failure::usage(format!("line {count} of standard input is not UTF-8 text"))
                    .hint("save it as UTF-8")
                    .into())
            }
        };
        match statement.and_then(|statement| take(session, statement.trim_end())) {
            Ok(Next::Line) => {}
            Ok(Next::Quit) => break,
            Err(Broken::Session(failure)) => return ended(session, failure),
            Err(Broken::Line(failure)) if stop_on_error => return Err(failure),
            Err(Broken::Line(failure)) => {
                failed = true;
                session.ui.failure(&failure);
                if failure.kind == Kind::Interrupted {
                    return Ok(failure.kind.exit_code());
                }
            }
        }
        if is_last {
            break;
        }
    }
    Ok(u8::from(failed))
}

/// A line with its end; `None` at the end of the input.
fn line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    let failed =
        |error: io::Error| Failure::usage(format!("standard input cannot be read: {}", config::reason(&error)));
    let count = input.read_until(b'\n', &mut bytes).map_err(failed)?;
    Ok((count > 0).then_some(bytes))
}

fn is_whole(session: &mut Session, text: &str) -> Result<bool, Failure> {
    if text.trim().is_empty() || commands::is_command(text) {
        return Ok(true);
    }
    let text = text.to_string();
    session.with(move |script| script.is_whole(&text)).map_err(Broken::failure)
}

/// Does what a statement or a command says.
pub fn take(session: &mut Session, text: &str) -> Result<Next, Broken> {
    if text.trim().is_empty() {
        return Ok(Next::Line);
    }
    if commands::is_command(text) {
        // Of what was pasted behind it, each further line is one of its own.
        let (command, rest) = text.trim_start().split_once('\n').unwrap_or((text, ""));
        return match commands::run(session, command)? {
            Next::Line => take(session, rest),
            Next::Quit => Ok(Next::Quit),
        };
    }
    session.line(text).map(|()| Next::Line)
}

/// The end of a session that could not come to its own.
fn ended(session: &Session, failure: Failure) -> Result<u8, Failure> {
    // Whoever closed the pipe has seen enough; changes that were made by then are worth a word.
    if !session.ui.flush() && session.lines.host().session.writes() == 0 && failure.kind == Kind::Interrupted {
        return Ok(0);
    }
    Err(failure)
}
