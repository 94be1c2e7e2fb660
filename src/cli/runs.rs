//! `onramp runs`: the runs that are kept, as a list; and their end.

use super::{
    kept::failure_of_store,
    output::{Format, Output},
    previews,
    stored::{self, Condition},
};
use crate::{
    clock::Clock,
    config,
    error::Failure,
    script::{
        Sink,
        layout::{self, Cell},
    },
    store::{Filter, Run, Store},
    text,
    ui::Ui,
};
use std::time::Duration;

/// Show the runs that are kept, the newest first
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  onramp runs --state stopped
  onramp runs --script churn_sweep.rhai --since 7d

A run is kept from its first write on, or from its end where it wanted to write and had nothing to change. \
`onramp show RUN` tells everything about one.

Exit codes: 0 all went well; 2 the runs cannot be read."
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only runs of this script: its path as it was given, or the end of it
    #[arg(long, value_name = "SCRIPT")]
    script: Option<String>,
    /// Only runs that are at this
    #[arg(long, value_name = "STATE")]
    state: Option<Condition>,
    /// Only runs that began so long ago at the most, such as 7d
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    since: Option<Duration>,
    /// The newest so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Prune(Prune),
}

/// Delete old runs, with all that is kept of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  onramp runs prune --older-than 90d

Runs that are at work or wait for a worker stay. A run that stopped before its end goes too when it is that old, and \
cannot be resumed any more. The rows of `onramp due` from before go with them, but for the newest of each script.

Exit codes: 0 all went well; 2 the runs cannot be deleted.")]
struct Prune {
    /// Delete what ended so long ago, such as 90d
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    older_than: Duration,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    if let Some(Command::Prune(prune)) = &args.command {
        return prune_all(prune, ui);
    }
    let output = args.format.output;
    let Some(store) = stored::any_store()? else {
        if output == Output::Text {
            ui.status("no run has been kept yet");
        }
        output.objects(ui, Vec::new());
        return Ok(0);
    };
    let runs = chosen(args, &store)?;
    if output != Output::Text {
        output.objects(ui, runs.iter().map(|run| stored::as_json(&store, run)).collect());
    } else if runs.is_empty() {
        ui.status("no such run has been kept");
    } else {
        ui.data(&table(&store, &runs, ui.width()));
    }
    Ok(0)
}

fn chosen(args: &Args, store: &Store) -> Result<Vec<Run>, Failure> {
    let filter = Filter {
        script: args.script.clone(),
        state: args.state.map(Condition::state),
        since: args.since.map(|since| Clock::System.now() - since),
        // Whether a process is at a run, its row does not say.
        limit: args.state.is_none().then_some(args.limit),
    };
    let mut runs = store.list(&filter).map_err(|error| failure_of_store(&error))?;
    if let Some(wanted) = args.state {
        runs.retain(|run| Condition::of(store, run) == wanted);
        runs.truncate(args.limit);
    }
    Ok(runs)
}

fn table(store: &Store, runs: &[Run], width: Option<usize>) -> String {
    let columns = ["run", "begun", "script", "workspace", "state", "outcome", "exit"].map(String::from);
    let row = |run: &Run| {
        vec![
            Cell::text(&run.id),
            Cell::text(&stored::when(run.started_at.unwrap_or(run.created_at))),
            Cell::text(&text::cut(&run.script, 60)),
            Cell::text(&stored::workspace(run)),
            Cell::text(&Condition::of(store, run).word()),
            Cell::text(&stored::outcome(&run.counts)),
            run.exit_code.map_or_else(Cell::empty, |code| Cell::number(&code.to_string())),
        ]
    };
    layout::draw(&columns, runs.iter().map(row).collect(), width)
}

/// Such a span as people write it: in days where it is some.
fn days(span: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    match span.as_secs() {
        seconds if seconds > 0 && seconds.is_multiple_of(DAY) => text::plural((seconds / DAY) as usize, "day"),
        _ => text::duration(span),
    }
}

fn prune_all(prune: &Prune, ui: &Ui) -> Result<u8, Failure> {
    let before = Clock::System.now() - prune.older_than;
    let gone = match stored::any_store()? {
        Some(store) => store.prune(before).map_err(|error| failure_of_store(&error))?,
        None => Vec::new(),
    };
    let previews = previews::prune(&config::state_dir()?, before)?;
    if previews > 0 {
        ui.status(&format!("the files of {} deleted", text::plural(previews, "dry run")));
    }
    ui.status(&match gone.len() {
        0 => format!("no run ended more than {} ago", days(prune.older_than)),
        count => format!("{} deleted, with all that was kept of them", text::plural(count, "run")),
    });
    Ok(0)
}
