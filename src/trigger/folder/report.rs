//! What is left beside a file that was worked through: its report, and the rows that failed. Follows from the store and the
//! run's own folder alone, so that it is the same whenever it is written again.

use crate::{
    csv,
    store::{File, Run, State},
};
use serde_json::{Value, json};
use std::{borrow::Cow, fs, io, path::Path};

/// What a report's name ends in, behind that of its file.
pub const REPORT: &str = ".report.json";
/// The same of the rows that failed.
pub const ROWS: &str = ".failed.csv";

/// So many log lines and failures stand in a report; the run's own record has all of them.
const MOST: usize = 1000;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// An earlier run has done the same.
    Duplicate,
    Failed,
    /// Somebody had its run stopped.
    Cancelled,
    /// Nothing was run for it.
    Refused,
}

impl Outcome {
    /// Of a run that has ended.
    pub fn of(file: &File, run: &Run) -> Outcome {
        match run.state {
            State::Done => Outcome::Done,
            State::Skipped => Outcome::Duplicate,
            State::Cancelled => Outcome::Cancelled,
            // Nobody looked into it.
            _ if file.new.sha256.is_none() => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Duplicate => "duplicate",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Refused => "refused",
        }
    }

    /// The folder into which the file goes.
    pub fn folder(self) -> &'static str {
        match self {
            Outcome::Done | Outcome::Duplicate => super::place::DONE,
            Outcome::Failed | Outcome::Cancelled | Outcome::Refused => super::place::FAILED,
        }
    }
}

/// The report of a file, as text. `record` is the folder of its run.
pub fn report(file: &File, run: &Run, record: &Path) -> io::Result<String> {
    let outcome = Outcome::of(file, run);
    let failures: Vec<Value> = failed_rows(record)?.iter().flat_map(|(_, text)| failures(text)).take(MOST).collect();
    let report = json!({
        "file": file.new.name,
        "outcome": outcome.word(),
        "run": run.id,
        "first_run": file.first,
        "script": run.script,
        "exit_code": run.exit_code,
        "message": run.message,
        "details": details(record, run)?,
        "size": file.new.size,
        "sha256": file.new.sha256,
        "modified": file.new.modified,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "counts": run.counts,
        "failures": failures,
        "log": log(record)?,
    });
    Ok(format!("{report:#}\n"))
}

/// The rows that failed, by bulk call, each as the text of a CSV file.
pub fn failed_rows(record: &Path) -> io::Result<Vec<(u64, String)>> {
    let entries = match fs::read_dir(record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let call = name.to_str().and_then(|name| name.strip_prefix("failed-")?.strip_suffix(".csv")?.parse().ok());
        if let Some(call) = call {
            all.push((call, fs::read_to_string(entry.path())?));
        }
    }
    all.sort();
    Ok(all)
}

/// What a report says of each row that failed.
fn failures(text: &str) -> Vec<Value> {
    let mut rows = csv::Parser::new(text, ',').map_while(Result::ok).map(|record| record.cells);
    let Some(columns) = rows.next() else { return Vec::new() };
    let at = |name: &str| columns.iter().position(|column| column == name);
    let places = ["_call", "_row", "_id", "_code", "_error"].map(|name| (name.trim_start_matches('_'), at(name)));
    let row = |cells: Vec<Cow<'_, str>>| {
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(Cow::to_string).unwrap_or_default();
        let member = |(name, at): &(&str, Option<usize>)| {
            let text = cell(*at);
            let value = match (*name, text.parse::<u64>()) {
                ("call" | "row", Ok(number)) => number.into(),
                _ if text.is_empty() => Value::Null,
                _ => text.into(),
            };
            (name.to_string(), value)
        };
        Value::Object(places.iter().map(member).collect())
    };
    rows.map(row).collect()
}

/// What stood below the message where the run's process said why it ended: its place in the script, and hints.
fn details(record: &Path, run: &Run) -> io::Result<Vec<String>> {
    let text = text_of(&record.join("err"))?;
    let first = run.message.as_ref().map(|message| format!("error: {message}"));
    // Of an earlier attempt it may be another one.
    let lines = text.lines().skip_while(|line| Some(*line) != first.as_deref());
    let is_below = |line: &&str| line.starts_with(' ') || line.starts_with("hint: ");
    Ok(lines.skip(1).take_while(is_below).map(String::from).collect())
}

/// The text of a file of the run's record; none where there is no file.
fn text_of(path: &Path) -> io::Result<String> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        bytes => Ok(String::from_utf8_lossy(&bytes?).into_owned()),
    }
}

/// The last lines of what the run said.
fn log(record: &Path) -> io::Result<Vec<Value>> {
    let text = text_of(&record.join("log"))?;
    // Of a process that was killed the last line may be half a line.
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(lines[lines.len().saturating_sub(MOST)..].to_vec())
}
