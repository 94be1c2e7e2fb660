//! `onramp show`: everything about one run.

use super::{
    changes, entered,
    kept::failure_of_store,
    output::{Format, Output},
    record::Record,
    stored::{self, Condition, Which},
};
use crate::{
    error::Failure,
    run::story,
    script::Sink,
    session::journal::story::{Story, Told},
    store::{Run, Store},
    text,
    ui::Ui,
};
use serde_json::{Value, json};

/// Show everything about one run: how it began and ended, what it changed, and what to do next
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Of its changes the first 20 are shown, unless there is `--all`; with `--output json` all of them.

Exit codes: 0 all went well; 2 there is no such run, or what is kept of it cannot be read.")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Show all changes
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    format: Format,
}

/// So many changes, or failures, are shown at first.
const FIRST: usize = 20;

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = stored::store()?;
    let run = args.which.find(&store)?;
    let story = story(&store, &run.id).map_err(|error| failure_of_store(&error))?;
    // A record of another version says less; everything else is there all the same.
    let record = Record::of(&run).ok();
    if args.format.output == Output::Text {
        let most = if args.all { usize::MAX } else { FIRST };
        for line in lines(&store, &run, record.as_ref(), &story, most) {
            if !ui.data(&line) {
                break;
            }
        }
    } else {
        args.format.output.object(ui, &as_json(&store, &run, record.as_ref(), story));
    }
    Ok(0)
}

fn lines(store: &Store, run: &Run, record: Option<&Record>, story: &Story, most: usize) -> Vec<String> {
    let condition = Condition::of(store, run);
    let code = run.exit_code.map_or(String::new(), |code| format!(", exit code {code}"));
    let mut lines = vec![format!("run {}: {}{code}", run.id, condition.word())];
    let mut say = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("  {name:<11}{}", text::escape_control(value)));
        }
    };
    say("script", &run.script);
    if let Some(record) = record {
        say("command", &record.command_line());
        say("folder", &record.folder.to_string_lossy());
    }
    say("workspace", &workspace(run));
    say("begun", &stored::when(run.started_at.unwrap_or(run.created_at)));
    // Of a run at work, an end would be that of the attempt before.
    say("ended", &run.ended_at.filter(|_| condition != Condition::Running).map_or(String::new(), stored::when));
    if story.attempts.len() > 1 {
        let begun: Vec<String> = story.attempts.iter().map(|at| stored::when(*at)).collect();
        say("attempts", &format!("{}: {}", begun.len(), begun.join(", ")));
    }
    say("outcome", &stored::outcome(&run.counts));
    say("said", run.message.as_deref().unwrap_or_default());
    for (name, other) in [("retry of", &run.retry_of), ("undoes", &run.undoes)] {
        say(name, other.as_deref().unwrap_or_default());
    }
    let undo = run.undone_by.as_ref().and_then(|undo| stored::find(store, undo).ok());
    let undo = undo.map(|undo| (Condition::of(store, &undo), undo));
    if let Some((condition, undo)) = &undo {
        let how = if *condition == Condition::Done { String::new() } else { format!(" ({})", condition.word()) };
        say("undone by", &format!("{}{how}", undo.id));
    }
    let changed = story.changes.iter().map(|change| format!("{}  {}", stored::when(change.at), changes::line(change)));
    section(&mut lines, "changed", changed, most, &run.id);
    section(&mut lines, "in doubt: sent, or about to be, when the run stopped", told(&story.doubts), most, &run.id);
    section(&mut lines, "failed", told(&story.failures), most, &run.id);
    let has_changed = run.counts.changed > 0 || !story.changes.is_empty();
    let next = next(run, condition, record, has_changed).into_iter();
    let next: Vec<_> =
        undo.and_then(|(condition, undo)| rest_of(run, &undo, condition)).into_iter().chain(next).collect();
    section(&mut lines, "next", next.into_iter(), most, &run.id);
    lines
}

/// The workspace, and the part of the key that may be shown.
fn workspace(run: &Run) -> String {
    let key = run.key_prefix.as_ref().filter(|prefix| !prefix.is_empty());
    let key = key.map_or(String::new(), |prefix| format!(", with the key {prefix}…"));
    format!("{}{key}", stored::workspace(run))
}

fn told(all: &[Told]) -> impl ExactSizeIterator<Item = String> {
    all.iter().map(|told| {
        let Told { number, operation, target, label, why } = told;
        let label = label.as_ref().map_or(String::new(), |label| format!(" ({label})"));
        let why = why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        text::escape_control(&format!("step {number}  {operation} {target}{label}{why}")).into_owned()
    })
}

fn section(lines: &mut Vec<String>, heading: &str, all: impl ExactSizeIterator<Item = String>, most: usize, id: &str) {
    let count = all.len();
    if count == 0 {
        return;
    }
    lines.extend([String::new(), heading.to_string()]);
    lines.extend(all.take(most).map(|line| format!("  {line}")));
    if count > most {
        lines.push(format!("  and {} more, which `onramp show {id} --all` shows", count - most));
    }
}

/// What can be done about the run.
fn next(run: &Run, condition: Condition, record: Option<&Record>, has_changed: bool) -> Vec<String> {
    let id = &run.id;
    let fleeting = record.is_some_and(|record| record.fleeting);
    // The variables of a line are gone with its session.
    let is_line = run.kind == entered::KIND;
    let mut next = Vec::new();
    match condition {
        Condition::Running => {
            next.push(format!("`onramp logs {id} -f` follows it, `onramp status` tells how far it is"));
            next.push(format!("`onramp pause {id}` holds it, `onramp cancel {id}` stops it"));
        }
        Condition::Stopped | Condition::Cancelled if run.undone_by.is_none() && !fleeting && !is_line => {
            next.push(format!("`onramp resume {id}` goes on where it stopped"));
        }
        _ => {}
    }
    if condition != Condition::Running && has_changed && run.undone_by.is_none() && !fleeting {
        next.push(format!("`onramp undo {id}` takes back what it changed"));
    }
    if condition != Condition::Running && condition != Condition::Queued && !is_line {
        next.push(format!("`onramp retry {id}` runs it once more, as a new run"));
    }
    next
}

/// What can be done where an undo has not taken all of a run back.
fn rest_of(run: &Run, undo: &Run, condition: Condition) -> Option<String> {
    match condition {
        _ if undo.undone_by.is_some() => None,
        Condition::Stopped | Condition::Cancelled => {
            Some(format!("`onramp resume {}` goes on with taking it back", undo.id))
        }
        Condition::Failed => Some(format!("`onramp undo {}` takes back what is left", run.id)),
        _ => None,
    }
}

fn as_json(store: &Store, run: &Run, record: Option<&Record>, story: Story) -> Value {
    let mut value = stored::as_json(store, run);
    value["command"] = record.map(Record::command_line).into();
    value["folder"] = record.map(|record| record.folder.to_string_lossy()).into();
    value["attempts"] = json!(story.attempts);
    let changes = story.changes.into_iter().map(|change| {
        json!({
            "number": change.number.to_string(),
            "at": change.at,
            "operation": change.operation,
            "object": change.object,
            "id": change.id,
            "display_id": change.display_id,
            "label": change.label,
            "fields": change.fields,
        })
    });
    value["changes"] = changes.collect();
    value["doubts"] = json!(story.doubts);
    value["failures"] = json!(story.failures);
    value
}
