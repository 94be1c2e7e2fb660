//! The rows of runs: made, begun, followed, ended. A process changes a run only under the epoch with which it began it.

use super::{Store, StoreError, sortable, worked};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, named_params, params};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for a worker.
    Queued,
    /// Begun, and not ended; whether a process is at it, its lock tells.
    Running,
    Done,
    Failed,
    /// Somebody had it stopped. It can be resumed.
    Cancelled,
    /// A due time or a file for which nothing was run.
    Skipped,
    Missed,
}

impl State {
    const ALL: [(State, &str); 7] = [
        (State::Queued, "queued"),
        (State::Running, "running"),
        (State::Done, "done"),
        (State::Failed, "failed"),
        (State::Cancelled, "cancelled"),
        (State::Skipped, "skipped"),
        (State::Missed, "missed"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<State> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    /// Whether nothing more will happen to it.
    pub fn has_ended(self) -> bool {
        !matches!(self, State::Queued | State::Running | State::Cancelled)
    }
}

/// What somebody wants of a run, from another terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Pause,
    Cancel,
}

impl Wish {
    fn as_str(self) -> &'static str {
        match self {
            Wish::Pause => "pause",
            Wish::Cancel => "cancel",
        }
    }
}

/// What a run did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Requests that were sent in this attempt.
    pub requests: u64,
    /// Writes that the API answered well.
    pub changed: u64,
    /// Writes that would have changed nothing, and were not sent.
    pub unchanged: u64,
    /// Rows for which nothing was to be done.
    pub skipped: u64,
    /// Rows that failed.
    pub failed: u64,
}

/// A run that is about to be.
#[derive(Clone, Debug, Default)]
pub struct NewRun {
    pub id: String,
    pub kind: String,
    pub dedupe_key: Option<String>,
    /// As people call it: its path as it was given.
    pub script: String,
    /// SHA-256 of its text, in hexadecimal.
    pub hash: String,
    /// What is needed to run it again, as JSON.
    pub job: String,
    /// `live`, `test` or `sandbox`.
    pub mode: String,
    /// `manual`, or what started it.
    pub trigger: String,
    pub onramp: String,
    pub retry_of: Option<String>,
    pub undoes: Option<String>,
    /// It must not begin before this.
    pub not_before: Option<Timestamp>,
}

/// How an attempt at a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// [`State::Running`] where the run can go on later.
    pub state: State,
    pub exit_code: u8,
    /// The last words, without secrets.
    pub message: Option<&'a str>,
    pub counts: Counts,
}

/// A run as it is kept.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub id: String,
    pub kind: String,
    pub state: State,
    #[serde(skip)]
    pub owner: Option<String>,
    #[serde(skip)]
    pub epoch: i64,
    #[serde(skip)]
    pub dedupe_key: Option<String>,
    pub script: String,
    pub hash: String,
    #[serde(skip)]
    pub job: String,
    pub mode: String,
    pub trigger: String,
    pub onramp: String,
    pub workspace_id: Option<String>,
    pub workspace: Option<String>,
    pub key_prefix: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    #[serde(skip)]
    pub not_before: Option<Timestamp>,
    pub exit_code: Option<u8>,
    pub message: Option<String>,
    pub counts: Counts,
    #[serde(skip)]
    pub progress: Option<String>,
    #[serde(skip)]
    pub wish: Option<String>,
    pub retry_of: Option<String>,
    pub undoes: Option<String>,
    pub undone_by: Option<String>,
}

