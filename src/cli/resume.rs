//! `onramp resume`: a run that stopped goes on: what it did is not done again.

use super::{
    connect::Override,
    entered,
    kept::{Begin, Resumed, failure_of_store},
    record::Record,
    stored,
};
use crate::{
    error::Failure,
    run::{Around, Kept},
    store::{Filter, Lock, Run, State, Store},
    text,
    ui::Ui,
};

/// Go on with a run that stopped: what it did is not done again
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The script runs from its top, as it was when the run began: what it did and saw then is taken from \
the run's journal, and the first call that is not there goes out. Writes that were under way when the run stopped are looked \
at before they are sent again.

Exit codes: as those of `onramp run`; of a run that has ended, the one that it ended with."
)]
pub struct Args {
    /// The run's id, or as much of it as makes it the only one
    #[arg(value_name = "RUN", required_unless_present = "last")]
    run: Option<String>,
    /// The newest run that has written, or meant to, and has not ended
    #[arg(long, conflicts_with = "run")]
    last: bool,
    /// A process that starts runs by itself has started this one
    #[arg(long, hide = true)]
    served: bool,
    #[command(flatten)]
    other: Override,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = stored::store()?;
    let run = match &args.run {
        Some(id) => stored::find(&store, id)?,
        None => last(&store)?,
    };
    if run.state.has_ended() {
        let code = run.exit_code.unwrap_or(0);
        ui.status(&format!("the run `{}` has ended ({}); there is nothing to go on with", run.id, run.state));
        return Ok(code);
    }
    if let Some(undo) = &run.undone_by {
        return Err(Failure::usage(format!("the run `{}` was taken back by `{undo}`", run.id))
            .hint(format!("`onramp retry {}` runs the script anew", run.id)));
    }
    if run.kind == entered::KIND {
        return Err(entered::cannot_go_on(&store, &run));
    }
    let record = Record::of(&run)?;
    let file = store.file_of(&run.id).map_err(|error| failure_of_store(&error))?;
    if let Some(target) = file.and_then(|file| file.target) {
        let target = text::escape_control(&target).into_owned();
        return Err(Failure::usage(format!(
            "the run `{}` was cancelled, and its file was put into `{target}`",
            run.id
        ))
        .hint(format!("`onramp retry {}` runs the script anew for it, and so does dropping it in again", run.id)));
    }
    if run.state == State::Queued && !args.served {
        return Err(Failure::usage(format!("the run `{}` waits for the process that is to start it", run.id))
            .hint("start `onramp serve` or `onramp watch` again, as it was"));
    }
    if record.fleeting && !args.served {
        return Err(Failure::usage(format!("the run `{}` was against an embedded sandbox, which is gone", run.id))
            .hint(
                "run it again; `--sandbox-data FILE` keeps a sandbox, and so does `onramp sandbox` in another terminal",
            ));
    }
    let other = args.other.here()?;
    record.enter_folder(&run.id)?;
    if record.changed_since() && !args.served {
        let name = text::escape_control(&run.script);
        ui.status(&format!(
            "`{name}` has changed since; the run `{}` goes on with the text that it began with",
            run.id
        ));
    }
    let mut command = record.command(&run.id, record.script.clone())?;
    if let Some(connection) = command.connection() {
        other.apply(connection, &run.id)?;
    }
    let id = run.id.clone();
    command.carry_out(&id, Begin::Resume(Box::new(Resumed { run, record, served: args.served })), ui)
}

/// Takes a run's lock, and begins another attempt.
pub fn take_up(run: &Run, around: Around) -> Result<Kept, Failure> {
    let kept = Kept::take_up(run, around).map_err(|error| failure_of_store(&error))?;
    kept.ok_or_else(|| {
        let has_ended = |run: &Run| run.state.has_ended() || run.undone_by.is_some();
        let now = stored::store().and_then(|store| stored::find(&store, &run.id));
        if now.is_ok_and(|now| has_ended(&now)) {
            return Failure::usage(format!("the run `{}` has come to its end in another process", run.id))
                .hint(format!("see it with `onramp show {}`", run.id));
        }
        Failure::usage(format!("the run `{}` is at work in another process", run.id))
            .hint(format!("see it with `onramp status`; `onramp cancel {}` stops it", run.id))
    })
}

fn last(store: &Store) -> Result<Run, Failure> {
    let runs = store.list(&Filter::default()).map_err(|error| failure_of_store(&error))?;
    let open = |run: &Run| {
        matches!(run.state, State::Running | State::Cancelled)
            && run.undone_by.is_none()
            && run.kind != entered::KIND
            && !Lock::is_held(&store.folder(&run.id))
    };
    runs.into_iter().find(open).ok_or_else(|| {
        Failure::usage("there is no run that stopped before its end").hint("`onramp runs` lists all of them")
    })
}
