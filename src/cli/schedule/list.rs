//! `onramp schedule list`: all scripts with a schedule, what comes next and what came last.

use super::{Files, Now, Output, moment, scripts, scripts::Scheduled};
use crate::{
    cli::due,
    error::Failure,
    store::due::{Last, Ledger},
    ui::Ui,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// List the scripts with a schedule: next and last run, and what became of the last due time
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What came last is read from the store in the state folder; `onramp due` shows all of it.

With `--output json` standard output is one array of objects with the members `file`, `schedule`, `timezone`, `next` \
(RFC 3339, UTC), `last_due`, `last_outcome` (`run`, `skipped` or `missed`), `last_reason`, `last_run_due` and `last_run`, \
null where there is none.

Exit codes: 0 all went well; 2 a script or the store cannot be read.")]
pub struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    now: Now,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let clock = args.now.clock();
    let (scripts, code) = scripts::scheduled(&args.files, &clock, ui)?;
    let now = clock.now();
    let store = due::store(false)?;
    let last = |script: &Scheduled| match &store {
        Some(db) => Ledger::new(db).last(&script.plan.script).map_err(|error| due::unusable(&error)),
        None => Ok(Last::default()),
    };
    let all = scripts.iter().map(|script| Ok((script, last(script)?))).collect::<Result<Vec<_>, Failure>>()?;
    if args.output == Output::Json {
        let all = all.iter().map(|(script, last)| entry(script, last, now)).collect();
        ui.line(&format!("{:#}", Value::Array(all)));
        return Ok(code);
    }
    for (script, last) in &all {
        lines(script, last, now).iter().for_each(|line| {
            ui.line(line);
        });
    }
    if store.is_none() && !scripts.is_empty() {
        ui.status(&due::nothing_yet()?);
    }
    Ok(code)
}

fn lines(script: &Scheduled, last: &Last, now: Timestamp) -> Vec<String> {
    let plan = &script.plan;
    let name = crate::text::escape_control(&script.name);
    let mut lines = vec![format!("{name}: {} in {}", plan.schedule.text(), plan.zone_name)];
    lines.extend(plan.after(now).next().map(|next| format!("  next      {}", moment::line(plan, &next))));
    if let Some(row) = &last.run {
        let run = row.run.as_deref().unwrap_or_default();
        lines.push(format!("  last run  {}  {}  run {run}", moment::wall(row.due_at, &plan.zone), row.due_at));
    }
    if let Some(row) = &last.due {
        let at = row.until.unwrap_or(row.due_at);
        let reason = row.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        lines.push(format!("  last due  {}  {at}  {}{reason}", moment::wall(at, &plan.zone), row.outcome.word()));
    }
    lines
}

fn entry(script: &Scheduled, last: &Last, now: Timestamp) -> Value {
    let (plan, due, run) = (&script.plan, last.due.as_ref(), last.run.as_ref());
    json!({
        "file": script.name,
        "schedule": plan.schedule.text(),
        "timezone": plan.zone_name,
        "next": plan.after(now).next().map(|next| next.at.to_string()),
        "last_due": due.map(|row| row.until.unwrap_or(row.due_at).to_string()),
        "last_outcome": due.map(|row| row.outcome.word()),
        "last_reason": due.and_then(|row| row.reason.clone()),
        "last_run_due": run.map(|row| row.due_at.to_string()),
        "last_run": run.and_then(|row| row.run.clone()),
    })
}
