//! Scripts in and out of a session, and its lines.

use crate::{
    error::Failure,
    repl::{
        history::may_be_kept,
        saved::{Good, Saved, script},
        session::{Broken, Next, Session},
    },
    text,
};
use std::{collections::BTreeSet, fs, io::Write, path::Path};

pub fn load(session: &mut Session, path: &str) -> Result<Next, Broken> {
    let (name, text) = (session.read)(Path::new(unquoted(path)))?;
    session.run(&name, &text, None)?;
    Ok(Next::Line)
}

pub fn save(session: &mut Session, path: &str) -> Result<Next, Broken> {
    let path = unquoted(path);
    let shown = text::escape_control(path).into_owned();
    if session.good.is_empty() {
        return Err(Failure::usage("there is nothing to save yet").into());
    }
    let lines: Vec<Good> = session.good.iter().filter(|line| !line.text.trim().is_empty()).cloned().collect();
    let holds_key = |(at, line): (usize, &Good)| (!may_be_kept(&line.text, &session.ui)).then_some(at);
    let secret: BTreeSet<usize> = lines.iter().enumerate().filter_map(holds_key).collect();
    let held_keys = !secret.is_empty();
    let Saved { text, unsaid } = session.with(move |reader| script(&lines, &secret, reader))?;
    let options = fs::OpenOptions::new().write(true).create_new(true).open(path);
    options.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("there is a file `{shown}` already")).hint("name another one, or remove it first")
        }
        std::io::ErrorKind::NotFound => {
            Failure::usage(format!("`{shown}` cannot be written: its folder does not exist"))
                .hint("make the folder first, or name a file in one that exists")
        }
        _ => Failure::usage(format!("`{shown}` cannot be written: {}", crate::config::reason(&error)))
            .hint("name a file in a folder that you can write to"),
    })?;
    if held_keys {
        session.ui.warn("lines that hold a key were left out");
    }
    if unsaid > 0 {
        let them = if unsaid == 1 { "its `return`" } else { "their `return`" };
        session.ui.warn(&format!("{} left out because of {them}; comments tell where", text::plural(unsaid, "line")));
    }
    session.ui.status(&format!("wrote `{shown}`; `onramp check {shown}` looks at it"));
    Ok(Next::Line)
}

pub fn history(session: &mut Session, _: &str) -> Result<Next, Broken> {
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

/// People put paths into quotes as they do in scripts.
pub fn unquoted(path: &str) -> &str {
    path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path)
}
