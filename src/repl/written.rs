//! What a line writes: kept as a run of its own, told, and remembered for `:undo`. Where runs are kept is the business of
//! whoever started the session.

use super::{
    LineRun, Mode, Written,
    history::may_be_kept,
    session::{Broken, Session},
};
use crate::{error::Failure, run::may_write, text};

/// A line that runs.
pub struct Running {
    /// How many writes were planned before it.
    planned: usize,
    /// Where it may write: the run that it is then.
    run: Option<Box<dyn LineRun>>,
}

impl Session {
    /// Whatever is done from here on to [`Session::end_line`] belongs to one line. `name` is what errors call it.
    pub fn begin_line(&mut self, name: &str, text: &str) -> Result<Running, Failure> {
        // What a line has defined can write in any later one.
        self.may_write |= may_write(text);
        let connected = &self.lines.host().session;
        let planned = connected.planned_count();
        let mut run = None;
        if self.may_write && self.switch.mode() != Mode::Plan {
            let text = if may_be_kept(text, &self.ui) { text } else { "" };
            run = Some(self.carry.line(connected, name, text)?);
        }
        Ok(Running { planned, run })
    }

    /// Ends a line with what came of it: tells what it has planned, or sent.
    pub fn end_line<T>(&mut self, line: Running, result: Result<T, Broken>) -> Result<T, Broken> {
        self.tell_planned(line.planned);
        let lines = self.lines.clone();
        let failure = match &result {
            Ok(_) => Ok(()),
            Err(Broken::Line(failure) | Broken::Session(failure)) => Err(failure),
        };
        let written = line.run.and_then(|run| run.end(&lines.host().session, failure));
        let Some(Written { run, changed, lasts }) = written.filter(|written| written.changed > 0) else {
            return result;
        };
        self.applied.push(run.clone());
        let changes = if changed == 1 { "change that was".into() } else { format!("{changed} changes that were") };
        match result {
            Ok(value) => {
                if self.at_terminal {
                    let changes = text::plural(changed as usize, "change");
                    let them = if changed == 1 { "it" } else { "them" };
                    self.ui.status(&format!("{changes} sent; `:undo` takes {them} back"));
                }
                Ok(value)
            }
            Err(Broken::Line(failure)) if self.at_terminal => {
                Err(Broken::Line(failure.hint(format!("`:undo` takes back the {changes} sent by then"))))
            }
            Err(Broken::Line(failure)) if lasts => {
                Err(Broken::Line(failure.hint(format!("`onramp undo {run}` takes back the {changes} sent by then"))))
            }
            Err(Broken::Session(failure)) if lasts => {
                Err(Broken::Session(failure.hint(format!("`onramp undo {run}` takes back the {changes} sent by then"))))
            }
            broken => broken,
        }
    }
}
