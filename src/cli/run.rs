//! `onramp run`: one script, from its text to its exit code.

use super::{
    check,
    connect::Connection,
    kept::{self, Asked, Begin, Keeping},
    limits::LimitFlags,
    plan::Show,
    record::Given,
    source::{Script, Source},
    status,
};
use crate::{
    config,
    error::{Failure, Kind},
    header::Value,
    run::{self, End, Job, Outcome, Tee},
    script::{About, FaultKind, Inputs, Sink, direct},
    secret::Secret,
    session::{SessionError, plan::Plan},
    stop::Reason,
    store::Counts,
    text,
    ui::Ui,
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Run a script
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "onramp run [OPTIONS] <FILE> [ARG]...\n       onramp run [OPTIONS] -e <CODE> [ARG]...",
    after_help = "Exit codes: 0 all went well; 1 the script failed or the API refused something; 2 wrong usage, \
nothing was sent; 3 the key is missing, wrong or revoked; 4 the run ended, but some rows failed; 70 a bug in onramp; 75 stopped for a reason that will pass; \
130 interrupted."
)]
pub struct Args {
    /// The script, or `-` for standard input, and its arguments; see `onramp run FILE --help`
    #[arg(value_name = "FILE", required_unless_present = "code")]
    words: Vec<OsString>,
    /// Run this text instead of a file
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    code: Option<String>,
    /// Send no write, whatever the script wants
    #[arg(long)]
    read_only: bool,
    /// Do not ask before the first write to a live workspace
    #[arg(short, long)]
    yes: bool,
    /// Send no write: show what would be changed, field by field
    #[arg(long, help_heading = "Dry run")]
    dry_run: bool,
    #[command(flatten)]
    show: Show,
    /// Do the first N rows of a bulk call, then stop; `onramp resume` does the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Bulk")]
    first: Option<u64>,
    /// Of each bulk call do only the rows that this report of an earlier run names as failed
    #[arg(long, value_name = "REPORT", help_heading = "Bulk")]
    rows: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitFlags,
    /// Start even if `onramp check` finds errors; they then end the run where it comes by them
    #[arg(long)]
    no_check: bool,
    #[command(flatten)]
    pub connection: Connection,
    /// The script, once it is read.
    #[arg(skip)]
    pub script: Option<Box<Script>>,
    /// The values of its params.
    #[arg(skip)]
    pub params: Vec<(String, Option<Value>)>,
    /// All words of the command line.
    #[arg(skip)]
    pub line: Vec<OsString>,
}

impl Args {
    /// Where these arguments say that the script is.
    pub fn source(&self) -> Source {
        match &self.code {
            Some(code) => Source::Code(code.clone()),
            None => Source::File(self.words.first().cloned().unwrap_or_default()),
        }
    }

    /// The words behind the script.
    fn rest(&self) -> Result<Vec<String>, Failure> {
        let rest = self.words.iter().skip(usize::from(self.code.is_none()));
        let text = |word: &OsString| {
            let failed = || Failure::usage(format!("the argument `{}` is not text", word.display()));
            word.to_str().map(str::to_string).ok_or_else(failed)
        };
        rest.map(text).collect()
    }
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    carry_out(args, Begin::Anew, ui)
}

