//! `:help` and `:functions`: what can be called, and how.

use super::{COMMANDS, Command};
use crate::{
    error::Failure,
    repl::session::{Broken, Next, Session},
    script::about,
    text,
};

pub fn help(session: &mut Session, name: &str) -> Result<Next, Broken> {
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
        let page = catalog.get(&wanted).map(about::page).or_else(|| script.explained(&wanted));
        page.ok_or_else(|| catalog.near(&wanted).map(str::to_string))
    })?;
    match found {
        Ok(page) => {
            session.ui.line(&page);
            Ok(Next::Line)
        }
        Err(near) => {
            let failure = Failure::usage(format!("there is nothing called `{}`", text::escape_control(name)));
            Err(match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`:functions` shows them all"),
            }
            .into())
        }
    }
}

/// How a command is called.
pub fn usage(command: &Command) -> String {
    format!(":{} {}", command.name, command.args).trim_end().to_string()
}

pub fn functions(session: &mut Session, _: &str) -> Result<Next, Broken> {
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
