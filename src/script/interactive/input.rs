//! Whether a text is whole, as the real parser sees it: what only lacks its end waits for another line, what is wrong is
//! said at once. Runs nothing.

use super::Interactive;
use rhai::{LexError, ParseError, ParseErrorType as Why};

impl Interactive {
    /// Whether the text could be run, or is wrong in a way that no further line mends.
    pub fn is_whole(&self, text: &str) -> bool {
        if open_comment(text) {
            return false;
        }
        match self.compile(text) {
            Ok(_) => true,
            Err(error) => !lacks_its_end(&error, text),
        }
    }
}

fn lacks_its_end(error: &ParseError, text: &str) -> bool {
    match &*error.0 {
        Why::UnexpectedEOF => true,
        // A string in quotes must end on its line; one in back-ticks need not.
        Why::BadInput(LexError::UnterminatedString) => open_back_tick(text),
        Why::MissingToken(..)
        | Why::FnMissingBody(_)
        | Why::FnMissingName
        | Why::FnMissingParams(_)
        | Why::VariableExpected
        | Why::PropertyExpected => at_the_end(error, text),
        _ => false,
    }
}

/// Whether the parser came to the end of the text before it missed something.
fn at_the_end(error: &ParseError, text: &str) -> bool {
    let (Some(line), column) = (error.1.line(), error.1.position().unwrap_or(0)) else { return true };
    let lines: Vec<&str> = text.split('\n').collect();
    let behind = lines
        .get(line - 1)
        .map_or("", |found| found.char_indices().nth(column.saturating_sub(1)).map_or("", |(at, _)| &found[at..]));
    let below = lines.iter().skip(line);
    behind.trim().is_empty() && below.into_iter().all(|line| line.trim().is_empty() || line.trim().starts_with("//"))
}

/// Whether a `/*` has no end, which the parser does not mind.
fn open_comment(text: &str) -> bool {
    matches!(state(text), State::Comment(_))
}

fn open_back_tick(text: &str) -> bool {
    matches!(state(text), State::BackTick)
}

enum State {
    Code,
    Quoted,
    BackTick,
    Line,
    Comment(usize),
}

/// What the end of the text lies in.
fn state(text: &str) -> State {
    let mut state = State::Code;
    // For each `${` that is open: how many `{` inside it are.
    let mut inside: Vec<usize> = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match (&mut state, c) {
            (State::Code, '/') if letters.peek() == Some(&'/') => state = State::Line,
            (State::Code, '/') if letters.next_if_eq(&'*').is_some() => state = State::Comment(1),
            (State::Code, '"') => state = State::Quoted,
            (State::Code, '\'') => character(&mut letters),
            (State::Code, '`') => state = State::BackTick,
            (State::Code, '{') => {
                if let Some(depth) = inside.last_mut() {
                    *depth += 1;
                }
            }
            (State::Code, '}') => match inside.last_mut() {
                Some(0) => {
                    inside.pop();
                    state = State::BackTick;
                }
                Some(depth) => *depth -= 1,
                None => {}
            },
            (State::Quoted, '\\') => drop(letters.next()),
            // A line break ends it, too: the parser will say so.
            (State::Quoted, '"' | '\n') | (State::Line, '\n') => state = State::Code,
            (State::BackTick, '$') if letters.next_if_eq(&'{').is_some() => {
                inside.push(0);
                state = State::Code;
            }
            (State::BackTick, '`') => state = State::Code,
            (State::Comment(depth), '/') if letters.next_if_eq(&'*').is_some() => *depth += 1,
            (State::Comment(depth), '*') if letters.next_if_eq(&'/').is_some() => {
                *depth -= 1;
                if *depth == 0 {
                    state = State::Code;
                }
            }
            _ => {}
        }
    }
    state
}

/// Behind a character literal.
fn character(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    letters.next_if_eq(&'\\');
    letters.next_if(|c| *c != '\n');
    letters.next_if_eq(&'\'');
}
