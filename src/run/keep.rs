//! A run's place in the store: taken with its first write, held by its lock, followed by its heartbeat, left with its end.
//! Knows no script and no stream.

use super::log::Log;
use crate::{
    clock::Clock,
    pace::{Glance, Meter},
    session::{Control, Keeper, Progress, Recorder, Stage, Standing, Workspace},
    stop::{Reason, Stop},
    store::{Counts, Ended, Lock, NewRun, Run, State, Store, StoreError, Wish, journal::Journal},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often a run says how far it is, and hears what somebody wants of it.
const BEAT: Duration = Duration::from_millis(500);

const LOCK: &str = "no code panics while it holds this lock";

/// One run in the store. Clones are the same.
#[derive(Clone)]
pub struct Kept(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    new: NewRun,
    clock: Clock,
    control: Control,
    stop: Stop,
    log: Log,
    tell: Tell,
    place: Mutex<Option<Place>>,
    /// The journal of this attempt, from when it is recorded.
    journal: Mutex<Option<Arc<Journal>>>,
    approve: Option<Approve>,
}

struct Place {
    store: Store,
    epoch: i64,
    _lock: Lock,
    beat: Beat,
}

/// The thread that beats; it ends with this.
struct Beat {
    over: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

/// Says something to whoever watches the run where it was started.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// What a run can use of those around it.
#[derive(Clone)]
pub struct Around {
    /// The state folder.
    pub dir: PathBuf,
    pub clock: Clock,
    pub control: Control,
    pub stop: Stop,
    pub log: Log,
    pub tell: Tell,
    /// Asks somebody, before the first write, whether it may go out.
    pub approve: Option<Approve>,
}

/// Hears which workspace is about to be written to, and whether that is meant.
pub type Approve = Arc<dyn Fn(&Workspace) -> bool + Send + Sync>;

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// [`State::Running`] where the run can go on later.
    pub state: State,
    pub exit_code: u8,
    /// The last words, without secrets.
    pub message: Option<String>,
}

impl Kept {
    /// A run that takes its place in the store once it writes.
    pub fn new(new: NewRun, around: Around) -> Kept {
        let Around { dir, clock, control, stop, log, tell, approve } = around;
        let (place, journal) = (Mutex::default(), Mutex::default());
        Kept(Arc::new(Inner { dir, new, clock, control, stop, log, tell, place, journal, approve }))
    }

    /// Takes up a run that is in the store already. `None` where another process is at it.
    pub fn take_up(run: &Run, around: Around) -> Result<Option<Kept>, StoreError> {
        let new = NewRun { id: run.id.clone(), undoes: run.undoes.clone(), ..NewRun::default() };
        let kept = Kept::new(new, around);
        let store = Store::open(&kept.0.dir)?;
        let taken = kept.0.enter(store, run.epoch)?;
        Ok(taken.then_some(kept))
    }

    /// The run's short id.
    pub fn id(&self) -> &str {
        &self.0.new.id
    }

    /// Whether the run is in the store.
    pub fn is_kept(&self) -> bool {
        self.0.place.lock().expect(LOCK).is_some()
    }

    /// Does this while the run is open, and cannot come to its end meanwhile. `None` where it is not in the store, has ended or
    /// is about to, or somebody has removed its record.
    pub fn while_open<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let place = self.0.place.try_lock().ok()?;
        (place.is_some() && folder_of(&self.0.dir, self.id()).exists()).then(act)
    }

    /// What the run has done so far.
    pub fn counts(&self) -> Counts {
        self.0.control.progress.counts()
    }

    /// The record of the run: empty, or what its earlier attempts left.
    pub fn recorder(&self) -> Result<Recorder, StoreError> {
        let keeper = Box::new(self.clone());
        let goes_on = self.is_kept() && self.journal().exists();
        let recorder = match goes_on {
            true => Recorder::resume(&self.0.dir, keeper, &self.journal())?,
            false => Recorder::new(&self.0.dir, keeper),
        };
        *self.0.journal.lock().expect(LOCK) = Some(recorder.journal());
        if goes_on {
            recorder.attempt(self.0.clock.now())?;
            self.0.control.progress.goes_on_from(recorder.changes());
        }
        Ok(recorder)
    }

    /// Where the run's journal is.
    pub fn journal(&self) -> PathBuf {
        journal_of(&self.0.dir, self.id())
    }

    /// Ends the attempt. A run that is not in the store yet goes there, if `even_so`.
    pub fn end(&self, ending: &Ending, even_so: bool) -> Result<(), StoreError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let ended = Ended {
            state: ending.state,
            exit_code: ending.exit_code,
            message: ending.message.as_deref(),
            counts: inner.control.progress.counts(),
        };
        let mut place = inner.place.lock().expect(LOCK);
        if place.is_none() && even_so {
            let store = Store::open(&inner.dir)?;
            store.add(&inner.new, State::Running, now)?;
            inner.log.keep(&store.folder(&inner.new.id)).map_err(|error| StoreError::folder(&inner.dir, &error))?;
            store.end(&inner.new.id, 0, &ended, now)?;
            // All was back already: so that run is no longer the last one.
            if let Some(run) = inner.new.undoes.as_ref().filter(|_| ending.state == State::Done) {
                store.undone(run, &inner.new.id)?;
            }
        }
        let Some(Place { store, epoch, beat, .. }) = place.as_mut() else { return Ok(()) };
        beat.end();
        // Before another process can go on with the run. Whatever works on here behind its end reaches the journal no more.
        if let Some(journal) = inner.journal.lock().expect(LOCK).take() {
            journal.end();
        }
        let ended = store.end(&inner.new.id, *epoch, &ended, now);
        *place = None;
        ended.map(drop)
    }
}

