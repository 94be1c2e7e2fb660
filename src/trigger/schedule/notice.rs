//! What a scheduler has to say, as plain data with its words. Prints nothing.

use crate::text;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Something that whoever runs the scheduler shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The script's absolute path; `None` where it is about all of them.
    pub script: Option<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The clock went back by this. Said once for each step.
    Back(SignedDuration),
    /// This much ahead of the clock a schedule is accounted for: it does not go on. Said once until it does.
    Stopped(SignedDuration),
    /// It is followed again.
    GoesOn,
    /// Due times for which nothing was there.
    Missed { count: u64, first: Timestamp, last: Timestamp },
    /// Its text or its zone is another one now.
    Changed,
    /// It has no schedule any more.
    Removed,
    /// What the ledger has as its schedule cannot be read, so its due times before now are not known.
    Unknown(String),
}

impl Notice {
    /// What to do, in the imperative, where something has to be done about it.
    pub fn hint(&self) -> Option<String> {
        let script = self.script.as_deref().filter(|_| matches!(self.what, What::Stopped(_)))?;
        Some(how_to_go_on(script))
    }
}

/// What to do about a schedule that is stopped.
pub fn how_to_go_on(script: &str) -> String {
    let script = text::escape_control(script);
    format!("set the clock, or run `onramp schedule reset {}`", text::shell_word(&script))
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script.as_deref().map_or("the scheduler".into(), text::escape_control);
        let span = |span: &SignedDuration| text::duration(span.unsigned_abs());
        match &self.what {
            What::Back(by) => write!(f, "the clock went back by {}; nothing that was due is repeated", span(by)),
            What::Stopped(by) => {
                write!(f, "the schedule of `{script}` is stopped: it is accounted for up to {} from now", span(by))
            }
            What::GoesOn => write!(f, "the schedule of `{script}` goes on"),
            What::Missed { count: 1, first, .. } => write!(f, "`{script}` missed the due time {first}"),
            What::Missed { count, first, last } => {
                write!(f, "`{script}` missed {count} due times from {first} to {last}")
            }
            What::Changed => write!(f, "the schedule of `{script}` has changed; the new one counts from now on"),
            What::Removed => write!(f, "`{script}` has no schedule any more"),
            What::Unknown(text) => {
                write!(f, "`{script}` had the schedule `{}`, which cannot be read", text::escape_control(text))
            }
        }
    }
}
