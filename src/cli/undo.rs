//! `onramp undo`: a run is taken back, by a plan that is made from its journal.

use super::{
    carry::{self, Kept, Way},
    connect::Connection,
    kept::{self, Asked, Begin},
    plan::understood,
    record::Record,
    stored,
};
use crate::{
    error::Failure,
    run,
    session::{
        Capability, Earlier, Session, WayBack,
        journal::digest,
        plan::{self, Entry, Plan, render},
    },
    store::{Filter, Lock, Run, State, Store},
    text,
    ui::Ui,
};
use std::collections::BTreeMap;

/// Take back what a run has changed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every field that the run changed goes back to what it was, what it created is deleted, and what it \
deleted is created again, under a new id. Fields that somebody has changed since are conflicts: nothing is sent then, unless \
you say what is to be done with them. An undo is a run, and can itself be taken back; the run that was taken back can no \
longer be resumed.

Where writes of an undo failed or were left out, `onramp undo` on the same run does what is left.

Exit codes: as those of `onramp run`; 4 some changes failed, were left out or cannot be taken back; 5 there were conflicts, \
and nothing was sent. With `--dry-run` those that the undo itself would have."
)]
pub struct Args {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN", required_unless_present = "last")]
    run: Option<String>,
    /// The newest run that can be taken back
    #[arg(long, conflicts_with = "run")]
    last: bool,
    /// Show what would be done, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Leave out the records that somebody has changed since
    #[arg(long, conflicts_with = "force")]
    skip_conflicts: bool,
    /// Take back also what somebody has changed since
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub connection: Connection,
    #[arg(skip)]
    pub kept: Kept,
}

pub fn carry_out(args: Args, begin: Begin, ui: &Ui) -> Result<u8, Failure> {
    let resumed = matches!(begin, Begin::Resume(_));
    let store = stored::store()?;
    // What was the last run when an undo began need not be the last one when it goes on.
    let undoes = match &begin {
        Begin::Resume(resumed) => resumed.run.undoes.clone(),
        Begin::Retry(retried) => stored::find(&store, &retried.of)?.undoes,
        Begin::Anew => None,
    };
    let own = if let Begin::Resume(resumed) = &begin { Some(resumed.run.id.as_str()) } else { None };
    let work = |run: Run| Work::of(&store, run, own, &args, ui);
    let work = match undoes.as_ref().or(args.run.as_ref()) {
        Some(id) => work(stored::find(&store, id)?)?,
        None => last(&store, work, ui)?,
    };
    let is_lost = work.is_lost();
    let Work { run, plan, earlier } = work;
    let name = format!("undo {}", run.id);
    let asked = |text, writes| Asked {
        kind: "undo",
        name: &name,
        words: &args.kept.line,
        script: Some((&name, text)),
        writes,
        asks: false,
        capability: Capability::default(),
        environment: BTreeMap::new(),
    };
    warn_of_lost(&plan, ui);
    if plan.entries.is_empty() {
        ui.status(&format!("the run `{}` has changed nothing that could be taken back", run.id));
        return Ok(carry::exit_code(plan.lost.is_empty()));
    }
    if !resumed && is_lost {
        ui.status(&format!("nothing else of the run `{}` is left to be taken back", run.id));
        return Ok(carry::exit_code(false));
    }
    if !resumed && (args.dry_run || !args.yes) {
        let all_by = format!("onramp show {} --all", run.id);
        let options = render::Options { all_by: Some(&all_by), ..render::Options::default() };
        let shown = render::text(&plan.without(&earlier.done), &options);
        ui.line(shown.trim_end());
        ui.flush();
    }
    let way = Way {
        verb: "undo",
        yes: args.yes,
        skip_drifted: args.skip_conflicts,
        force: args.force,
        first: None,
        earlier,
        resumed,
        ways_on: &["`--skip-conflicts` leaves them out and does the others", "`--force` takes them back all the same"],
    };
    if args.dry_run {
        let (session, _) = kept::look(args.connection, ui)?;
        let (how, _) = carry::held(&session, &plan, &way, ui)?;
        ui.status("NOT SENT: this is only what would be done");
        return Ok(carry::exit_code(how.skip.is_empty() && plan.lost.is_empty()));
    }
    let text = plan.to_json();
    let (session, keeping) = kept::open_undo(begin, asked(&text, true), args.connection, &run.id, ui)?;
    let (more, end) = match carry::out(&session, &plan, &way, ui) {
        Ok(applied) => (applied.more, carry::tell(&plan, &applied, &way, &keeping, ui)),
        Err(failure) => (false, Err(failure)),
    };
    carry::leave(keeping, &session, more, end, ui)
}

