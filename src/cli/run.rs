//! `onramp run`: one script, from its text to its exit code.

use super::{
    check,
    connect::Connection,
    limits::LimitFlags,
    plan::Show,
    record::Record,
    resume, signals,
    source::{Script, Source},
};
use crate::{
    clock::Clock,
    config,
    error::{Failure, Kind},
    header::Value,
    run::{self, Around, End, Ending, Hide, Job, Kept, Log, Outcome, Tee},
    script::{About, FaultKind, Inputs, Sink, direct},
    secret::Secret,
    session::{Control, Session},
    stop::{Reason, Stop},
    store::{Counts, Run, State, StoreError},
    text,
    ui::Ui,
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Run a script
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "onramp run [OPTIONS] <FILE> [ARG]...\n       onramp run [OPTIONS] -e <CODE> [ARG]...",
    after_help = "Exit codes: 0 all went well; 1 the script failed or the API refused something; 2 wrong usage, \
nothing was sent; 3 the key is missing, wrong or revoked; 70 a bug in onramp; 75 stopped for a reason that will pass; \
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
    connection: Connection,
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
    carry_out(args, None, ui)
}

/// Runs a script, or goes on with a run.
pub fn carry_out(mut args: Args, resumed: Option<Resumed>, ui: &Ui) -> Result<u8, Failure> {
    let rest = args.rest()?;
    let Some(mut script) = args.script.take() else {
        return Err(Failure::usage("there is no script to run").hint("name a file, or give `-e CODE`"));
    };
    run::keep_panics_quiet();
    if resumed.is_none() && !args.no_check && !check::passes(&script, ui)? {
        return Ok(Kind::Usage.exit_code());
    }
    if args.read_only {
        script.capability.forbid_writes();
    }
    let environment = environment(&script, ui)?;
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    let clock = args.connection.clock();
    let around = around(&stop, &clock, ui)?;
    let goes_on = resumed.is_some();
    let may_write = script.capability.may_write() && run::may_write(&script.text);
    let record = match &resumed {
        Some(resumed) => resumed.record.clone(),
        None => Record::new(run_key()?, &args.line, Some((&script.name, &script.text)), &args.connection)?,
    };
    let kept = match resumed {
        Some(Resumed { run, record }) => {
            record.same_place(&run.id, &args.connection)?;
            Some(resume::take_up(&run, around.clone())?)
        }
        None if may_write => Some(Kept::new(record.new_run("run", "manual", &hide(ui))?, around.clone())),
        None => None,
    };
    let id = kept.as_ref().map_or_else(|| record.fresh_id(), |kept| Ok(kept.id().to_string()))?;
    let rows = args.rows.map(|path| granted(&mut script, &path)).transpose()?;
    // A run that goes on is past its first look.
    let first = args.first.filter(|_| !goes_on);
    let inputs = Inputs {
        params: args.params,
        args: rest,
        run: About { id, dry_run: args.dry_run, ..About::default() },
        first,
        rows,
    };
    let preview = around.dir.join("previews").join(&inputs.run.id);
    if args.dry_run {
        script.project.preview_in(preview.clone());
    }
    let limits = args.limits.limits(&script.header);
    let job = Job { name: script.name, text: script.text, project: script.project, inputs, limits };
    let verbose = args.connection.verbose;
    let connect = args.connection.connector(&stop, ui, &around.control.progress)?;
    let mut session = Session::new(connect, record.key.clone(), clock, stop)
        .with_capability(script.capability)
        .with_environment(environment)
        .with_control(around.control.clone());
    if let Some(kept) = &kept {
        session = session.with_recorder(kept.recorder().map_err(|error| failure_of_store(&error))?);
    }
    if verbose {
        let ui = ui.clone();
        session = session.with_unsent(Box::new(move |request| {
            let target = text::escape_control(&request.target);
            ui.status(&format!("{} {target}: not sent, it would change nothing", request.method.as_str()));
        }));
    }
    if args.dry_run {
        session = session.with_dry_run();
    }
    let sink: Box<dyn Sink> = if args.show.takes_output() { Box::new(ui.aside()) } else { Box::new(ui.clone()) };
    let outcome = run::run(&job, session, Box::new(Tee { sink, log: around.log.clone() }));
    if let Some(plan) = outcome.plan {
        let (plan, rate) = plan.map_err(|error| Failure::of_fault(&direct::fault(error), &|_| None))?;
        args.show.plan(&plan, Some(rate), ui)?;
        if preview.exists() {
            let preview = preview.display();
            ui.status(&format!("the files that the script wrote are in `{preview}`, and not in their places"));
        }
        return Ok(if outcome.counts.failed > 0 { Kind::Rows.exit_code() } else { 0 });
    }
    let end =
        conclude(&job, &outcome, kept.as_ref().filter(|kept| kept.is_kept() && !record.fleeting).map(Kept::id), ui);
    // A run that is kept as ended has said all that it has to say.
    ui.flush();
    if let Some(kept) = kept {
        leave(&kept, &outcome, &end, ui);
    }
    end
}

