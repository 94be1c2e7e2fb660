//! Why the store could not be used, in words for people. Decides no exit code.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
};

/// The store could not be opened, read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The first line for people, lower case, without a final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hint: String,
    /// It will pass by itself: another process was in the way for long, or the disk is full.
    pub will_pass: bool,
}

const ELSEWHERE: &str = "make the folder writable, or name another one with `ONRAMP_STATE_DIR`";

impl StoreError {
    pub(super) fn new(message: String, hint: &str) -> StoreError {
        StoreError { message, hint: hint.into(), will_pass: false }
    }

    /// What is kept cannot be used for what was asked.
    pub fn refused(message: String) -> StoreError {
        StoreError::new(message, "use the version of onramp that it was begun with, or `onramp retry` it")
    }

    /// Somebody was asked before the first write, and did not want it.
    pub fn declined() -> StoreError {
        StoreError::new("nothing was sent".into(), "`--dry-run` shows what would be changed")
    }

    /// Another process takes a run back already, or is at work on it.
    pub fn taken(run: &str) -> StoreError {
        let message = format!("nothing was sent: the run `{run}` goes on or is taken back in another process");
        StoreError::new(message, &format!("see how it stands with `onramp show {run}`"))
    }

    /// Whether it is [`StoreError::declined`].
    pub fn is_declined(&self) -> bool {
        *self == StoreError::declined()
    }

    /// Somebody has removed what is kept of a run in the state folder `dir` while it was at work.
    pub fn removed(dir: &Path) -> StoreError {
        let message = format!("what is kept of the run in `{}` was removed while it was at work", dir.display());
        StoreError::new(message, "leave that folder alone, or name another one with `ONRAMP_STATE_DIR`")
    }

    /// A file or folder of the state folder `dir` gave this error.
    pub fn folder(dir: &Path, error: &io::Error) -> StoreError {
        let message = |why: &str| format!("runs cannot be kept in `{}`: {why}", dir.display());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => StoreError {
                will_pass: true,
                ..StoreError::new(
                    message("the disk is full"),
                    "make room on it, or name another folder with `ONRAMP_STATE_DIR`",
                )
            },
            io::ErrorKind::PermissionDenied => StoreError::new(message("permission denied"), ELSEWHERE),
            io::ErrorKind::ReadOnlyFilesystem => StoreError::new(message("its disk is read-only"), ELSEWHERE),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                StoreError::new(message("a file is in the way"), ELSEWHERE)
            }
            _ => {
                let text = error.to_string();
                StoreError::new(message(&text.split(" (os error").next().unwrap_or_default().to_lowercase()), ELSEWHERE)
            }
        }
    }

    pub(super) fn database(dir: &Path, error: &rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode as Code;
        let kind = match error.sqlite_error_code() {
            Some(Code::DiskFull) => io::ErrorKind::StorageFull,
            Some(Code::ReadOnly | Code::PermissionDenied) => io::ErrorKind::PermissionDenied,
            // It does not say what is wrong with the disk; another write to it does.
            Some(Code::SystemIoFailure) if let Err(error) = probe(dir) => return StoreError::folder(dir, &error),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                let message = format!("the runs in `{}` are in use by another process for very long", dir.display());
                return StoreError { will_pass: true, ..StoreError::new(message, "try again") };
            }
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => {
                let message = format!("`{}` is damaged", dir.join(super::DATABASE).display());
                return StoreError::new(message, "move it away; runs that have not ended are lost with it");
            }
            _ => {
                let message = format!("the runs in `{}` cannot be used: {error}", dir.display());
                return StoreError::new(message, ELSEWHERE);
            }
        };
        StoreError::folder(dir, &kind.into())
    }
}

/// Writes a little beside the database.
fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join(format!("probe-{:016x}", fastrand::u64(..)));
    let written = super::private_file(&path).and_then(|mut file| {
        file.write_all(&[0; 64 << 10])?;
        file.sync_all()
    });
    // Whether it is there or not, it is of no use any more.
    let _ = std::fs::remove_file(&path);
    written
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
