//! What a notify command is told of a run, as JSON: the format is documented in `docs/deploy.md`.

use crate::{
    cli::{record::Record, stored},
    store::{File, Run, State, Store},
    trigger::folder::Outcome,
};
use serde_json::{Value, json};
use std::path::Path;

/// The version of the format.
const VERSION: u32 = 1;

/// Whether somebody should hear of a run that has ended, or stopped and is not tried again.
pub fn is_worth_it(run: &Run) -> bool {
    match run.state {
        State::Failed => true,
        State::Running => matches!(run.exit_code, Some(3 | 75)),
        _ => false,
    }
}

/// What is told of a run.
pub fn of(store: &Store, run: &Run) -> Value {
    let file = store.file_of(&run.id).ok().flatten();
    let refused = file.as_ref().is_some_and(|file| Outcome::of(file, run) == Outcome::Refused);
    let notice = match run.state {
        State::Running => "stopped",
        _ if refused => "refused",
        _ => "failed",
    };
    let given = Record::of(run).ok().and_then(|record| record.given);
    let mut value = json!({ "version": VERSION, "notice": notice });
    if let (Value::Object(value), Value::Object(run)) = (&mut value, stored::as_json(store, run)) {
        value.extend(run);
    }
    value["scheduled_for"] = json!(given.and_then(|given| given.scheduled_for));
    value["file"] = file.map_or(Value::Null, |file| of_file(&file, &run.id));
    value
}

fn of_file(file: &File, run: &str) -> Value {
    let folder = Path::new(&file.new.folder);
    let (path, report) = match &file.target {
        Some(target) => (folder.join(target), Some(folder.join(format!("{target}.report.json")))),
        None => (folder.join("work").join(run).join(&file.new.name), None),
    };
    json!({ "name": file.new.name, "folder": file.new.folder, "path": path, "report": report })
}
