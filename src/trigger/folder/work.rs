//! The worker on one folder: a look at it, from what was left half-way to what is new. What a file is at is read from the
//! store and from the disk, never remembered.

use super::{
    Nudge, Settings, Standing, Told,
    alarm::Alarm,
    look::{self, Stamp},
    place::{self, Place},
    take::Took,
};
use crate::{
    clock::Clock,
    store::{Lock, Store, StoreError},
    trigger::{Make, Wake},
};
use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::{Arc, mpsc::Sender},
    time::{Duration, Instant},
};

/// Where a worker says what happens.
pub type Tell = Box<dyn Fn(Told) + Send>;

/// Works on one folder.
pub struct Worker {
    pub(super) place: Place,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) make: Arc<dyn Make>,
    pub(super) wake: Arc<dyn Wake>,
    tell: Tell,
    nudge: Sender<Nudge>,
    /// What lies in the folder, and since when it has been so.
    pub(super) seen: HashMap<String, (Stamp, Instant)>,
    /// Runs that were handed over.
    pub(super) woken: HashSet<String>,
    alarm: Option<((u64, u64), Option<Alarm>)>,
    lost: bool,
    /// Names that are no text, and were told.
    nameless: HashSet<String>,
    /// Names of files that are left alone and open for writing, and were told.
    pub(super) kept_open: HashSet<String>,
    /// The run that holds up everything, as it was told.
    pub(super) paused: Option<String>,
    /// What was said of trouble, so that it is said once.
    trouble: Option<String>,
    /// Held in the folder as it is now: one that is made again has another.
    lock: Option<Lock>,
}

/// Why a step could not be done.
pub(super) enum Stuck {
    Disk(io::Error),
    Store(StoreError),
    /// In words for people.
    Said(String),
}

impl Stuck {
    /// Of one file.
    pub(super) fn of_file(name: &str, error: &io::Error) -> Stuck {
        Stuck::Said(format!("`{name}` cannot be worked on: {}", reason(error)))
    }
}

impl From<io::Error> for Stuck {
    fn from(error: io::Error) -> Stuck {
        Stuck::Disk(error)
    }
}

impl From<StoreError> for Stuck {
    fn from(error: StoreError) -> Stuck {
        Stuck::Store(error)
    }
}

/// What a worker is given.
pub struct Given {
    pub store: Store,
    pub clock: Clock,
    pub make: Arc<dyn Make>,
    pub wake: Arc<dyn Wake>,
    pub tell: Tell,
    /// By which the folder's alarm reaches the worker.
    pub nudge: Sender<Nudge>,
}

impl Worker {
    /// A worker on `dir`, an absolute path without links. `None` where another process works on it.
    pub fn new(dir: &Path, settings: Settings, given: Given) -> io::Result<Option<Worker>> {
        let Given { store, clock, make, wake, tell, nudge } = given;
        let place = Place::new(dir.to_path_buf());
        place.prepare()?;
        let Some(lock) = Lock::take(&dir.join(place::WORK))? else { return Ok(None) };
        Ok(Some(Worker {
            place,
            store,
            clock,
            settings,
            make,
            wake,
            tell,
            nudge,
            seen: HashMap::new(),
            woken: HashSet::new(),
            alarm: None,
            lost: false,
            nameless: HashSet::new(),
            kept_open: HashSet::new(),
            paused: None,
            trouble: None,
            lock: Some(lock),
        }))
    }

