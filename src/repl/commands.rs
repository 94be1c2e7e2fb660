//! The commands of a session, which begin with a colon: one table of names, arguments, help and what they do. Help,
//! completion and suggestions read it.

mod files;
mod help;
mod last;
mod state;

pub use help::usage;

use super::{
    planned,
    session::{Broken, Next, Session},
};
use crate::{error::Failure, text};

/// What a command takes behind its name, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// The name of a function or of a command.
    Function,
    /// A path relative to the present folder.
    Path,
    /// A path in the project, as scripts use them.
    ProjectPath,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Text of a script.
    Code,
    /// A run that the session has made.
    Run,
    /// What may happen to writes.
    Mode,
    /// Names of fields.
    Fields,
}

/// A command.
pub struct Command {
    /// Without its colon.
    pub name: &'static str,
    /// What it takes, as help shows it.
    pub args: &'static str,
    /// One sentence, without a final period.
    pub help: &'static str,
    pub takes: Takes,
    run: fn(&mut Session, &str) -> Result<Next, Broken>,
}

/// All of them, in the order of the help.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "help",
        args: "[NAME]",
        help: "these commands, or everything about one name",
        takes: Takes::Function,
        run: help::help,
    },
    Command {
        name: "functions",
        args: "",
        help: "everything that can be called",
        takes: Takes::Nothing,
        run: help::functions,
    },
    Command { name: "vars", args: "", help: "the session's variables", takes: Takes::Nothing, run: state::vars },
    Command {
        name: "json",
        args: "",
        help: "the last value as JSON; a list is walked to its end",
        takes: Takes::Nothing,
        run: last::json,
    },
    Command {
        name: "table",
        args: "[FIELD, …]",
        help: "the last value as a table, with these columns",
        takes: Takes::Fields,
        run: last::table,
    },
    Command {
        name: "csv",
        args: "FILE",
        help: "writes all rows of the last value to a CSV file of the project",
        takes: Takes::ProjectPath,
        run: last::csv,
    },
    Command {
        name: "mode",
        args: "[plan|live]",
        help: "what happens to writes, or a change of that",
        takes: Takes::Mode,
        run: state::mode,
    },
    Command {
        name: "plan",
        args: "[all]",
        help: "the writes that are planned and not sent",
        takes: Takes::Words(&["all"]),
        run: planned::plan,
    },
    Command {
        name: "apply",
        args: "",
        help: "sends the planned writes, after a question, as a run",
        takes: Takes::Nothing,
        run: planned::apply,
    },
    Command {
        name: "discard",
        args: "",
        help: "drops the planned writes",
        takes: Takes::Nothing,
        run: planned::discard,
    },
    Command {
        name: "undo",
        args: "[RUN]",
        help: "takes back what was sent last, or a run, after a question",
        takes: Takes::Run,
        run: planned::undo,
    },
    Command {
        name: "budget",
        args: "",
        help: "how many calls the rate limit leaves, and what this session has changed",
        takes: Takes::Nothing,
        run: state::budget,
    },
    Command { name: "load", args: "FILE", help: "runs a script in this session", takes: Takes::Path, run: files::load },
    Command {
        name: "save",
        args: "FILE",
        help: "writes the lines that went well as a script",
        takes: Takes::Path,
        run: files::save,
    },
    Command {
        name: "history",
        args: "",
        help: "the lines of this session",
        takes: Takes::Nothing,
        run: files::history,
    },
    Command {
        name: "time",
        args: "[CODE]",
        help: "how long the last line took, or this one takes",
        takes: Takes::Code,
        run: state::time,
    },
    Command { name: "quit", args: "", help: "ends the session, as Ctrl-D does", takes: Takes::Nothing, run: quit },
];

/// Whether a line is a command.
pub fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(':')
}

/// The name of a command line, without its colon, and what follows.
pub fn split(line: &str) -> (&str, &str) {
    let line = line.trim().trim_start_matches(':').trim_start();
    line.split_once(char::is_whitespace).map_or((line, ""), |(name, rest)| (name, rest.trim()))
}

/// Does what a command line says.
pub fn run(session: &mut Session, line: &str) -> Result<Next, Broken> {
    let (name, rest) = split(line);
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else { return Err(unknown(name).into()) };
    if command.args.is_empty() && !rest.is_empty() {
        return Err(Failure::usage(format!("`:{name}` takes nothing")).hint(format!("write `:{name}` alone")).into());
    }
    if command.args == "FILE" && rest.is_empty() {
        let failure = Failure::usage(format!("`:{name}` needs a file"));
        return Err(failure.hint(format!("write for example `:{name} customers.{}`", ending(name))).into());
    }
    // What has stopped the line before holds for that one alone.
    session.lines.host().session.stop().take_back();
    (command.run)(session, rest)
}

/// What other programs call some of them.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("exit", "quit"),
    ("bye", "quit"),
    ("x", "quit"),
    ("?", "help"),
    ("type", "help"),
    ("let", "vars"),
    ("run", "load"),
];

fn ending(name: &str) -> &'static str {
    if name == "csv" { "csv" } else { "rhai" }
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no command `:{}`", text::escape_control(name)));
    let names = || COMMANDS.iter().map(|command| command.name);
    let meant = OTHER_WORDS.iter().find(|(word, _)| *word == name).map(|(_, meant)| *meant);
    let begun = || names().find(|known| !name.is_empty() && known.starts_with(name));
    match meant.or_else(begun).or_else(|| text::did_you_mean(name, names())) {
        Some(near) => failure.hint(format!("did you mean `:{near}`?")),
        None => failure.hint("`:help` shows them all"),
    }
}

fn quit(_: &mut Session, _: &str) -> Result<Next, Broken> {
    Ok(Next::Quit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_command_has_a_name_of_its_own_and_a_sentence() {
        let names: BTreeSet<_> = COMMANDS.iter().map(|command| command.name).collect();
        assert_eq!(names.len(), COMMANDS.len());
        for command in COMMANDS {
            assert!(!command.help.is_empty() && !command.help.ends_with('.'), "{}", command.name);
            assert_eq!(command.args.is_empty(), command.takes == Takes::Nothing, "{}", command.name);
        }
    }

    #[test]
    fn a_command_line_is_taken_apart() {
        assert_eq!(split(" :table name, mrr "), ("table", "name, mrr"));
        assert_eq!(split(":vars"), ("vars", ""));
        assert!(is_command("  :x") && !is_command("x:"));
        assert_eq!(files::unquoted("\"a b.rhai\""), "a b.rhai");
    }
}
