//! `onramp serve`: the scripts of a folder, when their headers say.

use super::{
    connect::Connection,
    jobs::{
        How, Runnable, Service, adopt, due, messenger,
        prune::{self, Pruner},
    },
    kept::failure_of_store,
    schedule::scripts::identity,
    signals, watch,
};
use crate::{
    config,
    error::Failure,
    stop::Stop,
    store::{self, Lock, private_folder},
    text,
    trigger::{
        Wake,
        schedule::{Notice, Plan, Scheduler},
    },
    ui::Ui,
};
use std::{
    cell::RefCell,
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
        adopted: false,
        trouble: None,
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

/// A script as it was last looked at.
struct Seen {
    /// By which name the ledger knows it.
    identity: String,
    /// Its text; `None` where it could not be read.
    text: Option<String>,
    state: State,
}

/// What is to be done about a script.
enum State {
    /// It is in service.
    Serves(Box<Runnable>),
    /// Nothing: it does not say when it runs.
    Idle,
    /// Nothing until it is mended. Its due times are accounted for.
    Broken,
    /// Nothing until its folder can be watched: it is not there, or somebody else works on it.
    Waits(Box<Runnable>),
}

impl Seen {
    fn script(&self) -> Option<&Runnable> {
        match &self.state {
            State::Serves(script) => Some(script),
            State::Idle | State::Broken | State::Waits(_) => None,
        }
    }
}

struct Server<'a> {
    service: Service,
    /// Absolute, without links.
    root: PathBuf,
    /// As it was given.
    dir: PathBuf,
    scheduler: Scheduler,
    scripts: BTreeMap<PathBuf, Seen>,
    /// The scheduler follows them as they are; otherwise the store could not be used, and it is tried again.
    adopted: bool,
    /// What was said of trouble, so that it is said once.
    trouble: Option<String>,
    ui: &'a Ui,
}

