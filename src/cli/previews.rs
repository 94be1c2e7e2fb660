//! Where dry runs put the files that their scripts write, and how those go again. What is in them is as personal as a record.

use crate::{config, error::Failure};
use jiff::Timestamp;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder of one dry run below the state folder.
pub fn folder_of(state: &Path, run: &str) -> PathBuf {
    all(state).join(run)
}

/// Deletes the folders that have not changed since `before`, and gives back how many they were.
pub fn prune(state: &Path, before: Timestamp) -> Result<usize, Failure> {
    let all = all(state);
    let failed = |error: io::Error| {
        Failure::usage(format!(
            "the files of dry runs in `{}` cannot be deleted: {}",
            all.display(),
            config::reason(&error)
        ))
    };
    let entries = match fs::read_dir(&all) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut gone = 0;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let changed = entry.metadata().and_then(|about| about.modified()).map_err(failed)?;
        if Timestamp::try_from(changed).is_ok_and(|changed| changed < before) {
            fs::remove_dir_all(entry.path()).map_err(failed)?;
            gone += 1;
        }
    }
    Ok(gone)
}

fn all(state: &Path) -> PathBuf {
    state.join("previews")
}
