//! A run's lock: held by the process that carries it out, and free as soon as that process is gone, however it went.

use super::private_file;
use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    thread,
    time::Duration,
};

/// How often, and after which pause, a lock is tried again that somebody only asks about. They are through in microseconds,
/// or when their turn on a busy machine has come.
const TRIES: u32 = 1000;
/// How often one is tried that somebody holds: a process that was killed while it started another leaves its locks to that one,
/// until its program is loaded.
const HELD: u32 = 100;
const PAUSE: Duration = Duration::from_micros(100);

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the run in this folder; `None` where another process holds it.
    pub fn take(folder: &Path) -> io::Result<Option<Lock>> {
        let file = private_file(&folder.join("lock"))?;
        let mut held = 0;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock { _file: file })),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever asks shares it for an instant. Only who has taken it shares it with nobody.
            match file.try_lock_shared() {
                Ok(()) => file.unlock()?,
                Err(TryLockError::WouldBlock) if held == HELD => return Ok(None),
                Err(TryLockError::WouldBlock) => held += 1,
                Err(TryLockError::Error(error)) => return Err(error),
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
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
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn whoever_only_asks_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let over = AtomicBool::new(false);
        let taken = thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        Lock::is_held(folder.path());
                    }
                });
            }
            let taken = (0..3000).filter(|_| Lock::take(folder.path()).unwrap().is_some()).count();
            over.store(true, Ordering::Relaxed);
            taken
        });
        assert_eq!(taken, 3000);
    }

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
