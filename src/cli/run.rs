//! `onramp run`: one script, from its text to its exit code.

use super::{
    check,
    connect::Connection,
    limits::LimitFlags,
    signals,
    source::{Script, Source},
};
use crate::{
    config,
    error::{Failure, Kind},
    header::Value,
    run::{self, End, Job, Outcome},
    script::{About, FaultKind, Inputs},
    secret::Secret,
    session::Session,
    stop::{Reason, Stop},
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
    connection: Connection,
    /// The script, once it is read.
    #[arg(skip)]
    pub script: Option<Box<Script>>,
    /// The values of its params.
    #[arg(skip)]
    pub params: Vec<(String, Option<Value>)>,
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

pub fn run(mut args: Args, ui: &Ui) -> Result<u8, Failure> {
    let rest = args.rest()?;
    let Some(mut script) = args.script.take() else {
        return Err(Failure::usage("there is no script to run").hint("name a file, or give `-e CODE`"));
    };
    run::keep_panics_quiet();
    if !args.no_check && !check::passes(&script, ui)? {
        return Ok(Kind::Usage.exit_code());
    }
    if args.read_only {
        script.capability.forbid_writes();
    }
    let environment = environment(&script, ui)?;
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    let clock = args.connection.clock();
    let key = run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
    let about = About { id: key.clone(), ..About::default() };
    let inputs = Inputs { params: args.params, args: rest, run: about };
    let limits = args.limits.limits(&script.header);
    let job = Job { name: script.name, text: script.text, project: script.project, inputs, limits };
    let session = Session::new(args.connection.connector(&stop, ui)?, key, clock, stop.clone())
        .with_capability(script.capability)
        .with_environment(environment);
    let outcome = run::run(&job, session, Box::new(ui.clone()));
    conclude(&job, &outcome)
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

fn conclude(job: &Job, outcome: &Outcome) -> Result<u8, Failure> {
    let text_of = |name: &str| match name {
        own if own == job.name => Some(job.text.clone()),
        module => outcome.modules.get(module).cloned(),
    };
    match &outcome.end {
        End::Done(_) => Ok(0),
        End::Bug(what) => Err(Failure::bug(what)),
        End::Failed(fault) => match fault.kind {
            // Whoever closed the pipe had enough. A report may end quietly; a half-done change may not.
            FaultKind::Stopped(Reason::OutputClosed) if outcome.writes == 0 => Ok(0),
            FaultKind::Stopped(Reason::OutputClosed) => {
                Err(Failure::new(Kind::Interrupted, "standard output was closed, so the script was stopped")
                    .hint(done_so_far(outcome.writes)))
            }
            FaultKind::Stopped(Reason::Interrupt) => Err(interrupted(outcome.writes)),
            _ => {
                let mut failure = Failure::of_fault(fault, &text_of);
                if outcome.writes > 0 {
                    failure.hints.push(done_so_far(outcome.writes));
                }
                Err(failure)
            }
        },
    }
}

fn interrupted(writes: u64) -> Failure {
    let failure = Failure::new(Kind::Interrupted, "interrupted");
    if writes == 0 { failure } else { failure.hint(done_so_far(writes)) }
}

fn done_so_far(writes: u64) -> String {
    format!(
        "look at the workspace before you run the script again: {} had been made by then",
        text::plural(writes as usize, "change")
    )
}
