//! The worker on one folder: a look at it, from what was left half-way to what is new. Each step is small, and each is
//! written down; what a file is at is read from the store and from the disk, never remembered.

use super::{
    Dedupe, Nudge, Settings, Standing, Told,
    alarm::Alarm,
    crash::{self, Point},
    look::{self, Found, Stamp, What, Writer},
    place::{self, Place},
};
use crate::{
    clock::Clock,
    run::short_id,
    store::{Claim, File, Lock, NewFile, Run, Same, Stage, State, Store, StoreError},
    trigger::{Cause, Event, Job, Make, Wake},
};
use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::{Arc, mpsc::Sender},
    time::{Duration, Instant},
};

/// Where it cannot be asked whether somebody writes, a file must have been left alone for so many times the settle time.
const PATIENCE: u32 = 5;

/// Where a worker says what happens.
pub type Tell = Box<dyn Fn(Told) + Send>;

/// Works on one folder.
pub struct Worker {
    pub(super) place: Place,
    pub(super) store: Store,
    pub(super) clock: Clock,
    settings: Settings,
    make: Arc<dyn Make>,
    wake: Arc<dyn Wake>,
    tell: Tell,
    nudge: Sender<Nudge>,
    /// What lies in the folder, and since when it has been so.
    seen: HashMap<String, (Stamp, Instant)>,
    /// Runs that were handed over.
    woken: HashSet<String>,
    alarm: Option<((u64, u64), Option<Alarm>)>,
    lost: bool,
    /// Names that are no text, and were told.
    nameless: HashSet<String>,
    /// The run that holds up everything, as it was told.
    paused: Option<String>,
    /// What was said of trouble, so that it is said once.
    trouble: Option<String>,
    _lock: Lock,
}