/// Runs a script, anew or once more, or goes on with a run.
pub fn carry_out(mut args: Args, begin: Begin, ui: &Ui) -> Result<u8, Failure> {
    let rest = args.rest()?;
    if let (Begin::Anew, false, Some(flag)) = (&begin, args.dry_run, args.show.flag()) {
        return Err(Failure::usage(format!("`{flag}` shows a plan, and only a dry run makes one")).hint(
            "add `--dry-run`; for rows that another program reads, use `write_json` or `write_csv` in the script",
        ));
    }
    let Some(mut script) = args.script.take() else {
        return Err(Failure::usage("there is no script to run").hint("name a file, or give `-e CODE`"));
    };
    run::keep_panics_quiet();
    let mut ready = None;
    if !matches!(begin, Begin::Resume(_)) && !args.no_check {
        let Some(passed) = check::passes(&script, ui)? else { return Ok(Kind::Usage.exit_code()) };
        ready = Some(passed);
    }
    if args.read_only {
        script.capability.forbid_writes();
    }
    let environment = environment(&script, ui)?;
    let rows = args.rows.as_deref().map(|path| granted(&mut script, path)).transpose()?;
    let given = match &begin {
        Begin::Resume(resumed) => resumed.record.given.as_ref(),
        Begin::Retry(retried) => retried.given.as_ref(),
        Begin::Anew => None,
    };
    if let Some(event) = given.and_then(|given| given.event.as_ref()) {
        script.project.grant(Path::new(&event.path)).map_err(|error| {
            let path = text::escape_control(&event.path);
            Failure::usage(format!("the watched file `{path}` cannot be read: {}", config::reason(&error)))
        })?;
    }
    let by_hand = matches!(begin, Begin::Retry(_));
    // A run that goes on is past its first look.
    let first = args.first.filter(|_| !matches!(begin, Begin::Resume(_)));
    let writes = !args.dry_run && script.capability.may_write() && run::may_write(&script.text);
    let asked = Asked {
        kind: "run",
        name: &script.name,
        words: &args.line,
        script: Some((&script.name, &script.text)),
        writes,
        // Who has bounded the writes, or has said yes, has thought of them.
        asks: !args.yes && script.capability.max_writes().is_none(),
        capability: script.capability,
        environment,
    };
    let (mut session, keeping) = kept::open(begin, asked, args.connection, ui)?;
    let mut about = About { id: keeping.id.clone(), dry_run: args.dry_run, ..About::default() };
    // Nobody puts the file of a run that is made by hand in its place.
    let failed_rows = keeping.given.as_ref().filter(|_| !by_hand).map(|_| keeping.folder.clone());
    if let Some(Given { trigger, scheduled_for, event }) = keeping.given.clone() {
        about = About { trigger, scheduled_for, event, ..about };
    }
    let inputs = Inputs { params: args.params, args: rest, run: about, first, rows, failed_rows };
    if args.dry_run {
        session = session.with_dry_run();
        script.project.preview_in(keeping.preview.clone());
    }
    let limits = args.limits.limits(&script.header);
    let job = Job { name: script.name, text: script.text, project: script.project, inputs, limits };
    let control = session.control().clone();
    let sink: Box<dyn Sink> = if args.show.takes_output() { Box::new(ui.aside()) } else { Box::new(ui.clone()) };
    let followed = run::may_call(&job.text).then(|| {
        let control = control.clone();
        // What a dry run would change is no progress.
        ui.follow(move || if writes { run::glance(&control) } else { run::wait(&control.progress) })
    });
    let mut outcome = run::run(&job, ready, session, Box::new(Tee { sink, log: keeping.log.clone() }));
    drop(followed);
    if let Some(plan) = outcome.plan.take() {
        return planned(plan, &args.show, &outcome, &keeping, ui);
    }
    if args.dry_run {
        ui.status("NOT SENT: the dry run has not come to its end, and there is no plan");
        tell_preview(&keeping, ui);
    }
    let end = conclude(&job, &outcome, &keeping, ui);
    let stopped = match &outcome.end {
        // The rows that are left can still be done.
        End::Failed(fault) if fault.kind == FaultKind::Rows => Some(Reason::Enough),
        End::Failed(fault) => fault.stopped(),
        End::Done(_) | End::Bug(_) => None,
    };
    keeping.leave(&outcome.counts, stopped, &end, ui);
    end
}

/// A dry run has come to its end: its plan is shown.
fn planned(
    plan: Result<Plan, SessionError>,
    show: &Show,
    outcome: &Outcome,
    keeping: &Keeping,
    ui: &Ui,
) -> Result<u8, Failure> {
    let plan = plan.map_err(|error| Failure::of_fault(&direct::fault(error), &|_| None))?;
    show.plan(&plan, status::others(&plan.workspace.id), ui)?;
    tell_preview(keeping, ui);
    if let End::Failed(_) = outcome.end {
        ui.status("these are the first rows; a dry run without `--first` shows all of them");
    }
    match outcome.counts.failed {
        0 => Ok(0),
        1 => Err(rows_failed(outcome, keeping, ", and is not in the plan")),
        _ => Err(rows_failed(outcome, keeping, ", and are not in the plan")),
    }
}