impl Server<'_> {
    /// Hands over what an earlier process left of the runs of schedules.
    fn resume(&self, connection: &Connection) -> Result<(), Failure> {
        let store = &self.service.store;
        let open = || store.open_runs().map_err(|error| failure_of_store(&error));
        let ours = |run: &crate::store::Run| {
            run.trigger == "schedule"
                && due::script_of(run).is_some_and(|script| Path::new(&script).starts_with(&self.root))
        };
        let runs: Vec<_> = open()?.into_iter().filter(ours).collect();
        adopt(store, &runs, connection)?;
        for run in open()?.into_iter().filter(ours) {
            if let Some(script) = due::script_of(&run) {
                if run.state == store::State::Running {
                    self.ui.status(&format!("run `{}` of `{}` goes on", run.id, text::escape_control(&run.script)));
                }
                self.service.handover().wake(&run.id, run.not_before, &script);
            }
        }
        Ok(())
    }

    /// Looks at the scripts, and says what is new of them. True where something is.
    fn refresh(&mut self, first: bool) -> Result<bool, Failure> {
        let mut found = Vec::new();
        match fs::read_dir(&self.dir) {
            Ok(entries) => {
                for entry in entries.flatten() {
                    let path = entry.path();
                    let hidden = entry.file_name().to_string_lossy().starts_with('.');
                    if !hidden && path.extension().is_some_and(|ending| ending == "rhai") && path.is_file() {
                        found.push(path);
                    }
                }
            }
            // They are not gone, for all that is known, and may come back.
            Err(error) => {
                self.say_trouble(&format!("the scripts cannot be read: {}", config::reason(&error)));
                found.extend(self.scripts.keys().cloned());
            }
        }
        let mut changed = false;
        let gone: Vec<PathBuf> = self.scripts.keys().filter(|path| !found.contains(path)).cloned().collect();
        for path in gone {
            changed = true;
            if let Some(script) = self.scripts.remove(&path).as_ref().and_then(Seen::script) {
                self.ui.status(&format!("`{}` is gone, and out of service", shown(&path)));
                self.dismiss(script);
            }
        }
        found.sort();
        for path in found {
            let text = super::source::text_of(&path).ok().map(|(_, text)| text);
            if self.scripts.get(&path).is_some_and(|before| before.text == text) {
                changed |= self.watch_again(&path);
                continue;
            }
            changed = true;
            let before = self.scripts.remove(&path);
            let known = before.as_ref().map(|before| before.identity.clone());
            before.as_ref().and_then(Seen::script).into_iter().for_each(|script| self.dismiss(script));
            let state = self.load(&path, known.is_some(), first)?;
            // Of a file that cannot be found any more the links cannot be followed either.
            let identity = known.filter(|_| !path.exists()).unwrap_or_else(|| identity(&path));
            self.scripts.insert(path, Seen { identity, text, state });
        }
        // Scripts that went while nothing served have due times to be accounted for, too.
        if changed || first || !self.adopted {
            self.adopt();
        }
        Ok(changed)
    }

    /// Puts a script in service, if its header wants it.
    fn load(&mut self, path: &Path, known: bool, first: bool) -> Result<State, Failure> {
        let name = shown(path);
        let Some(script) = Runnable::load(path, true, self.ui)? else {
            self.ui.warn(&format!("`{name}` is out of service until it is mended"));
            return Ok(State::Broken);
        };
        let triggers = &script.header.triggers;
        if triggers.schedule.is_none() && triggers.watch.is_none() {
            return Ok(State::Idle);
        }
        let names_folder = triggers.watch.as_ref().map(|watch| watch.folder.is_some());
        if names_folder.is_some()
            && let Err(failure) = self.watch(&script)
        {
            self.ui.failure(&failure);
            let (until, state) = match names_folder {
                Some(true) => ("its folder can be watched", State::Waits(Box::new(script))),
                _ => ("it is mended", State::Broken),
            };
            self.ui.warn(&format!("`{name}` is out of service until {until}"));
            return Ok(state);
        }
        self.service.maker.serve(script.clone());
        match (first, known) {
            (true, _) => {}
            (false, true) => self.ui.status(&format!("`{name}` has changed: {}", when(&script))),
            (false, false) => self.ui.status(&format!("`{name}` is new: {}", when(&script))),
        }
        Ok(State::Serves(Box::new(script)))
    }

    /// Puts a script in service that waits for its folder, if that can be watched by now. True where it can.
    fn watch_again(&mut self, path: &Path) -> bool {
        let Some(State::Waits(script)) = self.scripts.get(path).map(|seen| &seen.state) else { return false };
        let script = script.clone();
        // Why not was said when it was first so.
        let watches = self.watch(&script).is_ok();
        if let Some(seen) = self.scripts.get_mut(path).filter(|_| watches) {
            self.service.maker.serve((*script).clone());
            self.ui.status(&format!("`{}` is in service: {}", shown(path), when(&script)));
            seen.state = State::Serves(script);
        }
        watches
    }

    fn watch(&mut self, script: &Runnable) -> Result<(), Failure> {
        let folder = script.header.triggers.watch.as_ref().and_then(|watch| watch.folder.as_ref());
        let folder = folder.ok_or_else(|| {
            Failure::usage(format!("`{}` does not say which folder it watches", shown(&script.path)))
                .hint("add `folder = \"inbox\"` under `[watch]`")
        })?;
        let dir = watch::folder(&script.root.join(&folder.value))?;
        self.service.watch(&dir, script, watch::settings(script)?)
    }

    fn dismiss(&mut self, script: &Runnable) {
        self.service.maker.dismiss(&script.identity);
        self.service.unwatch(&script.identity);
    }

    fn adopt(&mut self) {
        let scripts = self.scripts.values().filter_map(Seen::script);
        let plans = scripts.filter_map(|script| Plan::of(&script.identity, &script.header.triggers));
        let plans: Vec<Plan> = plans.collect();
        let broken = self.scripts.values().filter(|seen| matches!(seen.state, State::Broken | State::Waits(_)));
        let broken: Vec<String> = broken.map(|seen| seen.identity.clone()).collect();
        self.scheduler.suspend(self.service.clock.now(), |script| plans.iter().any(|plan| plan.script == script));
        // What was due up to now belongs to the schedules as they were.
        self.tick();
        let now = self.service.clock.now();
        let ledger = self.service.store.ledger();
        let done = ledger.and_then(|ledger| self.scheduler.adopt(ledger, &self.root, plans, &broken, now));
        self.adopted = done.is_ok();
        match done {
            Ok(notices) => {
                self.trouble = None;
                self.notices(&notices);
            }
            Err(error) => self.say_trouble(&format!("the due times cannot be accounted for: {error}")),
        }
    }

    /// Accounts for what was due, hands it over, and says how long nothing will be.
    fn tick(&mut self) -> Duration {
        let now = self.service.clock.now();
        let Service { store, maker, .. } = &self.service;
        let queue = due::Queue { store, maker, at_work: self.service.at_work(), now, queued: RefCell::default() };
        let done = match store.ledger() {
            Ok(ledger) => self.scheduler.tick(ledger, &queue, now),
            Err(error) => Err(error.into()),
        };
        let queued = queue.queued.take();
        // Of a transaction that was given up there is no run, and who is asked for it does nothing.
        for (run, not_before, script) in queued {
            self.service.handover().wake(&run, Some(not_before), &script);
        }
        match done {
            Ok(notices) => {
                if self.adopted {
                    self.trouble = None;
                }
                self.notices(&notices);
                self.scheduler.sleep(self.service.clock.now())
            }
            Err(due::Refused(why)) => {
                self.say_trouble(&why);
                watch::RESCAN
            }
        }
    }

    fn notices(&self, notices: &[Notice]) {
        for notice in notices {
            match notice.hint() {
                Some(hint) => self.ui.failure(&Failure::usage(notice.to_string()).hint(hint)),
                None => self.ui.status(&notice.to_string()),
            }
        }
    }

    fn say_trouble(&mut self, why: &str) {
        if self.trouble.as_deref() != Some(why) {
            self.ui.warn(why);
            self.trouble = Some(why.into());
        }
    }

    /// What it will do.
    fn table(&self) {
        let scripts: Vec<&Runnable> = self.scripts.values().filter_map(Seen::script).collect();
        let all = text::plural(scripts.len(), "script");
        self.ui.status(&format!("serving {all} of `{}`; Ctrl-C ends it", shown(&self.dir)));
        let width = scripts.iter().map(|script| shown(&script.path).chars().count()).max().unwrap_or(0);
        for script in scripts {
            self.ui.status(&format!("  {:width$}  {}", shown(&script.path), when(script)));
        }
    }
}

/// When a script runs, in words.
fn when(script: &Runnable) -> String {
    let triggers = &script.header.triggers;
    let zone = triggers.timezone.as_ref().map_or(String::new(), |zone| format!(" in {}", zone.value));
    let schedule = triggers.schedule.as_ref().map(|schedule| format!("{}{zone}", schedule.value.text()));
    let folder = triggers.watch.as_ref().and_then(|watch| watch.folder.as_ref());
    let folder = folder.map(|folder| format!("files of `{}`", folder.value));
    let all: Vec<String> = schedule.into_iter().chain(folder).collect();
    text::escape_control(&all.join(", ")).into_owned()
}

fn shown(path: &Path) -> String {
    text::escape_control(&path.display().to_string()).into_owned()
}
