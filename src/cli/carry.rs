//! What `onramp apply` and `onramp undo` have in common: a plan is held against the workspace, approved, and carried out
//! as a run that can be stopped, resumed and taken back.

use super::kept::{Keeping, failure_of_store};
use crate::{
    api::error::CallError,
    error::{Failure, Kind},
    script::direct,
    session::{
        Applied, Drift, Earlier, How, Look, Outcome, Session, SessionError,
        plan::{Entry, Plan, render},
    },
    stop::Reason,
    text,
    ui::Ui,
};
use std::{collections::BTreeSet, ffi::OsString};

/// So many of a kind are told: records that have moved, or that have new ids.
pub const SHOWN: usize = 20;

/// What is kept of the command for another attempt.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// All words of the command line.
    pub line: Vec<OsString>,
    /// The plan that it was begun with, where it goes on.
    pub text: Option<String>,
}

/// How a plan is to be carried out.
pub struct Way<'a> {
    /// `apply` or `undo`.
    pub verb: &'a str,
    pub yes: bool,
    /// Records that somebody has changed since are left out.
    pub skip_drifted: bool,
    /// They are changed all the same.
    pub force: bool,
    pub first: Option<u64>,
    /// What earlier runs have done of it.
    pub earlier: Earlier,
    /// It goes on: it was approved when it began.
    pub resumed: bool,
    /// What can be done where somebody has changed what the plan is about.
    pub ways_on: &'a [&'a str],
}

/// Holds the plan against the workspace, asks, and carries it out.
pub fn out(session: &Session, plan: &Plan, way: &Way<'_>, ui: &Ui) -> Result<Applied, Failure> {
    // Before requests are spent on a look.
    if asks(plan, way) && !ui.can_ask() {
        return Err(nobody(way));
    }
    let (how, workspace) = held(session, plan, way, ui)?;
    approve(plan, way, &workspace, ui)?;
    let control = session.control().clone();
    let _followed = ui.follow(move || crate::run::glance(&control));
    session.apply(plan, &how).map_err(failure)
}

/// Holds the plan against the workspace: how it can be carried out there, and what that is called. Sends no write.
pub fn held(session: &Session, plan: &Plan, way: &Way<'_>, ui: &Ui) -> Result<(How, String), Failure> {
    let workspace = session.workspace().map_err(failure)?;
    if workspace.id != plan.workspace.id {
        let (planned, here) = (text::escape_control(&plan.workspace.slug), text::escape_control(&workspace.slug));
        let message = format!("the plan is for the workspace `{planned}`, and the key belongs to `{here}`");
        return Err(Failure::new(Kind::Refused, message).hint("use a key of that workspace"));
    }
    let look = session.look_at_plan(plan, &way.earlier).map_err(failure)?;
    let mut how = How {
        done: look.done.clone(),
        earlier: way.earlier.clone(),
        first: way.first,
        overwrite: way.force,
        // What a run has made goes again; what others have added to it since is theirs.
        spares_others: way.verb == "undo" && !way.force,
        ..How::default()
    };
    if !look.drifted.is_empty() {
        let (count, them) = (look.drifted.len(), if look.drifted.len() == 1 { "it" } else { "them" });
        if way.force {
            ui.warn(&format!("{} changed since by somebody else, who is overruled:", records(count)));
        } else if way.skip_drifted {
            how.skip = look.drifted.iter().flat_map(|drift| drift.positions.iter().copied()).collect::<BTreeSet<_>>();
            ui.status(&format!("{} left out, because somebody has changed {them} since:", records(count)));
        } else {
            return Err(drifted(&look, way));
        }
        table(&look).iter().for_each(|line| ui.status(line));
    }
    if look.touched > 0 {
        let records = records(look.touched);
        ui.warn(&format!("{records} written to since then; the fields that the plan is about are as they were"));
    }
    Ok((how, workspace.slug.clone()))
}

/// Asks whether to go on.
fn approve(plan: &Plan, way: &Way<'_>, workspace: &str, ui: &Ui) -> Result<(), Failure> {
    if !asks(plan, way) {
        return Ok(());
    }
    let rest = plan.without(&way.earlier.done);
    let (writes, workspace) = (render::totals(&rest), text::escape_control(workspace));
    let question = match way.verb {
        "undo" => format!("take it back in the workspace `{workspace}`? {writes}"),
        _ => format!("apply this to the workspace `{workspace}`? {writes}"),
    };
    match ui.ask(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(Kind::Interrupted, "nothing was sent")),
        None => Err(nobody(way)),
    }
}

/// Whether somebody has to say yes first.
fn asks(plan: &Plan, way: &Way<'_>) -> bool {
    !way.yes && !way.resumed && !plan.entries.is_empty()
}

fn nobody(way: &Way<'_>) -> Failure {
    Failure::usage(format!("`onramp {}` asks before it writes, and there is no terminal", way.verb))
        .hint("add `--yes` to go on without a question")
}

