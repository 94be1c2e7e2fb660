//! `onramp run`: one script, from its text to its exit code.

use super::{
    check,
    connect::Connection,
    kept::{self, Asked, Begin, Keeping},
    limits::LimitFlags,
    source::{Script, Source},
};
use crate::{
    config,
    error::{Failure, Kind},
    header::Value,
    run::{self, End, Job, Outcome, Tee},
    script::{About, FaultKind, Inputs},
    secret::Secret,
    stop::Reason,
    text,
    ui::Ui,
};
use std::{collections::BTreeMap, ffi::OsString};

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
    let Some(mut script) = args.script.take() else {
        return Err(Failure::usage("there is no script to run").hint("name a file, or give `-e CODE`"));
    };
    run::keep_panics_quiet();
    if !matches!(begin, Begin::Resume(_)) && !args.no_check && !check::passes(&script, ui)? {
        return Ok(Kind::Usage.exit_code());
    }
    if args.read_only {
        script.capability.forbid_writes();
    }
    let environment = environment(&script, ui)?;
    let writes = script.capability.may_write() && run::may_write(&script.text);
    let asked = Asked {
        kind: "run",
        name: &script.name,
        words: &args.line,
        script: Some((&script.name, &script.text)),
        writes,
        capability: script.capability,
        environment,
    };
    let (session, keeping) = kept::open(begin, asked, args.connection, ui)?;
    let inputs = Inputs { params: args.params, args: rest, run: About { id: keeping.id.clone(), ..About::default() } };
    let limits = args.limits.limits(&script.header);
    let job = Job { name: script.name, text: script.text, project: script.project, inputs, limits };
    let sink = Tee { sink: Box::new(ui.clone()), log: keeping.log.clone() };
    let outcome = run::run(&job, session, Box::new(sink));
    let end = conclude(&job, &outcome, &keeping);
    let stopped = match &outcome.end {
        End::Failed(fault) => fault.stopped(),
        End::Done(_) | End::Bug(_) => None,
    };
    keeping.leave(&outcome.counts, stopped, &end, ui);
    end
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
fn conclude(job: &Job, outcome: &Outcome, keeping: &Keeping) -> Result<u8, Failure> {
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
            FaultKind::Stopped(Reason::Cancelled) => Failure::new(Kind::Interrupted, "cancelled"),
            _ => Failure::of_fault(fault, &text_of),
        },
    };
    Err(keeping.with_way_on(failure, done))
}
