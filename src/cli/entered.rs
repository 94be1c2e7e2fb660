//! A line of a session as a run: it takes its place in the store with its first write, and has ended when the line has,
//! whatever became of it. A line that does not write leaves nothing.

use super::{
    kept::{self, Asked, Keeping},
    record::Record,
};
use crate::{
    error::Failure,
    repl::{LineRun, Written},
    run::{Present, journal_in},
    session::{Capability, Session},
    store::{Run, Store},
    text,
    ui::Ui,
};
use std::{collections::BTreeMap, ffi::OsString};

/// The kind of such runs in the store.
pub const KIND: &str = "line";

/// So much of a line tells it from others.
const SHOWN: usize = 60;

/// A line that may write.
pub struct Entered {
    keeping: Keeping,
    present: Present,
    ui: Ui,
}

impl Entered {
    /// Begins the record of a line. `name` is what errors call it, `words` are those of the session's command line.
    pub fn begin(
        session: &Session,
        (name, text): (&str, &str),
        words: &[OsString],
        around: (&super::connect::Connection, &Present, &Ui),
    ) -> Result<Entered, Failure> {
        let (connection, present, ui) = around;
        let called = called(name, text);
        let asked = Asked {
            kind: KIND,
            name: &called,
            words,
            script: Some((name, text)),
            writes: true,
            asks: false,
            capability: Capability::default(),
            environment: BTreeMap::new(),
        };
        let keeping = kept::entered(session, asked, connection, ui)?;
        present.set(Some(keeping.log.clone()));
        Ok(Entered { keeping, present: present.clone(), ui: ui.clone() })
    }
}

/// Why `onramp resume` does not go on with a line, and what can be done instead.
pub fn cannot_go_on(store: &Store, run: &Run) -> Failure {
    let id = &run.id;
    let failure = Failure::usage(format!(
        "the run `{id}` was a line of a session, which cannot be resumed: the session's variables are gone"
    ));
    let fleeting = Record::of(run).is_ok_and(|record| record.fleeting);
    let failure = match journal_in(&store.folder(id)).exists() && !fleeting && run.undone_by.is_none() {
        true => failure.hint(format!("`onramp undo {id}` takes back what it had changed when it stopped")),
        false => failure,
    };
    failure.hint(format!("`onramp show {id}` tells how far it was; do the rest in another session"))
}

/// Why `onramp retry` does not run a line once more.
pub fn cannot_begin_anew(run: &Run) -> Failure {
    let id = &run.id;
    Failure::usage(format!("the run `{id}` was a line of a session, which alone means nothing"))
        .hint("enter it again in `onramp repl`, or save the lines of a session as a script there with `:save FILE`")
}

/// What people call the run: a script by its path, a line by what it says.
fn called(name: &str, text: &str) -> String {
    if !name.starts_with("repl:") && name != "-e" && !name.starts_with(':') {
        return name.to_string();
    }
    let said: Vec<&str> = text.split_whitespace().collect();
    text::cut(&format!("repl: {}", said.join(" ")), SHOWN).into_owned()
}

impl LineRun for Entered {
    fn end(self: Box<Self>, session: &Session, end: Result<(), &Failure>) -> Option<Written> {
        session.record_in(None);
        self.present.set(None);
        // Somebody may have held the run; the next one is another.
        session.control().pause(false);
        let run = self.keeping.kept_id()?.to_string();
        let (changed, lasts) = (self.keeping.counts().changed, self.keeping.resumable().is_some());
        self.keeping.leave_line(session.stop().asked(), end, &self.ui);
        Some(Written { run, changed, lasts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_called_by_what_it_says_and_a_script_by_its_path() {
        assert_eq!(called("repl:7", "update_customer(101,\n  #{mrr: 1})"), "repl: update_customer(101, #{mrr: 1})");
        assert_eq!(called("-e", "delete_customer(1)"), "repl: delete_customer(1)");
        assert_eq!(called("fixes/a.rhai", "1"), "fixes/a.rhai");
        assert_eq!(called("repl:1", &"x ".repeat(80)).chars().count(), SHOWN + 1);
    }
}
