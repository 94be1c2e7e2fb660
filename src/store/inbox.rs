//! The files of watched folders: each is claimed together with its run, and followed until it has left the folder. Touches
//! no file itself.

use super::{NewRun, Run, State, Store, StoreError, runs, sortable};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

/// How far a file is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has its row and its run, and still lies in the folder.
    Claimed,
    /// It lies in a folder of its own below `work`, and its run has not ended, or nobody has noticed.
    Working,
    /// Where it goes is decided.
    Leaving,
    /// It is there, and so is its report.
    Moved,
}

impl Stage {
    const ALL: [(Stage, &str); 4] = [
        (Stage::Claimed, "claimed"),
        (Stage::Working, "working"),
        (Stage::Leaving, "leaving"),
        (Stage::Moved, "moved"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(stage, _)| *stage == self).map_or("", |(_, word)| word)
    }
}

/// A file that is about to be claimed.
#[derive(Clone, Debug, Default)]
pub struct NewFile {
    /// The watched folder, as an absolute path without links.
    pub folder: String,
    pub name: String,
    /// Nothing of these where it is refused unread.
    pub size: Option<u64>,
    pub sha256: Option<String>,
    pub modified: Option<Timestamp>,
}

/// With which run a file is claimed.
#[derive(Clone, Debug)]
pub enum Claim {
    /// It waits to be carried out.
    Queued,
    /// Nothing is to be done: this run has done the same.
    Done(String),
    /// Nothing can be done, and why.
    Refused(String),
}

/// A file on its way.
#[derive(Clone, Debug)]
pub struct File {
    pub new: NewFile,
    pub stage: Stage,
    /// Below the watched folder, such as `done/orders.csv`.
    pub target: Option<String>,
    /// The run that has done the same already.
    pub first: Option<String>,
}

impl Store {
    /// Claims a file with its run, both or none. False where the run's dedupe key, or the file, is taken.
    pub fn claim(&self, file: &NewFile, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<bool, StoreError> {
        super::private_folder(&self.folder(&run.id)).map_err(|error| self.unusable(error))?;
        match self.claim_within(file, run, claim, now) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(false),
            result => result.map(|()| true).map_err(|error| self.failed(error)),
        }
    }