fn drifted(look: &Look, way: &Way<'_>) -> Failure {
    let count = records(look.drifted.len());
    let message = format!("nothing was sent: {count} changed since by somebody else");
    let mut failure = Failure::new(Kind::Refused, message);
    failure.details = table(look);
    failure.hints = way.ways_on.iter().map(ToString::to_string).collect();
    failure
}

/// What has moved, and how: the first records, and how many more there are.
fn table(look: &Look) -> Vec<String> {
    let mut table: Vec<String> = look.drifted.iter().take(SHOWN).flat_map(lines).collect();
    if look.drifted.len() > SHOWN {
        table.push(format!("  and {} more", look.drifted.len() - SHOWN));
    }
    table
}

fn lines(drift: &Drift) -> Vec<String> {
    let name = drift.label.as_deref().unwrap_or(&drift.id);
    let named = format!("{} ({} {})", text::escape_control(name), drift.object, text::escape_control(&drift.id));
    drift.what.iter().map(|what| format!("  {named}: {}", text::escape_control(what))).collect()
}

fn records(count: usize) -> String {
    if count == 1 { "1 record was".into() } else { format!("{count} records were") }
}

/// Says what became of it, and gives the exit code.
pub fn tell(plan: &Plan, applied: &Applied, way: &Way<'_>, keeping: &Keeping, ui: &Ui) -> Result<u8, Failure> {
    let Applied { changed, unchanged, earlier, skipped, failed, more, .. } = applied;
    let mut parts = vec![format!("{changed} changed")];
    for (count, word) in [
        (*unchanged, "as it should be already"),
        (*earlier, "taken back before"),
        (*skipped, "left out"),
        (failed.len() as u64, "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    ui.status(&parts.join(", "));
    if *changed == 0 && failed.is_empty() && *skipped == 0 && !more {
        // What was taken back before may be another one by now.
        ui.status(match earlier {
            0 => "there was nothing to do: all is as the plan wants it",
            _ => "there was nothing left to do",
        });
    }
    made_again(plan, applied).iter().for_each(|line| ui.status(line));
    for (position, outcome) in failed {
        let entry = plan.entries.get(position - 1);
        let named = entry.map_or_else(String::new, |entry| {
            format!("{} {}", entry.operation, entry.record.label.as_deref().unwrap_or(&entry.record.id))
        });
        ui.status(&format!("  {}: {}", text::escape_control(&named), text::escape_control(&why(outcome))));
    }
    if *more && let Some(id) = keeping.resumable() {
        ui.status(&format!("the first are done: look at them; `onramp resume {id}` goes on with the others"));
    }
    if let (Some(id), true) = (keeping.kept_id(), *changed > 0 && way.verb == "apply") {
        ui.status(&format!("`onramp undo {id}` takes it back"));
    }
    Ok(exit_code(failed.is_empty() && *skipped == 0 && plan.lost.is_empty()))
}

/// The exit code of what came to its end: whether all was done that was asked for.
pub fn exit_code(whole: bool) -> u8 {
    if whole { 0 } else { Kind::Rows.exit_code() }
}

/// The records that were made again, each with its new id and the one it had.
fn made_again(plan: &Plan, applied: &Applied) -> Vec<String> {
    let line = |entry: &Entry| {
        let (old, new) = (entry.replaces.as_ref()?, applied.made.get(&entry.record.id)?);
        let named = match &entry.record.label {
            Some(label) if label != old => format!("{} {label}", entry.record.object),
            _ => entry.record.object.clone(),
        };
        Some(text::escape_control(&format!("  {named}: made again as {new}, was {old}")).into_owned())
    };
    let mut lines: Vec<String> = plan.entries.iter().filter_map(line).collect();
    if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.truncate(SHOWN);
        lines.push(format!("  and {more} more were made again"));
    }
    lines
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Left(why) => why.clone(),
        // The line names the operation itself.
        Outcome::Failed(CallError::Api(error)) => error.message.clone(),
        Outcome::Failed(error) => error.to_string(),
        Outcome::Changed(_) | Outcome::Unchanged(_) => String::new(),
    }
}

/// Ends the run of it.
pub fn leave(
    keeping: Keeping,
    session: &Session,
    more: bool,
    end: Result<u8, Failure>,
    ui: &Ui,
) -> Result<u8, Failure> {
    let counts = session.control().progress.counts();
    let end = end.map_err(|failure| keeping.with_way_on(failure, counts.changed));
    let stopped = if more { Some(Reason::Enough) } else { session.stop().asked() };
    // Nothing of this process touches the journal once another may go on with the run.
    session.record_in(None);
    keeping.leave(&counts, stopped, &end, ui);
    end
}

/// An error of the session, as people see it.
pub fn failure(error: SessionError) -> Failure {
    match error {
        SessionError::Store(error) => failure_of_store(&error),
        error => Failure::of_fault(&direct::fault(error), &|_| None),
    }
}
