//! The tables of the ledger, by version. Times are seconds since 1970 in UTC: due times are whole seconds.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

/// The steps, oldest first. One that was released never changes.
const STEPS: &[&str] = &["
    CREATE TABLE schedule (
        -- One version: the same script with the same text and zone.
        id INTEGER PRIMARY KEY,
        script TEXT NOT NULL,
        text TEXT NOT NULL,
        zone TEXT NOT NULL,
        began_at INTEGER NOT NULL,
        ended_at INTEGER,
        accounted_to INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX schedule_in_force ON schedule (script) WHERE ended_at IS NULL;
    CREATE TABLE due (
        schedule INTEGER NOT NULL REFERENCES schedule (id),
        due_at INTEGER NOT NULL,
        local TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('run', 'skipped', 'missed')),
        reason TEXT,
        run TEXT CHECK ((run IS NULL) = (outcome <> 'run')),
        until INTEGER CHECK (until > due_at),
        count INTEGER NOT NULL DEFAULT 1 CHECK (count >= 1),
        accounted_at INTEGER NOT NULL,
        PRIMARY KEY (schedule, due_at, local)
    ) STRICT, WITHOUT ROWID;
    -- Never two runs for one due time, whatever is above this.
    CREATE UNIQUE INDEX due_run ON due (schedule, due_at) WHERE run IS NOT NULL;
    CREATE INDEX due_at ON due (due_at);
"];

/// Brings the tables to the newest version.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    if version(db)? >= STEPS.len() {
        return Ok(());
    }
    // Looked at again under the lock: another process may have done it.
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    // Apart from the database's own version, which counts the other tables.
    db.execute_batch("CREATE TABLE IF NOT EXISTS due_version (version INTEGER NOT NULL) STRICT")?;
    let from = version(db)?;
    for step in STEPS.iter().skip(from) {
        db.execute_batch(step)?;
    }
    db.execute("DELETE FROM due_version", [])?;
    db.execute("INSERT INTO due_version VALUES (?1)", [STEPS.len().max(from) as i64])?;
    transaction.commit()
}

/// Whether the tables are there at all.
pub(super) fn exist(db: &Connection) -> rusqlite::Result<bool> {
    Ok(version(db)? > 0)
}

fn version(db: &Connection) -> rusqlite::Result<usize> {
    let there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'due_version'";
    if db.query_row(there, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    let version = db.query_row("SELECT version FROM due_version", [], |row| row.get::<_, u32>(0)).optional()?;
    Ok(version.unwrap_or(0) as usize)
}

/// An instant as it is kept: whole seconds, rounded down.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(1000)
}

/// An instant from a column.
pub(super) fn instant(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let seconds: i64 = row.get(column)?;
    Timestamp::from_second(seconds).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, seconds))
}

/// An instant from a column that may be empty.
pub(super) fn some_instant(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let seconds: Option<i64> = row.get(column)?;
    seconds.map(|_| instant(row, column)).transpose()
}
