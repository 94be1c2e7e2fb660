//! A watched folder: each file that is dropped into it is worked through once, and ends in `done` or `failed` with a report,
//! whatever dies in between. Scanning is the truth; every step is written down before the next one is taken, and a look
//! begins with what earlier ones left half-way. Carries out no run and prints nothing.

mod alarm;
mod caps;
#[cfg(debug_assertions)]
pub mod crash;
#[cfg(not(debug_assertions))]
mod crash;
mod half_way;
mod leave;
mod look;
mod place;
mod report;
mod take;
mod told;
mod work;
mod writer;

pub use caps::Caps;
pub use look::{About, LARGEST, about, is_temporary};
pub use place::{Place, WORK};
pub use report::Outcome;
pub use told::{Standing, Told};
pub use work::{Given, Tell, Worker};

use crate::stop::Stop;
use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

/// What makes two files the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedupe {
    #[default]
    ContentAndName,
    Content,
    /// Nothing does.
    None,
}

impl Dedupe {
    /// As a header or a flag says it.
    pub const WORDS: [(&'static str, Dedupe); 3] =
        [("content+name", Dedupe::ContentAndName), ("content", Dedupe::Content), ("none", Dedupe::None)];

    pub fn parse(word: &str) -> Option<Dedupe> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, dedupe)| *dedupe)
    }
}

/// How a folder is watched.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The script's absolute path.
    pub script: String,
    /// One of them matches a file's name; none stands for all.
    pub patterns: Vec<glob::Pattern>,
    /// How long a file must have been left alone.
    pub settle: Duration,
    /// How often the folder is looked at, whatever the system reports.
    pub rescan: Duration,
    pub dedupe: Dedupe,
    pub caps: Caps,
    /// Whether what was done already is done again.
    pub again: bool,
    /// Whether files are taken. Where they are not, those that were are brought to their end.
    pub takes: bool,
}

impl Settings {
    /// For a folder that nobody watches any more.
    pub fn finishing(script: String, rescan: Duration) -> Settings {
        let (patterns, settle) = (Vec::new(), Duration::ZERO);
        let (dedupe, caps) = (Dedupe::default(), Caps::default());
        Settings { script, patterns, settle, rescan, dedupe, caps, again: false, takes: false }
    }
}

/// Why a worker looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nudge {
    Look,
    /// It is asked how the folder stands: the answer has this number.
    Ask(u64),
    End,
}

/// Events come in swarms: one look is enough for those of this time.
const GATHER: Duration = Duration::from_millis(100);

/// Looks at the folder until it is told to end. Once somebody asks to stop, no further file is taken; what runs is still
/// followed.
pub fn follow(mut worker: Worker, nudges: &Receiver<Nudge>, stop: &Stop) {
    let mut number = 0;
    loop {
        let wait = worker.look(stop.asked().is_none(), number);
        let first = match nudges.recv_timeout(wait) {
            Ok(nudge) => Some(nudge),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if first == Some(Nudge::Look) {
            thread::sleep(GATHER);
        }
        for nudge in first.into_iter().chain(nudges.try_iter()) {
            match nudge {
                Nudge::Look => {}
                Nudge::Ask(asked) => number = asked,
                Nudge::End => {
                    // What has ended meanwhile is put in its place.
                    worker.look(false, number);
                    return;
                }
            }
        }
    }
}
