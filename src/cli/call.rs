//! `onramp call`: one operation from the command line, by the same road as a script's.

use super::{connect::Connection, json, signals, source};
use crate::{
    api::{operation, operation::Operation, operations},
    error::{Failure, Kind},
    project::Project,
    run::fresh_key,
    script::{
        Sink,
        direct::{self, Given},
    },
    session::{Capability, Progress, Session, SessionError},
    stop::Stop,
    text,
    ui::Ui,
};

/// Call one operation of the API and show its answer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  onramp call get_customer id=101
  onramp call update_customer id=101 mrr=5000 domain:=null
  onramp call list_onboardings phase=launch --all

`key=value` gives text, or a number or truth value where the operation wants one; `key:=JSON` gives any JSON. \
`onramp functions NAME` shows what an operation takes. The answer goes to standard output as JSON, just as the service \
sent it; with `--all` each row of a list is one line.

Exit codes: as those of `onramp run`.")]
pub struct Args {
    /// The operation, such as get_customer
    #[arg(value_name = "OPERATION")]
    operation: String,
    /// Its arguments: ids, options and fields by their names
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// Walk a list to its end and show each row on a line
    #[arg(long)]
    all: bool,
    /// Send no write, whatever the script wants
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    connection: Connection,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let operation = named(&args.operation)?;
    if args.all && !operation.is_list() {
        return Err(Failure::usage(format!("`{}` is not a list", operation.name)).hint("leave out `--all`"));
    }
    let given = args.arguments.iter().map(|word| argument(word)).collect::<Result<Vec<_>, _>>()?;
    let call = direct::call(operation, &given).map_err(|fault| {
        let failure = Failure { kind: Kind::Usage, ..Failure::of_fault(&fault, &|_| None) };
        failure.hint(format!("see `onramp functions {}`", operation.name))
    })?;
    let settings = Project::of_working_directory().settings().map_err(|bad| source::failure_of(&bad))?;
    let mut capability = Capability::new(None, None, settings.workspace);
    if args.read_only {
        capability.forbid_writes();
    }
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    let clock = args.connection.clock();
    let key = fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
    let session = Session::new(args.connection.connector(&stop, ui, &Progress::default())?, key, clock, stop)
        .with_capability(capability);
    let failed = |error: SessionError| Failure::of_fault(&direct::fault(error), &|_| None);
    if !args.all {
        let answer = session.call(call).map_err(failed)?;
        ui.data(&json::pretty(&String::from_utf8_lossy(&answer.body)));
        return Ok(0);
    }
    let mut listing = session.list(call, None);
    while let Some(rows) = listing.next_page(&session).map_err(failed)? {
        for row in rows {
            if !ui.data(&json::compact(row.json.get())) {
                // Whoever reads has seen enough.
                return Ok(0);
            }
        }
    }
    Ok(0)
}

fn named(name: &str) -> Result<&'static Operation, Failure> {
    let snake = name.replace('-', "_");
    operation(&snake).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no operation `{}`", text::escape_control(name)));
        match text::did_you_mean(&snake, operations().map(|operation| operation.name)) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("run `onramp functions` to see them all"),
        }
    })
}

/// `key=value` or `key:=JSON`.
fn argument(word: &str) -> Result<(String, Given), Failure> {
    let shown = text::escape_control(word);
    let Some((key, value)) = word.split_once('=').filter(|(key, _)| !key.is_empty() && *key != ":") else {
        return Err(Failure::usage(format!("the argument `{shown}` has no name"))
            .hint("write it as `key=value` or `key:=JSON`"));
    };
    Ok(match key.strip_suffix(':') {
        Some(key) => (key.to_string(), Given::Json(value.to_string())),
        None => (key.to_string(), Given::Text(value.to_string())),
    })
}
