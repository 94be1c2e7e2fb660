//! `onramp due`: what became of every due time, and the store that knows it.

use super::{
    output::{Format, Output},
    schedule::{Now, scripts},
};
use crate::{
    config,
    error::{Failure, Kind},
    store::due::{self, Entry, Filter, Ledger, LedgerError, Outcome},
    text,
    ui::Ui,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Show what became of every due time: run, skipped or missed, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With `--output json` standard output is one array, with `--output jsonl` one object on each line, each with the members \
`script`, `schedule`, `timezone`, `utc` and `until` (RFC 3339; `until` is null unless it is a range), `local`, `count`, \
`outcome` (`run`, `skipped` or `missed`), `reason` and `run`.

Exit codes: 0 all went well; 2 the store cannot be read, or knows no such script; 75 the store is in use.")]
pub struct Args {
    /// Only this script
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// How far to look back, such as 36h or 7d
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "7d")]
    since: Duration,
    /// Only due times of which this became; may be given several times
    #[arg(long, value_name = "OUTCOME")]
    outcome: Vec<Became>,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    format: Format,
}

/// What became of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Became {
    Run,
    Skipped,
    Missed,
}

impl Became {
    fn is(self, outcome: Outcome) -> bool {
        let own = match self {
            Became::Run => Outcome::Run,
            Became::Skipped => Outcome::Skipped,
            Became::Missed => Outcome::Missed,
        };
        own == outcome
    }
}

/// A duration, also in days.
fn span(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    match days {
        Some(days) if days <= 3650 => Ok(Duration::from_secs(days * 86_400)),
        Some(_) => Err(format!("`{text}` is too long; give at most `3650d`")),
        None => text::parse_duration(text),
    }
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let now = args.now.clock().now();
    let since = SignedDuration::try_from(args.since).ok().and_then(|span| now.checked_sub(span).ok());
    let filter = Filter { script: args.script.as_deref().map(scripts::identity), since };
    let Some(db) = store(false)? else {
        args.format.output.objects(ui, Vec::new());
        ui.status(&nothing_yet()?);
        return Ok(0);
    };
    let ledger = Ledger::new(&db);
    let mut entries = ledger.entries(&filter).map_err(|error| unusable(&error))?;
    if let (Some(script), true) = (&filter.script, entries.is_empty()) {
        known(ledger, script)?;
    }
    let wanted = |entry: &Entry| args.outcome.is_empty() || args.outcome.iter().any(|o| o.is(entry.row.outcome));
    entries.retain(wanted);
    if args.format.output != Output::Text {
        args.format.output.objects(ui, entries.iter().map(as_json).collect());
        return Ok(0);
    }
    for entry in &entries {
        ui.line(&line(entry));
    }
    ui.status(&summary(&entries, filter.since));
    Ok(0)
}

/// Fails where the ledger has never heard of a script.
fn known(ledger: Ledger<'_>, script: &str) -> Result<(), Failure> {
    let all = ledger.scripts().map_err(|error| unusable(&error))?;
    if all.iter().any(|known| known == script) {
        return Ok(());
    }
    let failure = Failure::usage(format!("the store knows no schedule of `{}`", text::escape_control(script)));
    Err(match text::did_you_mean(script, all.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("run `onramp due` without `--script` to see the scripts that it knows"),
    })
}

/// The script as it is nearest to be written here.
fn shown(script: &str) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    let path = Path::new(script);
    text::escape_control(&path.strip_prefix(here).unwrap_or(path).display().to_string()).into_owned()
}

fn line(entry: &Entry) -> String {
    let row = &entry.row;
    let zone = TimeZone::get(&entry.zone).unwrap_or(TimeZone::UTC);
    let when = match row.until {
        Some(until) => format!("{} to {until}, {}", row.due_at, text::plural(row.count as usize, "due time")),
        None => format!("{}  {}", row.due_at, row.due_at.to_zoned_datetime(zone).strftime("%a %F %H:%M:%S %Z")),
    };
    let run = row.run.as_ref().map_or(String::new(), |run| format!(" {run}"));
    let reason = row.reason.as_ref().map_or(String::new(), |reason| format!(": {}", text::escape_control(reason)));
    format!("{when}  {}  {}{run}{reason}", shown(&entry.script), row.outcome.word())
}

fn summary(entries: &[Entry], since: Option<Timestamp>) -> String {
    let count = |outcome| entries.iter().filter(|e| e.row.outcome == outcome).map(|e| e.row.count).sum::<u64>();
    let [run, skipped, missed] = [Outcome::Run, Outcome::Skipped, Outcome::Missed].map(count);
    let all = text::plural((run + skipped + missed) as usize, "due time");
    let since = since.map_or(String::new(), |since| format!(" since {}", since.strftime("%FT%H:%M:%SZ")));
    format!("{all}{since}: {run} run, {skipped} skipped, {missed} missed")
}

fn as_json(entry: &Entry) -> Value {
    let row = &entry.row;
    json!({
        "script": entry.script,
        "schedule": entry.text,
        "timezone": entry.zone,
        "utc": row.due_at.to_string(),
        "local": row.local,
        "until": row.until.map(|until| until.to_string()),
        "count": row.count,
        "outcome": row.outcome.word(),
        "reason": row.reason,
        "run": row.run,
    })
}

/// The store's file.
fn file() -> Result<PathBuf, Failure> {
    Ok(config::state_dir()?.join("onramp.db"))
}

/// The store, where there is one in which anything was ever due.
pub fn store(to_write: bool) -> Result<Option<due::Database>, Failure> {
    due::open_existing(&file()?, to_write).map_err(|error| unusable(&error))
}

/// What is said where there is none.
pub fn nothing_yet() -> Result<String, Failure> {
    let file = file()?;
    let file = text::escape_control(&file.display().to_string()).into_owned();
    Ok(format!("nothing was started by a schedule so far: the store `{file}` knows of no due time"))
}

/// A store that could not be used.
pub fn unusable(error: &LedgerError) -> Failure {
    let name = file().map(|file| format!(" `{}`", file.display())).unwrap_or_default();
    let kind = if error.is_busy() { Kind::WillPass } else { Kind::Usage };
    let failure = Failure::new(kind, format!("the store{name} cannot be used: {error}"));
    match kind {
        Kind::WillPass => failure.hint("try it again when the other process has ended"),
        _ => failure.hint("look at the file, or name another folder with `ONRAMP_STATE_DIR`"),
    }
}