impl Keeper for Kept {
    fn begin(&self, workspace: &Workspace) -> Result<PathBuf, StoreError> {
        let inner = &self.0;
        if let Some(Place { store, .. }) = &*inner.place.lock().expect(LOCK) {
            // An earlier attempt ended between taking its place and making its journal, or the run was queued.
            inner.place(store, workspace)?;
            return Ok(self.journal());
        }
        if inner.approve.as_ref().is_some_and(|approve| !approve(workspace)) {
            return Err(StoreError::declined());
        }
        let store = Store::open(&inner.dir)?;
        store.add(&inner.new, State::Running, inner.clock.now())?;
        if let Err(error) = inner.place(&store, workspace) {
            store.withdraw(&inner.new.id)?;
            return Err(error);
        }
        if !inner.enter(store, 0)? {
            return Err(StoreError::refused(format!("the run `{}` is taken by another process", inner.new.id)));
        }
        Ok(self.journal())
    }

    fn go_on(&self, workspace: &Workspace) -> Result<(), StoreError> {
        match &*self.0.place.lock().expect(LOCK) {
            Some(Place { store, .. }) => store.place(self.id(), &workspace.id, &workspace.slug, &workspace.key_prefix),
            None => Ok(()),
        }
    }
}

impl Inner {
    /// Notes the run's workspace. An undo closes the run that it takes back before its first write: from then on that run's
    /// journal no longer tells what the workspace is like.
    fn place(&self, store: &Store, workspace: &Workspace) -> Result<(), StoreError> {
        let id = &self.new.id;
        store.place(id, &workspace.id, &workspace.slug, &workspace.key_prefix)?;
        let Some(run) = &self.new.undoes else { return Ok(()) };
        // While somebody was asked, another may have begun to do the same, or to go on with the run. Nobody does while it is
        // closed here.
        let folder = store.folder(run);
        let held = Lock::take(&folder).map_err(|error| StoreError::folder(&folder, &error))?;
        if held.is_some() && store.undone(run, id)? { Ok(()) } else { Err(StoreError::taken(run)) }
    }

    /// Takes the lock and begins an attempt.
    fn enter(&self, store: Store, epoch: i64) -> Result<bool, StoreError> {
        let unusable = |error: std::io::Error| StoreError::folder(&self.dir, &error);
        let id = &self.new.id;
        let folder = store.folder(id);
        let Some(lock) = Lock::take(&folder).map_err(unusable)? else { return Ok(false) };
        let owner = format!("{}", std::process::id());
        let Some(epoch) = store.begin(id, epoch, &owner, self.clock.now())? else { return Ok(false) };
        self.log.keep(&folder).map_err(unusable)?;
        let beat = Beat::start(self, epoch)?;
        *self.place.lock().expect(LOCK) = Some(Place { store, epoch, _lock: lock, beat });
        Ok(true)
    }
}

impl Beat {
    fn start(run: &Inner, epoch: i64) -> Result<Beat, StoreError> {
        let store = Store::open(&run.dir)?.relaxed()?;
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        let (id, control, stop, tell) = (run.new.id.clone(), run.control.clone(), run.stop.clone(), run.tell.clone());
        let ended = over.clone();
        let beat = move || {
            let (over, woken) = &*ended;
            let (begun, mut meter) = (Instant::now(), Meter::default());
            let mut over = over.lock().expect(LOCK);
            while !*over {
                let counts = control.progress.counts();
                let standing = standing(&control, begun.elapsed(), &mut meter);
                let paused = standing.paused;
                let standing = serde_json::to_string(&standing).unwrap_or_default();
                // A beat that is missed is made up by the next: what counts is in the journal.
                if let Ok(wish) = store.beat(&id, epoch, &standing, &counts) {
                    obey(wish, &id, &control, &stop, &tell);
                    if control.is_paused() != paused {
                        // Whoever wished it waits to hear of it.
                        continue;
                    }
                }
                over = woken.wait_timeout(over, BEAT).expect(LOCK).0;
            }
        };
        let thread = thread::Builder::new().name("heartbeat".into()).spawn(beat);
        let thread = thread.map_err(|error| StoreError::folder(&run.dir, &error))?;
        Ok(Beat { over, thread: Some(thread) })
    }