/// A run that is to be taken back, and what is to be done for that.
struct Work {
    run: Run,
    plan: Plan,
    /// What undos before have done of it.
    earlier: Earlier,
}

impl Work {
    /// `own` is the undo that goes on.
    fn of(store: &Store, run: Run, own: Option<&str>, args: &Args, ui: &Ui) -> Result<Work, Failure> {
        let begun = if own.is_some() { None } else { can_be_undone(store, &run)? };
        let plan = match (&args.kept.text, &begun) {
            (Some(text), _) => understood(&format!("undo {}", run.id), text)?,
            (None, Some(begun)) => plan_of(begun)?,
            (None, None) => {
                // Asked of the workspace before there is a run: which writes were carried out, where nobody knows.
                let (session, _) = kept::look(args.connection.clone(), ui)?;
                way_back(&session, store, &run)?
            }
        };
        let earlier = earlier(store, &run, &plan, own)?;
        Ok(Work { run, plan, earlier })
    }

    /// Whether all that is left of it is what cannot be taken back.
    fn is_lost(&self) -> bool {
        let done = |entry: &Entry| self.earlier.done.contains(&entry.position);
        !self.plan.lost.is_empty() && self.plan.entries.iter().all(done)
    }
}

/// What undos of a run have done of this plan, which was begun before; `own` is the one that goes on.
pub fn earlier(store: &Store, run: &Run, plan: &Plan, own: Option<&str>) -> Result<Earlier, Failure> {
    let hash = digest(plan.to_json().as_bytes());
    let told = || {
        let mut undos = store.undos_of(&run.id)?;
        undos.retain(|undo| undo.hash == hash && own != Some(undo.id.as_str()));
        run::earlier(store, &undos, plan)
    };
    told().map_err(|error| kept::failure_of_store(&error))
}

/// The plan that takes a run back.
pub fn way_back(session: &Session, store: &Store, run: &Run) -> Result<Plan, Failure> {
    let (mut story, doubts) = run::story_with_doubts(store, &run.id).map_err(|error| kept::failure_of_store(&error))?;
    session.settle_story(&mut story, doubts).map_err(carry::failure)?;
    let WayBack { entries, lost } = WayBack::of(&story);
    let workspace = plan::Workspace {
        id: run.workspace_id.clone().unwrap_or_default(),
        slug: run.workspace.clone().unwrap_or_default(),
    };
    let head = plan::Head {
        onramp: env!("CARGO_PKG_VERSION").into(),
        id: run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?,
        created_at: session.clock().now(),
        workspace,
        script: plan::Script { path: format!("undo {}", run.id), sha256: run.hash.clone() },
    };
    Ok(Plan::new(head, entries, 0).with_lost(lost))
}

/// There is nothing to do.
pub fn nothing_to_take_back(run: &Run) -> Failure {
    Failure::usage(format!("the run `{}` has changed nothing that could be taken back", run.id))
}

/// Says what the way back does not bring back.
pub fn warn_of_lost(plan: &Plan, ui: &Ui) {
    for line in plan.lost.iter().take(carry::SHOWN) {
        ui.warn(&format!("cannot be taken back: {}", text::escape_control(line)));
    }
    if let Some(more) = plan.lost.len().checked_sub(carry::SHOWN).filter(|more| *more > 0) {
        ui.warn(&format!("cannot be taken back: {more} more"));
    }
}

/// An error where a run cannot be taken back. Gives the undo that has begun to and ended with writes that failed or were
/// left out: its plan is what is still to be done.
pub fn can_be_undone(store: &Store, run: &Run) -> Result<Option<Run>, Failure> {
    if let Some(undo) = &run.undone_by {
        return undone(store, run, undo).map(Some);
    }
    if Lock::is_held(&store.folder(&run.id)) {
        return Err(Failure::usage(format!("the run `{}` is at work", run.id))
            .hint(format!("stop it first: `onramp cancel {}`", run.id)));
    }
    if !run::journal_in(&store.folder(&run.id)).exists() {
        return Err(nothing_to_take_back(run));
    }
    Ok(None)
}

/// The undo of a run, where that has left something to be done; else an error that says how things stand.
fn undone(store: &Store, run: &Run, undo: &str) -> Result<Run, Failure> {
    let mut told = format!("the run `{}` was taken back by `{undo}`", run.id);
    let mut last = stored::find(store, undo)?;
    let state = last.state;
    match &last.undone_by {
        None if !state.has_ended() => {
            return Err(is_under_way(run, undo));
        }
        None if state == State::Failed => return Ok(last),
        None => told.push_str(" already"),
        Some(_) => {}
    }
    while let Some(next) = last.undone_by.take() {
        told.push_str(&format!(", and that by `{next}`"));
        last = stored::find(store, &next)?;
    }
    let failure = Failure::usage(told).hint(format!("`onramp undo {}` takes that back", last.id));
    let parts = parts_by_others(store, run, undo)?;
    Err(parts.iter().fold(failure, |failure, part| failure.hint(in_part(part))))
}

