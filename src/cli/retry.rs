//! `onramp retry`: what a run did, done once more as a new run.

use super::{
    connect::Override,
    entered, jobs,
    kept::{Begin, Retried},
    record::Record,
    stored::{self, Condition, Which},
};
use crate::{error::Failure, text, ui::Ui};

/// Run a script once more, as a new run with the same params
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Its command line is carried out again in its folder, with the script as it is now. It knows nothing of what the run \
before has done; `onramp resume` goes on with one that stopped. What a schedule or a watched folder gave the run before, \
this one gets too: `run.scheduled_for`, or `run.event` with the file where it lies now.

Exit codes: as those of `onramp run`.")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    other: Override,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = stored::store()?;
    let run = args.which.find(&store)?;
    let id = &run.id;
    if run.kind == entered::KIND {
        return Err(entered::cannot_begin_anew(&run));
    }
    match Condition::of(&store, &run) {
        Condition::Running => {
            return Err(Failure::usage(format!("the run `{id}` is at work in another process"))
                .hint(format!("see it with `onramp status`; `onramp cancel {id}` stops it")));
        }
        Condition::Stopped | Condition::Cancelled if run.counts.changed > 0 => {
            let changes = text::plural(run.counts.changed as usize, "change");
            ui.status(&format!("the run `{id}` had made {changes} when it stopped; this one begins anew"));
        }
        _ => {}
    }
    let mut record = Record::of(&run)?;
    let other = args.other.here()?;
    record.enter_folder(id)?;
    let script = match (&record.script, record.script_now()) {
        (Some(then), Some(now)) => {
            if *then != now {
                ui.status(&format!("`{}` has changed since; it runs as it is now", text::escape_control(&now.0)));
            }
            Some(now)
        }
        (Some((name, _)), None) if record.has_file() => {
            ui.status(&format!("`{}` cannot be read any more; it runs as it was", text::escape_control(name)));
            record.script.clone()
        }
        (then, _) => then.clone(),
    };
    let given = jobs::again::given(&store, &run, &mut record, ui)?;
    let mut command = record.command(id, script)?;
    if let Some(connection) = command.connection() {
        other.apply(connection, id)?;
    }
    command.carry_out(id, Begin::Retry(Box::new(Retried { of: id.clone(), given })), ui)
}