/// Which runs are looked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Its path, or the last parts of it.
    pub script: Option<String>,
    pub state: Option<State>,
    pub since: Option<Timestamp>,
    /// The newest so many.
    pub limit: Option<usize>,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Store {
    /// Adds a run in `state`.
    pub fn add(&self, run: &NewRun, state: State, now: Timestamp) -> Result<(), StoreError> {
        super::private_folder(&self.folder(&run.id)).map_err(|error| self.unusable(error))?;
        insert(&self.db, run, state, now).map_err(|error| self.failed(error))
    }

    /// Begins a run, or another attempt at it: gives the epoch under which this process may change it. `None` where
    /// another process was faster: is at it, has brought it to its end, or has taken it back.
    pub fn begin(&self, id: &str, epoch: i64, owner: &str, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let changed = self.db.execute(
            "UPDATE run SET state = 'running', owner = :owner, epoch = epoch + 1, exit_code = NULL, message = NULL,
                ended_at = NULL, wish = NULL, started_at = coalesce(started_at, :now)
             WHERE id = :id AND epoch = :epoch AND undone_by IS NULL
                AND state NOT IN ('done', 'failed', 'skipped', 'missed')",
            named_params! { ":owner": owner, ":now": sortable(now), ":id": id, ":epoch": epoch },
        );
        Ok((changed.map_err(|error| self.failed(error))? == 1).then_some(epoch + 1))
    }

    /// Notes which workspace a run is for, and by which key.
    pub fn place(&self, id: &str, workspace_id: &str, workspace: &str, key_prefix: &str) -> Result<(), StoreError> {
        let sql = "UPDATE run SET workspace_id = ?2, workspace = ?3, key_prefix = ?4 WHERE id = ?1";
        self.db
            .execute(sql, params![id, workspace_id, workspace, key_prefix])
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Says how far a run is, and hears what somebody wants of it.
    pub fn beat(&self, id: &str, epoch: i64, progress: &str, counts: &Counts) -> Result<Option<Wish>, StoreError> {
        let sql = "UPDATE run SET progress = ?3, counts = ?4 WHERE id = ?1 AND epoch = ?2 RETURNING wish";
        let wish: Option<Option<String>> = self
            .db
            .query_row(sql, params![id, epoch, progress, json(counts)], |row| row.get(0))
            .optional()
            .map_err(|error| self.failed(error))?;
        Ok(match wish.flatten().as_deref() {
            Some("pause") => Some(Wish::Pause),
            Some("cancel") => Some(Wish::Cancel),
            _ => None,
        })
    }

    /// Ends an attempt. False where another process has taken the run up meanwhile.
    pub fn end(&self, id: &str, epoch: i64, ended: &Ended<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE run SET state = :state, exit_code = :code, message = :message, counts = :counts, progress = NULL,
                wish = NULL, ended_at = :now WHERE id = :id AND epoch = :epoch",
            named_params! {
                ":state": ended.state.as_str(), ":code": ended.exit_code, ":message": ended.message,
                ":counts": json(&ended.counts), ":now": sortable(now), ":id": id, ":epoch": epoch,
            },
        );
        Ok(changed.map_err(|error| self.failed(error))? == 1)
    }

    /// Ends a run that no process is at, for a reason that lies outside of it. False where one was faster.
    pub fn give_up(&self, run: &Run, exit_code: u8, message: &str, now: Timestamp) -> Result<bool, StoreError> {
        let Some(epoch) = self.begin(&run.id, run.epoch, "", now)? else { return Ok(false) };
        let ended = Ended { state: State::Failed, exit_code, message: Some(message), counts: run.counts };
        self.end(&run.id, epoch, &ended, now)
    }

    /// Sets or takes back what somebody wants of a run.
    pub fn wish(&self, id: &str, wish: Option<Wish>) -> Result<(), StoreError> {
        let sql = "UPDATE run SET wish = ?2 WHERE id = ?1";
        self.db.execute(sql, params![id, wish.map(Wish::as_str)]).map(drop).map_err(|error| self.failed(error))
    }

    /// Changes the state of a run that no process is at. False where another was faster, or has brought it to its end.
    pub fn set_state(&self, id: &str, epoch: i64, state: State) -> Result<bool, StoreError> {
        let sql = "UPDATE run SET state = ?3, epoch = epoch + 1
            WHERE id = ?1 AND epoch = ?2 AND state IN ('queued', 'running', 'cancelled')";
        let changed = self.db.execute(sql, params![id, epoch, state.as_str()]);
        Ok(changed.map_err(|error| self.failed(error))? == 1)
    }

    /// The run with this id, or the only one whose id begins so.
    pub fn find(&self, id: &str) -> Result<Vec<Run>, StoreError> {
        let exact = self.select("WHERE id = ?1", params![id])?;
        if !exact.is_empty() || id.is_empty() {
            return Ok(exact);
        }
        self.select("WHERE substr(id, 1, length(?1)) = ?1 ORDER BY created_at", params![id])
    }

    /// The run that took this key.
    pub fn by_dedupe_key(&self, key: &str) -> Result<Option<Run>, StoreError> {
        Ok(self.select("WHERE dedupe_key = ?1", params![key])?.pop())
    }

    /// Runs, the newest first.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Run>, StoreError> {
        self.select(
            "WHERE (?1 IS NULL OR script = ?1 OR substr(script, -length(?1) - 1) = '/' || ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR created_at >= ?3)
             ORDER BY created_at DESC, rowid DESC LIMIT ?4",
            params![
                filter.script,
                filter.state.map(State::as_str),
                filter.since.map(sortable),
                filter.limit.map_or(-1, |limit| limit as i64)
            ],
        )
    }

    /// Runs that have not ended, the oldest first, those that were cancelled left out.
    pub fn open_runs(&self) -> Result<Vec<Run>, StoreError> {
        self.select("WHERE state IN ('queued', 'running') ORDER BY created_at, rowid", [])
    }

    /// Deletes runs that ended before `before`, and runs that stopped before it and were never taken up again; and the due times
    /// before it whose runs are gone. Gives the ids of the runs; their folders are gone too.
    pub fn prune(&self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        // A file that has not left its folder would never do so without its run.
        let old = self.select(
            "WHERE coalesce(ended_at, created_at) < ?1 AND id NOT IN (SELECT run FROM file WHERE stage <> 'moved')",
            params![sortable(before)],
        )?;
        let mut gone = Vec::new();
        for run in old {
            let folder = self.folder(&run.id);
            let lock = super::Lock::take(&folder);
            if matches!(lock, Ok(None)) || run.state == State::Queued {
                continue;
            }
            // The row goes last: a run without a folder is found here again.
            match std::fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(self.unusable(error)),
                _ => {}
            }
            self.forget(&run.id).map_err(|error| self.failed(error))?;
            gone.push(run.id);
        }
        super::due::prune(&self.db, before).map_err(|error| self.failed(error))?;
        if !gone.is_empty() {
            // Deleted rows stay readable in the file until it is written anew, and beside it until that is done.
            self.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(|error| self.failed(error))?;
        }
        Ok(gone)
    }

    /// Deletes a run's row; that its file is done stays known.
    fn forget(&self, run: &str) -> rusqlite::Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        worked::remember(&db, run)?;
        db.execute("DELETE FROM run WHERE id = ?1", params![run])?;
        db.commit()
    }

    pub(super) fn select(&self, rest: &str, params: impl rusqlite::Params) -> Result<Vec<Run>, StoreError> {
        let mut statement =
            self.db.prepare(&format!("SELECT * FROM run {rest}")).map_err(|error| self.failed(error))?;
        let rows = statement.query_map(params, read).and_then(Iterator::collect);
        rows.map_err(|error| self.failed(error))
    }
}

