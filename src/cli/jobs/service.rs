//! What `onramp watch` and `onramp serve` have in common: the workers on folders, the pool that carries out what they hand
//! over, and the words for what happens.

use super::{Children, Ended, Maker, Pool, Runnable, adopt, pool::Handover, sandbox::Shared};
use crate::{
    cli::{connect::Connection, kept::failure_of_store, status},
    clock::Clock,
    config,
    error::Failure,
    pace::Glance,
    session::{Stage, Standing as Progress},
    stop::Stop,
    store::{State, Store},
    text::{self, Rate},
    trigger::folder::{self, Nudge, Settings, Standing, Told, Worker},
    ui::{Followed, Ui},
};
use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Something that happened, and has been said.
#[derive(Clone, Debug)]
pub enum Heard {
    Nothing,
    Told(Told),
    Ended,
}

enum Said {
    Folder(usize, Told),
    Run(Result<Box<Ended>, String>),
}

/// Runs that start by themselves, as long as this lives.
pub struct Service {
    pub store: Store,
    pub maker: Arc<Maker>,
    pub clock: Clock,
    ui: Ui,
    stop: Stop,
    connection: Connection,
    /// Until it ends.
    pool: Option<Pool>,
    handover: Handover,
    folders: Vec<Watched>,
    said: Sender<Said>,
    hear: Receiver<Said>,
    sandbox: Option<Shared>,
    followed: Followed,
}

/// A folder with its worker.
struct Watched {
    number: usize,
    script: String,
    nudge: Sender<Nudge>,
    thread: JoinHandle<()>,
    standing: Option<Standing>,
}

impl Service {
    /// Starts what carries out runs, `jobs` at a time. Nothing hands any over yet.
    pub fn start(
        connection: Connection,
        read_only: bool,
        jobs: usize,
        stop: &Stop,
        ui: &Ui,
    ) -> Result<Service, Failure> {
        let dir = config::state_dir()?;
        let open = || Store::open(&dir).map_err(|error| failure_of_store(&error));
        let (clock, store) = (connection.clock(), open()?);
        if !connection.sandbox {
            // What is wrong with it should not wait for the first run.
            config::base_url(connection.base_url.as_deref())?;
            config::key(connection.key_file.as_deref())?;
        }
        let sandbox = Shared::start(&connection)?;
        let children = Children::new(sandbox.as_ref().map(Shared::place))?;
        let (said, hear) = mpsc::channel();
        let tell = said.clone();
        // Whoever heard is gone, and so is everything else.
        let tell = Box::new(move |ended: Result<Ended, String>| drop(tell.send(Said::Run(ended.map(Box::new)))));
        let pool = Pool::start(open()?, clock.clone(), children, jobs, tell)
            .map_err(|error| Failure::bug(&format!("no thread could be started ({error})")))?;
        let maker = Arc::new(Maker::new(connection.clone(), read_only, ui));
        let followed = ui.follow(glance(open()?));
        let (ui, stop) = (ui.clone(), stop.clone());
        let folders = Vec::new();
        let handover = pool.handover();
        let pool = Some(pool);
        Ok(Service {
            store,
            maker,
            clock,
            ui,
            stop,
            connection,
            pool,
            handover,
            folders,
            said,
            hear,
            sandbox,
            followed,
        })
    }

    pub fn handover(&self) -> Handover {
        self.handover.clone()
    }

    /// Whether a process is at work, or will be without anybody doing anything.
    pub fn is_busy(&self) -> bool {
        self.pool.as_ref().is_some_and(Pool::is_busy)
    }

    /// Has a worker watch a folder from now on.
    pub fn watch(&mut self, dir: &Path, script: &Runnable, settings: Settings) -> Result<(), Failure> {
        let shown = text::escape_control(&dir.display().to_string()).into_owned();
        let left = self.store.files(&dir.display().to_string()).map_err(|error| failure_of_store(&error))?;
        let runs: Vec<_> = left.into_iter().map(|(_, run)| run).collect();
        adopt(&self.store, &runs, &self.connection)?;
        self.maker.serve(script.clone());
        let number = self.folders.iter().map(|folder| folder.number + 1).max().unwrap_or(0);
        let (nudge, nudges) = mpsc::channel();
        let said = self.said.clone();
        let given = folder::Given {
            store: Store::open(&config::state_dir()?).map_err(|error| failure_of_store(&error))?,
            clock: self.clock.clone(),
            make: self.maker.clone(),
            wake: Arc::new(self.handover()),
            // As above.
            tell: Box::new(move |told| drop(said.send(Said::Folder(number, told)))),
            nudge: nudge.clone(),
        };
        let identity = settings.script.clone();
        let worker = Worker::new(dir, settings, given).map_err(|error| {
            Failure::usage(format!("the folder `{shown}` cannot be worked on: {}", config::reason(&error)))
                .hint("make it writable, with `work`, `done` and `failed` on the same disk")
        })?;
        let worker = worker.ok_or_else(|| {
            Failure::usage(format!("another process works on the folder `{shown}`")).hint("stop that one first")
        })?;
        let stop = self.stop.clone();
        let follow = move || folder::follow(worker, &nudges, &stop);
        let thread = thread::Builder::new().name("folder".into()).spawn(follow);
        let thread = thread.map_err(|error| Failure::bug(&format!("no thread could be started ({error})")))?;
        self.folders.push(Watched { number, script: identity, nudge, thread, standing: None });
        Ok(())
    }

