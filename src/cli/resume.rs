//! `onramp resume`: a run that stopped goes on: what it did is not done again.

use super::{
    Command, line,
    record::Record,
    run::{self, Resumed, failure_of_store},
};
use crate::{
    config,
    error::Failure,
    run::{Around, Kept},
    store::{Filter, Lock, Run, State, Store},
    text,
    ui::Ui,
};
use std::ffi::OsString;

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
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = store()?;
    let run = match &args.run {
        Some(id) => find(&store, id)?,
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
    let record = Record::of(&run)?;
    if record.fleeting {
        return Err(Failure::usage(format!("the run `{}` was against an embedded sandbox, which is gone", run.id))
            .hint(
                "run it again; `--sandbox-data FILE` keeps a sandbox, and so does `onramp sandbox` in another terminal",
            ));
    }
    std::env::set_current_dir(&record.folder).map_err(|error| {
        let folder = record.folder.display();
        Failure::usage(format!("the run's folder `{folder}` cannot be used: {}", config::reason(&error)))
    })?;
    note_changes(&run, &record, ui);
    let words: Vec<OsString> = record.words.iter().map(OsString::from).collect();
    let cli = line::parse_with(&words, record.script.clone()).map_err(|early| match early {
        line::Early::Failed(mut failures) if !failures.is_empty() => failures.remove(0),
        _ => Failure::usage(format!("the command line of the run `{}` makes no sense any more", run.id)),
    })?;
    match cli.command {
        Command::Run(args) => run::carry_out(*args, Some(Resumed { run, record }), ui),
        _ => Err(Failure::usage(format!("the run `{}` cannot be resumed", run.id))),
    }
}

/// The script has changed on its disk: the run does not mind, but its author should know.
fn note_changes(run: &Run, record: &Record, ui: &Ui) {
    let Some((name, text)) = record.script.as_ref().filter(|(name, _)| name != "-" && name != "-e") else { return };
    let now = super::source::text_of(std::path::Path::new(name));
    if now.is_ok_and(|(_, now)| now != *text) {
        let name = text::escape_control(name);
        ui.status(&format!(
            "`{name}` has changed since; the run `{}` goes on with the text that it began with",
            run.id
        ));
    }
}

/// Takes a run's lock, and begins another attempt.
pub fn take_up(run: &Run, around: Around) -> Result<Kept, Failure> {
    let kept = Kept::take_up(run, around).map_err(|error| failure_of_store(&error))?;
    kept.ok_or_else(|| {
        Failure::usage(format!("the run `{}` is at work in another process", run.id))
            .hint("see it with `onramp status`; `onramp cancel` stops it")
    })
}

/// The store of the state folder; there has to be one.
pub fn store() -> Result<Store, Failure> {
    let dir = config::state_dir()?;
    let store = Store::existing(&dir).map_err(|error| failure_of_store(&error))?;
    store.ok_or_else(|| {
        Failure::usage(format!("no run has been kept in `{}` yet", dir.display()))
            .hint("a script that writes is kept; `ONRAMP_STATE_DIR` says where")
    })
}

/// The run that people mean.
pub fn find(store: &Store, id: &str) -> Result<Run, Failure> {
    let mut found = store.find(id).map_err(|error| failure_of_store(&error))?;
    let shown = text::escape_control(id);
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::usage(format!("there is no run `{shown}`")).hint("`onramp runs` lists them")),
        _ => {
            let ids: Vec<&str> = found.iter().map(|run| run.id.as_str()).collect();
            Err(Failure::usage(format!("several runs begin with `{shown}`"))
                .hint(format!("use {}", text::one_of(ids.into_iter()))))
        }
    }
}

fn last(store: &Store) -> Result<Run, Failure> {
    let runs = store.list(&Filter::default()).map_err(|error| failure_of_store(&error))?;
    let open = |run: &Run| {
        matches!(run.state, State::Running | State::Cancelled)
            && run.undone_by.is_none()
            && !Lock::is_held(&store.folder(&run.id))
    };
    runs.into_iter().find(open).ok_or_else(|| {
        Failure::usage("there is no run that stopped before its end").hint("`onramp runs` lists all of them")
    })
}