/// Where the files are that a dry run has written.
fn tell_preview(keeping: &Keeping, ui: &Ui) {
    if keeping.preview.exists() {
        let preview = keeping.preview.display();
        ui.status(&format!("the files that the script wrote are in `{preview}`, and not in their places"));
    }
}

/// The environment values that the script declares, kept out of both streams from here on.
fn environment(script: &Script, ui: &Ui) -> Result<BTreeMap<String, Secret>, Failure> {
    let declared = &script.header.env;
    let names: Vec<&str> = declared.iter().map(|name| name.value.as_str()).collect();
    let values = config::declared(&names).map_err(|(at, why)| {
        let hint = "set it before you run the script, or take it out of `env` in the header";
        script.failure(&declared[at].problem(why).hint(hint))
    })?;
    values.values().flat_map(Secret::forms).for_each(|form| ui.hide(form));
    Ok(values)
}

/// The outcome as an exit code or a failure.
fn conclude(job: &Job, outcome: &Outcome, keeping: &Keeping, ui: &Ui) -> Result<u8, Failure> {
    let text_of = |name: &str| match name {
        own if own == job.name => Some(job.text.clone()),
        module => outcome.modules.get(module).cloned(),
    };
    let done = outcome.counts.changed;
    let failure = match &outcome.end {
        End::Done(_) if outcome.counts.failed > 0 => {
            let Counts { changed, unchanged, skipped, .. } = outcome.counts;
            let others = if changed + unchanged + skipped > 0 { "the others are done" } else { "there are no others" };
            return Err(rows_failed(outcome, keeping, &format!("; {others}")));
        }
        End::Done(_) => return Ok(0),
        End::Bug(what) => Failure::bug(what),
        End::Failed(fault) => match fault.kind {
            // Whoever closed the pipe had enough. A report may end quietly; a half-done change may not.
            FaultKind::Stopped(Reason::OutputClosed) if done == 0 => return Ok(0),
            FaultKind::Stopped(Reason::OutputClosed) => {
                Failure::new(Kind::Interrupted, "standard output was closed, so the script was stopped")
            }
            FaultKind::Stopped(Reason::Interrupt) => Failure::new(Kind::Interrupted, "interrupted"),
            FaultKind::Stopped(Reason::Enough) => return enough(outcome, keeping.resumable(), ui),
            FaultKind::Stopped(Reason::Cancelled) => Failure::new(Kind::Interrupted, "cancelled"),
            _ => Failure::of_fault(fault, &text_of),
        },
    };
    Err(keeping.with_way_on(failure, done))
}

/// Some rows failed: the first of them are told, with the way to the others.
fn rows_failed(outcome: &Outcome, keeping: &Keeping, rest: &str) -> Failure {
    let failed = outcome.counts.failed as usize;
    let rows = text::plural(failed, "row");
    let mut failure = Failure::new(Kind::Rows, format!("{rows} failed{rest}"));
    failure.details = outcome.failures.iter().map(|line| format!("  {line}")).collect();
    let more = failed.saturating_sub(outcome.failures.len());
    if more > 0 {
        failure.details.push(format!("  and {more} more"));
        if let Some(id) = keeping.kept_id() {
            failure.hints.push(format!("`onramp show {id}` lists them"));
        }
    }
    failure
}

/// The first rows are done, as was asked.
fn enough(outcome: &Outcome, id: Option<&str>, ui: &Ui) -> Result<u8, Failure> {
    let Counts { changed, unchanged, failed, .. } = outcome.counts;
    ui.status(&format!("the first rows are done: {changed} changed, {unchanged} unchanged, {failed} failed"));
    match id {
        Some(id) => ui.status(&format!("look at them; `onramp resume {id}` goes on with the others")),
        None => ui.status("the embedded sandbox is gone with them"),
    }
    Ok(if failed > 0 { Kind::Rows.exit_code() } else { 0 })
}

/// A file that the command line names may be read wherever it lies.
fn granted(script: &mut Script, path: &Path) -> Result<String, Failure> {
    let granted = script.project.grant(path).map_err(|error| {
        Failure::usage(format!("the report `{}` cannot be read: {}", path.display(), config::reason(&error)))
    })?;
    Ok(granted.display().to_string())
}
