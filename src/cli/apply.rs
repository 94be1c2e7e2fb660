//! `onramp apply`: a plan that a dry run has saved is carried out: exactly its writes.

use super::{
    carry::{self, Kept, Way},
    connect::Connection,
    kept::{self, Asked, Begin},
    plan::{read_text, understood},
    stored,
};
use crate::{
    error::Failure,
    session::{Capability, journal::digest, plan::Plan},
    store::{Filter, State},
    text,
    ui::Ui,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Carry out a plan: exactly its writes
#[derive(Debug, clap::Args)]
#[command(
    after_help = "First the plan is held against the workspace: where somebody has changed a record since, nothing is \
sent, and what has changed is shown. It is a run like others: it can be stopped, resumed and taken back. Applied once more, \
also from another machine, a plan does nothing.

Exit codes: as those of `onramp run`; 4 some writes failed or were left out; 5 the plan was refused: drift, or it is for \
another workspace."
)]
pub struct Args {
    /// The plan, as `onramp run FILE --dry-run --save PLAN` has saved it
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Leave out the records that somebody has changed since
    #[arg(long)]
    skip_drifted: bool,
    /// Do the first N writes, then stop; `onramp resume` does the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    first: Option<u64>,
    #[command(flatten)]
    pub connection: Connection,
    #[arg(skip)]
    pub kept: Kept,
}

pub fn carry_out(args: Args, begin: Begin, ui: &Ui) -> Result<u8, Failure> {
    let resumed = matches!(begin, Begin::Resume(_));
    let name = args.plan.display().to_string();
    let text = match args.kept.text {
        Some(text) => text,
        None => read_text(&args.plan)?,
    };
    let plan = understood(&name, &text)?;
    if !resumed && let Some(code) = applied_before(&plan, &text, ui)? {
        return Ok(code);
    }
    let asked = Asked {
        kind: "apply",
        name: &name,
        words: &args.kept.line,
        script: Some((&name, &text)),
        writes: true,
        asks: false,
        capability: Capability::default(),
        environment: BTreeMap::new(),
    };
    let way = Way {
        verb: "apply",
        yes: args.yes,
        skip_drifted: args.skip_drifted,
        force: false,
        first: args.first.filter(|_| !resumed),
        resumed,
        ways_on: &[
            "`--skip-drifted` leaves them out and does the others",
            "make the plan again with `onramp run FILE --dry-run --save PLAN`",
        ],
    };
    let (session, keeping) = kept::open(begin, asked, args.connection, ui)?;
    let (more, end) = match carry::out(&session, &plan, &way, ui) {
        Ok(applied) => (applied.more, carry::tell(&plan, &applied, &way, &keeping, ui)),
        Err(failure) => (false, Err(failure)),
    };
    carry::leave(keeping, &session, more, end, ui)
}

/// The exit code where this plan was applied from here already; an error where that run has not ended.
fn applied_before(plan: &Plan, text: &str, ui: &Ui) -> Result<Option<u8>, Failure> {
    let Some(store) = stored::any_store()? else { return Ok(None) };
    let hash = digest(text.as_bytes());
    let runs = store.list(&Filter::default()).map_err(|error| kept::failure_of_store(&error))?;
    let before = runs.into_iter().find(|run| run.kind == "apply" && run.hash == hash && run.undone_by.is_none());
    let Some(run) = before.filter(|run| run.workspace_id.as_deref() == Some(&plan.workspace.id)) else {
        return Ok(None);
    };
    match run.state {
        State::Done => {
            ui.status(&format!("the run `{}` has applied this plan already; nothing was sent", run.id));
            Ok(Some(0))
        }
        State::Failed => Ok(None),
        _ => Err(Failure::usage(format!(
            "the run `{}` has begun to apply this plan, and has not ended",
            text::escape_control(&run.id)
        ))
        .hint(format!("`onramp resume {}` goes on with it", run.id))),
    }
}
