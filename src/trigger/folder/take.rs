//! How a file is taken: whether it is whole and may be, then its row and its run in one step, then the move into a folder of
//! its own.

use super::{
    Dedupe, Told,
    crash::{self, Point},
    look::{self, Found, What},
    work::{Stuck, Worker},
    writer::{Writer, writer},
};
use crate::{
    run::short_id,
    store::{Claim, NewFile, Same, Stage, StoreError},
    text,
    trigger::{Cause, Event, Job},
};
use std::{io, time::Duration};

/// Where it cannot be asked whether somebody writes, a file must have been left alone for so many times the settle time.
const PATIENCE: u32 = 5;

/// A file that was left alone for so many times the settle time, and that somebody still has open for writing, is worth a
/// word.
const WORTH_A_WORD: u32 = 30;

/// What became of a waiting file.
pub(super) enum Took {
    It,
    /// It is to be looked at again after this time.
    Later(Duration),
    /// It is gone, or an equal one is at work.
    Nothing,
}

impl Worker {
    /// Claims a file that has been left alone for so long, and takes it.
    pub(super) fn take(&mut self, found: &Found, alone: Duration) -> Result<Took, Stuck> {
        let path = self.place.waiting(&found.name);
        let size = Some(found.stamp().size);
        let refuse =
            |why: String| (NewFile { name: found.name.clone(), size, ..NewFile::default() }, Claim::Refused(why));
        let shown = text::escape_control(&found.name);
        let (mut file, claim) = match &found.what {
            What::Odd(_, why) => refuse(why.clone()),
            What::File(stamp) => match look::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Took::Nothing),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    refuse(format!("`{shown}` cannot be read: permission denied"))
                }
                Err(error) => return Err(error.into()),
                Ok(open) => {
                    match writer(&open) {
                        Writer::Somebody => {
                            if alone >= self.settings.settle * WORTH_A_WORD && self.kept_open.insert(found.name.clone())
                            {
                                let what = format!("`{}` waits: somebody has it open for writing", found.name);
                                self.tell(Told::Trouble { dir: self.dir(), what });
                            }
                            return Ok(Took::Later(self.settings.settle));
                        }
                        Writer::Unknown if alone < self.settings.settle * PATIENCE => {
                            return Ok(Took::Later(self.settings.settle * PATIENCE - alone));
                        }
                        Writer::Unknown | Writer::Nobody => {}
                    }
                    let caps = &self.settings.caps;
                    let mut refused = caps.size(stamp.size);
                    // What is too large is not read to its end.
                    let sha256 = if refused.is_none() { look::hash(&open)? } else { String::new() };
                    if refused.is_none() {
                        refused = caps.rows(&found.name, &open)?;
                    }
                    // Somebody may have come while it was read.
                    if writer(&open) == Writer::Somebody || look::stamp(&path).as_ref() != Some(stamp) {
                        return Ok(Took::Later(self.settings.settle));
                    }
                    let modified = Some(stamp.modified());
                    let file =
                        NewFile { folder: self.dir(), name: found.name.clone(), size, sha256: Some(sha256), modified };
                    match refused {
                        Some(why) => refuse(format!("`{shown}` {why}")),
                        None => match self.same(&file)? {
                            Some(Same::Open(_)) => return Ok(Took::Nothing),
                            Some(Same::Done(first)) => (file, Claim::Done(first)),
                            None => (file, Claim::Queued),
                        },
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
        if matches!(claim, Claim::Queued)
            && let Some(run) = self.store.find(&id)?.pop()
        {
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
            dedupe_key: self.store.next_claim(file)?,
            cause: Cause::File(event),
            not_before: None,
        })
    }
}
