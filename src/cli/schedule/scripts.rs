//! Which scripts have a schedule: those that are named, or those that are found. Reads them and their headers; runs nothing.

use super::Files;
use crate::{
    cli::{line, source},
    clock::Clock,
    config,
    error::{Failure, Kind},
    header::{Header, Problem},
    project::{MARKER, Project},
    run,
    script::Place,
    trigger::schedule::Plan,
    ui::Ui,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Deeper folders hold no scripts of a project; a link that leads in a circle would.
const DEEPEST: usize = 16;

/// A script with a schedule.
pub struct Scheduled {
    /// As people call it: as it was named or found.
    pub name: String,
    pub text: String,
    pub header: Header,
    pub plan: Plan,
}

impl Scheduled {
    /// Something to say of its schedule, at its place in the header.
    pub fn about(&self, message: impl Into<String>) -> Failure {
        let failure = Failure::usage(message);
        match &self.header.triggers.schedule {
            Some(at) => {
                let place = Place { source: self.name.clone(), line: at.line, column: at.column };
                failure.at(&place, Some(&self.text))
            }
            None => failure,
        }
    }
}

/// The scripts with a schedule, by name, and the exit code so far: what cannot be read was shown by then. Where files are
/// named, each must have a schedule.
pub fn scheduled(files: &Files, clock: &Clock, ui: &Ui) -> Result<(Vec<Scheduled>, u8), Failure> {
    let paths = if files.files.is_empty() { found()? } else { files.files.clone() };
    let flags = line::run_flags();
    let (mut scripts, mut code) = (Vec::new(), 0);
    for path in &paths {
        match read(path, &flags, clock) {
            Ok(Some(script)) => scripts.push(script),
            Ok(None) if files.files.is_empty() => {}
            Ok(None) => {
                let failure = Failure::usage(format!("the script `{}` has no schedule", path.display()));
                ui.failure(&failure.hint("add for example `schedule = \"every 15m\"` to its header"));
                code = Kind::Usage.exit_code();
            }
            Err(failures) => {
                failures.iter().for_each(|failure| ui.failure(failure));
                code = Kind::Usage.exit_code();
            }
        }
    }
    if scripts.is_empty() && code == 0 {
        ui.status("no script has a schedule here");
    }
    Ok((scripts, code))
}

fn read(path: &Path, flags: &[String], clock: &Clock) -> Result<Option<Scheduled>, Vec<Failure>> {
    let (name, text) = source::text_of(path).map_err(|failure| vec![failure])?;
    let (workspace, bad) = source::workspace_of(&source::project_of(path));
    let shown = |problem: &Problem| {
        let place = Place { source: name.clone(), line: problem.line, column: problem.column };
        problem.hints.iter().fold(Failure::usage(&problem.message).at(&place, Some(&text)), Failure::hint)
    };
    let judged = run::judge_at(&text, flags, workspace.as_deref(), clock);
    let (header, _) = judged.map_err(|problems| problems.iter().map(shown).collect::<Vec<_>>())?;
    if let Some(bad) = bad {
        return Err(vec![source::failure_of(&bad)]);
    }
    let plan = Plan::of(&identity(path), &header.triggers);
    Ok(plan.map(|plan| Scheduled { name, text, header, plan }))
}

/// By which name the ledger knows a script: its own name in its folder, by the folder's absolute path without links. A script
/// that is itself a link goes by the link's name: where that leads may change, and two may lead to the same text.
pub fn identity(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = path.parent().and_then(|folder| fs::canonicalize(folder).ok()).zip(path.file_name());
    real.map_or(path.clone(), |(folder, name)| folder.join(name)).display().to_string()
}

/// The scripts of the project folder around the working directory; without a project file those of the working directory
/// and of its folder `scripts`, and no deeper: it may be anybody's folder.
fn found() -> Result<Vec<PathBuf>, Failure> {
    let project = Project::of_working_directory();
    let root = project.root();
    let here = fs::canonicalize(".").unwrap_or_default();
    let mut paths = Vec::new();
    if root.join(MARKER).is_file() {
        below(root, DEEPEST, &mut paths)?;
    } else {
        below(root, 0, &mut paths)?;
        let scripts = root.join("scripts");
        if scripts.is_dir() {
            below(&scripts, 0, &mut paths)?;
        }
    }
    // As people would write them.
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let short = |path: PathBuf| {
        let real = fs::canonicalize(&path).unwrap_or(path);
        real.strip_prefix(&here).or_else(|_| real.strip_prefix(&root)).map_or(real.clone(), Path::to_path_buf)
    };
    let above = root != here && !root.starts_with(&here);
    let mut paths: Vec<PathBuf> = if above { paths } else { paths.into_iter().map(short).collect() };
    paths.sort();
    Ok(paths)
}

fn below(folder: &Path, deeper: usize, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("the folder `{}` cannot be read: {}", folder.display(), config::reason(&error)))
            .hint("name the scripts instead")
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && deeper > 0 && !hidden {
            below(&path, deeper - 1, paths)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rhai") {
            paths.push(path);
        }
    }
    Ok(())
}
