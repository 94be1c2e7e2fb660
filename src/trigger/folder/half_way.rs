//! What earlier looks left half-way, or an earlier process: each file is brought one step further, by what the store and the
//! disk say of it.

use super::{
    Standing, Told,
    crash::{self, Point},
    look, place,
    work::{Stuck, Worker},
};
use crate::store::{File, Lock, NewFile, Run, Stage, State};
use std::io;

/// Exit codes of runs that others can go on with.
const WILL_PASS: u8 = 75;
const INTERRUPTED: u8 = 130;

/// How a file stands behind a step.
enum Stands {
    /// It has left.
    Gone,
    /// Its run waits, or a process is at it.
    AtWork,
    /// Its run stopped, and goes on when somebody says so.
    Stopped(Box<Run>),
}

impl Worker {
    /// Brings what is half-way one step further, and counts the files that are still there. Unless there is to be `more`, no
    /// run begins.
    pub(super) fn go_on(&mut self, more: bool, standing: &mut Standing) -> Result<(), Stuck> {
        let files = self.store.files(&self.dir())?;
        let (mut stopped, mut stuck) = (None, None);
        for (file, run) in files {
            match self.one_further(&file, &run, more) {
                Ok(Stands::Gone) => {}
                Ok(Stands::AtWork) => standing.taken += 1,
                Ok(Stands::Stopped(run)) => {
                    standing.taken += 1;
                    stopped.get_or_insert(run);
                }
                // It holds up no other file.
                Err(Stuck::Disk(error)) => {
                    standing.taken += 1;
                    stuck.get_or_insert(Stuck::of_file(&file.new.name, &error));
                }
                Err(error) => return Err(error),
            }
        }
        standing.paused = stopped.as_ref().map(|run| run.exit_code.unwrap_or(WILL_PASS));
        match (&stopped, &self.paused) {
            (Some(run), known) if known.as_ref() != Some(&run.id) => {
                let message = run.message.clone().unwrap_or_else(|| "it says nothing".into());
                self.tell(Told::Paused { dir: self.dir(), run: run.id.clone(), message });
            }
            (None, Some(_)) => self.tell(Told::GoesOn { dir: self.dir() }),
            _ => {}
        }
        self.paused = stopped.map(|run| run.id);
        stuck.map_or(Ok(()), Err)
    }

    /// Brings one file a step further.
    fn one_further(&mut self, file: &File, run: &Run, more: bool) -> Result<Stands, Stuck> {
        match file.stage {
            Stage::Claimed if !self.finish_claim(file, run)? => return Ok(Stands::Gone),
            Stage::Claimed | Stage::Working => {}
            Stage::Leaving => {
                self.put_away(file, run)?;
                return Ok(Stands::Gone);
            }
            Stage::Moved => return Ok(Stands::Gone),
        }
        if run.state.has_ended() {
            crash::pass(Point::BeforeLeave);
            self.put_away(file, run)?;
            return Ok(Stands::Gone);
        }
        if run.state == State::Cancelled {
            let gone = self.put_away_cancelled(file, run)?;
            return Ok(if gone { Stands::Gone } else { Stands::AtWork });
        }
        let is_new = !self.woken.contains(&run.id);
        if is_new || self.wake.has(&run.id) {
            self.hand_over(&run.id);
            return Ok(Stands::AtWork);
        }
        self.one_let_go(file, &run.id, more)
    }

    /// What becomes of a file whose run was let go by whoever was to carry it out.
    fn one_let_go(&mut self, file: &File, run: &str, more: bool) -> Result<Stands, Stuck> {
        // In this order: who has its lock writes down how it ended before that is free.
        let is_free = !Lock::is_held(&self.store.folder(run));
        let Some(run) = self.store.find(run)?.pop() else { return Ok(Stands::AtWork) };
        let is_told = self.paused.as_ref() == Some(&run.id);
        match run.exit_code {
            // The next look puts it away.
            _ if run.state.has_ended() || run.state == State::Cancelled => {}
            // It was interrupted with all others.
            Some(INTERRUPTED) if !more => {}
            Some(3 | WILL_PASS | INTERRUPTED) => return Ok(Stands::Stopped(Box::new(run))),
            // Somebody went on with it, and it ended for another reason.
            Some(code) => {
                let why = run.message.clone().unwrap_or_else(|| "it was not carried out to its end".into());
                if self.store.give_up(&run, code, &why, self.clock.now())? {
                    self.put_away(file, &run)?;
                    return Ok(Stands::Gone);
                }
                // Somebody has gone on with it in this moment.
            }
            // Somebody is at it.
            None if !is_free && is_told => return Ok(Stands::Stopped(Box::new(run))),
            // Its process died, whoever had started it.
            None if is_free && more => self.wake.wake(&run.id, None, &self.settings.script),
            None => {}
        }
        Ok(Stands::AtWork)
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
    pub(super) fn check_taken(&self, file: &NewFile, run: &Run) -> Result<(), Stuck> {
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

    /// Puts the file of a run that was cancelled in its place, unless somebody goes on with the run at this moment.
    fn put_away_cancelled(&mut self, file: &File, run: &Run) -> Result<bool, Stuck> {
        // Whoever resumes it takes this lock, and then reads where the file is.
        let Some(_lock) = Lock::take(&self.store.folder(&run.id))? else { return Ok(false) };
        // A new epoch: who has read the row before this cannot take the run up any more.
        let is_so = self.store.set_state(&run.id, run.epoch, State::Cancelled)?;
        if is_so {
            self.put_away(file, run)?;
        }
        Ok(is_so)
    }

    /// Hands a run over, once.
    pub(super) fn hand_over(&mut self, run: &str) {
        if self.woken.insert(run.to_string()) {
            self.wake.wake(run, None, &self.settings.script);
        }
    }
}
