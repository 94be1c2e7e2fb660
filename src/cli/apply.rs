//! `onramp apply`: a plan that a dry run has saved is carried out: exactly its writes.

use super::{
    carry::{self, Kept, Way},
    connect::Connection,
    kept::{self, Asked, Begin},
    plan::{read_text, understood},
    stored, undo,
};
use crate::{
    error::Failure,
    session::{
        self, Capability,
        journal::digest,
        plan::{self, Plan},
    },
    store::{Filter, Run, State},
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
    let mut text = match args.kept.text {
        Some(text) => text,
        None => read_text(&args.plan)?,
    };
    let mut plan = understood(&name, &text)?;
    if !resumed {
        plan = match earlier(plan)? {
            Earlier::None(plan) => *plan,
            Earlier::Done(run) => {
                ui.status(&format!("the run `{run}` has applied this plan already; nothing was sent"));
                return Ok(0);
            }
        };
        text = plan.to_json();
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
        earlier: session::Earlier::default(),
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

/// Whether two texts are one plan, perhaps for different times: [`Plan::once_more`].
pub fn is_same_plan(one: &str, other: &str) -> bool {
    let same = |one: Plan, other: Plan| one.created_at == other.created_at && one.entries == other.entries;
    plan::read(one).is_ok_and(|one| plan::read(other).is_ok_and(|other| same(one, other)))
}

/// What is known here of earlier applications of a plan.
enum Earlier {
    /// This run has applied it.
    Done(String),
    /// Nothing of it stands: the plan as it is to be applied now.
    None(Box<Plan>),
}

/// What became of a plan that was applied from here before; an error where that run has not ended.
fn earlier(mut plan: Plan) -> Result<Earlier, Failure> {
    let Some(store) = stored::any_store()? else { return Ok(Earlier::None(Box::new(plan))) };
    let runs = store.list(&Filter::default()).map_err(|error| kept::failure_of_store(&error))?;
    let latest = |plan: &Plan| {
        let hash = digest(plan.to_json().as_bytes());
        let own = |run: &&Run| run.kind == "apply" && run.hash == hash;
        runs.iter().filter(own).find(|run| run.workspace_id.as_deref() == Some(&plan.workspace.id))
    };
    while let Some(run) = latest(&plan) {
        if undo::is_taken_back(&store, run)? {
            plan = plan.once_more(&run.id);
            continue;
        }
        return match run.state {
            State::Done => Ok(Earlier::Done(run.id.clone())),
            State::Failed => Ok(Earlier::None(Box::new(plan))),
            _ => Err(Failure::usage(format!(
                "the run `{}` has begun to apply this plan, and has not ended",
                text::escape_control(&run.id)
            ))
            .hint(format!("`onramp resume {}` goes on with it", run.id))),
        };
    }
    Ok(Earlier::None(Box::new(plan)))
}
