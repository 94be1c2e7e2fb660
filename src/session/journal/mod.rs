//! The record of one run: what it read is spooled, and becomes a journal with its first write; what an earlier attempt
//! recorded answers the same calls again. Sends nothing and decides nothing about calls.

mod entry;
mod past;
pub mod story;
mod time;

pub use entry::{Answered, Asked, Entry, FORMAT, Told, digest};
pub use past::{Doubt, Past, Recorded};

use super::{
    Number, SessionError,
    crash::{self, Point},
    seen::{Body, Found, Part, Seen, Snapshot},
};
use crate::store::{
    StoreError,
    journal::{Journal, Span},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    io, mem,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// The workspace that a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: String,
    pub slug: String,
    pub name: String,
    /// The part of the key that may be shown.
    pub key_prefix: String,
}

/// Keeps the run itself, once it writes.
pub trait Keeper: Send + Sync {
    /// The run is about to make its first write: it gets its place in the store. Gives the file that its journal belongs
    /// into.
    fn begin(&self, workspace: &Workspace) -> Result<PathBuf, StoreError>;

    /// The run goes on, perhaps with another key: this is whose it is now.
    fn go_on(&self, _workspace: &Workspace) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What is added to a record.
#[derive(Clone, Copy)]
pub struct Added<'a> {
    pub entry: &'a Entry,
    /// The bytes that follow it.
    pub body: &'a [u8],
    pub shown: Shown<'a>,
}

/// What the body shows, where that is known: to find it there takes longer than to write it.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    Unknown,
    /// The object of this kind with this id, in either form.
    One(&'a str, &'a str),
    /// A page with these rows.
    Rows(&'a [Part]),
}

/// The record of one run.
pub struct Recorder {
    /// The state folder.
    folder: PathBuf,
    keeper: Box<dyn Keeper>,
    journal: Arc<Journal>,
    past: Past,
    seen: Mutex<Seen>,
    /// The rows of the pages that were read before the journal became a file, by the place of the page: whoever walks a
    /// list knows them, and to find them again would hold up the first write.
    rows: Mutex<HashMap<u64, Vec<Part>>>,
    /// Whether the journal is a file by now.
    kept: AtomicBool,
    /// Why what was read could not be spooled.
    lost: OnceLock<StoreError>,
    /// The error that the script was told of last, while nothing has come after it.
    last_error: Mutex<Option<(Number, bool)>>,
    /// By how much the server's clock is ahead of ours.
    ahead: Mutex<Option<SignedDuration>>,
}

/// Of so many pages the rows are remembered until the first write: less than a megabyte, however long a list is.
const PAGES: usize = 1000;

const LOCK: &str = "no code panics while it holds this lock";

impl Recorder {
    /// A record that begins empty. `folder` is the state folder.
    pub fn new(folder: &Path, keeper: Box<dyn Keeper>) -> Recorder {
        Recorder::over(folder, keeper, Journal::volatile(), Past::default(), false)
    }

    /// The record of a run that goes on.
    pub fn resume(folder: &Path, keeper: Box<dyn Keeper>, path: &Path) -> Result<Recorder, StoreError> {
        let unusable = |error: io::Error| StoreError::folder(folder, &error);
        let (journal, frames) = Journal::open(path).map_err(unusable)?;
        let past = Past::of(&frames).map_err(|why| StoreError::refused(format!("the run cannot be resumed: {why}")))?;
        let recorder = Recorder::over(folder, keeper, journal, past, true);
        recorder.index(&frames).map_err(unusable)?;
        Ok(recorder)
    }

    fn over(folder: &Path, keeper: Box<dyn Keeper>, journal: Journal, past: Past, kept: bool) -> Recorder {
        Recorder {
            folder: folder.to_path_buf(),
            keeper,
            journal: Arc::new(journal),
            past,
            seen: Mutex::default(),
            rows: Mutex::default(),
            kept: AtomicBool::new(kept),
            lost: OnceLock::new(),
            last_error: Mutex::default(),
            ahead: Mutex::default(),
        }
    }