    fn end(&mut self) {
        *self.over.0.lock().expect(LOCK) = true;
        self.over.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does nothing that panics; and if it did, the run is over all the same.
            let _ = thread.join();
        }
    }
}

fn seconds(span: Duration) -> u64 {
    span.as_secs_f64().ceil() as u64
}

/// What is to be said of a run at this moment.
fn standing(control: &Control, now: Duration, meter: &mut Meter) -> Standing {
    let progress = &control.progress;
    let glance = glance(control).unwrap_or_else(|| Glance {
        requests: progress.counts().requests,
        rate: progress.rate(),
        held: progress.held(),
        ..Glance::default()
    });
    let pace = meter.look(now, &glance);
    Standing {
        paused: control.is_paused(),
        bulk: progress.bulk(),
        requests_per_minute: Some(pace.in_a_minute),
        limit_per_minute: pace.limit,
        seconds_left: pace.left.map(seconds),
        seconds_held: glance.held.map(seconds),
    }
}

/// The bulk call in progress, at this moment; without one, what the run waits for.
pub fn glance(control: &Control) -> Option<Glance> {
    let (progress, paused) = (&control.progress, control.is_paused());
    let Some(stage) = progress.bulk() else { return wait(progress) };
    let Stage { call, operation: what, done, total, changed, unchanged, skipped, failed } = stage;
    let (requests, rate, held) = (progress.counts().requests, progress.rate(), progress.held());
    Some(Glance { call, what, done, total, changed, unchanged, skipped, failed, requests, rate, held, paused })
}

/// How long nothing goes out, where that is so: all that there is to tell of a run that sends no write.
pub fn wait(progress: &Progress) -> Option<Glance> {
    let (requests, rate, held) = (progress.counts().requests, progress.rate(), progress.held());
    held.map(|_| Glance { requests, rate, held, ..Glance::default() })
}

/// Does what somebody wishes of the run from another terminal, and says so in this one.
fn obey(wish: Option<Wish>, id: &str, control: &Control, stop: &Stop, tell: &Tell) {
    if wish == Some(Wish::Cancel) {
        // Also a run that is held stops, and sends nothing before.
        if stop.asked().is_none() {
            tell("cancelled from another terminal; stopping after what is in flight");
            stop.ask(Reason::Cancelled);
        }
        return;
    }
    let paused = wish == Some(Wish::Pause);
    if paused != control.is_paused() {
        control.pause(paused);
        match paused {
            true => tell(&format!("paused from another terminal; `onramp unpause {id}` lets it go on")),
            false => tell("going on"),
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.end();
    }
}

/// The journal of a run in this state folder.
pub fn journal_of(dir: &Path, id: &str) -> PathBuf {
    folder_of(dir, id).join("journal")
}

/// Where the record of a run in this state folder lies.
pub fn folder_of(dir: &Path, id: &str) -> PathBuf {
    dir.join("runs").join(id)
}

/// Whether a script may come to write, by its text: one that cannot needs no record. What is found nowhere in the text can
/// still be in a module, or in a name that is put together.
pub fn may_write(text: &str) -> bool {
    ["create_", "update_", "delete_", "bulk_", "import", "Fn("].iter().any(|sign| text.contains(sign))
}

/// Whether a script may ask the API something; a few that do not look as if they did.
pub fn may_call(text: &str) -> bool {
    may_write(text) || ["list_", "get_"].iter().any(|sign| text.contains(sign))
}

/// A short id that no other run has, as far as chance goes: people type it.
pub fn short_id() -> Result<String, getrandom::Error> {
    // Without letters that look like digits or like each other.
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let mut bytes = [0_u8; 7];
    getrandom::fill(&mut bytes)?;
    // The first is a letter, so that no id looks like a number.
    let letter = |(at, byte): (usize, &u8)| LETTERS[usize::from(*byte) % if at == 0 { 23 } else { 32 }] as char;
    Ok(bytes.iter().enumerate().map(letter).collect())
}