    /// Ends the workers of a script.
    pub fn unwatch(&mut self, script: &str) {
        let (gone, left) = std::mem::take(&mut self.folders).into_iter().partition(|folder| folder.script == script);
        self.folders = left;
        end(gone);
    }

    /// How the folder stands that is watched alone; `None` before its first look.
    pub fn standing(&self) -> Option<&Standing> {
        self.folders.first().and_then(|folder| folder.standing.as_ref())
    }

    /// Waits so long for something to happen, and says it.
    pub fn hear(&mut self, wait: Duration) -> Heard {
        match self.hear.recv_timeout(wait) {
            Ok(said) => self.say(said),
            Err(_) => Heard::Nothing,
        }
    }

    fn say(&mut self, said: Said) -> Heard {
        match said {
            Said::Folder(number, told) => {
                match &told {
                    Told::Standing(standing) => {
                        let folder = self.folders.iter_mut().find(|folder| folder.number == number);
                        folder.into_iter().for_each(|folder| folder.standing = Some(standing.clone()));
                    }
                    Told::Paused { run, .. } => {
                        self.ui.warn(&told.to_string());
                        self.ui.status(&format!(
                            "hint: `onramp resume {run}` goes on with it, and then so does the folder"
                        ));
                    }
                    told if told.is_warning() => self.ui.warn(&told.to_string()),
                    told => self.ui.status(&told.to_string()),
                }
                Heard::Told(told)
            }
            Said::Run(Err(what)) => {
                self.ui.warn(&what);
                Heard::Nothing
            }
            Said::Run(Ok(ended)) => {
                for folder in &self.folders {
                    // One that has ended has no need of it.
                    let _ = folder.nudge.send(Nudge::Look);
                }
                self.say_ended(&ended);
                Heard::Ended
            }
        }
    }

    fn say_ended(&self, ended: &Ended) {
        let Ended { run, again } = ended;
        let (id, script) = (&run.id, text::escape_control(&run.script));
        let why = run.message.as_deref().map_or(String::new(), |why| format!(": {}", text::escape_control(why)));
        match (again, run.state) {
            (Some(at), _) if run.exit_code.is_some() => {
                self.ui
                    .warn(&format!("run `{id}` of `{script}` stopped{why}; it is tried again at {}", status_time(*at)));
            }
            (Some(_), _) => self.ui.warn(&format!("the process of run `{id}` of `{script}` died; it goes on")),
            // Of files it is said where they went.
            (None, _) if run.trigger == "watch" && run.state.has_ended() => {}
            (None, State::Done) => {
                let did = crate::cli::stored::outcome(&run.counts);
                let did = if did.is_empty() { did } else { format!(", {did}") };
                self.ui.status(&format!("run `{id}` of `{script}`: done{did}"));
            }
            (None, State::Failed) => self.ui.warn(&format!("run `{id}` of `{script}`: failed{why}")),
            (None, State::Cancelled) => self.ui.status(&format!("run `{id}` of `{script}`: cancelled")),
            (None, _) if run.trigger == "watch" && run.exit_code != Some(130) => {}
            (None, _) => {
                self.ui.warn(&format!("run `{id}` of `{script}` stopped{why}"));
                self.ui.status(&format!("hint: `onramp resume {id}` goes on with it, and so does the next start"));
            }
        }
    }

    /// Ends everything: what runs may take `grace`. Gives what happened meanwhile, which has been said.
    pub fn end(mut self, grace: Duration) -> Vec<Heard> {
        let Some(pool) = self.pool.take() else { return Vec::new() };
        let ending = thread::spawn(move || pool.stop(grace));
        let mut heard = Vec::new();
        while !ending.is_finished() {
            heard.push(self.hear(Duration::from_millis(20)));
        }
        // What it did is in the store, however it ended.
        let _ = ending.join();
        end(std::mem::take(&mut self.folders));
        while let Ok(said) = self.hear.try_recv() {
            heard.push(self.say(said));
        }
        drop(self.followed);
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop();
        }
        heard
    }
}

/// What a run that is at work says of itself.
fn glance(store: Store) -> impl Fn() -> Option<Glance> + Send {
    move || {
        // A look that fails is made up for by the next.
        let runs = store.open_runs().ok()?;
        let own = runs.iter().filter(|run| run.trigger != "manual" && run.state == State::Running);
        own.filter_map(|run| {
            let Progress { bulk, limit_per_minute, seconds_held, .. } = status::standing(run);
            let Stage { call, operation, done, total, changed, unchanged, skipped, failed } = bulk?;
            let limit = limit_per_minute.and_then(|limit| u32::try_from(limit).ok());
            let rate = limit.map(|limit| Rate { limit, window: Duration::from_secs(60) });
            let requests = run.counts.requests;
            let (what, held) = (operation, seconds_held.map(Duration::from_secs));
            Some(Glance { call, what, done, total, changed, unchanged, skipped, failed, requests, rate, held })
        })
        .next()
    }
}

fn end(folders: Vec<Watched>) {
    for folder in &folders {
        // One that has ended need not be told.
        let _ = folder.nudge.send(Nudge::End);
    }
    for folder in folders {
        // What it did is in the store, however it ended.
        let _ = folder.thread.join();
    }
}

fn status_time(at: jiff::Timestamp) -> String {
    crate::cli::stored::when(at)
}
