//! `onramp schedule list`: all scripts with a schedule, what comes next and what came last.

use super::{Files, Now, moment, scripts, scripts::Scheduled};
use crate::{
    cli::{
        due,
        kept::failure_of_store,
        output::{Format, Output},
        stored::{self, Condition},
    },
    error::Failure,
    store::{
        Run, Store,
        due::{Last, Ledger},
    },
    text,
    trigger::schedule::{TOO_FAR, how_to_go_on},
    ui::Ui,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// List the scripts with a schedule: next and last run, and what became of the last due time
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What came last is read from the store in the state folder; `onramp due` shows all of it.

With `--output json` standard output is one array, with `--output jsonl` one object on each line, each with the members \
`file`, `schedule`, `timezone`, `next` (RFC 3339, UTC), `accounted_to` (up to when each due time has its row), `last_due`, `last_outcome` (`run`, `skipped` or `missed`), \
`last_reason`, `last_run_due`, `last_run`, and of that run `last_run_state` (as in `onramp runs`), `last_run_ended_at` and \
`last_run_message`; null where there is none.

Exit codes: 0 all went well; 2 a script or the store cannot be read.")]
pub struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    format: Format,
}

/// What came last of a script.
#[derive(Default)]
struct Past {
    due: Last,
    /// Up to when it is accounted for.
    accounted_to: Option<Timestamp>,
    /// The run of the newest due time that has one, and what it is at; `None` where its record is gone.
    run: Option<(Run, Condition)>,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let clock = args.now.clock();
    let (scripts, code) = scripts::scheduled(&args.files, &clock, ui)?;
    let now = clock.now();
    let ledger = due::store(false)?;
    let store = ledger.as_ref().map(|_| stored::any_store()).transpose()?.flatten();
    let past = |script: &Scheduled| match &ledger {
        Some(db) => past(Ledger::new(db), store.as_ref(), &script.plan.script),
        None => Ok(Past::default()),
    };
    let all = scripts.iter().map(|script| Ok((script, past(script)?))).collect::<Result<Vec<_>, Failure>>()?;
    if args.format.output != Output::Text {
        let all = all.iter().map(|(script, past)| entry(script, past, now)).collect();
        args.format.output.objects(ui, all);
        return Ok(code);
    }
    for (script, past) in &all {
        lines(script, past, now).iter().for_each(|line| {
            ui.line(line);
        });
    }
    if ledger.is_none() && !scripts.is_empty() {
        ui.status(&due::nothing_yet()?);
    }
    Ok(code)
}

fn past(ledger: Ledger<'_>, store: Option<&Store>, script: &str) -> Result<Past, Failure> {
    let unusable = |error| due::unusable(&error);
    let due = ledger.last(script).map_err(unusable)?;
    let accounted_to = ledger.in_force(script).map_err(unusable)?.map(|version| version.accounted_to);
    let id = due.run.as_ref().and_then(|row| row.run.as_deref());
    let run = match (store, id) {
        (Some(store), Some(id)) => {
            let found = store.find(id).map_err(|error| failure_of_store(&error))?;
            // A run that is pruned may have an id that another one's begins with.
            found.into_iter().find(|run| run.id == id).map(|run| (Condition::of(store, &run), run))
        }
        _ => None,
    };
    Ok(Past { due, accounted_to, run: run.map(|(condition, run)| (run, condition)) })
}

fn lines(script: &Scheduled, past: &Past, now: Timestamp) -> Vec<String> {
    let plan = &script.plan;
    let name = text::escape_control(&script.name);
    let mut lines = vec![format!("{name}: {} in {}", plan.schedule.text(), plan.zone_name)];
    lines.extend(plan.after(now).next().map(|next| format!("  next      {}", moment::line(plan, &next))));
    if let Some(to) = past.accounted_to.filter(|to| to.duration_since(now) > TOO_FAR) {
        lines.push(format!("  stopped   accounted for up to {to}; {}", how_to_go_on(&script.name)));
    }
    if let Some(row) = &past.due.run {
        let run = row.run.as_deref().unwrap_or_default();
        let became = past.run.as_ref().map_or("no record is kept".into(), |(run, at)| became(run, *at, &plan.zone));
        lines.push(format!(
            "  last run  {}  {}  run {run}: {became}",
            moment::wall(row.due_at, &plan.zone),
            row.due_at
        ));
    }
    if let Some(row) = &past.due.due {
        let at = row.until.unwrap_or(row.due_at);
        let reason = row.reason.as_ref().map_or(String::new(), |reason| format!(": {}", text::escape_control(reason)));
        lines.push(format!("  last due  {}  {at}  {}{reason}", moment::wall(at, &plan.zone), row.outcome.word()));
    }
    lines
}

/// What became of a run: `done Sat 2026-05-23 02:30:09 CEST, 3 changed`, `failed …: why`, `running`.
fn became(run: &Run, condition: Condition, zone: &TimeZone) -> String {
    let mut words = condition.word();
    if let Some(at) = run.ended_at {
        words.push_str(&format!(" {}", moment::wall(at, zone)));
    }
    let did = stored::outcome(&run.counts);
    if !did.is_empty() {
        words.push_str(&format!(", {did}"));
    }
    match &run.message {
        Some(why) => format!("{words}: {}", text::escape_control(why)),
        None => words,
    }
}

fn entry(script: &Scheduled, past: &Past, now: Timestamp) -> Value {
    let plan = &script.plan;
    let (due, of) = (past.due.due.as_ref(), past.due.run.as_ref());
    let (run, condition) = (past.run.as_ref().map(|(run, _)| run), past.run.as_ref().map(|(_, condition)| condition));
    json!({
        "file": script.name,
        "schedule": plan.schedule.text(),
        "timezone": plan.zone_name,
        "next": plan.after(now).next().map(|next| next.at.to_string()),
        "accounted_to": past.accounted_to.map(|to| to.to_string()),
        "last_due": due.map(|row| row.until.unwrap_or(row.due_at).to_string()),
        "last_outcome": due.map(|row| row.outcome.word()),
        "last_reason": due.and_then(|row| row.reason.clone()),
        "last_run_due": of.map(|row| row.due_at.to_string()),
        "last_run": of.and_then(|row| row.run.clone()),
        "last_run_state": condition.map(|condition| condition.word()),
        "last_run_ended_at": run.and_then(|run| run.ended_at).map(|at| at.to_string()),
        "last_run_message": run.and_then(|run| run.message.clone()),
    })
}
