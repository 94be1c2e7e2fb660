//! What `onramp watch` and `onramp serve` have in common: the workers on folders, the pool that carries out what they hand
//! over, and what is said of it.

mod folders;
mod said;

use super::{
    Children, Maker, Messenger, News, Pool, adopt,
    board::{self, Sums},
    messenger,
    pool::{AtWork, Handover},
    sandbox::Shared,
};
use crate::{
    cli::{connect::Connection, kept::failure_of_store},
    clock::Clock,
    config,
    error::Failure,
    stop::Stop,
    store::Store,
    trigger::folder::Told,
    ui::{Followed, Ui},
};
use folders::Watched;
use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
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
    Run(News),
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
    /// How many workers there were.
    numbered: usize,
    /// Folders that nobody watches any more and that cannot be worked on, so that it is said once.
    left: HashSet<PathBuf>,
    /// What was said of trouble, so that it is said once.
    trouble: Option<String>,
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
        let children = Children::new(sandbox.as_ref().map(Shared::place), connection.verbose)?;
        let (said, hear) = mpsc::channel();
        let tell = said.clone();
        // Whoever heard is gone, and so is everything else.
        let tell = Box::new(move |news| drop(tell.send(Said::Run(news))));
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
            numbered: 0,
            left: HashSet::new(),
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

    /// Waits so long for something to happen, and says it.
    pub fn hear(&mut self, wait: Duration) -> Heard {
        match self.hear.recv_timeout(wait) {
            Ok(said) => self.say(said),
            Err(_) => Heard::Nothing,
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
        self.end_those(|_| true);
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
