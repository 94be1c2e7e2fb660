//! Carries out runs that are handed over, each in a process of its own: so many at a time, one of a script at a time. What a
//! run is at is read from the store; this only remembers which ones it was told of.

use super::child::{self, Children};
use crate::{
    cli::record::Record,
    clock::Clock,
    header::Header,
    store::{Lock, Run, State, Store, StoreError},
    trigger::Wake,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    process::Child,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const LOCK: &str = "no code panics while it holds this lock";

/// A young process is looked at so often, an older one less.
const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_millis(50);
/// What others do in the store is noticed so soon.
const ELSEWHERE: Duration = Duration::from_millis(500);

/// A run whose process dies so often without a word will do so again.
const MOST_DEATHS: u32 = 3;
/// The first wait before a run that stopped for a reason that passes is tried again; each further one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(300);
/// How long a process that was asked to stop may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of an attempt at a run.
#[derive(Clone, Debug)]
pub struct Ended {
    pub run: Run,
    /// It is tried again at this instant.
    pub again: Option<Timestamp>,
}

/// Where it is said that an attempt ended, or that the store could not be used.
pub type Tell = Box<dyn Fn(Result<Ended, String>) + Send>;

enum Message {
    Wake {
        run: String,
        not_before: Option<Timestamp>,
        group: String,
    },
    /// Nothing more is begun; what runs may take so long.
    Stop(Duration),
}

/// Hands runs to the pool. Clones hand to the same one.
#[derive(Clone)]
pub struct Handover(Arc<Mutex<Sender<Message>>>);

impl Wake for Handover {
    fn wake(&self, run: &str, not_before: Option<Timestamp>, group: &str) {
        let message = Message::Wake { run: run.into(), not_before, group: group.into() };
        // A pool that has ended begins nothing; the next start hands the run over again.
        let _ = self.0.lock().expect(LOCK).send(message);
    }
}

/// The processes of runs.
pub struct Pool {
    handover: Handover,
    busy: Arc<Mutex<bool>>,
    thread: JoinHandle<()>,
}

impl Pool {
    /// At most `jobs` processes at a time.
    pub fn start(store: Store, clock: Clock, children: Children, jobs: usize, tell: Tell) -> std::io::Result<Pool> {
        let (send, receive) = mpsc::channel();
        let busy = Arc::new(Mutex::new(false));
        let work = Work {
            store,
            clock,
            children,
            jobs,
            tell,
            waiting: Vec::new(),
            running: Vec::new(),
            held: HashMap::new(),
            tries: HashMap::new(),
            deaths: HashMap::new(),
            known: HashSet::new(),
            busy: busy.clone(),
            stopping: None,
        };
        let thread = thread::Builder::new().name("jobs".into()).spawn(move || work.run(&receive))?;
        Ok(Pool { handover: Handover(Arc::new(Mutex::new(send))), busy, thread })
    }

    pub fn handover(&self) -> Handover {
        self.handover.clone()
    }

    /// Whether a process is at work, or will be without anybody doing anything.
    pub fn is_busy(&self) -> bool {
        *self.busy.lock().expect(LOCK)
    }

    /// Begins nothing more, and waits: what runs may take `grace`, then it is asked to stop. It resumes at the next start.
    pub fn stop(self, grace: Duration) {
        let _ = self.handover.0.lock().expect(LOCK).send(Message::Stop(grace));
        // It does nothing that panics; and if it did, its processes go on by themselves.
        let _ = self.thread.join();
    }
}

struct Waiting {
    run: String,
    not_before: Option<Timestamp>,
    group: String,
    /// When it was seen that another process is at it.
    elsewhere: Option<Instant>,
}

struct Running {
    run: String,
    group: String,
    child: Child,
    since: Instant,
}

struct Work {
    store: Store,
    clock: Clock,
    children: Children,
    jobs: usize,
    tell: Tell,
    waiting: Vec<Waiting>,
    running: Vec<Running>,
    /// Groups that are held up by a run that stopped.
    held: HashMap<String, (String, Instant)>,
    tries: HashMap<String, u32>,
    deaths: HashMap<String, u32>,
    /// Runs that wait or are at work here.
    known: HashSet<String>,
    busy: Arc<Mutex<bool>>,
    stopping: Option<Stopping>,
}

struct Stopping {
    at: Instant,
    grace: Duration,
    asked: bool,
}

impl Work {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.wait()) {
                Ok(Message::Stop(grace)) => {
                    self.stopping.get_or_insert(Stopping { at: Instant::now(), grace, asked: false });
                }
                Ok(message) => self.heed(message),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(message) = messages.try_recv() {
                match message {
                    Message::Stop(grace) => {
                        self.stopping.get_or_insert(Stopping { at: Instant::now(), grace, asked: false });
                    }
                    message => self.heed(message),
                }
            }
            let turn = self.collect().and_then(|()| self.release()).and_then(|()| self.begin());
            if let Err(error) = turn {
                (self.tell)(Err(error.message));
            }
            let startable = |waiting: &Waiting| !self.held.contains_key(&waiting.group);
            *self.busy.lock().expect(LOCK) = !self.running.is_empty() || self.waiting.iter().any(startable);
            if self.stopping.is_some() && self.end_soon() {
                return;
            }
        }
    }

    fn heed(&mut self, message: Message) {
        if let Message::Wake { run, not_before, group } = message
            && self.known.insert(run.clone())
        {
            *self.busy.lock().expect(LOCK) = true;
            self.waiting.push(Waiting { run, not_before, group, elsewhere: None });
        }
    }

    /// How long nothing needs to be looked at.
    fn wait(&self) -> Duration {
        match self.running.iter().map(|running| running.since.elapsed()).min() {
            Some(age) if age < Duration::from_secs(2) => SOON,
            Some(_) => LATER,
            None => ELSEWHERE,
        }
    }

    /// Begins what can begin.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.stopping.is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut at = 0;
        while at < self.waiting.len() && self.running.len() < self.jobs {
            let waiting = &self.waiting[at];
            let free = !self.running.iter().any(|running| running.group == waiting.group)
                && !self.held.contains_key(&waiting.group)
                && waiting.not_before.is_none_or(|not_before| not_before <= now)
                && waiting.elsewhere.is_none_or(|seen| seen.elapsed() >= ELSEWHERE);
            if !free {
                at += 1;
                continue;
            }
            let mut waiting = self.waiting.remove(at);
            let Some(run) = self.store.find(&waiting.run)?.pop() else {
                self.known.remove(&waiting.run);
                continue;
            };
            if run.state.has_ended() || run.state == State::Cancelled {
                self.known.remove(&waiting.run);
                continue;
            }
            let folder = self.store.folder(&run.id);
            if Lock::is_held(&folder) {
                // A process that an earlier server started, or somebody's own.
                waiting.elsewhere = Some(Instant::now());
                self.waiting.insert(at, waiting);
                at += 1;
                continue;
            }
            match self.children.start(&run.id, &folder) {
                Ok(child) => {
                    let Waiting { run, group, .. } = waiting;
                    self.running.push(Running { run, group, child, since: Instant::now() });
                }
                Err(error) => {
                    waiting.not_before = self.clock.now().checked_add(FIRST_WAIT).ok();
                    self.waiting.insert(at, waiting);
                    at += 1;
                    (self.tell)(Err(format!("no process could be started for run `{}`: {error}", run.id)));
                }
            }
        }
        Ok(())
    }

    /// Takes in the processes that have ended.
    fn collect(&mut self) -> Result<(), StoreError> {
        let mut at = 0;
        while at < self.running.len() {
            let status = match self.running[at].child.try_wait() {
                Ok(None) => {
                    at += 1;
                    continue;
                }
                Ok(Some(status)) => child::code(status),
                Err(_) => None,
            };
            let Running { run, group, .. } = self.running.swap_remove(at);
            self.known.remove(&run);
            let Some(row) = self.store.find(&run)?.pop() else { continue };
            let again = self.after(&row, &group, status)?;
            let row = self.store.find(&run)?.pop().unwrap_or(row);
            (self.tell)(Ok(Ended { run: row, again }));
        }
        Ok(())
    }

    /// Decides what becomes of a run whose process has ended, and says when it is tried again.
    fn after(&mut self, run: &Run, group: &str, status: Option<u8>) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now();
        let stops = self.stopping.is_some();
        match (run.state, run.exit_code) {
            (State::Queued, _) if status.is_some_and(|code| code != 0) => {
                let why = child::last_words(&self.store.folder(&run.id));
                let why = why.unwrap_or_else(|| "its process could not begin".into());
                self.store.give_up(run, status.unwrap_or(70), &why, now)?;
                Ok(None)
            }
            (State::Running, Some(code @ (3 | 75))) => {
                let tries = self.tries.entry(run.id.clone()).or_default();
                if code == 75 && u64::from(*tries) < retries(run) && !stops {
                    let wait = (FIRST_WAIT * 2_i32.saturating_pow((*tries).min(8))).min(LONGEST_WAIT);
                    *tries += 1;
                    let again = now.checked_add(wait).unwrap_or(now);
                    self.requeue(run, group, Some(again));
                    return Ok(Some(again));
                }
                // A file keeps its place; of a schedule the next due time is another run.
                if run.trigger == "watch" {
                    self.held.insert(group.to_string(), (run.id.clone(), Instant::now()));
                }
                Ok(None)
            }
            // Rows that failed have ended it early: what is left can be done by dropping them in again.
            (State::Running, Some(code)) if code != 130 => {
                let why = run.message.clone().unwrap_or_else(|| "it was not carried out to its end".into());
                self.store.give_up(run, code, &why, now)?;
                Ok(None)
            }
            // It was asked to stop, or it died.
            (State::Running | State::Queued, _) if !stops => {
                let deaths = self.deaths.entry(run.id.clone()).or_default();
                *deaths += 1;
                if *deaths < MOST_DEATHS {
                    self.requeue(run, group, None);
                    return Ok(Some(now));
                }
                let why = format!("its process has died {deaths} times");
                self.store.give_up(run, 70, &why, now)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn requeue(&mut self, run: &Run, group: &str, not_before: Option<Timestamp>) {
        self.known.insert(run.id.clone());
        // Before those that were handed over later: a script's files are worked through in their order.
        let waiting = Waiting { run: run.id.clone(), not_before, group: group.into(), elsewhere: None };
        self.waiting.insert(0, waiting);
        if not_before.is_some() && run.trigger == "watch" {
            self.held.insert(group.to_string(), (run.id.clone(), Instant::now()));
        }
    }

    /// Lets groups go on whose run has ended elsewhere, or is to be tried again now.
    fn release(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut free = Vec::new();
        for (group, (run, looked)) in &mut self.held {
            let due = |waiting: &Waiting| waiting.run == *run && waiting.not_before.is_none_or(|at| at <= now);
            if self.waiting.iter().any(due) {
                free.push(group.clone());
            } else if looked.elapsed() >= ELSEWHERE {
                *looked = Instant::now();
                let row = self.store.find(run)?.pop();
                if row.is_none_or(|row| row.state.has_ended() || row.state == State::Cancelled) {
                    free.push(group.clone());
                }
            }
        }
        free.iter().for_each(|group| drop(self.held.remove(group)));
        Ok(())
    }

    /// Whether everything has ended; asks for it when it is time.
    fn end_soon(&mut self) -> bool {
        let Some(Stopping { at, grace, asked }) = &mut self.stopping else { return false };
        if at.elapsed() >= *grace && !std::mem::replace(asked, true) {
            self.running.iter_mut().for_each(|running| child::interrupt(&mut running.child));
        }
        if at.elapsed() >= grace.saturating_add(PATIENCE) {
            for running in &mut self.running {
                // Its journal is whole, whenever it dies. That it is dead already is as well.
                let _ = running.child.kill();
                let _ = running.child.wait();
            }
            return true;
        }
        self.running.is_empty()
    }
}

/// How often a run may be tried again, by its script's header.
fn retries(run: &Run) -> u64 {
    let record = Record::of(run).ok();
    let text = record.and_then(|record| record.script).map_or_else(String::new, |(_, text)| text);
    Header::read(&text, &[]).0.triggers.retries.unwrap_or(0)
}
