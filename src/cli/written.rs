//! Files written where their user named a place: several of them all or none, one whole or not at all. Knows nothing of what is in them.

use crate::{config, error::Failure, text};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Writes the files into the folder, which is made where there is none, and gives back their paths. Each goes into a
/// temporary one beside its place first, and takes its place when all of them are on the disk.
pub fn write_all(folder: &Path, files: &[(String, String)]) -> Result<Vec<PathBuf>, Failure> {
    let shown = |path: &Path| text::escape_control(&path.to_string_lossy()).into_owned();
    let refused = |why: &str| Failure::usage(format!("`{}` cannot hold the files: {why}", shown(folder)));
    if folder.exists() && !folder.is_dir() {
        return Err(refused("it is a file").hint("name a folder; it is made where there is none"));
    }
    let places: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    // The one thing in the way of a rename that can be seen before.
    if let Some(place) = places.iter().find(|place| place.is_dir()) {
        return Err(Failure::usage(format!("`{}` cannot be written: it is a folder", shown(place)))
            .hint("move it away, or name another folder"));
    }
    let made = first_missing(folder);
    let temporary: Vec<PathBuf> = places.iter().map(|place| beside(place)).collect();
    let written = (|| {
        fs::create_dir_all(folder)?;
        for (path, (_, content)) in temporary.iter().zip(files) {
            write_new(path, content)?;
        }
        temporary.iter().zip(&places).try_for_each(|(from, to)| fs::rename(from, to))
    })();
    written.map_err(|error: io::Error| {
        // Where even this fails there is nothing more to be done; the error that is reported is the first one.
        temporary.iter().for_each(|path| drop(fs::remove_file(path)));
        if let Some(made) = made {
            let mut emptied = Some(folder);
            while let Some(path) = emptied.filter(|path| path.starts_with(&made)) {
                let _ = fs::remove_dir(path);
                emptied = path.parent();
            }
        }
        refused(&reason(&error)).hint("name a folder that you can write to")
    })?;
    Ok(places)
}

/// Writes one file, whole or not at all.
pub fn whole(path: &Path, content: &str) -> Result<(), Failure> {
    let temporary = beside(path);
    write_new(&temporary, content).and_then(|()| fs::rename(&temporary, path)).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        let shown = text::escape_control(&path.to_string_lossy()).into_owned();
        Failure::usage(format!("`{shown}` cannot be written: {}", reason(&error)))
            .hint("name a file in a folder that you can write to")
    })
}

/// The uppermost folder of a path that is not there yet.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    let missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    folder.ancestors().take_while(missing).last().map(Path::to_path_buf)
}

fn beside(place: &Path) -> PathBuf {
    place.with_file_name(format!(".onramp-{:016x}.tmp", fastrand::u64(..)))
}

fn write_new(path: &Path, content: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    io::Write::write_all(&mut file, content.as_bytes())?;
    file.sync_all()
}

/// A folder on the way that is a file has no word of its own among the reasons for files.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "a part of its path is a file".into(),
        _ => config::reason(error),
    }
}
