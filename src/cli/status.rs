//! `onramp status`: what runs now, in any terminal.

use super::{
    kept::failure_of_store,
    output::{Format, Output},
    stored::{self, Condition},
};
use crate::{
    error::Failure,
    script::{
        Sink,
        layout::{self, Cell},
    },
    session::{Standing, plan::render::Others},
    store::{Filter, Run, State, Store},
    text,
    ui::Ui,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Show what runs now, in any terminal: how far it is, how fast, and how long it will take
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It shows runs that have written something; a run says twice a second how far it is. `left` follows from the speed so \
far, and from the rate limit.

Exit codes: 0 all went well, also if nothing runs; 2 the runs cannot be read.")]
pub struct Args {
    #[command(flatten)]
    format: Format,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let runs = match stored::any_store()? {
        Some(store) => at_work(&store)?,
        None => Vec::new(),
    };
    let runs: Vec<(Run, Standing)> =
        runs.into_iter().map(|run| (standing(&run), run)).map(|(s, run)| (run, s)).collect();
    if args.format.output != Output::Text {
        args.format.output.objects(ui, runs.iter().map(as_json).collect());
    } else if runs.is_empty() {
        ui.status("no run is at work");
    } else {
        ui.data(&table(&runs, ui.width()));
    }
    Ok(0)
}

/// The runs that are at work in a workspace, and what they say is before them. Where the store cannot be read, none.
pub fn others(workspace_id: &str) -> Others {
    let runs = stored::any_store().ok().flatten().and_then(|store| at_work(&store).ok()).unwrap_or_default();
    let mut others = Others::default();
    for run in runs.iter().filter(|run| run.workspace_id.as_deref() == Some(workspace_id)) {
        let left = standing(run).bulk.and_then(|bulk| Some(bulk.total?.saturating_sub(bulk.done)));
        others.runs += 1;
        others.silent += usize::from(left.is_none());
        others.writes += usize::try_from(left.unwrap_or(0)).unwrap_or(usize::MAX);
    }
    others
}

fn at_work(store: &Store) -> Result<Vec<Run>, Failure> {
    let filter = Filter { state: Some(State::Running), ..Filter::default() };
    let mut runs = store.list(&filter).map_err(|error| failure_of_store(&error))?;
    runs.retain(|run| Condition::of(store, run) == Condition::Running);
    Ok(runs)
}

/// What the run said of itself at its last beat; nothing before its first.
pub fn standing(run: &Run) -> Standing {
    run.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// In a word; what somebody wishes and the run has not heard yet counts as well.
fn word(run: &Run, standing: &Standing) -> &'static str {
    match run.wish.as_deref() {
        Some("cancel") => "stopping",
        Some("pause") if !standing.paused => "pausing",
        _ if standing.paused => "paused",
        _ => "running",
    }
}

fn table(runs: &[(Run, Standing)], width: Option<usize>) -> String {
    let columns =
        ["run", "script", "since", "state", "bulk call", "done", "changed", "failed", "requests", "a minute", "left"];
    let row = |(run, standing): &(Run, Standing)| {
        let bulk = standing.bulk.as_ref();
        let number = |count: u64| Cell::number(&count.to_string());
        let done = bulk.map(|bulk| match bulk.total {
            Some(total) => format!("{} of {total}", bulk.done),
            None => bulk.done.to_string(),
        });
        let pace = standing.requests_per_minute.map(|pace| match standing.limit_per_minute {
            Some(limit) => format!("{pace} of {limit}"),
            None => pace.to_string(),
        });
        let left = standing.seconds_left.map(|left| text::duration(Duration::from_secs(left)));
        let text = |text: Option<&str>| text.map_or_else(Cell::empty, Cell::text);
        vec![
            Cell::text(&run.id),
            Cell::text(&text::cut(&run.script, 60)),
            Cell::text(&stored::when(run.started_at.unwrap_or(run.created_at))),
            Cell::text(word(run, standing)),
            text(bulk.map(|bulk| bulk.operation.as_str())),
            text(done.as_deref()),
            number(run.counts.changed),
            number(run.counts.failed),
            number(run.counts.requests),
            text(pace.as_deref()),
            text(left.as_deref()),
        ]
    };
    layout::draw(&columns.map(String::from), runs.iter().map(row).collect(), width)
}

fn as_json((run, standing): &(Run, Standing)) -> Value {
    json!({
        "id": run.id,
        "script": run.script,
        "workspace": run.workspace,
        "since": run.started_at,
        "state": word(run, standing),
        "counts": run.counts,
        "bulk": standing.bulk,
        "requests_per_minute": standing.requests_per_minute,
        "limit_per_minute": standing.limit_per_minute,
        "seconds_left": standing.seconds_left,
    })
}