/// Adds a row, within whatever transaction `db` is in.
pub(super) fn insert(db: &rusqlite::Connection, run: &NewRun, state: State, now: Timestamp) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO run (id, kind, state, dedupe_key, script, hash, job, mode, trigger, onramp, created_at, retry_of, undoes,
            not_before)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            run.id,
            run.kind,
            state.as_str(),
            run.dedupe_key,
            run.script,
            run.hash,
            run.job,
            run.mode,
            run.trigger,
            run.onramp,
            sortable(now),
            run.retry_of,
            run.undoes,
            run.not_before.map(sortable)
        ],
    )
    .map(drop)
}

fn json(counts: &Counts) -> String {
    serde_json::to_string(counts).expect("numbers are JSON")
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let time = |name: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<String>>(name)?.and_then(|text| text.parse().ok()))
    };
    let state: String = row.get("state")?;
    let counts: Option<String> = row.get("counts")?;
    Ok(Run {
        id: row.get("id")?,
        kind: row.get("kind")?,
        state: State::parse(&state).unwrap_or(State::Failed),
        owner: row.get("owner")?,
        epoch: row.get("epoch")?,
        dedupe_key: row.get("dedupe_key")?,
        script: row.get("script")?,
        hash: row.get("hash")?,
        job: row.get("job")?,
        mode: row.get("mode")?,
        trigger: row.get("trigger")?,
        onramp: row.get("onramp")?,
        workspace_id: row.get("workspace_id")?,
        workspace: row.get("workspace")?,
        key_prefix: row.get("key_prefix")?,
        created_at: time("created_at")?.unwrap_or(Timestamp::UNIX_EPOCH),
        started_at: time("started_at")?,
        ended_at: time("ended_at")?,
        not_before: time("not_before")?,
        exit_code: row.get("exit_code")?,
        message: row.get("message")?,
        counts: counts.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        progress: row.get("progress")?,
        wish: row.get("wish")?,
        retry_of: row.get("retry_of")?,
        undoes: row.get("undoes")?,
        undone_by: row.get("undone_by")?,
    })
}
