//! `onramp watch`: a script for each file that is dropped into a folder.

use super::{
    connect::Connection,
    jobs::{Heard, How, Runnable, Service, messenger},
    signals,
};
use crate::{
    config,
    error::{Failure, Kind},
    stop::Stop,
    text,
    trigger::folder::{Caps, Dedupe, Outcome, Settings, Standing, Told},
    ui::Ui,
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a file must have been left alone, unless somebody says otherwise.
pub const SETTLE: Duration = Duration::from_secs(2);
/// How often a folder is looked at, unless somebody says otherwise.
pub const RESCAN: Duration = Duration::from_secs(5);

const OFTENEST: Duration = Duration::from_millis(10);

/// Run a script for each file that is dropped into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file is taken once it is whole: nobody has changed it for the settle time, and nobody has it open for writing. While \
the script is at it, it lies in `DIR/work`, where `run.event.path` says; a script with a param `file` of type `file` gets \
it there as well. Then it goes to `DIR/done` or `DIR/failed`, beside `NAME.report.json`, and `NAME.failed.csv` with the \
rows of bulk calls that failed: mend them and drop the file in again. What ended well is not run again for the same \
content under the same name. Whatever is killed meanwhile, each file is worked through once.

Hidden files, folders and temporary names (`.part`, `.tmp`, `~` and the like) are left alone. What the script's header says \
under `[watch]` holds where no flag says otherwise. What a run prints lies in `runs/ID/out` of the state folder; with `-v`, \
what it says on standard error is shown as it says it.

Exit codes: 0 all went well, or it was asked to stop; 2 wrong usage; with `--once` also 3 the key is missing, wrong or \
revoked; 4 some files failed; 75 stopped for a reason that will pass; 130 interrupted.")]
pub struct Args {
    /// The folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The script
    #[arg(long = "run", value_name = "FILE")]
    script: PathBuf,
    /// Take only files whose names match, such as `*.csv`; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = pattern)]
    pattern: Vec<glob::Pattern>,
    /// How long a file must have been left alone [default: 2s]
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    settle: Option<Duration>,
    /// How often the folder is looked at, whatever the system reports
    #[arg(long, value_name = "TIME", value_parser = rescan, default_value = "5s")]
    rescan: Duration,
    /// Refuse larger files, such as 10MiB; those above 256 MiB are refused anyhow
    #[arg(long, value_name = "SIZE", value_parser = text::parse_size)]
    max_size: Option<u64>,
    /// Refuse files with more rows
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,
    /// Work through what is there, then end
    #[arg(long)]
    once: bool,
    /// Also run for files that are done already
    #[arg(long)]
    again: bool,
    /// Send no write, whatever the script wants
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    failures: messenger::Flags,
    #[command(flatten)]
    connection: Connection,
}

fn pattern(text: &str) -> Result<glob::Pattern, String> {
    glob::Pattern::new(text).map_err(|error| format!("`{text}` is no pattern: {}", error.msg.to_lowercase()))
}

/// More often than that, looking would be all that is done.
fn rescan(text: &str) -> Result<Duration, String> {
    match text::parse_duration(text)? {
        often if often < OFTENEST => Err(format!("`{text}` is too often; write for example `5s`, at least `10ms`")),
        rescan => Ok(rescan),
    }
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    crate::run::keep_panics_quiet();
    let dir = folder(&args.dir)?;
    let Some(script) = Runnable::load(&args.script, true, ui)? else { return Ok(Kind::Usage.exit_code()) };
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    let how = How {
        connection: args.connection.clone(),
        read_only: args.read_only,
        // A script has one run at a time.
        jobs: 1,
        failures: args.failures.clone(),
    };
    let mut service = Service::start(how, &stop, ui)?;
    service.watch(&dir, "", &script, args.settings(&script))?;
    if !args.once {
        ui.status(&format!("watching `{}`; Ctrl-C ends it", text::escape_control(&args.dir.display().to_string())));
    }
    let mut tally = Tally::default();
    let (mut seen, mut read) = (Some(script.text.clone()), Instant::now());
    while stop.asked().is_none() {
        tally.add(&service.hear(Duration::from_millis(100)));
        if args.once && tally.is_over(&mut service) {
            break;
        }
        if read.elapsed() >= args.rescan {
            read = Instant::now();
            reload(&args.script, &script, &mut seen, &service, ui)?;
        }
    }
    // How it stood then counts: the last look takes no file, so it meets none that cannot be taken.
    let stopped = tally.stopped;
    service.end(Duration::ZERO).iter().for_each(|heard| tally.add(heard));
    tally.stopped = tally.stopped.or(stopped);
    Ok(match (args.once, stop.asked().is_some()) {
        (false, _) => 0,
        (true, true) => Kind::Interrupted.exit_code(),
        (true, false) => tally.exit_code(),
    })
}

impl Args {
    /// What the flags say, else the header.
    fn settings(&self, script: &Runnable) -> Settings {
        let Settings { patterns, settle, caps, .. } = settings(script);
        Settings {
            patterns: if self.pattern.is_empty() { patterns } else { self.pattern.clone() },
            settle: self.settle.unwrap_or(settle),
            rescan: self.rescan,
            again: self.again,
            caps: Caps { size: self.max_size.or(caps.size), rows: self.max_rows.or(caps.rows) },
            ..settings(script)
        }
    }
}

/// How a script's header wants its folder watched.
pub fn settings(script: &Runnable) -> Settings {
    let watch = script.header.triggers.watch.clone().unwrap_or_default();
    Settings {
        script: script.identity.clone(),
        // Each was read with the header.
        patterns: watch.patterns.iter().filter_map(|text| glob::Pattern::new(&text.value).ok()).collect(),
        settle: watch.settle.unwrap_or(SETTLE),
        rescan: RESCAN,
        dedupe: watch.dedupe.as_deref().and_then(Dedupe::parse).unwrap_or_default(),
        caps: Caps { size: watch.max_size, rows: watch.max_rows },
        again: false,
        takes: true,
    }
}

/// The folder as an absolute path without links.
pub fn folder(dir: &Path) -> Result<PathBuf, Failure> {
    let shown = text::escape_control(&dir.display().to_string()).into_owned();
    let failed = |why: &str| Failure::usage(format!("the folder `{shown}` cannot be watched: {why}"));
    let real = fs::canonicalize(dir).map_err(|error| failed(&config::reason(&error)).hint("make the folder first"))?;
    if !real.is_dir() {
        return Err(failed("it is no folder").hint("name the folder that files are dropped into"));
    }
    if real.to_str().is_none() {
        return Err(failed("its name is no text").hint("rename it"));
    }
    Ok(real)
}

/// Takes over a script that has changed; one that is broken now is out of service until it is mended. `seen` is its text as
/// it was last looked at.
fn reload(
    path: &Path,
    script: &Runnable,
    seen: &mut Option<String>,
    service: &Service,
    ui: &Ui,
) -> Result<(), Failure> {
    let text = super::source::text_of(path).ok().map(|(_, text)| text);
    if text == *seen {
        return Ok(());
    }
    *seen = text;
    let name = text::escape_control(&path.display().to_string()).into_owned();
    match Runnable::load(path, true, ui)? {
        Some(new) => {
            ui.status(&format!("`{name}` has changed; what comes from now on runs with the new text"));
            service.maker.serve(Runnable { identity: script.identity.clone(), ..new });
        }
        None => {
            ui.warn(&format!("`{name}` is out of service until it is mended"));
            service.maker.dismiss(&script.identity);
        }
    }
    Ok(())
}

/// What became of the files.
#[derive(Default)]
struct Tally {
    failed: bool,
    /// The exit code of what holds up everything.
    stopped: Option<u8>,
    /// The store cannot be used, or no process be started.
    trouble: bool,
    /// The number of the question whose answer may end it.
    asked: Option<u64>,
}

impl Tally {
    fn add(&mut self, heard: &Heard) {
        let told = match heard {
            Heard::Told(told) => told,
            Heard::Trouble => {
                self.trouble = true;
                return;
            }
            Heard::Nothing | Heard::Ended => return,
        };
        match told {
            Told::Moved { outcome: Outcome::Failed | Outcome::Cancelled | Outcome::Refused, .. }
            | Told::Withdrawn { .. } => {
                self.failed = true;
            }
            Told::Standing(standing) => {
                let troubled = standing.troubled.then_some(Kind::WillPass.exit_code());
                self.stopped = standing.paused.or(troubled);
            }
            _ => {}
        }
    }

    /// Whether nothing more will happen by itself. A look may be older than the end of the last process, so it counts only
    /// when it was asked for after that.
    fn is_over(&mut self, service: &mut Service) -> bool {
        if self.trouble {
            return true;
        }
        let stands = |standing: &Standing| standing.is_idle() || standing.paused.is_some() || standing.troubled;
        let standing = service.standing().filter(|standing| stands(standing)).filter(|_| !service.is_busy());
        let Some(number) = standing.map(|standing| standing.number) else {
            self.asked = None;
            return false;
        };
        let asked = *self.asked.get_or_insert_with(|| service.ask());
        number >= asked
    }

    fn exit_code(&self) -> u8 {
        match self.stopped {
            _ if self.trouble => Kind::WillPass.exit_code(),
            Some(code) => code,
            None if self.failed => Kind::Rows.exit_code(),
            None => 0,
        }
    }
}
