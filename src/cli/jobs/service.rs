//! What `onramp watch` and `onramp serve` have in common: the workers on folders, the pool that carries out what they hand
//! over, and the words for what happens.

use super::{
    Children, Ended, Maker, Messenger, Pool, Runnable, adopt,
    board::{self, Sums},
    messenger, notice,
    pool::{AtWork, Handover},
    sandbox::Shared,
};
use crate::{
    cli::{connect::Connection, kept::failure_of_store},
    clock::Clock,
    config,
    error::Failure,
    stop::Stop,
    store::{Run, State, Store},
    text,
    trigger::folder::{self, Nudge, Outcome, Settings, Standing, Told, Worker},
    ui::{Followed, Ui},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How runs that start by themselves are carried out.
pub struct How {
    pub connection: Connection,
    pub read_only: bool,
    /// So many at a time.
    pub jobs: usize,
    /// Who is told of those that fail.
    pub failures: messenger::Flags,
}

/// Something that happened, and has been said.
#[derive(Clone, Debug)]
pub enum Heard {
    Nothing,
    Told(Told),
    Ended,
    /// The store cannot be used, or no process be started; it is tried again.
    Trouble,
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
    sums: Arc<Sums>,
    messenger: Option<Messenger>,
    /// The number of the last question to the folders.
    asked: u64,
    /// What was said of trouble, so that it is said once.
    trouble: Option<String>,
}

/// A folder with its worker.
struct Watched {
    number: usize,
    dir: PathBuf,
    script: String,
    nudge: Sender<Nudge>,
    thread: JoinHandle<()>,
    standing: Option<Standing>,
}

impl Service {
    /// Starts what carries out runs. Nothing hands any over yet.
    pub fn start(how: How, stop: &Stop, ui: &Ui) -> Result<Service, Failure> {
        let How { connection, read_only, jobs, failures } = how;
        let words = failures.words()?;
        let dir = config::state_dir()?;
        let open = || Store::open(&dir).map_err(|error| failure_of_store(&error));
        let (clock, store) = (connection.clock(), open()?);
        if !connection.sandbox {
            // What is wrong with it should not wait for the first run.
            config::base_url(connection.base_url.as_deref())?;
            ui.hide(config::key(connection.key_file.as_deref())?);
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
        let sums = Arc::new(Sums::default());
        let followed = ui.follow_all(board::look(open()?, sums.clone(), pool.at_work()));
        let messenger = words.map(|words| Messenger::start(words, messenger::LIMIT, ui)).transpose();
        let messenger = messenger.map_err(|error| Failure::bug(&format!("no thread could be started ({error})")))?;
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
            sums,
            messenger,
            asked: 0,
            trouble: None,
        })
    }

    pub fn handover(&self) -> Handover {
        self.handover.clone()
    }

    /// Whether a process is at work, or will be without anybody doing anything.
    pub fn is_busy(&self) -> bool {
        self.pool.as_ref().is_some_and(Pool::is_busy)
    }

    /// What the processes of runs are at; nothing where they have ended.
    pub fn at_work(&self) -> AtWork {
        self.pool.as_ref().map(Pool::at_work).unwrap_or_default()
    }

    /// Has a worker watch a folder from now on.
    pub fn watch(&mut self, dir: &Path, script: &Runnable, settings: Settings) -> Result<(), Failure> {
        let shown = text::escape_control(&dir.display().to_string()).into_owned();
        if let Some(other) = self.folders.iter().find(|folder| folder.dir == dir) {
            let other = text::escape_control(&other.script).into_owned();
            return Err(Failure::usage(format!("the folder `{shown}` is watched for `{other}` already"))
                .hint("name another folder under `[watch]`"));
        }
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
        self.folders.push(Watched { number, dir: dir.to_path_buf(), script: identity, nudge, thread, standing: None });
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

    /// Asks each folder how it stands now: the number of the question.
    pub fn ask(&mut self) -> u64 {
        self.asked += 1;
        for folder in &self.folders {
            // One that has ended stands as it stood.
            let _ = folder.nudge.send(Nudge::Ask(self.asked));
        }
        self.asked
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
                        let all = || self.folders.iter().filter_map(|folder| folder.standing.as_ref());
                        let waiting = all().map(|standing| standing.waiting).sum();
                        self.sums.set_folders(waiting, all().filter(|standing| standing.paused.is_some()).count());
                    }
                    Told::Paused { run, .. } => {
                        self.ui.warn(&told.to_string());
                        self.ui.status(&format!(
                            "hint: `onramp resume {run}` goes on with it, and then so does the folder"
                        ));
                    }
                    // What is at work is drawn.
                    Told::Taken { .. } if Ui::is_drawn() => {}
                    told if told.is_warning() => self.ui.warn(&told.to_string()),
                    told => self.ui.status(&told.to_string()),
                }
                self.count(&told);
                Heard::Told(told)
            }
            Said::Run(Err(what)) => {
                if self.trouble.as_ref() != Some(&what) {
                    self.ui.warn(&what);
                    self.trouble = Some(what);
                }
                Heard::Trouble
            }
            Said::Run(Ok(ended)) => {
                self.trouble = None;
                for folder in &self.folders {
                    // One that has ended has no need of it.
                    let _ = folder.nudge.send(Nudge::Look);
                }
                self.say_ended(&ended);
                let Ended { run, again } = &*ended;
                if run.trigger != "watch" && again.is_none() {
                    match run.state {
                        State::Done => self.sums.add_done(),
                        State::Failed => self.sums.add_failed(),
                        _ => {}
                    }
                    self.tell(run);
                }
                Heard::Ended
            }
        }
    }

    /// Counts what became of a file, and has somebody told where that is worth it.
    fn count(&self, told: &Told) {
        let run = match told {
            Told::Moved { outcome: Outcome::Done | Outcome::Duplicate, .. } => return self.sums.add_done(),
            Told::Moved { run, .. } | Told::Withdrawn { run, .. } => {
                self.sums.add_failed();
                run
            }
            Told::Paused { run, .. } => run,
            _ => return,
        };
        // One that is gone by now cannot be told of.
        if self.messenger.is_some()
            && let Ok(runs) = self.store.find(run)
        {
            runs.iter().for_each(|run| self.tell(run));
        }
    }

    fn tell(&self, run: &Run) {
        if let Some(messenger) = self.messenger.as_ref().filter(|_| notice::is_worth_it(run)) {
            messenger.tell(notice::of(&self.store, run));
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
            (None, state) if run.trigger == "watch" && (state.has_ended() || state == State::Cancelled) => {}
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
        if let Some(messenger) = self.messenger.take() {
            messenger.end();
        }
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop();
        }
        heard
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