    fn claim_within(&self, file: &NewFile, run: &NewRun, claim: &Claim, now: Timestamp) -> rusqlite::Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let (state, exit_code, message, first) = match claim {
            Claim::Queued => (State::Queued, None, None, None),
            Claim::Done(first) => {
                (State::Skipped, Some(0), Some(format!("the run `{first}` has done the same")), Some(first))
            }
            Claim::Refused(why) => (State::Failed, Some(2), Some(why.clone()), None),
        };
        runs::insert(&db, run, state, now)?;
        if exit_code.is_some() {
            let sql = "UPDATE run SET exit_code = ?2, message = ?3, ended_at = ?4 WHERE id = ?1";
            db.execute(sql, params![run.id, exit_code, message, sortable(now)])?;
        }
        db.execute(
            "INSERT INTO file (run, folder, name, size, sha256, modified, stage, first)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'claimed', ?7)",
            params![
                run.id,
                file.folder,
                file.name,
                file.size.map(|size| size as i64),
                file.sha256,
                file.modified.map(sortable),
                first
            ],
        )?;
        db.commit()
    }

    /// The files of a folder that have not left it, each with its run, the oldest first.
    pub fn files(&self, folder: &str) -> Result<Vec<(File, Run)>, StoreError> {
        let sql = "SELECT run.*, file.* FROM file JOIN run ON run.id = file.run
                   WHERE file.folder = ?1 AND file.stage <> 'moved' ORDER BY run.created_at, run.rowid";
        let both = |row: &Row<'_>| Ok((read(row)?, runs::read(row)?));
        let rows = self.db.prepare(sql).and_then(|mut sql| sql.query_map([folder], both)?.collect());
        rows.map_err(|error| self.failed(error))
    }

    /// The folders with files that have not left them.
    pub fn unfinished_folders(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT folder FROM file WHERE stage <> 'moved' ORDER BY folder";
        let rows = self.db.prepare_cached(sql).and_then(|mut sql| sql.query_map([], |row| row.get(0))?.collect());
        rows.map_err(|error| self.failed(error))
    }

    /// Notes how far a file is.
    pub fn set_stage(&self, run: &str, stage: Stage, target: Option<&str>) -> Result<(), StoreError> {
        let sql = "UPDATE file SET stage = ?2, target = coalesce(?3, target) WHERE run = ?1";
        self.db.execute(sql, params![run, stage.word(), target]).map(drop).map_err(|error| self.failed(error))
    }

    /// The file that a run was made for.
    pub fn file_of(&self, run: &str) -> Result<Option<File>, StoreError> {
        let found = self.db.query_row("SELECT * FROM file WHERE run = ?1", [run], read).optional();
        found.map_err(|error| self.failed(error))
    }
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<File> {
    let stage: String = row.get("stage")?;
    let modified: Option<String> = row.get("modified")?;
    Ok(File {
        new: NewFile {
            folder: row.get("folder")?,
            name: row.get("name")?,
            size: row.get::<_, Option<i64>>("size")?.map(i64::unsigned_abs),
            sha256: row.get("sha256")?,
            modified: modified.and_then(|text| text.parse().ok()),
        },
        // The table holds no other word.
        stage: Stage::ALL.iter().find(|(_, word)| *word == stage).map_or(Stage::Claimed, |(stage, _)| *stage),
        target: row.get("target")?,
        first: row.get("first")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::Same, *};

    fn run(id: &str, key: &str) -> NewRun {
        NewRun { id: id.into(), kind: "run".into(), dedupe_key: Some(key.into()), ..NewRun::default() }
    }

    #[test]
    fn a_file_is_claimed_once_and_with_its_run_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let file = NewFile {
            folder: "/in".into(),
            name: "a.csv".into(),
            size: Some(3),
            sha256: Some("aa".into()),
            modified: Some(Timestamp::UNIX_EPOCH),
        };
        let now = Timestamp::UNIX_EPOCH;
        assert!(store.claim(&file, &run("r1", "k1"), &Claim::Queued, now).unwrap());
        assert!(!store.claim(&file, &run("r2", "k2"), &Claim::Queued, now).unwrap(), "it is still claimed");
        assert!(store.find("r2").unwrap().is_empty(), "no run without its file");
        assert_eq!(store.same_file("/in", "aa", None).unwrap(), Some(Same::Open("r1".into())));
        store.set_stage("r1", Stage::Working, None).unwrap();
        assert!(!store.claim(&file, &run("r3", "k1"), &Claim::Queued, now).unwrap(), "the key is taken");
        store.set_state("r1", 0, State::Done).unwrap();
        assert_eq!(store.same_file("/in", "aa", Some("a.csv")).unwrap(), Some(Same::Done("r1".into())));
        assert_eq!(store.same_file("/in", "aa", Some("b.csv")).unwrap(), None);
        assert!(store.claim(&file, &run("r4", "k4"), &Claim::Done("r1".into()), now).unwrap());
        let files = store.files("/in").unwrap();
        let told: Vec<_> = files.iter().map(|(file, run)| (run.id.as_str(), run.state, file.stage)).collect();
        assert_eq!(told, [("r1", State::Done, Stage::Working), ("r4", State::Skipped, Stage::Claimed)]);
        assert_eq!(files[1].0.first.as_deref(), Some("r1"));
        assert_eq!(files[0].0.new.modified, file.modified);
        store.set_stage("r1", Stage::Moved, Some("done/a.csv")).unwrap();
        assert_eq!(store.files("/in").unwrap().len(), 1);
    }
}
