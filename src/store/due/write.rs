//! What is written into the ledger. Each of these belongs into a transaction ([`Ledger::together`]) with what it goes with.

use super::{
    Ledger, LedgerError, Row, Version, read,
    tables::{self, seconds},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

impl Ledger<'_> {
    /// Begins a version of a script's schedule that is accounted for up to `accounted_to`. The one before must have ended.
    pub fn begin(
        &self,
        script: &str,
        text: &str,
        zone: &str,
        now: Timestamp,
        accounted_to: Timestamp,
    ) -> Result<i64, LedgerError> {
        let sql = "INSERT INTO schedule (script, text, zone, began_at, accounted_to) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.db.execute(sql, params![script, text, zone, seconds(now), seconds(accounted_to)])?;
        Ok(self.db.last_insert_rowid())
    }

    /// Ends a version: it has no due times after `now`.
    pub fn end(&self, version: i64, now: Timestamp) -> Result<(), LedgerError> {
        let sql = "UPDATE schedule SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL";
        self.db.execute(sql, params![version, seconds(now)])?;
        Ok(())
    }

    /// Moves the cursor of a version that is in force.
    pub fn advance(&self, version: i64, to: Timestamp) -> Result<(), LedgerError> {
        let sql = "UPDATE schedule SET accounted_to = ?2 WHERE id = ?1 AND ended_at IS NULL";
        self.db.execute(sql, params![version, seconds(to)])?;
        Ok(())
    }

    /// Writes what became of a due time. Where it has a row, that one stays.
    pub fn write(&self, version: i64, row: &Row, now: Timestamp) -> Result<(), LedgerError> {
        self.db.execute(
            "INSERT INTO due (schedule, due_at, local, outcome, reason, run, until, count, accounted_at)
                VALUES (:schedule, :due_at, :local, :outcome, :reason, :run, :until, :count, :now)
                ON CONFLICT (schedule, due_at, local) DO NOTHING",
            named_params! {
                ":schedule": version, ":due_at": seconds(row.due_at), ":local": row.local,
                ":outcome": row.outcome.word(), ":reason": row.reason, ":run": row.run,
                ":until": row.until.map(seconds), ":count": row.count as i64, ":now": seconds(now),
            },
        )?;
        Ok(())
    }

    /// The run that was queued for a due time, if one was.
    pub fn run_of(&self, version: i64, due_at: Timestamp) -> Result<Option<String>, LedgerError> {
        let sql = "SELECT run FROM due WHERE schedule = ?1 AND due_at = ?2 AND run IS NOT NULL";
        Ok(self.db.query_row(sql, params![version, seconds(due_at)], |row| row.get(0)).optional()?)
    }

    /// Puts the cursor of a version back to `now`, after the clock was wrong. Rows about times that have not come yet go,
    /// but for those with a run: what was run is not run again. Ranges that reach beyond `now` come back: their due times up
    /// to `now` have no row any more, and have to be written anew.
    pub fn put_back(&self, version: i64, now: Timestamp) -> Result<Vec<Row>, LedgerError> {
        let (now, which) = (seconds(now), "schedule = ?1 AND run IS NULL AND (due_at > ?2 OR until > ?2)");
        let mut query = self.db.prepare(&format!("SELECT * FROM due WHERE {which} AND due_at <= ?2"))?;
        let cut = query.query_map(params![version, now], read::row)?.collect::<Result<_, _>>()?;
        self.db.execute(&format!("DELETE FROM due WHERE {which}"), params![version, now])?;
        self.db.execute("UPDATE schedule SET accounted_to = ?2 WHERE id = ?1", params![version, now])?;
        Ok(cut)
    }

    /// The version of a script's schedule that is in force.
    pub fn in_force(&self, script: &str) -> Result<Option<Version>, LedgerError> {
        let sql = "SELECT * FROM schedule WHERE script = ?1 AND ended_at IS NULL";
        Ok(self.db.query_row(sql, [script], read::version).optional()?)
    }
}

/// Deletes the rows of due times before `before` whose runs are no longer kept in the same database, but for the newest of each
/// schedule, and then the versions that ended before it and have none any more. Does nothing where no schedule was followed.
pub(in crate::store) fn prune(db: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    if !tables::exist(db)? {
        return Ok(());
    }
    let before = seconds(before);
    db.execute(
        "DELETE FROM due WHERE due_at < ?1 AND coalesce(until, due_at) < ?1
            AND (run IS NULL OR run NOT IN (SELECT id FROM run))
            AND (schedule IN (SELECT id FROM schedule WHERE ended_at < ?1)
                OR EXISTS (SELECT 1 FROM due AS newer WHERE newer.schedule = due.schedule AND newer.due_at > due.due_at))",
        [before],
    )?;
    let ended = "DELETE FROM schedule WHERE ended_at < ?1 AND id NOT IN (SELECT schedule FROM due)";
    db.execute(ended, [before])?;
    Ok(())
}