    /// The journal itself, for whoever ends it.
    pub fn journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }

    /// What an earlier attempt recorded under this number.
    pub fn past(&self, number: Number) -> Result<Option<Recorded>, SessionError> {
        self.past.get(number, &self.journal).map_err(|error| self.unusable(&error))
    }

    /// How many writes earlier attempts have carried out.
    pub fn changes(&self) -> u64 {
        self.past.changes()
    }

    /// Whether an earlier attempt recorded something under this number.
    pub fn knows(&self, number: Number) -> bool {
        self.past.knows(number)
    }

    /// Whether the run has been kept: it has written, or has meant to.
    pub fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Gives the run its place in the store and makes a file of what was read so far, before its first write. `workspace`
    /// is asked for only then; `at` is the present time.
    pub fn keep(
        &self,
        at: Timestamp,
        workspace: impl FnOnce() -> Result<Workspace, SessionError>,
    ) -> Result<(), SessionError> {
        if self.is_kept() {
            return Ok(());
        }
        if let Some(lost) = self.lost.get() {
            return Err(SessionError::Store(lost.clone()));
        }
        let path = self.keeper.begin(&workspace()?).map_err(SessionError::Store)?;
        crash::pass(Point::BeforeJournal);
        let failed = |error: io::Error| self.unusable(&error);
        self.journal.keep(&path).map_err(failed)?;
        self.index(&self.journal.frames().map_err(failed)?).map_err(failed)?;
        self.kept.store(true, Ordering::Relaxed);
        self.attempt(at).map_err(SessionError::Store)
    }

    /// Tells the keeper of a kept run with which key it goes on.
    pub fn meet(&self, workspace: &Workspace) -> Result<(), SessionError> {
        if self.is_kept() { self.keeper.go_on(workspace).map_err(SessionError::Store) } else { Ok(()) }
    }

    /// Notes that a process begins to work at a kept run.
    pub fn attempt(&self, at: Timestamp) -> Result<(), StoreError> {
        let entry = Entry::Attempt { format: FORMAT, onramp: env!("CARGO_PKG_VERSION").to_string(), at };
        self.journal.append(&entry.head(), b"").map(drop).map_err(|error| StoreError::folder(&self.folder, &error))
    }

    /// Adds to the record. What shows objects is looked up from now on.
    pub fn append(&self, entry: &Entry, body: &[u8]) -> Result<(), SessionError> {
        self.append_all(&[Added { entry, body, shown: Shown::Unknown }])
    }

    /// Adds several to the record, in one write: all of them or none.
    pub fn append_all(&self, added: &[Added<'_>]) -> Result<(), SessionError> {
        for Added { entry, .. } in added {
            match entry {
                Entry::Refused { n, error, .. } | Entry::Denied { n, error } => self.tell(*n, error),
                Entry::Read { at, answered, .. } | Entry::Answer { at, answered, .. } => {
                    if let Some(date) = answered.date {
                        *self.ahead.lock().expect(LOCK) = Some(date.duration_since(*at));
                    }
                }
                _ => {}
            }
        }
        let frames: Vec<_> = added.iter().map(|added| (added.entry.head(), added.body)).collect();
        if !self.is_kept() {
            for (Added { shown, .. }, span) in added.iter().zip(self.spool(&frames)) {
                let mut known = self.rows.lock().expect(LOCK);
                if let Shown::Rows(rows) = shown
                    && known.len() < PAGES
                {
                    known.insert(span.at, rows.to_vec());
                }
            }
            return Ok(());
        }
        let spans = self.journal.append_all(&frames).map_err(|error| self.unusable(&error))?;
        for (Added { entry, body, shown }, span) in added.iter().zip(spans) {
            match shown {
                Shown::One(object, id) if self.renew(entry, (object, id), span) => {}
                Shown::Rows(rows) => self.see(entry, body, span, Some(rows)),
                _ => self.see(entry, body, span, None),
            }
        }
        Ok(())
    }

    /// What was appended is safe from a loss of power when this returns.
    pub fn sync(&self) -> Result<(), SessionError> {
        self.journal.sync().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SessionError::Store(StoreError::removed(&self.folder)),
            _ => self.unusable(&error),
        })
    }

    /// The latest state of an object that the run has seen.
    pub fn snapshot(&self, object: &str, id: &str) -> Result<Option<Snapshot>, SessionError> {
        let found = self.seen.lock().expect(LOCK).latest(object, id);
        self.open(found, object, id)
    }

    /// The state of an object that the script has, from its own reads and writes; `None` where that is the latest.
    pub fn as_read(&self, object: &str, id: &str) -> Result<Option<Snapshot>, SessionError> {
        let found = self.seen.lock().expect(LOCK).as_read(object, id);
        self.open(found, object, id)
    }

    fn open(&self, found: Option<Found>, object: &str, id: &str) -> Result<Option<Snapshot>, SessionError> {
        let Some(found) = found else { return Ok(None) };
        found.open(object, id, &self.journal).map_err(|error| self.unusable(&error))
    }

    /// Whether a page was looked at again so lately that it would show the same.
    pub fn is_fresh(&self, page: &str, now: Timestamp) -> bool {
        self.seen.lock().expect(LOCK).is_fresh(page, now)
    }

    /// An object that is gone.
    pub fn forget(&self, object: &str, id: &str) -> Result<(), SessionError> {
        self.seen.lock().expect(LOCK).forget(object, id, &self.journal).map_err(|error| self.unusable(&error))
    }

    /// The moment `at` of our clock by the server's, where an answer has told what that says.
    pub fn by_the_server(&self, at: Timestamp) -> Option<Timestamp> {
        self.ahead.lock().expect(LOCK).and_then(|ahead| at.checked_add(ahead).ok())
    }

    /// A number that an object has, whichever form of its id is given; `None` where the run has not seen it.
    pub fn place(&self, object: &str, id: &str) -> Option<u32> {
        self.seen.lock().expect(LOCK).place(object, id)
    }

    /// The ids of all that this run has created, in all its attempts.
    pub fn created(&self) -> Result<HashSet<String>, SessionError> {
        let (mut creates, mut ids) = (HashSet::new(), HashSet::new());
        let failed = |error: io::Error| self.unusable(&error);
        for frame in self.journal.frames().map_err(failed)? {
            match serde_json::from_slice::<Entry>(&frame.head) {
                Ok(Entry::Intent { n, asked, .. }) if asked.operation.starts_with("create_") => drop(creates.insert(n)),
                Ok(Entry::Answer { n, .. }) if creates.contains(&n) => {
                    ids.extend(super::seen::id_of(&self.journal.read(frame.body).map_err(failed)?));
                }
                _ => {}
            }
        }
        Ok(ids)
    }

    /// The script was told of an error, now or in an earlier attempt. That of a row is no end of anything.
    pub fn tell(&self, n: Number, error: &Told) {
        if !n.is_row() {
            *self.last_error.lock().expect(LOCK) = Some((n, error.will_pass()));
        }
    }

    /// The run has gone on since the latest error, or met another end.
    pub fn go_on(&self) {
        *self.last_error.lock().expect(LOCK) = None;
    }

    /// The run ended with an error that will pass, and can go on later: what it ended with is asked for again then.
    pub fn ask_again(&self) -> Result<(), SessionError> {
        match *self.last_error.lock().expect(LOCK) {
            Some((n, true)) if self.is_kept() => self.append(&Entry::Again { n }, b"").map(drop),
            _ => Ok(()),
        }
    }

    /// Reads are kept only if a write follows, so that a failure to spool them is one only then. Gives where the bodies lie;
    /// nothing where they lie nowhere.
    fn spool(&self, frames: &[(Vec<u8>, &[u8])]) -> Vec<Span> {
        if self.lost.get().is_some() {
            return Vec::new();
        }
        let spooled = self.journal.append_all(frames);
        let spooled = spooled.and_then(|spans| self.journal.spill(&self.folder).map(|()| spans));
        spooled.unwrap_or_else(|error| {
            self.lost.get_or_init(|| StoreError::folder(&self.folder, &error));
            self.journal.clear();
            self.rows.lock().expect(LOCK).clear();
            Vec::new()
        })
    }

    fn index(&self, frames: &[crate::store::journal::Frame]) -> io::Result<()> {
        let rows = mem::take(&mut *self.rows.lock().expect(LOCK));
        let mut deletes = HashMap::new();
        for frame in frames {
            let Ok(entry) = serde_json::from_slice::<Entry>(&frame.head) else { continue };
            match &entry {
                Entry::Intent { n, asked, .. } => {
                    if let Some(object) = asked.operation.strip_prefix("delete_") {
                        let id = asked.target.rsplit('/').next().unwrap_or_default();
                        deletes.insert(*n, (object.to_string(), id.to_string()));
                    }
                }
                Entry::Answer { n, .. } if deletes.contains_key(n) => {
                    if let Some((object, id)) = deletes.remove(n) {
                        self.seen.lock().expect(LOCK).forget(&object, &id, &self.journal)?;
                    }
                }
                Entry::Read { .. } | Entry::Answer { .. } | Entry::Looked { .. } => {
                    let rows = rows.get(&frame.body.at).map(Vec::as_slice);
                    self.see(&entry, &self.journal.read(frame.body)?, frame.body, rows);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it is an answer about an object that was seen before, whose latest state it is now.
    fn renew(&self, entry: &Entry, (object, id): (&str, &str), span: Span) -> bool {
        let Entry::Answer { at, .. } = entry else { return false };
        self.seen.lock().expect(LOCK).renew(object, id, span, *at)
    }

    fn see(&self, entry: &Entry, body: &[u8], span: Span, rows: Option<&[Part]>) {
        let (at, target, looked) = match entry {
            Entry::Read { asked, at, .. } => (*at, Some(asked.target.as_str()), false),
            Entry::Looked { at, target } => (*at, target.as_deref(), true),
            Entry::Answer { at, .. } => (*at, None, false),
            _ => return,
        };
        self.seen.lock().expect(LOCK).take(Body { bytes: body, span, rows }, at, target, looked);
    }

    /// What the journal holds cannot be read again.
    pub fn damaged(&self, error: &io::Error) -> SessionError {
        self.unusable(error)
    }

    fn unusable(&self, error: &io::Error) -> SessionError {
        SessionError::Store(StoreError::folder(&self.folder, error))
    }
}
