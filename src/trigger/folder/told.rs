//! What a worker on a watched folder has to say, in words for whoever shows it.

use super::report::Outcome;
use crate::{store::Counts, text};
use std::fmt;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Told {
    /// A file was taken; its run waits.
    Taken {
        name: String,
        run: String,
    },
    /// A file has left the folder.
    Moved {
        name: String,
        run: String,
        target: String,
        outcome: Outcome,
        message: Option<String>,
        counts: Counts,
        /// Somebody has taken it away while its run was at it: `target` has a report alone.
        is_gone: bool,
    },
    /// A file that was claimed is gone.
    Withdrawn {
        name: String,
        run: String,
        target: String,
    },
    /// No further file is taken until this run has ended.
    Paused {
        dir: String,
        run: String,
        message: String,
    },
    GoesOn {
        dir: String,
    },
    /// The folder is not there.
    Lost {
        dir: String,
    },
    Found {
        dir: String,
    },
    /// Something cannot be done; it is tried again.
    Trouble {
        dir: String,
        what: String,
    },
    /// How it stands after a look.
    Standing(Standing),
}

/// How a folder stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Files that lie in the folder and are not taken.
    pub waiting: usize,
    /// Files whose runs have not ended.
    pub taken: usize,
    /// The exit code of the run that holds up everything.
    pub paused: Option<u8>,
    /// Something went wrong in this look.
    pub troubled: bool,
    /// The look is younger than the question of this number.
    pub number: u64,
}

impl Standing {
    /// Whether there is nothing left to do.
    pub fn is_idle(&self) -> bool {
        self.waiting == 0 && self.taken == 0 && !self.troubled
    }
}

impl Told {
    /// The same with the folder in front of its file's name, for whoever watches several of them.
    pub fn under(mut self, folder: &str) -> Told {
        if let Told::Taken { name, .. } = &mut self {
            name.insert_str(0, folder);
        }
        if let Told::Moved { name, target, .. } | Told::Withdrawn { name, target, .. } = &mut self {
            name.insert_str(0, folder);
            target.insert_str(0, folder);
        }
        self
    }

    /// Whether somebody should look at it.
    pub fn is_warning(&self) -> bool {
        match self {
            Told::Moved { outcome, is_gone, .. } => *is_gone || matches!(outcome, Outcome::Failed | Outcome::Refused),
            Told::Withdrawn { .. } | Told::Paused { .. } | Told::Lost { .. } | Told::Trouble { .. } => true,
            Told::Taken { .. } | Told::GoesOn { .. } | Told::Found { .. } | Told::Standing(_) => false,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| text::escape_control(text).into_owned();
        match self {
            Told::Taken { name, run } => write!(f, "`{}`: taken, run `{run}`", shown(name)),
            Told::Moved { name, run, target, outcome, message, counts, is_gone } => {
                write!(f, "`{}`: {}", shown(name), outcome.word())?;
                match is_gone {
                    true => {
                        write!(f, ", but it is gone from `work`; see `{}{}`", shown(target), super::report::REPORT)?
                    }
                    false => write!(f, ", now `{}`", shown(target))?,
                }
                write!(f, ", run `{run}`")?;
                let Counts { changed, unchanged, skipped, failed, .. } = *counts;
                let all = [(changed, "changed"), (unchanged, "unchanged"), (skipped, "skipped"), (failed, "failed")];
                for (count, word) in all.iter().filter(|(count, _)| *count > 0) {
                    write!(f, ", {count} {word}")?;
                }
                message.as_ref().map_or(Ok(()), |message| write!(f, ": {}", shown(message)))
            }
            Told::Withdrawn { name, run, target } => write!(
                f,
                "`{}`: withdrawn before its run `{run}` started; see `{}{}`",
                shown(name),
                shown(target),
                super::report::REPORT
            ),
            Told::Paused { dir, run, message } => {
                write!(f, "`{}` is paused, because run `{run}` stopped: {}", shown(dir), shown(message))
            }
            Told::GoesOn { dir } => write!(f, "`{}` goes on", shown(dir)),
            Told::Lost { dir } => write!(f, "the folder `{}` is gone; waiting for it", shown(dir)),
            Told::Found { dir } => write!(f, "the folder `{}` is back", shown(dir)),
            Told::Trouble { dir, what } => write!(f, "`{}`: {}", shown(dir), shown(what)),
            Told::Standing(standing) => write!(f, "{} waiting, {} taken", standing.waiting, standing.taken),
        }
    }
}
