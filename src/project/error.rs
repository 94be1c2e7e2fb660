//! Why a file cannot be read or written, in words for people. Decides nothing.

use crate::text;
use std::{fmt, io};

/// What kind of obstacle it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// There is no such file.
    Missing,
    /// The script may not open it.
    Refused,
    /// The system could not do it.
    System,
}

/// A file that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub kind: FileErrorKind,
    /// The first line for people: lower case, the path in back-ticks, no final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hint: Option<String>,
}

impl FileError {
    /// A path that is not the script's to open.
    pub(super) fn refused(path: &str, why: &str) -> FileError {
        FileError { kind: FileErrorKind::Refused, message: format!("`{}` {why}", shown(path)), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> FileError {
        self.hint = Some(hint.into());
        self
    }

    /// An error of the system. `doing` is `read` or `written`.
    pub(super) fn system(path: &str, doing: &str, error: &io::Error) -> FileError {
        let shown = shown(path);
        // The library that keeps us inside the folder reports a way out as an error of its own, without a system code.
        if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
            return FileError::refused(path, "leads out of its folder through a symbolic link")
                .hint("put the file itself into the project folder");
        }
        let (kind, message) = match error.kind() {
            io::ErrorKind::NotFound => (FileErrorKind::Missing, format!("there is no file `{shown}`")),
            _ => (FileErrorKind::System, format!("`{shown}` cannot be {doing}: {}", reason(error))),
        };
        FileError { kind, message, hint: None }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FileError {}

/// A path for people.
pub(super) fn shown(path: &str) -> String {
    text::escape_control(path).into_owned()
}

/// Why the system could not do it.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".into(),
        io::ErrorKind::NotADirectory => "a part of its path is not a folder".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}
