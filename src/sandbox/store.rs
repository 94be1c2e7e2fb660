//! The database: opening it in memory or from a file, its schema, and the mark that tells a sandbox file from any other.
//! Owns the connection and its mutex; what is asked of the tables is in `rows.rs` and `idempotency.rs`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::seed;
use super::{Options, StartError};

/// `PRAGMA application_id`: "PvSb". A file without it is never written to.
const APPLICATION_ID: i32 = 0x5076_5362;
/// `PRAGMA user_version`: raised when the tables change.
const VERSION: i32 = 1;

const TABLES: &str = include_str!("tables.sql");
/// Made after seeding, because filling a table is far faster without them.
const INDEXES: &str = include_str!("indexes.sql");

/// The one connection. Requests take turns: each needs it for well under a millisecond.
pub(super) struct Store {
    db: Mutex<Connection>,
    /// The seed the data was made with, from which ids follow.
    pub seed: u64,
}

impl Store {
    /// Opens the data the options ask for, and seeds it where it is new. A file that already holds data is taken as it
    /// is: `seed` and `customers` do not apply to it.
    pub fn open(options: &Options) -> Result<Self, StartError> {
        let Some(path) = &options.data else {
            let mut db = Connection::open_in_memory().map_err(StartError::Memory)?;
            let seed = prepare(&mut db, options).map_err(StartError::Memory)?;
            return Ok(Self { db: Mutex::new(db), seed });
        };
        check_mark(path)?;
        open_file(path, options).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StartError::DataInUse(path.clone()),
            _ => StartError::Data { path: path.clone(), cause: Box::new(error) },
        })
    }

    /// The connection, for the time of one request.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        // A handler that panicked left no half-done work: its transaction was rolled back when it was dropped.
        self.db.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Refuses a file that is something else, reading only its header so that it stays untouched. A file that does not
/// exist or is empty becomes a sandbox file.
fn check_mark(path: &Path) -> Result<(), StartError> {
    let failed = |cause: std::io::Error| StartError::Data { path: path.to_owned(), cause: Box::new(cause) };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut header = Vec::with_capacity(100);
    file.by_ref().take(100).read_to_end(&mut header).map_err(failed)?;
    if header.is_empty() {
        return Ok(());
    }
    // SQLite's file format: the magic text at 0, `user_version` at 60, `application_id` at 68, both big-endian.
    let number = |at: usize| header.get(at..at + 4).map(|b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION_ID) {
        return Err(StartError::NotSandboxData(path.to_owned()));
    }
    if number(60) != Some(VERSION) {
        return Err(StartError::OtherVersion(path.to_owned()));
    }
    Ok(())
}

fn open_file(path: &PathBuf, options: &Options) -> rusqlite::Result<Store> {
    let mut db = Connection::open(path)?;
    // One sandbox to a file: two would each count requests and calls in flight for themselves. The wait is for one that
    // is just closing.
    db.busy_timeout(Duration::from_millis(500))?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    // The mark is written for good before anything else, so that a file whose seeding was cut short is known again.
    mark(&db)?;
    let seed = prepare(&mut db, options)?;
    // Losing the last moments in a power cut is fine for a sandbox; losing them when it is killed is not, and WAL with
    // `normal` keeps them then.
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(Store { db: Mutex::new(db), seed })
}

fn mark(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(&format!(
        "BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT"
    ))
}

/// Makes and seeds the tables unless that was done before. Gives the seed of the data.
fn prepare(db: &mut Connection, options: &Options) -> rusqlite::Result<u64> {
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "cache_size", -65_536)?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    let known: Option<i64> = transaction.query_row("SELECT seed FROM origin", [], |row| row.get(0)).optional()?;
    let seed = match known {
        // SQLite's integers are signed: the same 64 bits, read the other way.
        Some(seed) => seed.cast_unsigned(),
        None => {
            seed::fill(&transaction, options.seed, options.customers, options.clock.now())?;
            transaction.execute_batch(INDEXES)?;
            transaction.execute("INSERT INTO origin (seed) VALUES (?1)", [options.seed.cast_signed()])?;
            options.seed
        }
    };
    transaction.commit()?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(path: &Path) -> Options {
        Options { customers: 4, data: Some(path.to_owned()), ..Options::default() }
    }

    #[test]
    fn a_file_whose_seeding_was_cut_short_is_seeded_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.db");
        mark(&Connection::open(&path).unwrap()).unwrap();
        let store = Store::open(&options(&path)).unwrap();
        let count: i64 = store.lock().query_row("SELECT count(*) FROM customers", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 4);
    }

    #[test]
    fn a_file_of_another_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.db");
        let db = Connection::open(&path).unwrap();
        mark(&db).unwrap();
        db.pragma_update(None, "user_version", VERSION + 1).unwrap();
        drop(db);
        let error = Store::open(&options(&path)).err().unwrap();
        assert!(matches!(error, StartError::OtherVersion(_)), "{error}");
    }
}