/// Why a step could not be done.
pub(super) enum Stuck {
    Disk(io::Error),
    Store(StoreError),
    /// In words for people.
    Said(String),
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
            paused: None,
            trouble: None,
            _lock: lock,
        }))
    }

    /// Looks at the folder once, and says how long to wait before the next look. Takes new files only if `more`.
    pub fn look(&mut self, more: bool) -> Duration {
        let mut standing = Standing::default();
        let (wait, stuck) = match self.look_within(more, &mut standing) {
            Ok(wait) => (wait, None),
            Err(stuck) => (self.settings.rescan, Some(stuck)),
        };
        let what = stuck.map(|stuck| match stuck {
            Stuck::Disk(error) => format!("it cannot be worked on: {}", reason(&error)),
            Stuck::Store(error) => error.message,
            Stuck::Said(what) => what,
        });
        standing.troubled = what.is_some();
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
            standing.waiting = 1;
            return Ok(rescan);
        };
        if std::mem::replace(&mut self.lost, false) {
            self.tell(Told::Found { dir: self.dir() });
        }
        if self.alarm.as_ref().is_none_or(|(watched, _)| *watched != identity) {
            self.seen.clear();
            self.alarm = Some((identity, Alarm::set(self.place.dir(), self.nudge.clone())));
        }
        self.place.prepare()?;
        standing.taken = self.go_on(standing)?;
        let (found, nameless) = look::look(&self.place, &self.settings.patterns)?;
        standing.waiting = found.len();
        let now = Instant::now();
        let lies: HashSet<&str> = found.iter().map(|found| found.name.as_str()).collect();
        self.seen.retain(|name, _| lies.contains(name.as_str()));
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
                match self.take(&found, alone)? {
                    Took::It => {
                        standing.waiting -= 1;
                        standing.taken += 1;
                        // It may be done already.
                        wait = Duration::ZERO;
                    }
                    Took::Later(after) => wait = wait.min(after),
                    Took::Nothing => {}
                }
            }
        }
        for name in nameless {
            if self.nameless.insert(name.clone()) {
                let what = format!("the name `{name}` is no text, so the file is left alone; rename it");
                self.tell(Told::Trouble { dir: self.dir(), what });
            }
        }
        Ok(wait)
    }

    /// Brings what is half-way one step further, and says how many files are still there.
    fn go_on(&mut self, standing: &mut Standing) -> Result<usize, Stuck> {
        let files = self.store.files(&self.dir())?;
        let (mut taken, mut stopped) = (0, None);
        for (file, run) in files {
            match file.stage {
                Stage::Claimed if !self.finish_claim(&file, &run)? => continue,
                Stage::Claimed | Stage::Working => {}
                Stage::Leaving => {
                    self.put_away(&file, &run)?;
                    continue;
                }
                Stage::Moved => continue,
            }
            if run.state.has_ended() {
                crash::pass(Point::BeforeLeave);
                self.put_away(&file, &run)?;
                continue;
            }
            taken += 1;
            if matches!(run.state, State::Queued | State::Running) {
                self.hand_over(&run.id);
            }
            let will_pass = run.state == State::Running && matches!(run.exit_code, Some(3 | 75));
            if will_pass && stopped.is_none() {
                stopped = Some(run);
            }
        }
        standing.paused = stopped.as_ref().and_then(|run| run.exit_code);
        match (&stopped, &self.paused) {
            (Some(run), known) if known.as_ref() != Some(&run.id) => {
                let message = run.message.clone().unwrap_or_else(|| "it says nothing".into());
                self.tell(Told::Paused { dir: self.dir(), run: run.id.clone(), message });
            }
            (None, Some(_)) => self.tell(Told::GoesOn { dir: self.dir() }),
            _ => {}
        }
        self.paused = stopped.map(|run| run.id);
        Ok(taken)
    }

    /// Takes a file that is claimed into its own folder; false where it is gone, and its run with it.
    fn finish_claim(&mut self, file: &File, run: &Run) -> Result<bool, Stuck> {
        let name = &file.new.name;
        if !place::exists(&self.place.working(&run.id, name)) {
            if !self.is_still(file)? {
                let message = "the file was withdrawn before the run started";
                if !run.state.has_ended() {
                    self.store.give_up(run, 2, message, self.clock.now())?;
                }
                let target = self.put_away(file, &Run { state: State::Failed, ..run.clone() })?;
                self.tell(Told::Withdrawn { name: name.clone(), run: run.id.clone(), target });
                return Ok(false);
            }
            self.place.take(&run.id, name)?;
        }
        self.check_taken(&file.new, run)?;
        self.store.set_stage(&run.id, Stage::Working, None)?;
        Ok(true)
    }

    /// Sees to it that what was taken is what was claimed: somebody may have put something else in its place just then.
    fn check_taken(&self, file: &NewFile, run: &Run) -> Result<(), Stuck> {
        let now = look::stamp(&self.place.working(&run.id, &file.name));
        let same = now.is_some_and(|now| Some(now.size) == file.size && Some(now.modified()) == file.modified);
        if !same && run.state == State::Queued {
            self.store.give_up(run, 2, "the file was changed while it was taken", self.clock.now())?;
        }
        Ok(())
    }

    /// Whether what lies in the folder is the file that was claimed.
    fn is_still(&self, file: &File) -> io::Result<bool> {
        let path = self.place.waiting(&file.new.name);
        let Some(sha256) = &file.new.sha256 else { return Ok(place::exists(&path)) };
        match look::open(&path).and_then(|file| look::hash(&file)) {
            Ok(now) => Ok(now == *sha256),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // Whatever it is now, it is not what was hashed.
            Err(_) => Ok(false),
        }
    }

    /// Claims a file that has been left alone for so long, and takes it.
    fn take(&mut self, found: &Found, alone: Duration) -> Result<Took, Stuck> {
        let path = self.place.waiting(&found.name);
        let refuse = |why: String| (NewFile { name: found.name.clone(), ..NewFile::default() }, Claim::Refused(why));
        let (mut file, claim) = match &found.what {
            What::Odd(_, why) => refuse(why.clone()),
            What::File(stamp) => match look::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Took::Nothing),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    refuse(format!("`{}` cannot be read: permission denied", crate::text::escape_control(&found.name)))
                }
                Err(error) => return Err(error.into()),
                Ok(open) => {
                    match look::writer(&open) {
                        Writer::Somebody => return Ok(Took::Later(self.settings.settle)),
                        Writer::Unknown if alone < self.settings.settle * PATIENCE => {
                            return Ok(Took::Later(self.settings.settle * PATIENCE - alone));
                        }
                        Writer::Unknown | Writer::Nobody => {}
                    }
                    let sha256 = look::hash(&open)?;
                    // Somebody may have come while it was read.
                    if look::writer(&open) == Writer::Somebody || look::stamp(&path).as_ref() != Some(stamp) {
                        return Ok(Took::Later(self.settings.settle));
                    }
                    let file = NewFile {
                        folder: self.dir(),
                        name: found.name.clone(),
                        size: Some(stamp.size),
                        sha256: Some(sha256),
                        modified: Some(stamp.modified()),
                    };
                    match self.same(&file)? {
                        Some(Same::Open(_)) => return Ok(Took::Nothing),
                        Some(Same::Done(first)) => (file, Claim::Done(first)),
                        None => (file, Claim::Queued),
                    }
                }
            },
        };
        file.folder = self.dir();
        let id = short_id().map_err(|error| Stuck::Said(format!("there are no random numbers ({error})")))?;
        let job = self.job(&id, &file)?;
        let new = self.make.make(&job).map_err(Stuck::Said)?;
        crash::pass(Point::BeforeClaim);
        if !self.store.claim(&file, &new, &claim, self.clock.now())? {
            // Another look has it; the next one goes on from there.
            return Ok(Took::Later(Duration::ZERO));
        }
        crash::pass(Point::AfterClaim);
        self.place.take(&id, &found.name)?;
        crash::pass(Point::AfterTake);
        if let Some(run) = self.store.find(&id)?.pop() {
            self.check_taken(&file, &run)?;
        }
        self.store.set_stage(&id, Stage::Working, None)?;
        self.seen.remove(&found.name);
        if matches!(claim, Claim::Queued) {
            self.tell(Told::Taken { name: found.name.clone(), run: id.clone() });
            self.hand_over(&id);
            crash::pass(Point::AfterWake);
        }
        Ok(Took::It)
    }

    /// What was done with an equal file.
    fn same(&self, file: &NewFile) -> Result<Option<Same>, StoreError> {
        let Some(sha256) = &file.sha256 else { return Ok(None) };
        let name = match self.settings.dedupe {
            Dedupe::None => return Ok(None),
            Dedupe::Content => None,
            Dedupe::ContentAndName => Some(file.name.as_str()),
        };
        let same = self.store.same_file(&file.folder, sha256, name)?;
        Ok(same.filter(|same| !(self.settings.again && matches!(same, Same::Done(_)))))
    }

    fn job(&self, id: &str, file: &NewFile) -> Result<Job, StoreError> {
        let nth = self.store.times_claimed(file)?;
        let sha256 = file.sha256.clone().unwrap_or_default();
        let event = Event {
            path: self.place.working(id, &file.name).display().to_string(),
            name: file.name.clone(),
            size: file.size.unwrap_or_default(),
            sha256: sha256.clone(),
            modified: file.modified.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        };
        Ok(Job {
            run: id.to_string(),
            script: self.settings.script.clone(),
            dedupe_key: format!("file:{}\n{}\n{sha256}\n{nth}", file.folder, file.name),
            cause: Cause::File(event),
            not_before: None,
        })
    }

    fn hand_over(&mut self, run: &str) {
        if self.woken.insert(run.to_string()) {
            self.wake.wake(run, None, &self.settings.script);
        }
    }

    pub(super) fn dir(&self) -> String {
        self.place.dir().display().to_string()
    }

    pub(super) fn tell(&self, told: Told) {
        (self.tell)(told);
    }
}

/// What became of a waiting file.
enum Took {
    It,
    /// It is to be looked at again after this time.
    Later(Duration),
    /// It is gone, or an equal one is at work.
    Nothing,
}

/// Why something on a disk could not be done, in plain words.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
