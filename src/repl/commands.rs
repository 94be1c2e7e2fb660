//! The commands of a session, which begin with a colon: one table of names, arguments, help and what they do. Help,
//! completion and suggestions read it.

use super::{
    Mode,
    history::may_be_kept,
    planned,
    saved::{Good, script},
    session::{Broken, Next, Session},
};
use crate::{
    error::Failure,
    script::{about, interactive::Shape},
    text,
};
use std::{fs, io::Write, path::Path};

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
        help: "these commands, or everything about one function",
        takes: Takes::Function,
        run: help,
    },
    Command {
        name: "functions",
        args: "",
        help: "everything that can be called",
        takes: Takes::Nothing,
        run: functions,
    },
    Command { name: "vars", args: "", help: "the session's variables", takes: Takes::Nothing, run: vars },
    Command {
        name: "json",
        args: "",
        help: "the last value as JSON; a list is walked to its end",
        takes: Takes::Nothing,
        run: json,
    },
    Command {
        name: "table",
        args: "[FIELD, …]",
        help: "the last value as a table, with these columns",
        takes: Takes::Fields,
        run: table,
    },
    Command {
        name: "csv",
        args: "FILE",
        help: "writes all rows of the last value to a CSV file of the project",
        takes: Takes::ProjectPath,
        run: csv,
    },
    Command {
        name: "mode",
        args: "[plan|live]",
        help: "what happens to writes, or a change of that",
        takes: Takes::Words(&["live", "plan"]),
        run: mode,
    },
    Command {
        name: "plan",
        args: "",
        help: "the writes that are planned and not sent",
        takes: Takes::Nothing,
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
        help: "takes back what was applied last, or a run, after a question",
        takes: Takes::Code,
        run: planned::undo,
    },
    Command {
        name: "budget",
        args: "",
        help: "how many calls the rate limit leaves, and what this session has changed",
        takes: Takes::Nothing,
        run: budget,
    },
    Command { name: "load", args: "FILE", help: "runs a script in this session", takes: Takes::Path, run: load },
    Command {
        name: "save",
        args: "FILE",
        help: "writes the lines that went well as a script",
        takes: Takes::Path,
        run: save,
    },
    Command { name: "history", args: "", help: "the lines of this session", takes: Takes::Nothing, run: history },
    Command {
        name: "time",
        args: "[CODE]",
        help: "how long the last line took, or this one takes",
        takes: Takes::Code,
        run: time,
    },
    Command { name: "quit", args: "", help: "ends the session, as Ctrl-D does", takes: Takes::Nothing, run: quit },
];

/// Whether a line is a command.
pub fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(':')
}

/// The name of a command line, without its colon, and what follows.
pub fn split(line: &str) -> (&str, &str) {
    let line = line.trim().trim_start_matches(':');
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

fn ending(name: &str) -> &'static str {
    if name == "csv" { "csv" } else { "rhai" }
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no command `:{}`", text::escape_control(name)));
    match text::did_you_mean(name, COMMANDS.iter().map(|command| command.name)) {
        Some(near) => failure.hint(format!("did you mean `:{near}`?")),
        None => failure.hint("`:help` shows them all"),
    }
}

fn help(session: &mut Session, name: &str) -> Result<Next, Broken> {
    if name.is_empty() {
        let width = COMMANDS.iter().map(|command| usage(command).len()).max().unwrap_or(0);
        let mut lines: Vec<String> =
            COMMANDS.iter().map(|command| format!("{:<width$}  {}", usage(command), command.help)).collect();
        lines.extend([
            String::new(),
            "`_` is the last value. Tab completes, Ctrl-R searches earlier lines, Ctrl-C stops what runs.".to_string(),
        ]);
        session.ui.line(&lines.join("\n"));
        return Ok(Next::Line);
    }
    if let Some(command) = COMMANDS.iter().find(|command| command.name == name.trim_start_matches(':')) {
        session.ui.line(&format!("{}\n{}", usage(command), command.help));
        return Ok(Next::Line);
    }
    let wanted = name.trim_end_matches("()").to_string();
    let found = session.with(move |script| {
        let own: Vec<String> =
            script.functions().into_iter().filter(|own| own.split('(').next() == Some(wanted.as_str())).collect();
        if !own.is_empty() {
            return Ok(format!("{}\n\nA function of this session", own.join("\n")));
        }
        let catalog = script.catalog();
        catalog.get(&wanted).map(about::page).ok_or_else(|| catalog.near(&wanted).map(str::to_string))
    })?;
    match found {
        Ok(page) => {
            session.ui.line(&page);
            Ok(Next::Line)
        }
        Err(near) => {
            let failure = Failure::usage(format!("there is no function `{}`", text::escape_control(name)));
            Err(match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`:functions` shows them all"),
            }
            .into())
        }
    }
}

fn usage(command: &Command) -> String {
    format!(":{} {}", command.name, command.args).trim_end().to_string()
}

fn functions(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let all = session.with(|script| {
        let own = script.functions();
        let own = if own.is_empty() {
            String::new()
        } else {
            let lines: Vec<String> = own.iter().map(|own| format!("  {own}")).collect();
            format!("This session\n{}\n\n", lines.join("\n"))
        };
        format!("{own}{}", about::list(script.catalog()))
    })?;
    session.ui.line(&all);
    Ok(Next::Line)
}

