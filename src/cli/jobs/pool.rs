//! Carries out runs that are handed over, each in a process of its own: so many at a time, one of a script at a time. What a
//! run is at is read from the store; this only remembers which ones it was told of.

mod ended;
mod handover;

pub use handover::{AtWork, Handover};

use super::{
    child::{self, Children},
    ear::Ear,
};
use crate::{
    clock::Clock,
    store::{Lock, Run, State, Store, StoreError},
};
use handover::Message;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    process::Child,
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A young process is looked at so often, an older one less.
const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_millis(50);
/// What others do in the store is noticed so soon.
const ELSEWHERE: Duration = Duration::from_millis(500);

/// The first wait before a run that stopped for a reason that passes is tried again; each further one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(2);
/// How long a process that was asked to stop may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of an attempt at a run.
#[derive(Clone, Debug)]
pub struct Ended {
    pub run: Run,
    /// It is tried again at this instant.
    pub again: Option<Timestamp>,
}

/// What a pool has to say.
#[derive(Clone, Debug)]
pub enum News {
    /// An attempt has ended.
    Ended(Box<Ended>),
    /// The process of a run has said something.
    Line { run: String, line: String },
    /// The store cannot be used, or no process be started.
    Trouble(String),
}

/// Where it is said.
pub type Tell = Box<dyn Fn(News) + Send>;

/// The processes of runs.
pub struct Pool {
    handover: Handover,
    at_work: AtWork,
    thread: JoinHandle<()>,
}

impl Pool {
    /// At most `jobs` processes at a time.
    pub fn start(store: Store, clock: Clock, children: Children, jobs: usize, tell: Tell) -> std::io::Result<Pool> {
        let (send, receive) = mpsc::channel();
        let at_work = AtWork::default();
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
            at_work: at_work.clone(),
            stopping: None,
        };
        let thread = thread::Builder::new().name("jobs".into()).spawn(move || work.run(&receive))?;
        Ok(Pool { handover: Handover::new(send, at_work.clone()), at_work, thread })
    }

    pub fn handover(&self) -> Handover {
        self.handover.clone()
    }

    /// Whether a process is at work, or will be without anybody doing anything.
    pub fn is_busy(&self) -> bool {
        self.at_work.lock().is_busy()
    }

    pub fn at_work(&self) -> AtWork {
        self.at_work.clone()
    }

    /// Begins nothing more, and waits: what runs may take `grace`, then it is asked to stop. It resumes at the next start.
    pub fn stop(self, grace: Duration) {
        self.handover.send(Message::Stop(grace));
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
    /// The run's epoch before this process: it begins an attempt with the next one.
    epoch: i64,
    child: Child,
    since: Instant,
    ear: Option<Ear>,
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
    at_work: AtWork,
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
                (self.tell)(News::Trouble(error.message));
            }
            self.show();
            if self.stopping.is_some() && self.end_soon() {
                return;
            }
        }
    }

    /// Says what it is at.
    fn show(&self) {
        // A run that is to be tried again holds up all of its group but itself.
        let startable = |waiting: &Waiting| self.held.get(&waiting.group).is_none_or(|(run, _)| *run == waiting.run);
        let mut present = self.at_work.lock();
        present.set_busy(!self.running.is_empty() || self.waiting.iter().any(startable));
        present.waiting = self.waiting.len();
        if present.running.len() != self.running.len()
            || present.running.iter().zip(&self.running).any(|(shown, running)| *shown != running.run)
        {
            present.running = self.running.iter().map(|running| running.run.clone()).collect();
        }
    }

    fn heed(&mut self, message: Message) {
        if let Message::Wake { run, not_before, group } = message {
            self.waiting.push(Waiting { run, not_before, group, elsewhere: None });
            self.at_work.lock().taken_in();
        }
    }

    /// Nothing more is done about a run, unless it is handed over again.
    fn let_go(&self, run: &str) {
        self.at_work.lock().in_hand.remove(run);
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
            let found = self.store.find(&waiting.run)?.pop();
            let mut waiting = self.waiting.remove(at);
            let Some(run) = found else {
                self.let_go(&waiting.run);
                continue;
            };
            if run.state.has_ended() || run.state == State::Cancelled {
                self.let_go(&waiting.run);
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
                    let Waiting { run: id, group, .. } = waiting;
                    let (epoch, ear) = (run.epoch, self.children.ear(&folder));
                    self.running.push(Running { run: id, group, epoch, child, since: Instant::now(), ear });
                }
                Err(error) => {
                    waiting.not_before = self.clock.now().checked_add(FIRST_WAIT).ok();
                    self.waiting.insert(at, waiting);
                    at += 1;
                    let what = format!("no process could be started for run `{}`: {error}", run.id);
                    (self.tell)(News::Trouble(what));
                }
            }
        }
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
