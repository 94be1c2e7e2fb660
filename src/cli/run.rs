//! `onramp run`: one script, from its text to its exit code.

use super::{connect::Connection, signals};
use crate::{
    config,
    error::{Failure, Kind},
    project::Project,
    run::{self, End, Job, Outcome},
    script::FaultKind,
    session::Session,
    stop::{Reason, Stop},
    text,
    ui::Ui,
};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// No script is anywhere near this long; a larger file is another file.
const LARGEST_SCRIPT: u64 = 16 << 20;

/// Run a script
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all went well; 1 the script failed or the API refused something; 2 wrong usage, \
nothing was sent; 3 the key is missing, wrong or revoked; 70 a bug in onramp; 75 stopped for a reason that will pass; \
130 interrupted."
)]
pub struct Args {
    /// The script, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "code", conflicts_with = "code")]
    file: Option<PathBuf>,
    /// Run this text instead of a file
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let job = match (args.code, args.file) {
        (Some(text), _) => Job { name: "-e".into(), text, project: Project::of_working_directory() },
        (None, Some(path)) => read(&path)?,
        (None, None) => return Err(Failure::usage("there is no script to run").hint("name a file, or give `-e CODE`")),
    };
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    run::keep_panics_quiet();
    let clock = args.connection.clock();
    let key = run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
    let session = Session::new(args.connection.connector(&stop, ui)?, key, clock, stop.clone());
    let outcome = run::run(&job, session, Box::new(ui.clone()));
    conclude(&job, &outcome)
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

/// The script's text. A byte-order mark is not part of it.
fn read(path: &Path) -> Result<Job, Failure> {
    let name = path.display().to_string();
    let failed = |error: &io::Error| {
        let failure = Failure::usage(format!("the script `{name}` cannot be read: {}", config::reason(error)));
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("check the path; it is relative to the present folder"),
            io::ErrorKind::IsADirectory => failure.hint("name one script in it"),
            io::ErrorKind::InvalidData => failure.hint("save it as UTF-8"),
            _ => failure,
        }
    };
    let mut bytes = Vec::new();
    let read = if name == "-" {
        io::stdin().lock().take(LARGEST_SCRIPT + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST_SCRIPT + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > LARGEST_SCRIPT {
        return Err(Failure::usage(format!("the script `{name}` is larger than 16 MiB")).hint("is it a script?"));
    }
    let text = String::from_utf8(bytes).map_err(|error| failed(&io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let project = if name == "-" { Project::of_working_directory() } else { Project::of_script(path) };
    Ok(Job { name, text: text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_string), project })
}
