//! What is read from the ledger: the versions in force, the last of each script, and rows by script and time.

use super::{
    Ledger, LedgerError, Outcome, Row, Version,
    tables::{instant, seconds, some_instant},
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params, types::Type};

/// Which rows are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The script's absolute path.
    pub script: Option<String>,
    /// Due at this instant or later.
    pub since: Option<Timestamp>,
}

/// A row with the schedule that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub script: String,
    pub text: String,
    pub zone: String,
    pub row: Row,
}

/// The newest of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Last {
    /// The newest due time, whatever became of it.
    pub due: Option<Row>,
    /// The newest for which a run was queued.
    pub run: Option<Row>,
}

impl Ledger<'_> {
    /// The versions that are in force, by script.
    pub fn versions(&self) -> Result<Vec<Version>, LedgerError> {
        let mut query = self.db.prepare("SELECT * FROM schedule WHERE ended_at IS NULL ORDER BY script")?;
        Ok(query.query_map([], version)?.collect::<Result<_, _>>()?)
    }

    /// All scripts that ever had a schedule.
    pub fn scripts(&self) -> Result<Vec<String>, LedgerError> {
        let mut query = self.db.prepare("SELECT DISTINCT script FROM schedule ORDER BY script")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Rows in the order of their due times.
    pub fn entries(&self, filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
        let mut query = self.db.prepare(
            "SELECT due.*, schedule.script, schedule.text, schedule.zone FROM due JOIN schedule ON schedule.id = due.schedule
                WHERE (?1 IS NULL OR schedule.script = ?1) AND (?2 IS NULL OR coalesce(due.until, due.due_at) >= ?2)
                ORDER BY due.due_at, schedule.script, due.run IS NULL, due.local",
        )?;
        let entry = |line: &rusqlite::Row<'_>| {
            Ok(Entry { script: line.get("script")?, text: line.get("text")?, zone: line.get("zone")?, row: row(line)? })
        };
        Ok(query.query_map(params![filter.script, filter.since.map(seconds)], entry)?.collect::<Result<_, _>>()?)
    }

    /// The newest rows of a script, of any version.
    pub fn last(&self, script: &str) -> Result<Last, LedgerError> {
        let newest = |which: &str| {
            let sql = format!(
                "SELECT due.* FROM due JOIN schedule ON schedule.id = due.schedule
                    WHERE schedule.script = ?1 AND {which}
                    ORDER BY coalesce(due.until, due.due_at) DESC, due.run IS NULL LIMIT 1"
            );
            self.db.query_row(&sql, [script], row).optional()
        };
        Ok(Last { due: newest("TRUE")?, run: newest("due.run IS NOT NULL")? })
    }
}

pub(super) fn version(row: &rusqlite::Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        id: row.get("id")?,
        script: row.get("script")?,
        text: row.get("text")?,
        zone: row.get("zone")?,
        began_at: instant(row, "began_at")?,
        ended_at: some_instant(row, "ended_at")?,
        accounted_to: instant(row, "accounted_to")?,
    })
}

pub(super) fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let word: String = row.get("outcome")?;
    let known = Outcome::ALL.into_iter().find(|outcome| outcome.word() == word);
    Ok(Row {
        due_at: instant(row, "due_at")?,
        local: row.get("local")?,
        outcome: known.ok_or_else(|| rusqlite::Error::InvalidColumnType(0, "outcome".into(), Type::Text))?,
        reason: row.get("reason")?,
        run: row.get("run")?,
        until: some_instant(row, "until")?,
        count: row.get::<_, i64>("count")?.unsigned_abs(),
    })
}
