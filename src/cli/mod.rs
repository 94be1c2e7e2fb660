//! The command line: one file per subcommand. Parsing and help live in the `Args` structs; what is decided here is only
//! which subcommand runs.

mod apply;
mod beside;
mod call;
mod cancel;
mod carry;
mod changes;
mod check;
mod completions;
mod connect;
mod declared;
mod definitions;
mod due;
mod entered;
mod functions;
mod history;
mod jobs;
mod json;
mod kept;
mod limits;
mod line;
mod logs;
mod man;
mod output;
mod pause;
mod plan;
mod previews;
mod record;
mod repl;
mod resume;
mod retry;
mod run;
mod runs;
mod sandbox;
mod schedule;
mod serve;
mod share;
mod show;
mod signals;
mod source;
mod status;
mod stored;
mod undo;
mod unpause;
mod watch;
mod wishes;
mod written;

use crate::{
    config,
    error::{Failure, Kind},
    memory,
    ui::Ui,
};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// Scripted automation for Pivotal: small scripts that read and change customers, contacts and onboardings.
#[derive(Debug, Parser)]
#[command(name = "onramp", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Try it without a key: onramp run scripts/launch_report.rhai --sandbox")]
struct Program {}

impl Program {
    /// The command line without its subcommands, one of which there must be.
    fn bare() -> clap::Command {
        Program::command().subcommand_required(true).arg_required_else_help(true)
    }

    /// The command line with no subcommand but `run`: making all of them takes longer than a small script.
    fn only_run() -> clap::Command {
        Program::bare().subcommand(<run::Args as clap::Args>::augment_args(clap::Command::new("run")))
    }
}

/// The whole command line.
#[derive(Debug)]
pub struct Cli {
    command: Command,
}

impl Cli {
    /// The command line with all subcommands.
    fn command() -> clap::Command {
        Command::augment_subcommands(Program::bare())
    }

    /// What the words meant.
    fn of(matches: &ArgMatches) -> Result<Cli, clap::Error> {
        Command::from_arg_matches(matches).map(|command| Cli { command })
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Args>),
    Repl(Box<repl::Args>),
    Check(check::Args),
    #[command(subcommand)]
    Plan(plan::Command),
    Apply(apply::Args),
    Undo(undo::Args),
    Call(call::Args),
    Runs(runs::Args),
    Show(show::Args),
    Logs(logs::Args),
    Status(status::Args),
    History(history::Args),
    Resume(resume::Args),
    Retry(retry::Args),
    Pause(pause::Args),
    Unpause(unpause::Args),
    Cancel(cancel::Args),
    Functions(functions::Args),
    Sandbox(sandbox::Args),
    Watch(watch::Args),
    Serve(serve::Args),
    Schedule(schedule::Args),
    Due(due::Args),
    Completions(completions::Args),
    Definitions(definitions::Args),
    Man(man::Args),
}

impl Command {
    /// The connection of a command that can be carried out again.
    fn connection(&mut self) -> Option<&mut connect::Connection> {
        match self {
            Command::Run(args) => Some(&mut args.connection),
            Command::Call(args) => Some(&mut args.connection),
            Command::Apply(args) => Some(&mut args.connection),
            Command::Undo(args) => Some(&mut args.connection),
            _ => None,
        }
    }

    /// Carries out the command of a run.
    fn carry_out(self, run: &str, begin: kept::Begin, ui: &Ui) -> Result<u8, Failure> {
        match self {
            Command::Run(args) => run::carry_out(*args, begin, ui),
            Command::Call(args) => call::carry_out(args, begin, ui),
            Command::Apply(args) => apply::carry_out(args, begin, ui),
            Command::Undo(args) => undo::carry_out(args, begin, ui),
            _ => Err(Failure::usage(format!("the run `{run}` cannot be carried out again"))),
        }
    }
}

/// Does what the words ask for, the program's own name first, and gives back the exit code. A failure has been shown by
/// then.
pub fn run(words: &[OsString], ui: &Ui) -> u8 {
    memory::share_heap();
    // Before anything else is said: words of the command line or of a script may hold the key by mistake.
    // The sandbox's own key is no secret, and `onramp sandbox` has to show it.
    let key = config::key_in_environment().filter(|key| key.expose() != crate::sandbox::KEY);
    key.into_iter().for_each(|key| ui.hide(key));
    #[cfg(debug_assertions)]
    if let Some(point) = config::crash_at()
        && !crate::session::crash::arm(&point)
        && !crate::trigger::folder::crash::arm(&point)
    {
        ui.failure(&Failure::usage(format!("there is no point `{point}` to crash at")));
        return Kind::Usage.exit_code();
    }
    let cli = match line::parse(words) {
        Ok(cli) => cli,
        Err(line::Early::Said(error)) => {
            let said = error.render().to_string();
            if error.use_stderr() {
                ui.status(said.trim_end());
            } else {
                ui.line(said.trim_end());
                ui.flush();
            }
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
        Err(line::Early::Failed(failures)) => {
            failures.iter().for_each(|failure| ui.failure(failure));
            return failures.first().map_or(2, |failure| failure.kind.exit_code());
        }
    };
    let result = match cli.command {
        Command::Run(args) => run::run(*args, ui),
        Command::Repl(args) => repl::run(*args, ui),
        Command::Check(args) => check::run(args, ui),
        Command::Plan(command) => plan::run(&command, ui),
        Command::Apply(args) => apply::carry_out(args, kept::Begin::Anew, ui),
        Command::Undo(args) => undo::carry_out(args, kept::Begin::Anew, ui),
        Command::Call(args) => call::run(args, ui),
        Command::Runs(args) => runs::run(&args, ui),
        Command::Show(args) => show::run(&args, ui),
        Command::Logs(args) => logs::run(&args, ui),
        Command::Status(args) => status::run(&args, ui),
        Command::History(args) => history::run(&args, ui),
        Command::Resume(args) => resume::run(&args, ui),
        Command::Retry(args) => retry::run(&args, ui),
        Command::Pause(args) => pause::run(&args, ui),
        Command::Unpause(args) => unpause::run(&args, ui),
        Command::Cancel(args) => cancel::run(&args, ui),
        Command::Functions(args) => functions::run(args, ui),
        Command::Sandbox(args) => sandbox::run(args, ui),
        Command::Watch(args) => watch::run(args, ui),
        Command::Serve(args) => serve::run(args, ui),
        Command::Schedule(args) => schedule::run(args, ui),
        Command::Due(args) => due::run(args, ui),
        Command::Completions(args) => completions::run(args, ui),
        Command::Definitions(args) => definitions::run(args, ui),
        Command::Man(args) => man::run(args, ui),
    };
    let code = result.unwrap_or_else(|failure: Failure| {
        ui.failure(&failure);
        failure.kind.exit_code()
    });
    match (ui.flush(), ui.output_error()) {
        (false, Some(error)) => {
            let why = config::reason(&error);
            ui.failure(&Failure::new(Kind::Script, format!("standard output cannot be written: {why}")));
            code.max(1)
        }
        _ => code,
    }
}
