//! What a session in plan mode does with its writes: shows them, applies them, drops them; and takes back what it has
//! applied. How a plan is carried out is the business of whoever started the session.

use super::{
    Mode,
    session::{Broken, Next, Session},
};
use crate::{
    error::{Failure, Kind},
    session::plan::{Plan, Script, render},
    text,
};
use std::collections::BTreeMap;

/// So many writes of one line are told.
const TOLD: usize = 10;

const NOTHING_SENT: &str = "nothing was sent";

impl Session {
    /// Tells the writes that a line has planned, `known` of them before it.
    pub fn tell_planned(&self, known: usize) {
        let entries = self.lines.host().session.planned_since(known);
        for entry in entries.iter().take(TOLD) {
            self.ui.status(&format!("NOT SENT: {}", render::line(entry)));
        }
        if entries.len() > TOLD {
            let more = text::plural(entries.len() - TOLD, "write");
            self.ui.status(&format!("NOT SENT: {more} more; `:plan` shows them"));
        }
    }

    /// Changes what happens to writes. Those that are planned are not dropped on the way.
    pub fn change_mode(&mut self, wanted: Mode) -> Result<(), Broken> {
        let run = &self.lines.host().session;
        let planned = run.planned_count();
        if wanted != Mode::Plan && planned > 0 {
            let writes = text::plural(planned, "write");
            return Err(Failure::usage(format!("{writes} planned and not sent"))
                .hint("`:apply` sends them, `:discard` drops them")
                .into());
        }
        if (wanted == Mode::Plan) != (self.switch.mode() == Mode::Plan) {
            run.set_dry(wanted == Mode::Plan);
        }
        self.switch.set(wanted);
        Ok(())
    }

    fn plan(&mut self) -> Result<Option<Plan>, Broken> {
        let _running = self.activity.running();
        let run = &self.lines.host().session;
        if run.planned_count() == 0 {
            return Ok(None);
        }
        let script = Script { path: "repl".into(), sha256: String::new() };
        let plan = run.planned(script).map_err(|error| self.failure(&crate::script::direct::fault(error)))?;
        Ok(plan)
    }

    /// Begins another plan. Variables that hold provisional ids of this one stay valid where it has made the record: what
    /// they hold becomes the real ones, and wherever else a provisional one is left, in a list that is walked later, it
    /// means the same. The others lead nowhere, and calls say so.
    fn plan_is_over(&mut self, made: BTreeMap<String, String>) -> Result<(), Broken> {
        let run = &self.lines.host().session;
        run.set_dry(true);
        run.learn_ids(made.clone());
        self.with(move |script| script.rename_ids(&made))
    }

    /// Whether somebody says yes. An error where there is nobody to ask.
    fn approved(&mut self, question: &str) -> Result<bool, Failure> {
        if self.yes {
            return Ok(true);
        }
        self.ui.flush();
        let answer = match &mut self.answer_to {
            Some(answer_to) => Some(answer_to(&format!("{question} [y/N] "))),
            None => self.ui.ask(question),
        };
        match answer {
            Some(true) => Ok(true),
            Some(false) => {
                self.ui.status(NOTHING_SENT);
                Ok(false)
            }
            None => Err(Failure::usage("a question is asked before anything is sent, and there is no terminal")
                .hint("start the session with `--yes` to go on without a question")),
        }
    }
}

pub fn plan(session: &mut Session, word: &str) -> Result<Next, Broken> {
    if !matches!(word, "" | "all") {
        return Err(Failure::usage(format!("`:plan` takes no `{}`", text::escape_control(word)))
            .hint("write `:plan`, or `:plan all` for every write")
            .into());
    }
    match session.plan()? {
        Some(plan) => {
            let options =
                render::Options { all: word == "all", all_by: Some(":plan all"), ..render::Options::default() };
            session.ui.line(render::text(&plan, &options).trim_end());
        }
        None => nothing(session),
    }
    Ok(Next::Line)
}

