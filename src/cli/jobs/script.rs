//! A script that is to run by itself: read, judged and checked as before a run, and once more whenever its text changes.

use crate::{
    cli::{check, line, schedule::scripts::identity, source::Script, source::Source},
    config,
    error::Failure,
    header::{Header, Param, Type},
    ui::Ui,
};
use std::path::{Path, PathBuf};

/// A script whose runs can be made.
#[derive(Clone, Debug)]
pub struct Runnable {
    /// As it was given.
    pub path: PathBuf,
    /// Its absolute path without links, by which triggers and the ledger know it.
    pub identity: String,
    pub text: String,
    pub header: Header,
    /// The folder that its relative paths start at.
    pub root: PathBuf,
}

impl Runnable {
    /// Reads a script. What is wrong with it has been shown when this gives `None`.
    pub fn load(path: &Path, takes_file: bool, ui: &Ui) -> Result<Option<Runnable>, Failure> {
        let source = Source::File(path.as_os_str().to_os_string());
        let script = match Script::read(&source, &line::run_flags, None) {
            Ok(script) => script,
            Err(failures) => {
                failures.iter().for_each(|failure| ui.failure(failure));
                return Ok(None);
            }
        };
        if check::passes(&script, ui)?.is_none() {
            return Ok(None);
        }
        if let Some(failure) = unfit(&script, takes_file) {
            ui.failure(&failure);
            return Ok(None);
        }
        Ok(Some(Runnable {
            path: path.to_path_buf(),
            identity: identity(path),
            root: script.project.root().to_path_buf(),
            text: script.text,
            header: script.header,
        }))
    }

    /// Whether it has a param that the watched file is given to.
    pub fn has_file_param(&self) -> bool {
        self.header.params.iter().any(is_file)
    }

    /// As people call it.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// `file`, of type `file`.
fn is_file(param: &Param) -> bool {
    param.name == "file" && param.kind == Type::File
}

/// Why nobody but a person can run it.
fn unfit(script: &Script, takes_file: bool) -> Option<Failure> {
    let name = crate::text::escape_control(&script.name).into_owned();
    let open = script.header.params.iter().find(|param| param.required && !(takes_file && is_file(param)));
    if let Some(param) = open {
        let failure = Failure::usage(format!("the param `{}` of `{name}` is required", param.name));
        return Some(failure.hint("give it a `default`: a run that starts by itself has no command line"));
    }
    let names: Vec<&str> = script.header.env.iter().map(|name| name.value.as_str()).collect();
    let (at, why) = config::declared(&names).err()?;
    Some(script.failure(&script.header.env[at].problem(why).hint("set it where this process is started")))
}
