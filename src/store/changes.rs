//! What runs changed, record by record: gathered from their journals, which are the truth, so that it can be looked up.
//! Knows no journal's format.

use super::{Store, StoreError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

/// A change that a journal tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// Where in its run.
    pub number: String,
    pub at: Timestamp,
    pub operation: String,
    /// The kind of record, such as `customer`.
    pub object: String,
    pub id: String,
    pub display_id: Option<String>,
    /// As JSON.
    pub fields: String,
}

/// A change and its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub run: String,
    pub script: String,
    pub workspace: Option<String>,
    pub change: NewChange,
}

impl Store {
    /// The runs, and how many bytes of their journals have been gathered.
    pub fn gathered(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT run.id, coalesce(gathered.bytes, 0) FROM run LEFT JOIN gathered ON gathered.run = run.id";
        self.rows(sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))
    }

    /// Puts these in the place of what was gathered of a run before: all that the first `bytes` of its journal tell.
    pub fn gather(&self, run: &str, bytes: u64, changes: &[NewChange]) -> Result<(), StoreError> {
        self.gather_within(run, bytes, changes).map_err(|error| self.failed(error))
    }

    fn gather_within(&self, run: &str, bytes: u64, changes: &[NewChange]) -> rusqlite::Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        // Somebody may have gathered more meanwhile, or deleted the run.
        let sql = "SELECT 1 FROM run LEFT JOIN gathered ON gathered.run = run.id
                   WHERE run.id = ?1 AND coalesce(gathered.bytes, 0) < ?2";
        if db.query_row(sql, params![run, bytes as i64], |_| Ok(())).optional()?.is_none() {
            return Ok(());
        }
        db.execute("DELETE FROM change WHERE run = ?1", params![run])?;
        let mut insert = db.prepare(
            "INSERT INTO change (run, number, at, operation, object, id, display_id, fields)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for change in changes {
            let NewChange { number, at, operation, object, id, display_id, fields } = change;
            insert.execute(params![run, number, super::sortable(*at), operation, object, id, display_id, fields])?;
        }
        drop(insert);
        db.execute("INSERT OR REPLACE INTO gathered (run, bytes) VALUES (?1, ?2)", params![run, bytes as i64])?;
        db.commit()
    }

    /// The changes of one record, by either form of its id, the oldest first.
    pub fn changes_of(&self, object: &str, id: &str) -> Result<Vec<Changed>, StoreError> {
        let sql = "
            SELECT change.*, run.script, run.workspace FROM change JOIN run ON run.id = change.run
            WHERE change.rowid IN (
                SELECT rowid FROM change WHERE object = ?1 AND id = ?2
                UNION SELECT rowid FROM change WHERE object = ?1 AND display_id = ?2
                -- The other form of the same id; numbers are the same in other workspaces, so the change says it itself.
                UNION SELECT other.rowid FROM change one JOIN change other
                    ON other.object = one.object AND other.id = one.id
                    WHERE one.object = ?1 AND one.display_id = ?2
            )
            ORDER BY change.at, change.rowid";
        self.rows(sql, [object, id], read)
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.db.prepare(sql).and_then(|mut sql| sql.query_map(params, read)?.collect());
        rows.map_err(|error| self.failed(error))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Changed> {
    let at: String = row.get("at")?;
    Ok(Changed {
        run: row.get("run")?,
        script: row.get("script")?,
        workspace: row.get("workspace")?,
        change: NewChange {
            number: row.get("number")?,
            at: at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            operation: row.get("operation")?,
            object: row.get("object")?,
            id: row.get("id")?,
            display_id: row.get("display_id")?,
            fields: row.get("fields")?,
        },
    })
}
