//! Where a script's text comes from: a file, standard input or the command line. Reads it once; runs nothing.

use crate::{
    config,
    error::Failure,
    header::{self, Header, Problem},
    project::{BadSettings, Project},
    run,
    script::Place,
    session::Capability,
};
use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::Path,
};

/// No script is anywhere near this long; a larger file is another file.
const LARGEST_SCRIPT: u64 = 16 << 20;

/// What the command line says about where the script is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or `-` for standard input.
    File(OsString),
    /// The text itself.
    Code(String),
}

/// A script that was read, before anything of it runs.
#[derive(Debug)]
pub struct Script {
    /// What errors call it: its path as it was given, `-` or `-e`.
    pub name: String,
    pub text: String,
    pub header: Header,
    /// The files that it can reach.
    pub project: Project,
    /// What it may do by its own header.
    pub capability: Capability,
}

impl Script {
    /// Reads a script and its header. `flags` gives the flags that no param may be named like; it is asked where there may
    /// be params.
    /// `kept` is its name and its text, where they are known already.
    pub fn read(
        source: &Source,
        flags: &dyn Fn() -> Vec<String>,
        kept: Option<(String, String)>,
    ) -> Result<Script, Vec<Failure>> {
        let (name, text) = match (kept, source) {
            (Some(kept), _) => kept,
            (None, Source::Code(text)) => ("-e".into(), text.clone()),
            (None, Source::File(path)) => text_of(Path::new(path)).map_err(|failure| vec![failure])?,
        };
        let project = match source {
            Source::File(path) => project_of(Path::new(path)),
            Source::Code(_) => Project::of_working_directory(),
        };
        let (workspace, bad) = workspace_of(&project);
        let bad = bad.map(|bad| failure_of(&bad));
        let flags = if text.contains(header::MARK) { flags() } else { Vec::new() };
        match run::judge(&text, &flags, workspace.as_deref()) {
            Ok(_) if bad.is_some() => Err(bad.into_iter().collect()),
            Ok((header, capability)) => Ok(Script { name, text, header, project, capability }),
            Err(problems) => Err(problems.iter().map(|problem| failure(problem, &name, &text)).chain(bad).collect()),
        }
    }

    /// A problem with the header, as people see it.
    pub fn failure(&self, problem: &Problem) -> Failure {
        failure(problem, &self.name, &self.text)
    }
}

fn failure(problem: &Problem, name: &str, text: &str) -> Failure {
    let place = Place { source: name.into(), line: problem.line, column: problem.column };
    let failure = Failure::usage(&problem.message).at(&place, Some(text));
    problem.hints.iter().fold(failure, Failure::hint)
}

/// The files that the script at `path` can reach; for `-` those of the working directory.
pub fn project_of(path: &Path) -> Project {
    if path == Path::new("-") { Project::of_working_directory() } else { Project::of_script(path) }
}

/// The workspace that a project is for, or what is wrong with its file.
pub fn workspace_of(project: &Project) -> (Option<String>, Option<BadSettings>) {
    match project.settings() {
        Ok(settings) => (settings.workspace, None),
        Err(bad) => (None, Some(bad)),
    }
}

/// Something wrong with a project file, as people see it.
pub fn failure_of(bad: &BadSettings) -> Failure {
    let place = Place { source: bad.file.clone(), line: bad.line, column: bad.column };
    Failure::usage(&bad.message).at(&place, Some(&bad.text)).hint(&bad.hint)
}

/// The name and the text of a script. A byte-order mark is not part of it, and `#!` becomes a comment, which the
/// language has no other way to skip.
pub fn text_of(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    let failed = |error: &io::Error| {
        let failure = Failure::usage(format!("the script `{name}` cannot be read: {}", config::reason(error)));
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("check the path; it is relative to the present folder"),
            io::ErrorKind::IsADirectory => failure.hint("name one script in it"),
            io::ErrorKind::InvalidData => failure.hint("save it as UTF-8"),
            _ => failure,
        }
    };
    let mut bytes = Vec::new();
    let read = if name == "-" {
        io::stdin().lock().take(LARGEST_SCRIPT + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST_SCRIPT + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > LARGEST_SCRIPT {
        return Err(Failure::usage(format!("the script `{name}` is larger than 16 MiB")).hint("is it a script?"));
    }
    let text = String::from_utf8(bytes).map_err(|error| failed(&io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.strip_prefix("#!").map_or_else(|| text.to_string(), |rest| format!("// {rest}"));
    Ok((name, text))
}
