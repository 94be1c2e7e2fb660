//! What is known of files that were worked through: whether an equal one is done or to be done, also when its run has been
//! deleted. Of deleted runs only digests are kept, so that no name outlives them.

use super::{NewFile, State, Store, StoreError, inbox, sortable};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

/// What became of an equal file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    /// This run has done it.
    Done(String),
    /// This run is to do it.
    Open(String),
}

impl Store {
    /// A file of this folder with the same content, and the same name where one is given, that is done or to be done. What was
    /// taken back is not done.
    pub fn same_file(&self, folder: &str, sha256: &str, name: Option<&str>) -> Result<Option<Same>, StoreError> {
        let sql = "SELECT run.id, run.state FROM file JOIN run ON run.id = file.run
                   WHERE file.folder = ?1 AND file.sha256 = ?2 AND (?3 IS NULL OR file.name = ?3)
                     AND (run.state = 'done' AND run.undone_by IS NULL OR run.state IN ('queued', 'running')
                          OR run.state = 'cancelled' AND file.stage <> 'moved')
                   ORDER BY run.state = 'done' DESC, run.created_at, run.rowid LIMIT 1";
        let found = self.db.query_row(sql, params![folder, sha256, name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
        let open = match found.optional().map_err(|error| self.failed(error))? {
            Some((id, state)) if state == State::Done.as_str() => return Ok(Some(Same::Done(id))),
            open => open.map(|(id, _)| Same::Open(id)),
        };
        let (column, of) = match name {
            Some(name) => ("named", digest(&[folder, sha256, name])),
            None => ("content", digest(&[folder, sha256])),
        };
        let sql = format!("SELECT run FROM worked WHERE {column} = ?1 ORDER BY at LIMIT 1");
        let deleted = self.db.query_row(&sql, [of], |row| row.get(0)).optional();
        Ok(deleted.map_err(|error| self.failed(error))?.map(Same::Done).or(open))
    }

    /// The dedupe key of the next run for a file of this name and content: no run has it, or had it of those that are kept.
    pub fn next_claim(&self, file: &NewFile) -> Result<String, StoreError> {
        // As JSON: names may hold any letter, and no two files have the same text.
        let of = serde_json::json!([file.folder, file.name, file.sha256]);
        let (from, to) = (format!("file:{of}:"), format!("file:{of};"));
        let sql = "SELECT dedupe_key FROM run WHERE dedupe_key > ?1 AND dedupe_key < ?2";
        let keys = self.db.prepare_cached(sql).and_then(|mut sql| {
            let keys = sql.query_map([&from, &to], |row| row.get::<_, String>(0))?;
            keys.collect::<Result<Vec<_>, _>>()
        });
        let keys = keys.map_err(|error| self.failed(error))?;
        let nth = keys.iter().filter_map(|key| key[from.len()..].parse::<u64>().ok()).max();
        Ok(format!("{from}{}", nth.map_or(0, |nth| nth + 1)))
    }
}

/// Keeps of a run that is about to be deleted what is needed to know its file again.
pub(super) fn remember(db: &Connection, run: &str) -> rusqlite::Result<()> {
    let sql = "SELECT file.*, coalesce(run.ended_at, run.created_at) AS at FROM file JOIN run ON run.id = file.run
               WHERE file.run = ?1 AND run.state = 'done' AND run.undone_by IS NULL";
    let done = db.query_row(sql, [run], |row| Ok((inbox::read(row)?.new, row.get::<_, String>("at")?))).optional()?;
    let Some((NewFile { folder, name, sha256: Some(sha256), .. }, at)) = done else { return Ok(()) };
    let at = at.parse::<Timestamp>().map_or(at, sortable);
    db.execute(
        "INSERT OR IGNORE INTO worked (named, content, run, at) VALUES (?1, ?2, ?3, ?4)",
        params![digest(&[&folder, &sha256, &name]), digest(&[&folder, &sha256]), run, at],
    )
    .map(drop)
}

fn digest(parts: &[&str]) -> String {
    let text = serde_json::json!(parts).to_string();
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    fn run(id: &str, key: &str) -> NewRun {
        NewRun { id: id.into(), kind: "run".into(), dedupe_key: Some(key.into()), ..NewRun::default() }
    }

    fn file(name: &str) -> NewFile {
        NewFile { folder: "/in".into(), name: name.into(), sha256: Some("aa".into()), ..NewFile::default() }
    }

    fn worked(store: &Store, id: &str, name: &str) {
        let key = store.next_claim(&file(name)).unwrap();
        assert!(store.claim(&file(name), &run(id, &key), &Claim::Queued, Timestamp::UNIX_EPOCH).unwrap());
        store.set_state(id, 0, State::Done).unwrap();
        store.set_stage(id, Stage::Moved, None).unwrap();
    }

    #[test]
    fn what_was_done_is_known_when_its_run_is_deleted_and_no_name_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        worked(&store, "r1", "secret-name.csv");
        worked(&store, "r2", "taken-back.csv");
        store.undone("r2", "u1").unwrap();
        assert_eq!(store.prune("1971-01-01T00:00:00Z".parse().unwrap()).unwrap(), ["r1", "r2"]);
        let same = |name| store.same_file("/in", "aa", name).unwrap();
        assert_eq!(same(Some("secret-name.csv")), Some(Same::Done("r1".into())));
        assert_eq!(same(None), Some(Same::Done("r1".into())));
        assert_eq!(same(Some("taken-back.csv")), None);
        drop(store);
        for entry in std::fs::read_dir(dir.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            let bytes = std::fs::read(entry.path()).unwrap();
            let name = b"secret-name";
            assert!(!bytes.windows(name.len()).any(|part| part == name), "{}", entry.path().display());
        }
    }

    #[test]
    fn the_key_of_a_claim_is_new_whichever_runs_were_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        for id in ["r1", "r2", "r3"] {
            worked(&store, id, "a.csv");
        }
        store.db.execute("DELETE FROM run WHERE id = 'r1'", []).unwrap();
        let key = store.next_claim(&file("a.csv")).unwrap();
        assert_eq!(key, "file:[\"/in\",\"a.csv\",\"aa\"]:3");
        assert!(store.by_dedupe_key(&key).unwrap().is_none());
        let odd = NewFile { folder: "/in\n".into(), ..file("a.csv") };
        assert_eq!(store.next_claim(&odd).unwrap(), "file:[\"/in\\n\",\"a.csv\",\"aa\"]:0");
    }
}
