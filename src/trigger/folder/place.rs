//! A watched folder on its disk: the folders below it, moves that overwrite nothing and last, files that are written whole.
//! Decides nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where files lie while their runs are at them, each in a folder named like its run.
pub const WORK: &str = "work";
pub const DONE: &str = "done";
pub const FAILED: &str = "failed";

/// In bytes. A disk takes names of 255, and what goes beside a file has a longer one than the file.
const LONGEST_NAME: usize = 220;
/// What is longer than this behind a point is no ending.
const LONGEST_ENDING: usize = 20;

/// A watched folder.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
}

impl Place {
    /// `dir` is absolute and without links.
    pub fn new(dir: PathBuf) -> Place {
        Place { dir }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A file that is waiting.
    pub fn waiting(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A file that a run is at.
    pub fn working(&self, run: &str, name: &str) -> PathBuf {
        self.dir.join(WORK).join(run).join(name)
    }

    /// Makes the folders that are missing. A file cannot be moved from one disk to another in one step, so they have to lie
    /// on one.
    pub fn prepare(&self) -> io::Result<()> {
        for name in [WORK, DONE, FAILED] {
            let folder = self.dir.join(name);
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            if !same_disk(&self.dir, &folder)? {
                return Err(io::Error::new(
                    io::ErrorKind::CrossesDevices,
                    format!("`{name}` is no folder, or lies on another disk"),
                ));
            }
        }
        Ok(())
    }

    /// Takes a waiting file into a folder of its own.
    pub fn take(&self, run: &str, name: &str) -> io::Result<()> {
        let (from, to) = (self.waiting(name), self.working(run, name));
        let folder = self.dir.join(WORK).join(run);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        rename(&from, &to)?;
        sync(&folder);
        sync(&self.dir.join(WORK));
        sync(&self.dir);
        Ok(())
    }

    /// Moves a file that a run was at to `target`, below the folder. Where it is there already, nothing is left to do.
    pub fn leave(&self, run: &str, name: &str, target: &str) -> io::Result<()> {
        let (from, to) = (self.working(run, name), self.dir.join(target));
        if exists(&from) {
            rename(&from, &to)?;
        }
        if let Some(folder) = to.parent() {
            sync(folder);
        }
        match fs::remove_dir(self.dir.join(WORK).join(run)) {
            // Somebody has put something else into it, which stays.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        sync(&self.dir.join(WORK));
        Ok(())
    }

    /// A name in `done` or `failed` under which nothing lies yet, and no report either: with a number where that is needed,
    /// and cut where it is too long for its report.
    pub fn free(&self, folder: &str, name: &str) -> String {
        let (stem, ending) = match name.rfind('.').filter(|at| *at > 0 && name.len() - at <= LONGEST_ENDING) {
            Some(at) => name.split_at(at),
            None => (name, ""),
        };
        let named = |number: &str| {
            let mut room = LONGEST_NAME.saturating_sub(ending.len() + number.len()).min(stem.len());
            while !stem.is_char_boundary(room) {
                room -= 1;
            }
            format!("{folder}/{}{number}{ending}", &stem[..room])
        };
        let taken = |target: &str| {
            ["", super::report::REPORT, super::report::ROWS]
                .iter()
                .any(|ending| exists(&self.dir.join(format!("{target}{ending}"))))
        };
        let mut target = named("");
        let mut number = 2_u64;
        while taken(&target) {
            target = named(&format!("-{number}"));
            number += 1;
        }
        target
    }

    /// Removes a file below the folder, if it is there.
    pub fn remove(&self, target: &str) -> io::Result<()> {
        match fs::remove_file(self.dir.join(target)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes a file below the folder, whole or not at all, over an older one of the same name.
    pub fn write(&self, target: &str, bytes: &[u8]) -> io::Result<()> {
        let to = self.dir.join(target);
        let (Some(folder), Some(name)) = (to.parent(), to.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // One process works on a folder, so the name is its own; what a killed one left is written over.
        let temporary = folder.join(format!(".{}.tmp", name.to_string_lossy()));
        // Whatever lies there, be it a link to somewhere else. That nothing does is the rule.
        let _ = fs::remove_file(&temporary);
        let made = fs::File::options().write(true).create_new(true).open(&temporary);
        let written = made.and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        });
        let moved = written.and_then(|()| fs::rename(&temporary, &to));
        if moved.is_err() {
            // The error that is told is the first one.
            let _ = fs::remove_file(&temporary);
        }
        moved?;
        sync(folder);
        Ok(())
    }
}

/// Whether something lies there, be it a link to nothing.
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A new name lasts only with its folder. Not every file system can do this, and then there is nothing better.
fn sync(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Which folder it is, whatever its name: its disk and its number there.
#[cfg(unix)]
pub fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
pub fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.symlink_metadata().map(|_| (0, 0))
}

fn same_disk(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(other.symlink_metadata()?.is_dir() && identity(one)?.0 == identity(other)?.0)
}

/// Moves a file without writing over another one.
#[cfg(target_os = "linux")]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    use std::{ffi::CString, os::unix::ffi::OsStrExt};
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(|_| io::ErrorKind::InvalidInput);
    let (old, new) = (text(from)?, text(to)?);
    // SAFETY: both texts end with a nought and outlive the call.
    let result =
        unsafe { libc::renameat2(libc::AT_FDCWD, old.as_ptr(), libc::AT_FDCWD, new.as_ptr(), libc::RENAME_NOREPLACE) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Network disks and old kernels know no such flag.
        Some(libc::EINVAL | libc::ENOSYS) => careful(from, to),
        _ => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    careful(from, to)
}

fn careful(from: &Path, to: &Path) -> io::Result<()> {
    if exists(to) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}
