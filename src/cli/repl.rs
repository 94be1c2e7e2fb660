//! `onramp repl`: what the command line says about a session, and the session that follows from it.

use super::{beside::Beside, connect::Connection, limits::LimitFlags, signals, source};
use crate::{
    config,
    error::Failure,
    header::Header,
    project::Project,
    repl::{self, Activity, Mode, Options, Questions, Switch},
    run::{self as runs, Present, TeeOfLines},
    script::{About, Host, Inputs, Limits},
    session::{Capability, Control, Session},
    stop::Stop,
    ui::Ui,
};
use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    path::PathBuf,
    rc::Rc,
};

/// Work in a workspace line by line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
At a terminal it shows a prompt, and values as tables; `:help` shows its commands. With a key of a live workspace it sends \
no write until `:mode live` is said, unless `--writes` is given; deletes are asked about, unless `--yes` is given. Each line \
that sends a write is kept as a run: `onramp runs` lists it, and `onramp undo` takes it back.

Where standard input is no terminal it runs the statements that it reads, without a prompt, and writes the value of each to \
standard output.

Exit codes: 0 all went well; 1 a statement from standard input failed; with `-e` or `--stop-on-error` as those of \
`onramp run`.")]
pub struct Args {
    /// Run this text instead of reading lines, and show its value
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    code: Option<String>,
    /// Run this script first; may be repeated
    #[arg(long, value_name = "FILE")]
    preload: Vec<PathBuf>,
    /// Send writes to a live workspace at once
    #[arg(long)]
    writes: bool,
    /// Delete, apply and take back without a question
    #[arg(long)]
    yes: bool,
    /// How values are written, text unless given
    #[arg(long, value_name = "FORMAT")]
    output: Option<Output>,
    /// End with the first statement from standard input that fails
    #[arg(long)]
    stop_on_error: bool,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    connection: Connection,
    /// All words of the command line.
    #[arg(skip)]
    pub line: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Tables and text, lists cut after 50 rows
    Text,
    /// Each value as JSON, whole
    Json,
    /// Each value on a line as JSON, each row of a list on one of its own
    Jsonl,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    runs::keep_panics_quiet();
    let at_terminal = args.code.is_none() && io::stdin().is_terminal() && ui.is_terminal();
    let sandbox = args.connection.sandbox;
    let called = match at_terminal && !sandbox {
        // Where somebody sits and waits, a missing key is better said before the first line than after it.
        true => {
            let key = config::key(args.connection.key_file.as_deref())?;
            ui.hide(key.clone());
            key.to_string()
        }
        false => Mode::Sandbox.word().to_string(),
    };
    let project = Project::of_working_directory();
    let settings = project.settings().map_err(|bad| source::failure_of(&bad))?;
    let writes = if sandbox { Mode::Sandbox } else { Mode::Live };
    let switch = Switch::new(if sandbox || args.writes { writes } else { Mode::Plan });
    let questions = Questions::default();
    let mut capability = Capability::new(None, None, settings.workspace);
    capability.set_guard(repl::guard(&switch, &questions, args.yes));
    let (stop, activity) = (Stop::default(), Activity::default());
    signals::listen_for_lines(&stop, &activity)?;
    let key = runs::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
    let inputs = Inputs { run: About { id: key.clone(), ..About::default() }, ..Inputs::default() };
    let clock = args.connection.clock();
    let control = Control::default();
    let connection = Connection { interactive: at_terminal, ..args.connection };
    let carried_over = connection.clone();
    let connect = connection.connector(&stop, ui, &control.progress)?;
    let session = Session::new(connect, key, clock, stop).with_capability(capability).with_control(control);
    session.set_dry(switch.mode() == Mode::Plan);
    let limits = Limits { of_session: true, ..args.limits.limits(&Header::default()) };
    let present = Present::default();
    let sink = Box::new(TeeOfLines { sink: Box::new(ui.clone()), present: present.clone() });
    let options = Options {
        host: Host::with_inputs(session, sink, project, inputs, limits),
        carry: Rc::new(Beside { connection: carried_over, words: args.line, present, ui: ui.clone() }),
        yes: args.yes,
        switch,
        questions,
        activity,
        writes,
        called,
        preload: args.preload,
        code: args.code,
        at_terminal,
        output: args.output.map(|output| match output {
            Output::Text => repl::Output::Text,
            Output::Json => repl::Output::Json,
            Output::Jsonl => repl::Output::JsonLines,
        }),
        stop_on_error: args.stop_on_error,
        history: config::state_dir().map(|folder| folder.join("repl_history")),
        colour: config::colour_wanted(),
        read: source::text_of,
    };
    repl::run(options, ui)
}