fn vars(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let all = session.with(|script| script.variables())?;
    if all.is_empty() {
        session.ui.status("there are no variables yet; `let x = …` makes one");
        return Ok(Next::Line);
    }
    let width = all.iter().map(|own| own.name.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = all
        .iter()
        .map(|own| format!("{:<width$}  {}{}", own.name, if own.constant { "constant " } else { "" }, own.about))
        .collect();
    session.ui.line(&lines.join("\n"));
    Ok(Next::Line)
}

fn needs_a_value(session: &mut Session) -> Result<(), Broken> {
    if session.with(|script| script.has_last())? {
        return Ok(());
    }
    Err(Failure::usage("there is no last value yet")
        .hint("write something that gives one, such as `list_customers()`")
        .into())
}

fn json(session: &mut Session, _: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    session.show_last(":json", Shape::Json)?;
    Ok(Next::Line)
}

fn table(session: &mut Session, columns: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    let names: Vec<String> =
        columns.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_string).collect();
    let columns = (!names.is_empty()).then_some(names);
    session.show_last(":table", Shape::Table { columns, rows: super::session::ROWS })?;
    Ok(Next::Line)
}

fn csv(session: &mut Session, path: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    let path = unquoted(path).to_string();
    // As a string of the language, which takes the escapes of JSON.
    let literal = serde_json::Value::String(path.clone()).to_string();
    session.aside(":csv", move |script| script.eval(":csv", &format!("write_csv({literal}, _)")).map(drop))?;
    session.ui.status(&format!("wrote `{}`", text::escape_control(&path)));
    Ok(Next::Line)
}

fn mode(session: &mut Session, word: &str) -> Result<Next, Broken> {
    let wanted = match word {
        "" => session.switch.mode(),
        "plan" => Mode::Plan,
        "live" | "sandbox" if word == session.writes.word() => session.writes,
        "live" => {
            return Err(Failure::usage("this session has no live workspace: it works in a sandbox")
                .hint("say `:mode sandbox`, or start another session without `--sandbox`")
                .into());
        }
        other => {
            let failure = Failure::usage(format!("there is no mode `{}`", text::escape_control(other)));
            return Err(failure.hint(format!("use `plan` or `{}`", session.writes.word())).into());
        }
    };
    session.change_mode(wanted)?;
    session.ui.status(wanted.about());
    Ok(Next::Line)
}

fn budget(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let run = &session.lines.host().session;
    let left = match run.budget_left() {
        None => "nothing has been sent yet".to_string(),
        Some(0) => "the rate limit is used up; the next call waits".to_string(),
        // No service has such a limit: there is none, as in a sandbox.
        Some(1_000_000..) => "no rate limit is known".to_string(),
        Some(left) => {
            format!("{} can be sent before the rate limit makes them wait", text::plural(left as usize, "call"))
        }
    };
    let changes = text::plural((run.writes() + session.carried) as usize, "change");
    session.ui.line(&format!("{left}\n{changes} made in this session"));
    Ok(Next::Line)
}

fn load(session: &mut Session, path: &str) -> Result<Next, Broken> {
    let (name, text) = (session.read)(Path::new(unquoted(path)))?;
    session.run(&name, &text, None)?;
    Ok(Next::Line)
}

fn save(session: &mut Session, path: &str) -> Result<Next, Broken> {
    let path = unquoted(path);
    let shown = text::escape_control(path).into_owned();
    if session.good.is_empty() {
        return Err(Failure::usage("there is nothing to save yet").into());
    }
    let kept = |line: &&Good| may_be_kept(&line.text, &session.ui);
    let lines: Vec<Good> = session.good.iter().filter(kept).cloned().collect();
    let text = script(&lines);
    let options = fs::OpenOptions::new().write(true).create_new(true).open(path);
    options.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("there is a file `{shown}` already")).hint("name another one, or remove it first")
        }
        _ => Failure::usage(format!("`{shown}` cannot be written: {}", crate::config::reason(&error)))
            .hint("name a file in a folder that you can write to"),
    })?;
    if lines.len() < session.good.len() {
        session.ui.warn("lines that hold a key were left out");
    }
    session.ui.status(&format!("wrote `{shown}`; `onramp check {shown}` looks at it"));
    Ok(Next::Line)
}

/// People put paths into quotes as they do in scripts.
fn unquoted(path: &str) -> &str {
    path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path)
}

fn history(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let lines: Vec<String> = session
        .said
        .iter()
        .map(|(name, text)| format!("{name}  {}", text::escape_block(text).replace('\n', "\n        ")))
        .collect();
    if !lines.is_empty() {
        session.ui.line(&lines.join("\n"));
    }
    Ok(Next::Line)
}

fn time(session: &mut Session, code: &str) -> Result<Next, Broken> {
    let result = if code.is_empty() { Ok(()) } else { session.line(code) };
    match session.took {
        Some(took) => session.ui.status(&text::duration(took)),
        None => session.ui.status("no line has run yet"),
    }
    result.map(|()| Next::Line)
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
        assert_eq!(unquoted("\"a b.rhai\""), "a b.rhai");
    }
}