/// A run that goes on, with what is kept of its command line.
pub struct Resumed {
    pub run: Run,
    pub record: Record,
}

/// Enters how the run ended. What cannot be entered is no reason to call a good run a bad one.
fn leave(kept: &Kept, outcome: &Outcome, end: &Result<u8, Failure>, ui: &Ui) {
    let (exit_code, message) = match end {
        Ok(code) => (*code, None),
        Err(failure) => (failure.kind.exit_code(), Some(ui.hidden(&failure.message))),
    };
    let state = match (&outcome.end, exit_code) {
        (End::Failed(fault), _) if fault.kind == FaultKind::Stopped(Reason::Cancelled) => State::Cancelled,
        (End::Failed(fault), _) if matches!(fault.kind, FaultKind::Stopped(Reason::Enough) | FaultKind::Rows) => {
            State::Running
        }
        (_, 0) => State::Done,
        // They pass, or can be mended: the run goes on where it stopped.
        (_, 3 | 75 | 130) => State::Running,
        _ => State::Failed,
    };
    let ending = Ending { state, exit_code, message };
    // A run that has talked to the workspace is part of its history, also if there was nothing to change.
    let even_so = state.has_ended() && outcome.counts.requests > 0;
    if let Err(error) = kept.end(&ending, even_so) {
        ui.warn(&format!("the end of the run could not be kept: {error}"));
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

/// The outcome as an exit code or a failure. `id` is that of a run that can be taken up again.
fn conclude(job: &Job, outcome: &Outcome, id: Option<&str>, ui: &Ui) -> Result<u8, Failure> {
    let text_of = |name: &str| match name {
        own if own == job.name => Some(job.text.clone()),
        module => outcome.modules.get(module).cloned(),
    };
    let done = outcome.counts.changed;
    let failure = match &outcome.end {
        End::Done(_) if outcome.counts.failed > 0 => {
            let rows = text::plural(outcome.counts.failed as usize, "row");
            return Err(Failure::new(Kind::Rows, format!("{rows} failed; the others are done")));
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
            FaultKind::Stopped(Reason::Enough) => return enough(outcome, id, ui),
            FaultKind::Stopped(Reason::Cancelled) => Failure::new(Kind::Interrupted, "cancelled"),
            _ => Failure::of_fault(fault, &text_of),
        },
    };
    Err(with_way_on(failure, done, id))
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

/// What to do after a run that was not carried out to its end.
fn with_way_on(mut failure: Failure, done: u64, id: Option<&str>) -> Failure {
    let changes = text::plural(done as usize, "change");
    match (id, failure.kind) {
        (Some(id), Kind::Key | Kind::Rows | Kind::WillPass | Kind::Interrupted) => {
            failure.hints.push(format!("`onramp resume {id}` goes on where it stopped; {changes} made so far"));
        }
        (Some(id), _) if done > 0 => {
            failure.hints.push(format!("{changes} had been made by then: `onramp show {id}` lists them"));
        }
        (_, _) if done > 0 => failure
            .hints
            .push(format!("look at the workspace before you run the script again: {changes} had been made by then")),
        _ => {}
    }
    failure
}

/// What a kept run uses of those around it.
fn around(stop: &Stop, clock: &Clock, ui: &Ui) -> Result<Around, Failure> {
    Ok(Around {
        dir: config::state_dir()?,
        clock: clock.clone(),
        control: Control::default(),
        stop: stop.clone(),
        log: Log::new(clock.clone(), hide(ui)),
    })
}

fn run_key() -> Result<String, Failure> {
    run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))
}

/// The filter for what is kept.
pub fn hide(ui: &Ui) -> Hide {
    let ui = ui.clone();
    Arc::new(move |text: &str| ui.hidden(text))
}

/// A failure of the store, as people see it.
pub fn failure_of_store(error: &StoreError) -> Failure {
    let kind = if error.will_pass { Kind::WillPass } else { Kind::Usage };
    Failure::new(kind, &error.message).hint(&error.hint)
}
