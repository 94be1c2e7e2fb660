//! What a trigger gave a run, for another one that is made by hand from it: a watched file has moved meanwhile.

use crate::{
    cli::{
        kept::failure_of_store,
        record::{Given, Record},
    },
    config,
    error::Failure,
    script::FileEvent,
    store::{File, Run, Stage, Store},
    text,
    trigger::folder,
    ui::Ui,
};
use std::path::{Path, PathBuf};

/// What the trigger of a run gave it, with its file as it is now; the words of `record` name it where it is.
pub fn given(store: &Store, run: &Run, record: &mut Record, ui: &Ui) -> Result<Option<Given>, Failure> {
    let Some(mut given) = record.given.clone() else { return Ok(None) };
    let Some(event) = &mut given.event else { return Ok(Some(given)) };
    let file = store.file_of(&run.id).map_err(|error| failure_of_store(&error))?;
    let then = std::mem::take(&mut event.path);
    let path = place(file.as_ref(), &then);
    let shown = text::escape_control(&path.display().to_string()).into_owned();
    if path.symlink_metadata().is_err() {
        return Err(Failure::usage(format!("the file of the run `{}` is not at `{shown}` any more", run.id)).hint(
            match &file {
                Some(file) => {
                    let folder = text::escape_control(&file.new.folder).into_owned();
                    format!("put it back there, or drop it into `{folder}` again")
                }
                None => "put it back there".into(),
            },
        ));
    }
    let now = folder::about(&path).map_err(|error| {
        Failure::usage(format!("the file `{shown}` of the run `{}` cannot be read: {}", run.id, config::reason(&error)))
    })?;
    if now.sha256 != event.sha256 {
        ui.status(&format!("`{}` has changed since; it runs as it is now", text::escape_control(&event.name)));
    }
    let path = path.display().to_string();
    for word in &mut record.words {
        if word.strip_prefix("--file=") == Some(&then) {
            *word = format!("--file={path}");
        }
    }
    *event = FileEvent { path, name: event.name.clone(), size: now.size, sha256: now.sha256, modified: now.modified };
    Ok(Some(given))
}

/// Where the file lies: where it was put, where its run left it, or where it still waits.
fn place(file: Option<&File>, then: &str) -> PathBuf {
    let Some(file) = file else { return PathBuf::from(then) };
    let folder = Path::new(&file.new.folder);
    match (&file.stage, &file.target) {
        (Stage::Leaving | Stage::Moved, Some(target)) => {
            let there = folder.join(target);
            // It may not have left yet.
            if there.symlink_metadata().is_err() && Path::new(then).exists() { PathBuf::from(then) } else { there }
        }
        (Stage::Claimed, _) if !Path::new(then).exists() => folder.join(&file.new.name),
        _ => PathBuf::from(then),
    }
}
