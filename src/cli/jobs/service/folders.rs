//! Which folders a service works on: those that scripts watch, and those that nobody watches any more as long as something
//! that was taken from them has not come to its end. What happens in them the workers say.

use super::{Said, Service, adopt};
use crate::{
    cli::{kept::failure_of_store, watch::RESCAN},
    config,
    error::Failure,
    store::{Lock, Run, Store},
    text,
    trigger::folder::{self, Nudge, Settings, Standing, WORK, Worker},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use super::super::Runnable;

/// A folder with its worker.
pub(super) struct Watched {
    pub(super) number: usize,
    dir: PathBuf,
    script: String,
    /// Whether new files are taken, too.
    takes: bool,
    pub(super) nudge: Sender<Nudge>,
    thread: JoinHandle<()>,
    pub(super) standing: Option<Standing>,
}

impl Watched {
    /// Whether there is nothing left to do in a folder that nobody watches any more.
    fn is_over(&self) -> bool {
        !self.takes && self.standing.as_ref().is_some_and(Standing::is_idle)
    }
}

impl Service {
    /// Has a worker watch a folder from now on. `within` stands before the names of its files when they are told of.
    pub fn watch(&mut self, dir: &Path, within: &str, script: &Runnable, settings: Settings) -> Result<(), Failure> {
        if let Some(other) = self.folders.iter().find(|folder| folder.dir == dir && folder.takes) {
            let other = text::escape_control(&other.script).into_owned();
            return Err(Failure::usage(format!("the folder `{}` is watched for `{other}` already", shown(dir)))
                .hint("name another folder under `[watch]`"));
        }
        // What was taken from it before goes on with the new worker.
        self.end_those(|folder| folder.dir == dir);
        self.maker.serve(script.clone());
        self.work_on(dir, within, settings).inspect_err(|_| self.maker.dismiss(&script.identity))
    }

    /// Ends the worker on the folder that a script watches.
    pub fn unwatch(&mut self, script: &str) {
        self.end_those(|folder| folder.script == script && folder.takes);
    }

    /// Works on those folders that nobody watches any more, or not at present, while files that were taken from them have not
    /// left `work`. `whose` says which script a run is of, if it is one of ours.
    pub fn finish_left(&mut self, whose: impl Fn(&Run) -> Option<String>) -> Result<(), Failure> {
        self.end_those(Watched::is_over);
        for folder in self.store.unfinished_folders().map_err(|error| failure_of_store(&error))? {
            let dir = PathBuf::from(&folder);
            // Another process that has its lock sees to it.
            if self.folders.iter().any(|watched| watched.dir == dir) || Lock::is_held(&dir.join(WORK)) {
                continue;
            }
            let files = self.store.files(&folder).map_err(|error| failure_of_store(&error))?;
            let Some(script) = files.iter().find_map(|(_, run)| whose(run)) else { continue };
            let count = text::plural(files.len(), "file");
            match self.work_on(&dir, &format!("{folder}/"), Settings::finishing(script, RESCAN)) {
                Ok(()) => {
                    self.left.remove(&dir);
                    let shown = shown(&dir);
                    self.ui.status(&format!("`{shown}` is not watched; what was taken from it goes on: {count}"));
                }
                Err(failure) if self.left.insert(dir) => {
                    self.ui.failure(&failure);
                    self.ui.warn(&format!("what was taken from that folder waits: {count}"));
                }
                // It was said.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Starts a worker on a folder.
    fn work_on(&mut self, dir: &Path, within: &str, settings: Settings) -> Result<(), Failure> {
        let shown = shown(dir);
        self.numbered += 1;
        let (number, within, said) = (self.numbered, within.to_string(), self.said.clone());
        let (nudge, nudges) = mpsc::channel();
        let given = folder::Given {
            store: Store::open(&config::state_dir()?).map_err(|error| failure_of_store(&error))?,
            clock: self.clock.clone(),
            make: self.maker.clone(),
            wake: Arc::new(self.handover()),
            // Whoever heard is gone, and so is everything else.
            tell: Box::new(move |told| drop(said.send(Said::Folder(number, told.under(&within))))),
            nudge: nudge.clone(),
        };
        let (script, takes) = (settings.script.clone(), settings.takes);
        let worker = Worker::new(dir, settings, given).map_err(|error| {
            Failure::usage(format!("the folder `{shown}` cannot be worked on: {}", config::reason(&error)))
                .hint("make it writable, with `work`, `done` and `failed` on the same disk")
        })?;
        let worker = worker.ok_or_else(|| {
            Failure::usage(format!("another process works on the folder `{shown}`")).hint("stop that one first")
        })?;
        // Only now: as long as another process works on it, its runs are not ours to judge.
        let left = self.store.files(&dir.display().to_string()).map_err(|error| failure_of_store(&error))?;
        let runs: Vec<_> = left.into_iter().map(|(_, run)| run).collect();
        adopt(&self.store, &runs, &self.connection)?;
        let stop = self.stop.clone();
        let follow = move || folder::follow(worker, &nudges, &stop);
        let thread = thread::Builder::new().name("folder".into()).spawn(follow);
        let thread = thread.map_err(|error| Failure::bug(&format!("no thread could be started ({error})")))?;
        self.folders.push(Watched { number, dir: dir.to_path_buf(), script, takes, nudge, thread, standing: None });
        Ok(())
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

    /// Ends the workers on these folders, all at once, and waits for them.
    pub(super) fn end_those(&mut self, whose: impl Fn(&Watched) -> bool) {
        let (gone, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.folders).into_iter().partition(whose);
        self.folders = left;
        for folder in &gone {
            // One that has ended need not be told.
            let _ = folder.nudge.send(Nudge::End);
        }
        for folder in gone {
            // What it did is in the store, however it ended.
            let _ = folder.thread.join();
        }
    }
}

fn shown(dir: &Path) -> String {
    text::escape_control(&dir.display().to_string()).into_owned()
}
