//! How a file leaves its folder: where it goes is written down, then its report is written, then it is moved, then that is
//! written down. Each of these can be done again, with the same result.

use super::{
    Told, Worker,
    crash::{self, Point},
    report::{self, Outcome},
    work::Stuck,
};
use crate::store::{File, Run, Stage};
use std::io;

impl Worker {
    /// Moves the file of a run that has ended to `done` or `failed`, with its report, and gives back its place.
    pub(super) fn put_away(&mut self, file: &File, run: &Run) -> Result<String, Stuck> {
        // As it is now: its end may be newer than what was read before.
        let run = self.store.find(&run.id)?.pop().unwrap_or_else(|| run.clone());
        let (name, outcome) = (&file.new.name, Outcome::of(file, &run));
        let mut target = match &file.target {
            Some(target) => target.clone(),
            None => self.decide(&run, outcome, name)?,
        };
        let record = self.store.folder(&run.id);
        let text = report::report(file, &run, &record)?;
        let rows = report::failed_rows(&record)?;
        loop {
            for (at, (_, rows)) in rows.iter().enumerate() {
                self.place.write(&format!("{target}{}", rows_ending(at)), rows.as_bytes())?;
            }
            self.place.write(&format!("{target}{}", report::REPORT), text.as_bytes())?;
            crash::pass(Point::AfterReport);
            match self.place.leave(&run.id, name, &target) {
                // Somebody has put another file there since it was decided: it keeps its place, and not our report.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    for ending in (0..rows.len()).map(rows_ending).chain([report::REPORT.to_string()]) {
                        self.place.remove(&format!("{target}{ending}"))?;
                    }
                    target = self.decide(&run, outcome, name)?;
                }
                left => {
                    left?;
                    break;
                }
            }
        }
        crash::pass(Point::AfterMove);
        self.store.set_stage(&run.id, Stage::Moved, None)?;
        let is_gone = !super::place::exists(&self.place.dir().join(&target));
        // Of one that was withdrawn before it was taken something else is told.
        if !(is_gone && file.stage == Stage::Claimed) {
            self.tell(Told::Moved {
                name: name.clone(),
                run: run.id.clone(),
                target: target.clone(),
                outcome,
                message: run.message.clone().filter(|_| outcome != Outcome::Cancelled),
                counts: run.counts,
                is_gone,
            });
        }
        Ok(target)
    }

    /// Decides where a file goes, and writes it down.
    fn decide(&self, run: &Run, outcome: Outcome, name: &str) -> Result<String, Stuck> {
        let target = self.place.free(outcome.folder(), name);
        self.store.set_stage(&run.id, Stage::Leaving, Some(&target))?;
        Ok(target)
    }
}

/// What the name of the rows ends in that failed in the `at`th bulk call with such rows.
fn rows_ending(at: usize) -> String {
    let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
    report::ROWS.replace(".csv", &format!("{number}.csv"))
}
