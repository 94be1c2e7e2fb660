//! `_`, the last value of a session. The language knows it as the default case of a `switch` alone; everywhere else it is
//! made a variable while a line is parsed. Changes nothing in what modules and files may say.

use rhai::{Engine, Position, Token};
use std::sync::{Arc, Mutex};

/// The variable that holds the last value.
pub const LAST: &str = "_";

const LOCK: &str = "no code panics while it holds this lock";

/// The text that is being parsed as a line, if there is one, and where in it the last value was meant so far.
#[derive(Clone, Default)]
pub struct Marks(Arc<Mutex<Read>>);

#[derive(Default)]
struct Read {
    text: Option<String>,
    meant: Vec<Position>,
}

/// Ends the reading of a line when it is dropped.
pub struct Reading<'a>(&'a Marks);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.0.lock().expect(LOCK).text = None;
    }
}

impl Marks {
    /// Makes `engine` ask these marks.
    #[expect(deprecated, reason = "the engine marks it as volatile, and says itself that it is not deprecated")]
    pub fn install(engine: &mut Engine) -> Marks {
        let marks = Marks::default();
        let asked = marks.clone();
        engine.on_parse_token(move |token, at, _| match token {
            Token::Underscore if asked.is_value(at) => {
                asked.0.lock().expect(LOCK).meant.push(at);
                Token::Identifier(Box::new(LAST.into()))
            }
            other => other,
        });
        marks
    }

    /// From now on, until the guard is dropped, the text is a line of the session.
    pub fn read(&self, text: &str) -> Reading<'_> {
        *self.0.lock().expect(LOCK) = Read { text: Some(text.to_string()), meant: Vec::new() };
        Reading(self)
    }

    /// Where the last value was meant in the text that was read last.
    pub fn meant(&self) -> Vec<Position> {
        let mut meant = self.0.lock().expect(LOCK).meant.clone();
        // The parser may ask twice.
        meant.sort_unstable();
        meant.dedup();
        meant
    }

    /// Whether the `_` at this place stands for a value: no `=>` follows.
    fn is_value(&self, at: Position) -> bool {
        let read = self.0.lock().expect(LOCK);
        let (Some(text), Some(line), Some(column)) = (read.text.as_deref(), at.line(), at.position()) else {
            return false;
        };
        let mut rest = text.split('\n').skip(line - 1).flat_map(|line| line.chars().chain(['\n'])).skip(column);
        let mut next = rest.by_ref().skip_while(|c| c.is_whitespace());
        next.next() != Some('=') || next.next() != Some('>')
    }
}
