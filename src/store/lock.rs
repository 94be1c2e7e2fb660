//! A run's lock: held by the process that carries it out, and free as soon as that process is gone, however it went.

use super::private_file;
use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the run in this folder; `None` where another process holds it.
    pub fn take(folder: &Path) -> io::Result<Option<Lock>> {
        let file = private_file(&folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether a process holds the lock of the run in this folder.
    pub fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join("lock")) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_free_when_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Lock::is_held(folder.path()));
        let lock = Lock::take(folder.path()).unwrap().expect("nobody has it");
        assert!(Lock::is_held(folder.path()) && Lock::take(folder.path()).unwrap().is_none());
        drop(lock);
        assert!(!Lock::is_held(folder.path()) && Lock::take(folder.path()).unwrap().is_some());
    }
}
