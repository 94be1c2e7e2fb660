//! How a file leaves its folder: where it goes is written down, then its report is written, then it is moved, then that is
//! written down. Each of these can be done again, with the same result.

use super::{
    Told, Worker,
    crash::{self, Point},
    report::{self, Outcome},
    work::Stuck,
};
use crate::store::{File, Run, Stage};

impl Worker {
    /// Moves the file of a run that has ended to `done` or `failed`, with its report, and gives back its place.
    pub(super) fn put_away(&mut self, file: &File, run: &Run) -> Result<String, Stuck> {
        // As it is now: its end may be newer than what was read before.
        let run = self.store.find(&run.id)?.pop().unwrap_or_else(|| run.clone());
        let (name, outcome) = (&file.new.name, Outcome::of(file, &run));
        let target = match &file.target {
            Some(target) => target.clone(),
            None => {
                let target = self.place.free(outcome.folder(), name);
                self.store.set_stage(&run.id, Stage::Leaving, Some(&target))?;
                target
            }
        };
        let record = self.store.folder(&run.id);
        let text = report::report(file, &run, &record)?;
        for (at, (_, rows)) in report::failed_rows(&record)?.into_iter().enumerate() {
            let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
            let ending = report::ROWS.replace(".csv", &format!("{number}.csv"));
            self.place.write(&format!("{target}{ending}"), rows.as_bytes())?;
        }
        self.place.write(&format!("{target}{}", report::REPORT), text.as_bytes())?;
        crash::pass(Point::AfterReport);
        self.place.leave(&run.id, name, &target)?;
        crash::pass(Point::AfterMove);
        self.store.set_stage(&run.id, Stage::Moved, None)?;
        let is_there = super::place::exists(&self.place.dir().join(&target));
        if is_there {
            self.tell(Told::Moved {
                name: name.clone(),
                run: run.id.clone(),
                target: target.clone(),
                outcome,
                message: run.message.clone().filter(|_| outcome != Outcome::Cancelled),
                counts: run.counts,
            });
        }
        Ok(target)
    }
}
