//! The bytes that processes with one key share: a small file in the state folder under a lock. Knows nothing of what the
//! bytes mean, and neither prints nor decides what happens where the file cannot be used.
//!
//! `rate/NAME` holds the bytes, `rate/NAME.ID` is empty and locked as long as the process with that id lives. NAME is a
//! hash of key, server and the machine's start, so that nobody meets a file whose times are not his own: after a
//! restart, or on another machine that shares the home folder, it is another file.

mod boot;
mod frame;
mod place;
#[cfg(all(test, unix))]
mod tests;

use crate::secret::Secret;
use place::Place;
use sha2::{Digest, Sha256};
use std::{
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The file of one key, used by one process. Nothing is opened before the first exchange; dropped, it tells the others
/// that this process has gone.
pub struct RateFile {
    place: Place,
    state: Mutex<State>,
}

enum State {
    Unopened,
    Open(place::Open),
    /// It could not be used, once.
    Given,
}

/// Why the file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What was to be used.
    pub path: PathBuf,
    /// The reason, in plain words.
    pub why: String,
}

impl RateFile {
    /// The file for `key` at the server `origin`, in the state folder. `format` tells apart the kinds of bytes that
    /// versions of onramp keep. `None` on a system that has no clock for it, or no good source of chance.
    pub fn new(state_dir: PathBuf, origin: &str, key: &Secret, format: u32) -> Option<RateFile> {
        let start = boot::id()?;
        boot::now()?;
        let format = format.to_string();
        let mut hash = Sha256::new();
        for part in ["onramp rate", &format, &start, origin, key.expose()] {
            hash.update(part);
            hash.update([0]);
        }
        let name = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut id = [0; 8];
        getrandom::fill(&mut id).ok()?;
        let place = Place::new(state_dir.join("rate"), name, u64::from_le_bytes(id));
        Some(RateFile { place, state: Mutex::new(State::Unopened) })
    }

    /// The time since the machine started, sleep included; nobody can set it. The same for all processes.
    pub fn now(&self) -> Duration {
        boot::now().unwrap_or_default()
    }

    /// The number of this process.
    pub fn id(&self) -> u64 {
        self.place.id()
    }

    /// Whether the process with that number lives; where nobody knows, it does. Asked during an exchange only: otherwise
    /// one that is just beginning could be taken for dead.
    pub fn lives(&self, id: u64) -> bool {
        self.place.lives(id)
    }

    /// Hands over the bytes while no other process can, and keeps those that come back. Nothing, or what others left
    /// half done, is an empty slice. A process killed in the middle leaves the old bytes, the new ones or none.
    ///
    /// # Errors
    ///
    /// The file cannot be made, locked, read or written. It is not tried again.
    pub fn exchange(&self, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Result<(), Unusable> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let exchanged = self.try_exchange(&mut state, change);
        exchanged.map_err(|error| {
            // The others learn that this process has gone.
            *state = State::Given;
            self.place.leave();
            Unusable { path: self.place.file(), why: plain(&error) }
        })
    }

    fn try_exchange(&self, state: &mut State, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> io::Result<()> {
        loop {
            if matches!(state, State::Unopened) {
                *state = State::Open(self.place.open()?);
            }
            let State::Open(open) = state else { return Err(io::Error::other("it failed before")) };
            let locked = open.lock()?;
            if locked.is_removed()? {
                // Somebody cleared the folder: whoever comes next finds another file there.
                drop(locked);
                *state = State::Unopened;
                continue;
            }
            let bytes = locked.read()?;
            return match change(frame::content(&bytes)) {
                Some(new) => locked.write(&frame::framed(&new)),
                None => Ok(()),
            };
        }
    }
}

impl Drop for RateFile {
    fn drop(&mut self) {
        if matches!(self.state.get_mut(), Ok(State::Open(_))) {
            self.place.leave();
        }
    }
}

/// An error of the system in plain words.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}
