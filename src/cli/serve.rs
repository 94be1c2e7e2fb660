//! `onramp serve`: the scripts of a folder, when their headers say.

mod due_times;
mod scripts;

use super::{
    connect::Connection,
    jobs::{
        How, Runnable, Service, messenger,
        prune::{self, Pruner},
    },
    signals, watch,
};
use crate::{
    config,
    error::Failure,
    stop::Stop,
    store::{Lock, private_folder},
    text,
    trigger::schedule::Scheduler,
    ui::Ui,
};
use scripts::Seen;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Run the scripts of a folder by themselves: at their due times, and for the files of their folders
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each script says in its header when it runs: `schedule` and `timezone`, or `[watch]` with `folder = \"inbox\"`, a folder \
below the project's own. Scripts that say nothing of it are left alone. Scripts that are added, changed or broken are \
noticed while it runs. `onramp due` shows what became of each due time; `runs`, `logs`, `status`, `pause` and `cancel` work \
on its runs from any terminal.

SIGTERM or Ctrl-C begins no further run, and gives those at work the time of `--grace` to end; what does not end then is \
resumed at the next start. A second one ends at once.

Exit codes: 0 it was asked to stop; 2 wrong usage, or another one serves with the same state folder; 3 there is no key.")]
pub struct Args {
    /// The folder with the scripts
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Carry out so many runs at a time, of one script one
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// How long runs at work may take when it is asked to stop
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration, default_value = "30s")]
    grace: Duration,
    /// Send no write, whatever a script wants
    #[arg(long)]
    read_only: bool,
    /// Delete runs that ended so long ago, with all that is kept of them; `forever` keeps them
    #[arg(long, value_name = "TIME", value_parser = prune::parse_keep, default_value = "90d")]
    keep: prune::Keep,
    #[command(flatten)]
    failures: messenger::Flags,
    #[command(flatten)]
    connection: Connection,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    crate::run::keep_panics_quiet();
    if args.connection.now.is_some() {
        return Err(Failure::usage("`--now` cannot be given: due times need a clock that goes on").hint("leave it out"));
    }
    let shown = text::escape_control(&args.dir.display().to_string()).into_owned();
    let root = fs::canonicalize(&args.dir).map_err(|error| {
        Failure::usage(format!("the folder `{shown}` cannot be read: {}", config::reason(&error)))
            .hint("name the folder that the scripts lie in")
    })?;
    let state = config::state_dir()?;
    let unusable = |error: std::io::Error| {
        Failure::usage(format!("the state folder `{}` cannot be used: {}", state.display(), config::reason(&error)))
            .hint("name another one with `ONRAMP_STATE_DIR`")
    };
    private_folder(&state).map_err(unusable)?;
    let _lock = Lock::take(&state).map_err(unusable)?.ok_or_else(|| {
        Failure::usage(format!("another process serves with the state folder `{}`", state.display()))
            .hint("stop that one, or name another folder with `ONRAMP_STATE_DIR`")
    })?;
    let stop = Stop::default();
    signals::listen(&stop, ui)?;
    let how = How {
        connection: args.connection.clone(),
        read_only: args.read_only,
        jobs: usize::from(args.jobs),
        failures: args.failures.clone(),
    };
    let service = Service::start(how, &stop, ui)?;
    let mut server = Server {
        service,
        root,
        dir: args.dir,
        scheduler: Scheduler::default(),
        scripts: BTreeMap::new(),
        troubles: BTreeMap::new(),
        ui,
    };
    server.resume(&args.connection)?;
    server.refresh(true)?;
    server.table();
    tell_manager("READY=1")?;
    let mut pruner = Pruner::new(args.keep);
    let (mut looked, mut next) = (Instant::now(), Instant::now());
    while stop.asked().is_none() {
        if next <= Instant::now() {
            next = Instant::now() + server.tick();
        }
        server.service.hear(Duration::from_millis(100).min(next.saturating_duration_since(Instant::now())));
        pruner.turn(&server.service.clock, ui);
        if looked.elapsed() >= watch::RESCAN {
            looked = Instant::now();
            if server.refresh(false)? {
                next = looked;
            }
        }
    }
    if let Err(failure) = tell_manager("STOPPING=1") {
        // It stops all the same.
        ui.warning(&failure);
    }
    server.service.end(args.grace);
    ui.status("stopped");
    Ok(0)
}

fn tell_manager(state: &str) -> Result<(), Failure> {
    config::tell_manager(state).map_err(|error| {
        let why = config::reason(&error);
        Failure::usage(format!("the service manager cannot be told `{state}`: {why}"))
            .hint("take `Type=notify` out of the unit file, or look at `NOTIFY_SOCKET`")
    })
}

/// What there can be trouble with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Scripts,
    Due,
    Adopted,
    Left,
}

struct Server<'a> {
    service: Service,
    /// Absolute, without links.
    root: PathBuf,
    /// As it was given.
    dir: PathBuf,
    scheduler: Scheduler,
    scripts: BTreeMap<PathBuf, Seen>,
    /// What was said of trouble, so that it is said once.
    troubles: BTreeMap<About, String>,
    ui: &'a Ui,
}

impl Server<'_> {
    /// Says what is wrong; where nothing is, it may be said anew the next time.
    fn trouble(&mut self, about: About, why: Option<String>) {
        let Some(why) = why else {
            self.troubles.remove(&about);
            return;
        };
        if self.troubles.get(&about) != Some(&why) {
            self.ui.warn(&why);
            self.troubles.insert(about, why);
        }
    }

    /// What it will do.
    fn table(&self) {
        let scripts: Vec<&Runnable> = self.scripts.values().filter_map(Seen::script).collect();
        let all = text::plural(scripts.len(), "script");
        self.ui.status(&format!("serving {all} of `{}`; Ctrl-C ends it", shown(&self.dir)));
        let width = scripts.iter().map(|script| shown(&script.path).chars().count()).max().unwrap_or(0);
        if scripts.is_empty() {
            self.ui.status("hint: no script in it says when it runs; name the folder that they lie in");
        }
        for script in scripts {
            self.ui.status(&format!("  {:width$}  {}", shown(&script.path), when(script)));
        }
    }
}

/// When a script runs, in words.
fn when(script: &Runnable) -> String {
    text::escape_control(&script.header.triggers.words()).into_owned()
}

fn shown(path: &Path) -> String {
    text::escape_control(&path.display().to_string()).into_owned()
}
