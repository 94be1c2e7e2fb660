//! Which run takes back which, and that no two do. Decides not which runs can be taken back.

use super::{Run, Store, StoreError};
use rusqlite::params;
use std::io;

impl Store {
    /// Notes that `undo` takes back `run`, which is closed by that where it has not ended: nobody goes on with it. `false`
    /// where another one does that, or has done so to its end.
    pub fn undone(&self, run: &str, undo: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE run SET undone_by = ?2,
                state = CASE WHEN state IN ('queued', 'running') THEN 'cancelled' ELSE state END
                WHERE id = ?1 AND (undone_by IS NULL OR undone_by = ?2
                OR undone_by IN (SELECT id FROM run WHERE state = 'failed' AND undone_by IS NULL))";
        Ok(self.db.execute(sql, params![run, undo]).map_err(|error| self.failed(error))? == 1)
    }

    /// The runs that take back `run`, or have done so in part, the oldest first. Those that were taken back themselves are left
    /// out.
    pub fn undos_of(&self, run: &str) -> Result<Vec<Run>, StoreError> {
        self.select("WHERE undoes = ?1 AND undone_by IS NULL ORDER BY created_at, rowid", params![run])
    }

    /// Takes a run out again that was added just now and never begun, and its folder.
    pub fn withdraw(&self, id: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM run WHERE id = ?1 AND epoch = 0";
        if self.db.execute(sql, params![id]).map_err(|error| self.failed(error))? == 0 {
            return Ok(());
        }
        // It has written nothing: what is in there nobody has put there for it.
        match std::fs::remove_dir(self.folder(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unreadable(id, &error)),
            _ => Ok(()),
        }
    }
}