/// The undos other than `latest` that have taken back a part of a run, which stays so whatever becomes of the latest one.
fn parts_by_others(store: &Store, run: &Run, latest: &str) -> Result<Vec<Run>, Failure> {
    let mut parts = store.undos_of(&run.id).map_err(|error| kept::failure_of_store(&error))?;
    parts.retain(|part| part.id != latest && part.counts.changed > 0);
    Ok(parts)
}

fn in_part(undo: &Run) -> String {
    format!("`onramp undo {0}` takes back what `{0}` has taken back of it before", undo.id)
}

/// Whether nothing of a run stands any more: it was taken back to the end, and that was not taken back itself. An error where
/// that has not come to its end.
pub fn is_taken_back(store: &Store, run: &Run) -> Result<bool, Failure> {
    let (mut undone_by, mut taken_back, mut last) = (run.undone_by.clone(), false, None);
    while let Some(undo) = undone_by {
        let undo = stored::find(store, &undo)?;
        (undone_by, taken_back, last) = (undo.undone_by.clone(), !taken_back, Some(undo));
    }
    let Some(last) = last.filter(|last| last.state != State::Done) else {
        let parts = match &run.undone_by {
            Some(latest) if !taken_back => parts_by_others(store, run, latest)?,
            _ => Vec::new(),
        };
        let Some(part) = parts.first() else { return Ok(taken_back) };
        let failure =
            Failure::usage(format!("the run `{}` stands only in part: `{}` took back some of it", run.id, part.id));
        return Err(parts.iter().fold(failure, |failure, part| failure.hint(in_part(part))));
    };
    let id = &last.id;
    Err(if last.state.has_ended() {
        Failure::usage(format!("the run `{}` was taken back only in part, by `{id}`", run.id))
            .hint(format!("`onramp undo {}` does what is left", run.id))
            .hint("make the plan again with `onramp run FILE --dry-run --save PLAN`")
    } else {
        is_under_way(run, id)
    })
}

fn is_under_way(run: &Run, undo: &str) -> Failure {
    Failure::usage(format!("the run `{}` is being taken back by `{undo}`, which has not ended", run.id))
        .hint(format!("`onramp resume {undo}` goes on with it"))
}

/// The whole plan of an undo that has left something to be done.
pub fn plan_of(undo: &Run) -> Result<Plan, Failure> {
    let text = Record::of(undo)?.script.map(|(_, text)| text).unwrap_or_default();
    understood(&format!("undo {}", undo.id), &text)
}

/// Whether a run has changed something, or may have. What a run that was killed has done its journal alone tells.
fn has_changed(store: &Store, run: &Run) -> bool {
    let told = || run::story(store, &run.id).is_ok_and(|story| !story.changes.is_empty() || !story.doubts.is_empty());
    run.counts.changed > 0 || (!run.state.has_ended() && told())
}

/// The newest run that has changed something and was not taken back. One that is at work is not passed over: it is the one
/// that people mean. One of which nothing is left that could be taken back is, and people are told.
fn last(store: &Store, work: impl Fn(Run) -> Result<Work, Failure>, ui: &Ui) -> Result<Work, Failure> {
    let runs = store.list(&Filter::default()).map_err(|error| kept::failure_of_store(&error))?;
    let at_work = |run: &Run| run.undone_by.is_none() && Lock::is_held(&store.folder(&run.id));
    let can = |run: &Run| at_work(run) || can_be_undone(store, run).is_ok();
    let own = |run: &Run| run.kind != "undo" && can(run) && has_changed(store, run);
    let mut passed: Option<Work> = None;
    for run in runs.into_iter().filter(own) {
        can_be_undone(store, &run)?;
        let mut said = "the last run is";
        if let Some(Work { run, plan, .. }) = &passed {
            warn_of_lost(plan, ui);
            ui.status(&format!("nothing else of the run `{}` is left to be taken back, so it is passed over", run.id));
            said = "the one before it is";
        }
        ui.status(&format!("{said} `{}`: {}", run.id, text::escape_control(&run.script)));
        let work = work(run)?;
        if !work.is_lost() {
            return Ok(work);
        }
        passed = Some(work);
    }
    passed.ok_or_else(|| {
        Failure::usage("there is no run that could be taken back").hint("`onramp runs` lists all of them")
    })
}
