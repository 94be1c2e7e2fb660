//! The limits of one run: what they are unless somebody says otherwise, how flags and the script's header change them,
//! and what is said when one is met. Measures nothing.

use super::fault::{Fault, FaultKind};
use crate::{memory::Halt, text};
use rhai::EvalAltResult;
use std::time::Duration;

/// Scripts whose data may take this much stay below 512 MiB as a whole: see [`Limits::ceiling`].
const MEMORY: u64 = 256 << 20;
/// The engine itself and the functions it knows; no script pays for them.
const ENGINE: u64 = 8 << 20;

/// What a script may use. None of these ends can be caught by a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processor time of the script's own: waiting for the API, sleeping and slow files do not count.
    pub run_time: Duration,
    /// Time by the clock on the wall for the whole run, waits and all.
    pub timeout: Option<Duration>,
    /// Bytes that the script's data may take.
    pub memory: u64,
    /// How deep functions may call each other. The stack of a script's thread holds it with room to spare.
    pub call_depth: usize,
    /// How deep expressions and blocks may nest, in the script and inside its functions.
    pub expression_depth: (usize, usize),
    /// Functions of one script, closures included.
    pub functions: usize,
    /// Variables that may be in sight at once.
    pub variables: usize,
    /// Whether they hold for lines of a session, which have no header that could raise them.
    pub of_session: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            run_time: Duration::from_secs(60),
            timeout: None,
            memory: MEMORY,
            call_depth: 64,
            expression_depth: (64, 32),
            functions: 5_000,
            variables: 5_000,
            of_session: false,
        }
    }
}

/// Limits that somebody set: the flags of the command line, or the keys of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub run_time: Option<Duration>,
    pub timeout: Option<Duration>,
    pub memory: Option<u64>,
}

impl Limits {
    /// The one place where they are put together: what a flag says wins over what the header says, and that over the
    /// default.
    pub fn merge(flags: &Set, header: &Set) -> Limits {
        let standard = Limits::default();
        Limits {
            run_time: flags.run_time.or(header.run_time).unwrap_or(standard.run_time),
            timeout: flags.timeout.or(header.timeout).or(standard.timeout),
            memory: flags.memory.or(header.memory).unwrap_or(standard.memory),
            ..standard
        }
    }

    /// What the script's thread may never hold, not even for the length of one step. Half as much again as the limit:
    /// a step that doubles data which keep the limit may go beyond it, and is looked at when it is done.
    pub fn ceiling(&self) -> usize {
        bytes(self.memory.saturating_add(self.memory / 2).saturating_add(ENGINE))
    }

    /// What the script's thread may hold when a step is done.
    pub(super) fn bound(&self) -> usize {
        bytes(self.memory.saturating_add(ENGINE))
    }

    /// The limit that this error of the engine tells of, if it does.
    pub(super) fn met(&self, error: &EvalAltResult) -> Option<Fault> {
        Some(match error {
            EvalAltResult::ErrorStackOverflow(_) => self.too_many_calls(),
            EvalAltResult::ErrorTooManyVariables(_) => self.too_many_variables(),
            _ => return None,
        })
    }

    /// What is said of a run that was halted.
    pub fn halted(&self, why: Halt) -> Fault {
        match why {
            Halt::Memory => self.out_of_memory(),
            Halt::Stack => self.too_deep(),
        }
    }

    fn raise(&self, flag: &str, key: &str, example: &str) -> String {
        if self.of_session {
            return format!("start the session with `--{flag} {example}` to raise the limit");
        }
        format!("raise the limit with `--{flag} {example}`, or `{key} = \"{example}\"` in the script's header")
    }

    /// The script used up its own running time.
    pub fn out_of_time(&self) -> Fault {
        let limit = text::duration(self.run_time);
        Fault::new(FaultKind::Script, format!("the script ran for more than {limit}, waiting not counted"))
            .hint("look for a loop that does not end")
            .hint(self.raise("max-run-time", "max_run_time", "5m"))
    }

    /// The time for the whole run is over.
    pub fn timed_out(&self) -> Fault {
        let limit = text::duration(self.timeout.unwrap_or_default());
        Fault::new(FaultKind::Script, format!("the run took longer than its time-out of {limit}"))
            .hint(self.raise("timeout", "timeout", "1h"))
    }

    /// The script's data take too much memory.
    pub(super) fn out_of_memory(&self) -> Fault {
        let limit = text::size(self.memory);
        Fault::new(FaultKind::Script, format!("the script's data take more than {limit} of memory"))
            .hint("walk a list with `for` instead of keeping all its rows, and look for data that grow in a loop")
            .hint(self.raise("max-memory", "max_memory", &text::size(self.memory.saturating_mul(2)).replace(' ', "")))
    }

    /// Values nest so deep that walking over them used up the stack.
    fn too_deep(&self) -> Fault {
        Fault::new(FaultKind::Script, "a value of the script is nested too deeply".to_string()).hint(
            "look for an array, an object map or a closure that takes itself in again and again; this limit is fixed",
        )
    }

    /// Functions call each other too deeply.
    fn too_many_calls(&self) -> Fault {
        Fault::new(FaultKind::Script, format!("functions call each other more than {} deep", self.call_depth))
            .hint("look for a function that calls itself without end; this limit is fixed")
    }

    /// Too many variables at once.
    fn too_many_variables(&self) -> Fault {
        Fault::new(FaultKind::Script, format!("the script has more than {} variables at once", self.variables))
            .hint("keep them in an array or an object map; this limit is fixed")
    }

    /// The text nests too deeply. Found before anything runs.
    pub(super) fn too_deep_a_text(&self) -> Fault {
        let (outside, inside) = self.expression_depth;
        let message = format!("expressions or blocks are nested more than {outside} deep, or {inside} in a function");
        Fault::new(FaultKind::Syntax, message).hint("put parts of it into variables or functions; this limit is fixed")
    }

    /// Looking at the text takes too much of anything. Found before anything runs.
    pub fn text_too_large(&self) -> Fault {
        let message = "the script is too large to be looked at".to_string();
        Fault::new(FaultKind::Syntax, message).hint("read its data from a file, or split it into several scripts")
    }

    /// Too many functions. Found before anything runs.
    pub(super) fn too_many_functions(&self) -> Fault {
        let message = format!("the script has more than {} functions, closures included", self.functions);
        Fault::new(FaultKind::Syntax, message).hint("split it into several scripts; this limit is fixed")
    }
}

fn bytes(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_header_and_that_over_the_default() {
        let seconds = Duration::from_secs;
        let flags = Set { run_time: Some(seconds(1)), ..Set::default() };
        let header = Set { run_time: Some(seconds(2)), timeout: Some(seconds(3)), memory: None };
        let limits = Limits::merge(&flags, &header);
        assert_eq!((limits.run_time, limits.timeout, limits.memory), (seconds(1), Some(seconds(3)), MEMORY));
        assert_eq!(Limits::merge(&Set::default(), &Set::default()), Limits::default());
    }

    #[test]
    fn what_is_said_names_the_limit_and_how_to_raise_it() {
        let limits = Limits { timeout: Some(Duration::from_secs(600)), ..Limits::default() };
        let said = limits.out_of_memory();
        assert_eq!(said.message, "the script's data take more than 256 MiB of memory");
        assert!(said.hints[1].contains("`--max-memory 512MiB`"), "{:?}", said.hints);
        assert_eq!(limits.timed_out().message, "the run took longer than its time-out of 10 min");
        assert_eq!(limits.out_of_time().message, "the script ran for more than 1 min, waiting not counted");
    }
}
