//! The tables, by version: each version is one step from the one before it.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::time::Duration;

/// The steps, oldest first. One that was released never changes.
const STEPS: &[&str] = &[
    "
    CREATE TABLE run (
        id TEXT PRIMARY KEY,
        -- run, apply, undo or repl
        kind TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'skipped', 'missed')),
        -- The process that carries it out, and how many have: each writes only under the epoch it began with.
        owner TEXT,
        epoch INTEGER NOT NULL DEFAULT 0,
        dedupe_key TEXT UNIQUE,
        script TEXT NOT NULL,
        hash TEXT NOT NULL,
        -- What is needed to run it again, as JSON.
        job TEXT NOT NULL,
        mode TEXT NOT NULL,
        trigger TEXT NOT NULL,
        onramp TEXT NOT NULL,
        workspace_id TEXT,
        workspace TEXT,
        key_prefix TEXT,
        created_at TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        not_before TEXT,
        exit_code INTEGER,
        message TEXT,
        counts TEXT,
        progress TEXT,
        wish TEXT,
        retry_of TEXT,
        undoes TEXT,
        undone_by TEXT
    ) STRICT;
    CREATE INDEX run_created ON run (created_at);
    CREATE INDEX run_state ON run (state);
    -- What runs changed, gathered from their journals, which are the truth.
    CREATE TABLE change (
        run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        number TEXT NOT NULL,
        at TEXT NOT NULL,
        operation TEXT NOT NULL,
        object TEXT NOT NULL,
        id TEXT NOT NULL,
        display_id TEXT,
        fields TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) STRICT;
    CREATE INDEX change_id ON change (object, id);
    CREATE INDEX change_display_id ON change (object, display_id);
    -- How far each run's journal has been gathered.
    CREATE TABLE gathered (run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE, bytes INTEGER NOT NULL) STRICT;
",
    "
    -- Files of watched folders, each with its run.
    CREATE TABLE file (
        run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
        -- The watched folder, and the file's name in it.
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        -- Null where it was refused before anybody looked into it.
        size INTEGER,
        sha256 TEXT,
        modified TEXT,
        stage TEXT NOT NULL CHECK (stage IN ('claimed', 'working', 'leaving', 'moved')),
        -- Where it goes, below the folder.
        target TEXT,
        -- The run that has done the same already.
        first TEXT
    ) STRICT;
    -- Nobody takes the same file twice.
    CREATE UNIQUE INDEX file_claimed ON file (folder, name) WHERE stage = 'claimed';
    CREATE INDEX file_same ON file (folder, sha256);
    CREATE INDEX file_open ON file (folder) WHERE stage <> 'moved';
",
    "
    -- Files that were done by runs that have been deleted: digests of folder, content and name, and of folder and content.
    CREATE TABLE worked (
        named TEXT PRIMARY KEY,
        content TEXT NOT NULL,
        run TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX worked_content ON worked (content);
",
];

/// Brings a database to the newest version.
pub fn prepare(mut db: Connection, patience: Duration) -> rusqlite::Result<Connection> {
    db.busy_timeout(patience)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    if version(&db)? < STEPS.len() {
        // Looked at again under the lock: another process may have done it.
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate(&step)?;
        step.commit()?;
    }
    Ok(db)
}

fn migrate(db: &Transaction<'_>) -> rusqlite::Result<()> {
    let from = version(db)?;
    for step in STEPS.iter().skip(from) {
        db.execute_batch(step)?;
    }
    db.pragma_update(None, "user_version", STEPS.len().max(from) as i64)
}

/// Whether the database is of a newer onramp than this one.
pub fn is_newer(db: &Connection) -> rusqlite::Result<bool> {
    Ok(version(db)? > STEPS.len())
}

fn version(db: &Connection) -> rusqlite::Result<usize> {
    db.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).map(|version| version as usize)
}
