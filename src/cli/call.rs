//! `onramp call`: one operation from the command line, by the same road as a script's.

use super::{
    connect::Connection,
    json,
    kept::{self, Asked, Begin},
    source,
};
use crate::{
    api::{operation, operation::Operation, operations, request::Call},
    error::{Failure, Kind},
    project::Project,
    script::{
        FaultKind, Sink,
        direct::{self, Given},
    },
    session::{Capability, Session, SessionError},
    text,
    ui::Ui,
};
use std::{collections::BTreeMap, ffi::OsString};

/// Call one operation of the API and show its answer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  onramp call get_customer id=101
  onramp call update_customer id=101 mrr=5000 domain:=null
  onramp call list_onboardings phase=launch --all

`key=value` gives text, or a number or truth value where the operation wants one; `key:=JSON` gives any JSON. \
`onramp functions NAME` shows what an operation takes. The answer goes to standard output as JSON, just as the service \
sent it; with `--all` each row of a list is one line. A write is kept as a run: `onramp show` tells what it changed.

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
    pub connection: Connection,
    /// All words of the command line.
    #[arg(skip)]
    pub line: Vec<OsString>,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    carry_out(args, Begin::Anew, ui)
}

/// Makes a call, anew or once more, or finds out what became of one. A write is kept like that of a script.
pub fn carry_out(args: Args, begin: Begin, ui: &Ui) -> Result<u8, Failure> {
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
    let writes = operation.effect.writes() && capability.may_write();
    let asked = Asked {
        kind: "call",
        name: &format!("call {}", operation.name),
        words: &args.line,
        script: None,
        writes,
        asks: false,
        capability,
        environment: BTreeMap::new(),
    };
    let (session, keeping) = kept::open(begin, asked, args.connection, ui)?;
    let result = if args.all { rows(&session, call, ui) } else { answer(&session, call, ui) };
    let counts = session.control().progress.counts();
    let (stopped, end) = match result {
        Ok(()) => (None, Ok(0)),
        Err(error) => {
            let fault = direct::fault(error);
            if fault.kind == FaultKind::WillPass
                && let Some(recorder) = session.recorder()
            {
                // What ended the call is no answer. Where that cannot be noted, the next attempt ends in the same way.
                let _ = recorder.ask_again();
            }
            (fault.stopped(), Err(keeping.with_way_on(Failure::of_fault(&fault, &|_| None), counts.changed)))
        }
    };
    keeping.leave(&counts, stopped, &end, ui);
    end
}

fn answer(session: &Session, call: Call, ui: &Ui) -> Result<(), SessionError> {
    let answer = session.call(call)?;
    ui.data(&json::pretty(&String::from_utf8_lossy(&answer.body)));
    Ok(())
}

fn rows(session: &Session, call: Call, ui: &Ui) -> Result<(), SessionError> {
    let mut listing = session.list(call, None);
    while let Some(rows) = listing.next_page(session)? {
        // Whoever reads may have seen enough.
        if !rows.iter().all(|row| ui.data(&json::compact(row.json.get()))) {
            break;
        }
    }
    Ok(())
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
