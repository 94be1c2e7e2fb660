//! What a service says of what happens, and who is told of it.

use super::{Heard, Said, Service};
use crate::{
    cli::{
        jobs::{Ended, News, notice},
        stored,
    },
    store::{Run, State},
    text,
    trigger::folder::{Nudge, Outcome, Told},
    ui::Ui,
};

impl Service {
    pub(super) fn say(&mut self, said: Said) -> Heard {
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
            Said::Run(News::Line { run, line }) => {
                self.ui.status(&format!("{run}: {line}"));
                Heard::Nothing
            }
            Said::Run(News::Trouble(what)) => {
                if self.trouble.as_ref() != Some(&what) {
                    self.ui.warn(&what);
                    self.trouble = Some(what);
                }
                Heard::Trouble
            }
            Said::Run(News::Ended(ended)) => {
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
                self.ui.warn(&format!(
                    "run `{id}` of `{script}` stopped{why}; it is tried again at {}",
                    stored::when(*at)
                ));
            }
            (Some(_), _) => self.ui.warn(&format!("the process of run `{id}` of `{script}` died; it goes on")),
            // Of files it is said where they went.
            (None, state) if run.trigger == "watch" && (state.has_ended() || state == State::Cancelled) => {}
            (None, State::Done) => {
                let did = stored::outcome(&run.counts);
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
}
