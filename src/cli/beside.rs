//! How a session's writes become runs: lines that write, plans that are carried out, runs that are taken back; all of them
//! over the session's connection.

use super::{
    carry::{self, Way},
    connect::Connection,
    entered::Entered,
    kept::{self, Asked},
    stored, undo,
};
use crate::{
    error::{Failure, Kind},
    repl::{Carried, Carry, LineRun},
    run::Present,
    session::{Capability, Control, Earlier, Session, plan::Plan},
    ui::Ui,
};
use std::{collections::BTreeMap, ffi::OsString};

/// Makes runs of what a session writes.
pub struct Beside {
    pub connection: Connection,
    /// The words of the session's own command line.
    pub words: Vec<OsString>,
    /// The log of the line that runs.
    pub present: Present,
    pub ui: Ui,
}

impl Beside {
    /// `undoes`: the run that the plan takes back, and what was taken back of it before.
    fn carry(&self, session: &Session, plan: &Plan, undoes: Option<(&str, Earlier)>) -> Result<Carried, Failure> {
        let (undoes, earlier) = undoes.unzip();
        let verb = if undoes.is_some() { "undo" } else { "apply" };
        let (name, text) = (undoes.map_or_else(|| "repl".into(), |run| format!("undo {run}")), plan.to_json());
        // As a command that goes on with it, should it be stopped: the plan's text is kept.
        let mut words: Vec<OsString> = ["onramp", verb, undoes.unwrap_or("repl")].map(OsString::from).into();
        let place = if self.connection.sandbox { self.connection.sandbox_words() } else { self.connection.words() };
        words.extend(place);
        let asked = Asked {
            kind: verb,
            name: &name,
            words: &words,
            script: Some((&name, &text)),
            writes: true,
            asks: false,
            capability: Capability::default(),
            environment: BTreeMap::new(),
        };
        let ways_on = match undoes {
            None => [
                "`:discard` drops the plan; enter its lines again to plan them from what is there now".to_string(),
                "`:plan` shows it".to_string(),
            ],
            Some(run) => {
                ["--skip-conflicts` leaves them out and does the others", "--force` takes them back all the same"]
                    .map(|rest| format!("`onramp undo {run} {rest}"))
            }
        };
        let way = Way {
            verb,
            yes: true,
            skip_drifted: false,
            force: false,
            first: None,
            earlier: earlier.unwrap_or_default(),
            resumed: false,
            ways_on: &ways_on.each_ref().map(String::as_str),
        };
        let (beside, keeping) = kept::beside(session, asked, &self.connection, undoes, &self.ui)?;
        let (changed, result) = match carry::out(&beside, plan, &way, &self.ui) {
            Ok(applied) => {
                let end = carry::tell(plan, &applied, &way, &keeping, &self.ui);
                (applied.changed, Ok(end))
            }
            Err(failure) => (keeping.counts().changed, Err(failure)),
        };
        let whole = result.is_ok();
        let run = keeping.kept_id().map(str::to_string);
        let end = carry::leave(keeping, &beside, false, result.flatten(), &self.ui).and_then(|code| match code {
            0 => Ok(()),
            _ => Err(Failure::new(Kind::Rows, "some of it was not carried out")),
        });
        Ok(Carried { run, changed, made: beside.learnt_ids(), whole, end })
    }
}

impl Carry for Beside {
    fn line(&self, session: &Session, name: &str, text: &str) -> Result<Box<dyn LineRun>, Failure> {
        let around = (&self.connection, &self.present, &self.ui);
        Ok(Box::new(Entered::begin(session, (name, text), &self.words, around)?))
    }

    fn apply(&self, session: &Session, plan: &Plan) -> Result<Carried, Failure> {
        self.carry(session, plan, None)
    }

    fn undo(
        &self,
        session: &Session,
        run: &str,
        approve: &mut dyn FnMut(&Plan) -> Result<(), Failure>,
    ) -> Result<Carried, Failure> {
        let store = stored::store()?;
        let run = stored::find(&store, run)?;
        let begun = undo::can_be_undone(&store, &run)?;
        let look = session.beside(String::new(), Control::default()).map_err(carry::failure)?;
        let plan = match &begun {
            Some(begun) => undo::plan_of(begun)?,
            None => undo::way_back(&look, &store, &run)?,
        };
        let earlier = undo::earlier(&store, &run, &plan, None)?;
        let rest = plan.without(&earlier.done);
        undo::warn_of_lost(&plan, &self.ui);
        if rest.entries.is_empty() {
            return Err(undo::nothing_to_take_back(&run));
        }
        approve(&rest)?;
        self.carry(session, &plan, Some((&run.id, earlier)))
    }
}
