//! What a session holds and what it does with writes; how long a line took.

use crate::{
    error::Failure,
    repl::{
        Mode,
        session::{Broken, Next, Session},
    },
    text,
};

pub fn vars(session: &mut Session, _: &str) -> Result<Next, Broken> {
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

pub fn mode(session: &mut Session, word: &str) -> Result<Next, Broken> {
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

pub fn budget(session: &mut Session, _: &str) -> Result<Next, Broken> {
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
    let changes = text::plural(run.writes() as usize, "change");
    session.ui.line(&format!("{left}\n{changes} made in this session"));
    Ok(Next::Line)
}

pub fn time(session: &mut Session, code: &str) -> Result<Next, Broken> {
    let result = if code.is_empty() { Ok(()) } else { session.line(code) };
    match session.took {
        Some(took) => session.ui.status(&text::duration(took)),
        None => session.ui.status("no line has run yet"),
    }
    result.map(|()| Next::Line)
}