pub fn apply(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let Some(plan) = session.plan()? else {
        nothing(session);
        return Ok(Next::Line);
    };
    if session.torn {
        // Sent once more, one of them would be made twice or not at all.
        let standing = session.half_sent.iter().map(|run| format!("`:undo {run}`")).collect();
        return Err(Failure::usage("a part of the plan was taken back, and another part of it stands")
            .hint(format!("{} takes back the rest, `:discard` drops the plan", text::joined(standing, "and")))
            .into());
    }
    let writes = text::plural(plan.totals.writes(), "write");
    if !session.approved(&format!("send {writes} to `{}`?", text::escape_control(&plan.workspace.slug)))? {
        return Ok(Next::Line);
    }
    let (carry, lines) = (session.carry.clone(), session.lines.clone());
    let run = &lines.host().session;
    let carried = {
        let _running = session.activity.running();
        carry.apply(run, &plan)?
    };
    let run = carried.run.filter(|_| carried.changed > 0);
    session.applied.extend(run.clone());
    if !carried.whole {
        session.half_sent.extend(run);
        session.half_made.extend(carried.made);
        session.sent += carried.changed;
        let way_on = |failure: Failure| match (session.sent, failure.kind) {
            // It has a way on of its own.
            (_, Kind::Refused) => failure,
            (0, _) => failure.hint("`:apply` tries it again, `:discard` drops it"),
            _ => failure.hint("in this session `:apply` goes on with the others, `:undo` takes back what was sent"),
        };
        return Ok(carried.end.map_err(way_on).map(|()| Next::Line)?);
    }
    session.sent = 0;
    session.half_made.clear();
    session.half_sent.clear();
    session.plan_is_over(carried.made)?;
    carried.end?;
    Ok(Next::Line)
}

pub fn discard(session: &mut Session, _: &str) -> Result<Next, Broken> {
    let planned = session.lines.host().session.planned_count();
    if planned == 0 {
        nothing(session);
        return Ok(Next::Line);
    }
    // What was made of it before it stopped is there, or was taken back, as the service says then.
    let made = std::mem::take(&mut session.half_made);
    session.half_sent.clear();
    session.torn = false;
    session.plan_is_over(made)?;
    let dropped = text::plural(planned, "write");
    session.ui.status(&match std::mem::take(&mut session.sent) {
        0 => format!("{dropped} dropped; nothing was sent"),
        sent => format!("{dropped} dropped; {sent} sent already stay as they are, and `:undo` takes them back"),
    });
    Ok(Next::Line)
}

pub fn undo(session: &mut Session, id: &str) -> Result<Next, Broken> {
    let id = match id {
        "" => session.applied.last().cloned().ok_or_else(|| {
            Failure::usage("this session has changed nothing that could be taken back")
                .hint("name a run: `:undo RUN`; `onramp runs` lists them")
        })?,
        id => id.to_string(),
    };
    let (carry, lines) = (session.carry.clone(), session.lines.clone());
    let _running = session.activity.running();
    let mut declined = false;
    let mut approve = |plan: &Plan| {
        let all_by = format!("onramp show {id} --all");
        let options = render::Options { all_by: Some(&all_by), ..render::Options::default() };
        session.ui.line(render::text(plan, &options).trim_end());
        let writes = text::plural(plan.totals.writes(), "write");
        declined = !session.approved(&format!("take it back by {writes}?"))?;
        if declined { Err(Failure::new(Kind::Interrupted, NOTHING_SENT)) } else { Ok(()) }
    };
    let carried = match carry.undo(&lines.host().session, &id, &mut approve) {
        Err(_) if declined => return Ok(Next::Line),
        carried => carried?,
    };
    if session.half_sent.iter().any(|run| run.starts_with(&id)) {
        session.torn = true;
        if carried.end.is_ok() {
            session.half_sent.retain(|run| !run.starts_with(&id));
        }
        if session.half_sent.is_empty() {
            // What was sent of the present plan could otherwise pass for done.
            lines.host().session.plan_anew();
            session.torn = false;
            session.sent = 0;
        }
    }
    carried.end?;
    session.applied.retain(|applied| !applied.starts_with(&id));
    Ok(Next::Line)
}

fn nothing(session: &Session) {
    session.ui.status(if session.switch.mode() == Mode::Plan {
        "nothing is planned"
    } else {
        "nothing is planned: writes are sent at once; `:mode plan` holds them back"
    });
}
