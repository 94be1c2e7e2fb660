//! What onramp keeps between runs: the runs themselves, their journals, and the log of sends that processes share. Knows no
//! script, no operation and no stream.

mod changes;
pub mod due;
mod error;
mod inbox;
pub mod journal;
mod lock;
pub mod rate;
mod runs;
mod schema;
mod undone;
mod worked;

pub use changes::{Changed, NewChange};
pub use error::StoreError;
pub use inbox::{Claim, File, NewFile, Stage};
pub use lock::Lock;
pub use runs::{Counts, Ended, Filter, NewRun, Run, State, Wish};
pub use worked::Same;

use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a process waits for another one that writes to the store.
const PATIENCE: Duration = Duration::from_secs(20);

/// The runs of one state folder. Any number of processes may have it open.
pub struct Store {
    db: Connection,
    dir: PathBuf,
}

impl Store {
    /// Opens the store of a state folder, and makes both where they are missing.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        private_folder(dir).map_err(|error| StoreError::folder(dir, &error))?;
        let path = dir.join(DATABASE);
        if !path.exists() {
            // Records hold personal data: nobody else may read them, from the first byte on.
            private_file(&path).map_err(|error| StoreError::folder(dir, &error))?;
        }
        let db = patiently(|| Connection::open(&path).and_then(|db| schema::prepare(db, PATIENCE)));
        let store = Store { db: db.map_err(|error| StoreError::database(dir, &error))?, dir: dir.to_path_buf() };
        if schema::is_newer(&store.db).map_err(|error| store.failed(error))? {
            let message = format!("the runs in `{}` were kept by a newer onramp", dir.display());
            return Err(StoreError::new(message, "use that one, or name another folder with `ONRAMP_STATE_DIR`"));
        }
        Ok(store)
    }

    /// The store of a state folder, if there is one.
    pub fn existing(dir: &Path) -> Result<Option<Store>, StoreError> {
        if dir.join(DATABASE).exists() { Store::open(dir).map(Some) } else { Ok(None) }
    }

    /// The ledger of due times, in the same database: what is added to the store within [`due::Ledger::together`] belongs to
    /// its transaction.
    pub fn ledger(&self) -> Result<due::Ledger<'_>, due::LedgerError> {
        due::prepare(&self.db)?;
        Ok(due::Ledger::new(&self.db))
    }

    /// The same store for what may be lost with the power, though never torn: what can be gathered again, or is said again
    /// soon. Commits wait for no disk.
    pub fn relaxed(self) -> Result<Store, StoreError> {
        self.db.pragma_update(None, "synchronous", "normal").map_err(|error| self.failed(error))?;
        Ok(self)
    }

    /// The folder of one run: its journal, its log, its lock.
    pub fn folder(&self, run: &str) -> PathBuf {
        run_folder(&self.dir, run)
    }

    /// The journal of a run cannot be read.
    pub fn unreadable(&self, run: &str, error: &std::io::Error) -> StoreError {
        StoreError::folder(&self.folder(run), error)
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::database(&self.dir, &error)
    }

    fn unusable(&self, error: std::io::Error) -> StoreError {
        StoreError::folder(&self.dir, &error)
    }
}

/// Tries again what another process is in the way of. SQLite waits by itself, but not where two of them bring a new database
/// into its journal mode at the same moment.
fn patiently<T>(mut open: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    let begun = Instant::now();
    loop {
        match open() {
            Err(error)
                if matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
                    && begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
}

/// The database's file in the state folder.
const DATABASE: &str = "onramp.db";

fn run_folder(dir: &Path, run: &str) -> PathBuf {
    dir.join("runs").join(run)
}

/// As text that sorts by time: always with milliseconds.
fn sortable(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}

/// Makes a folder that only its owner may look into, and those above it.
pub fn private_folder(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens a file for reading and writing, and makes it where it is missing, so that only its owner may read it.
pub fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
