//! `onramp schedule reset`: a schedule goes on after a clock that was wrong.

use super::{Now, scripts};
use crate::{cli::due, error::Failure, store::due::Ledger, text, trigger::schedule, ui::Ui};
use std::path::PathBuf;

/// Let a schedule go on that is accounted for beyond the present time, because the clock was wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Set the clock first. The schedule then goes on from now; what it was run for while the clock was wrong is not run again.

Exit codes: 0 it goes on, or was not ahead; 2 the script has no schedule in the store; 75 the store is in use.")]
pub struct Args {
    /// The script
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    now: Now,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let (script, now) = (scripts::identity(&args.file), args.now.clock().now());
    let shown = text::escape_control(&script).into_owned();
    let unknown = || {
        Failure::usage(format!("the store knows no schedule of `{shown}`"))
            .hint("run `onramp due` to see the scripts that it knows")
    };
    let db = due::store(true)?.ok_or_else(unknown)?;
    let ledger = Ledger::new(&db);
    let version = ledger.in_force(&script).map_err(|error| due::unusable(&error))?.ok_or_else(unknown)?;
    match schedule::reset(ledger, &script, now).map_err(|error| due::unusable(&error))? {
        Some(before) => ui.status(&format!(
            "the schedule `{}` of `{shown}` was accounted for up to {}; it goes on from {}",
            before.text,
            before.accounted_to,
            now.strftime("%FT%H:%M:%SZ")
        )),
        None => ui.status(&format!(
            "the schedule `{}` of `{shown}` is accounted for up to {}, which is not ahead; nothing was changed",
            version.text, version.accounted_to
        )),
    }
    Ok(0)
}