    /// Looks at the folder once, and says how long to wait before the next look. Takes new files only if `more`. `number`
    /// goes back with what it found: the look is younger than the question of this number.
    pub fn look(&mut self, more: bool, number: u64) -> Duration {
        let mut standing = Standing { number, ..Standing::default() };
        let (wait, stuck) = match self.look_within(more, &mut standing) {
            Ok(wait) => (wait, None),
            Err(stuck) => (self.settings.rescan, Some(stuck)),
        };
        let what = stuck.map(|stuck| match stuck {
            Stuck::Disk(error) => format!("it cannot be worked on: {}", reason(&error)),
            Stuck::Store(error) => error.message,
            Stuck::Said(what) => what,
        });
        standing.troubled |= what.is_some();
        if let Some(what) = what.clone().filter(|what| self.trouble.as_ref() != Some(what)) {
            self.tell(Told::Trouble { dir: self.dir(), what });
        }
        self.trouble = what;
        self.tell(Told::Standing(standing));
        wait
    }

    fn look_within(&mut self, more: bool, standing: &mut Standing) -> Result<Duration, Stuck> {
        let rescan = self.settings.rescan;
        let Ok(identity) = place::identity(self.place.dir()) else {
            if !std::mem::replace(&mut self.lost, true) {
                self.tell(Told::Lost { dir: self.dir() });
            }
            self.alarm = None;
            self.lock = None;
            standing.troubled = true;
            return Ok(rescan);
        };
        if std::mem::replace(&mut self.lost, false) {
            self.tell(Told::Found { dir: self.dir() });
        }
        if self.alarm.as_ref().is_none_or(|(watched, _)| *watched != identity) {
            if self.alarm.is_some() {
                // It was made anew, between two looks.
                self.lock = None;
            }
            self.seen.clear();
            self.alarm = Some((identity, Alarm::set(self.place.dir(), self.nudge.clone())));
        }
        self.place.prepare()?;
        if self.lock.is_none() {
            self.lock = Lock::take(&self.place.dir().join(place::WORK))?;
        }
        if self.lock.is_none() {
            return Err(Stuck::Said("another process works on it".into()));
        }
        let mut stuck = match self.go_on(more, standing) {
            Err(Stuck::Said(why)) => Some(Stuck::Said(why)),
            went => went.map(|()| None)?,
        };
        if !self.settings.takes {
            return stuck.map_or(Ok(rescan), Err);
        }
        let (found, nameless) = look::look(&self.place, &self.settings.patterns)?;
        standing.waiting = found.len();
        let now = Instant::now();
        let lies: HashSet<&str> = found.iter().map(|found| found.name.as_str()).collect();
        self.seen.retain(|name, _| lies.contains(name.as_str()));
        self.kept_open.retain(|name| lies.contains(name.as_str()));
        let mut wait = rescan;
        for found in found {
            let (stamp, since) = self.seen.entry(found.name.clone()).or_insert_with(|| (found.stamp().clone(), now));
            if stamp != found.stamp() {
                (*stamp, *since) = (found.stamp().clone(), now);
            }
            let left = self.settings.settle.saturating_sub(now.duration_since(*since));
            let alone = now.duration_since(*since);
            if !left.is_zero() {
                wait = wait.min(left);
            } else if more && self.paused.is_none() {
                match self.take(&found, alone) {
                    Ok(Took::It) => {
                        standing.waiting -= 1;
                        standing.taken += 1;
                        // It may be done already.
                        wait = Duration::ZERO;
                    }
                    Ok(Took::Later(after)) => wait = wait.min(after),
                    Ok(Took::Nothing) => {}
                    // It holds up no other file.
                    Err(Stuck::Disk(error)) => {
                        stuck.get_or_insert(Stuck::of_file(&found.name, &error));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for name in nameless {
            if self.nameless.insert(name.clone()) {
                let what = format!("the name `{name}` is no text, so the file is left alone; rename it");
                self.tell(Told::Trouble { dir: self.dir(), what });
            }
        }
        stuck.map_or(Ok(wait), Err)
    }

    pub(super) fn dir(&self) -> String {
        self.place.dir().display().to_string()
    }

    pub(super) fn tell(&self, told: Told) {
        (self.tell)(told);
    }
}

/// Why something on a disk could not be done, in plain words.
fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::StorageFull {
        return "the disk is full".into();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
