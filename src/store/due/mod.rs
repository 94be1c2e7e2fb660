//! The ledger of due times: which schedules there are, how far each is accounted for, and what became of every due time.
//! Keeps what it is told, together or not at all; which due times there are and what becomes of them is decided above.

mod read;
mod tables;
mod write;

pub use read::{Entry, Filter, Last};
pub(super) use write::prune;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::{fmt, path::Path};

/// A database with a ledger in it.
pub type Database = Connection;

/// The ledger in a database. Whoever owns the connection may write other things in the same transaction.
#[derive(Clone, Copy)]
pub struct Ledger<'c> {
    db: &'c Connection,
}

/// One version of a script's schedule: as long as its text and its zone stay the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub id: i64,
    /// The script's absolute path.
    pub script: String,
    /// The schedule as text.
    pub text: String,
    /// The zone it is meant in.
    pub zone: String,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Every due time up to here, this instant included, has its row.
    pub accounted_to: Timestamp,
}

/// What became of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A run was queued for it.
    Run,
    /// Nothing was run, because something else was in the way or stood for it.
    Skipped,
    /// Nothing was there to start a run in time.
    Missed,
}

impl Outcome {
    const ALL: [Outcome; 3] = [Outcome::Run, Outcome::Skipped, Outcome::Missed];

    /// As it is kept and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Run => "run",
            Outcome::Skipped => "skipped",
            Outcome::Missed => "missed",
        }
    }
}

/// A due time, or a range of them, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The nominal instant; of a range the first one.
    pub due_at: Timestamp,
    /// The time on the wall that the schedule asked for, such as `2026-03-29T02:30:00`. Several that fall together behind a
    /// gap have a row each.
    pub local: String,
    pub outcome: Outcome,
    /// Why, where it is not the plain course of things.
    pub reason: Option<String>,
    /// The run that was queued.
    pub run: Option<String>,
    /// The last due time of a range.
    pub until: Option<Timestamp>,
    /// How many due times it stands for; 1 unless it is a range.
    pub count: u64,
}

/// The ledger could not be read or written.
#[derive(Debug)]
pub struct LedgerError(rusqlite::Error);

impl LedgerError {
    /// Whether another process is in the way, so that it passes by itself.
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        matches!(self.0.sqlite_error_code(), Some(Code::DatabaseBusy | Code::DatabaseLocked))
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        LedgerError(error)
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use rusqlite::ErrorCode as Code;
        match self.0.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => f.write_str("another process is using it"),
            Some(Code::DiskFull) => f.write_str("the disk is full"),
            Some(Code::ReadOnly | Code::PermissionDenied) => f.write_str("it may not be written"),
            Some(Code::CannotOpen) => f.write_str("it cannot be opened"),
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => f.write_str("it is damaged"),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl std::error::Error for LedgerError {}

/// Makes the tables of the ledger, or brings them to the newest version. Does nothing where they are.
pub fn prepare(db: &Connection) -> Result<(), LedgerError> {
    Ok(tables::prepare(db)?)
}

/// A database in memory with an empty ledger.
pub fn open_for_tests() -> Result<Connection, LedgerError> {
    let db = Connection::open_in_memory()?;
    tables::prepare(&db)?;
    Ok(db)
}

/// Opens a store that exists; `None` where there is no file, or nothing in it was ever due. Makes nothing.
pub fn open_existing(file: &Path, to_write: bool) -> Result<Option<Database>, LedgerError> {
    if !file.exists() {
        return Ok(None);
    }
    let access = if to_write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let db = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(tables::exist(&db)?.then_some(db))
}

impl<'c> Ledger<'c> {
    /// The ledger in a database in which [`prepare`] made its tables.
    pub fn new(db: &'c Connection) -> Ledger<'c> {
        Ledger { db }
    }

    /// Does something with the ledger, and with whatever else lies in the same database, wholly or not at all.
    pub fn together<T, E: From<LedgerError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let begin = Transaction::new_unchecked(self.db, TransactionBehavior::Immediate);
        let transaction = begin.map_err(|error| E::from(error.into()))?;
        let done = work()?;
        transaction.commit().map_err(|error| E::from(error.into()))?;
        Ok(done)
    }
}
