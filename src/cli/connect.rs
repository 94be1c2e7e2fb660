//! The flags that say which workspace a command talks to, and the connection that follows from them: the real service
//! with the user's key, or an embedded sandbox with a key of its own.

use super::share;
use crate::{
    api::{
        client::{Attempt, Client, Settings, Share, Timing},
        operation::Method,
        request::BaseUrl,
    },
    clock::Clock,
    config,
    error::{Failure, Kind},
    sandbox,
    secret::Secret,
    session::{Connect, ConnectError, ConnectKind, Link, Progress},
    stop::Stop,
    text::{self, Rate},
    ui::Ui,
};
use std::{
    collections::HashSet,
    ffi::OsString,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// A wait that is worth a line even without `-v`.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// Where the API is and how fast it may be used.
#[derive(Clone, Debug, clap::Args)]
pub struct Connection {
    /// Use an embedded workspace instead of the real service; needs no key
    #[arg(long, conflicts_with_all = ["base_url", "key_file"], help_heading = "Sandbox")]
    pub sandbox: bool,
    /// What the sandbox's data follow from
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sandbox", help_heading = "Sandbox")]
    pub sandbox_seed: u64,
    /// Customers in the sandbox
    #[arg(long, value_name = "N", default_value_t = 120, requires = "sandbox", help_heading = "Sandbox")]
    pub sandbox_customers: u32,
    /// Rate limit of the sandbox, such as 60/min; none unless given
    #[arg(long, value_name = "RATE", value_parser = text::parse_rate, requires = "sandbox", help_heading = "Sandbox")]
    pub sandbox_rate: Option<Rate>,
    /// Keep the sandbox's data in this file
    #[arg(long, value_name = "FILE", requires = "sandbox", help_heading = "Sandbox")]
    pub sandbox_data: Option<PathBuf>,
    /// Make the sandbox fail on purpose: `[OPERATION:]FAULT[@WHEN]`, such as status=503@1-3; may be repeated
    #[arg(long, value_name = "SPEC", long_help = sandbox::FAULT_HELP, requires = "sandbox", help_heading = "Sandbox")]
    pub sandbox_fault: Vec<sandbox::Fault>,

    /// Read the API key from this file instead of PIVOTAL_API_KEY; only its owner may be able to read it
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub key_file: Option<PathBuf>,
    /// Base URL of the API, instead of PIVOTAL_BASE_URL or the service's own
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub base_url: Option<String>,
    /// Calls in a window of time, such as 600/min or 60/6s, instead of what the service says
    #[arg(long, value_name = "RATE", value_parser = text::parse_rate, help_heading = "Connection")]
    pub rate: Option<Rate>,
    /// How long nothing may get through because of the rate limit or the network before the run stops
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration, default_value = "10m", help_heading = "Connection")]
    pub max_wait: Duration,
    /// Read no record only because it is about to be written to: saves requests, and `onramp undo` cannot bring back what
    /// was not read
    #[arg(long)]
    pub no_snapshot: bool,
    /// Show each request on standard error
    #[arg(short, long)]
    pub verbose: bool,
    /// Take this for the present time (RFC 3339), for runs that can be repeated
    #[arg(long, value_name = "TIME", value_parser = parse_now)]
    pub now: Option<jiff::Timestamp>,
    /// Somebody sits in front of it: other processes with the same key leave it a tenth of the rate limit. For commands
    /// to set; no flag.
    #[arg(skip)]
    pub interactive: bool,
}

/// What may be another one when a run is carried out again.
#[derive(Clone, Debug, clap::Args)]
pub struct Override {
    /// Read the API key from this file, whatever the run began with
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Show each request on standard error
    #[arg(short, long)]
    verbose: bool,
}

impl Override {
    /// The same, wherever the present folder will be.
    pub fn here(&self) -> Result<Override, Failure> {
        let absolute = self.key_file.as_deref().map(std::path::absolute).transpose();
        let key_file = absolute
            .map_err(|error| Failure::usage(format!("`--key-file` cannot be used: {}", config::reason(&error))))?;
        Ok(Override { key_file, verbose: self.verbose })
    }

    /// Puts it over the connection of `run`.
    pub fn apply(self, connection: &mut Connection, run: &str) -> Result<(), Failure> {
        connection.verbose |= self.verbose;
        if connection.sandbox && self.key_file.is_some() {
            return Err(Failure::usage(format!("the run `{run}` was against a sandbox, which takes no key"))
                .hint("leave out `--key-file`"));
        }
        connection.key_file = self.key_file.or(connection.key_file.take());
        Ok(())
    }
}

/// What a connection is used with.
struct With {
    stop: Stop,
    ui: Ui,
    progress: Progress,
}

fn parse_now(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is not a time; write for example `2026-05-26T17:21:09Z`"))
}

impl Connection {
    /// The clock that these flags ask for.
    pub fn clock(&self) -> Clock {
        self.now.map_or(Clock::System, Clock::Fixed)
    }

    /// How to connect when the first call needs it. What is wrong with the flags is said at once.
    ///
    /// Each request is counted in `progress`.
    pub fn connector(self, stop: &Stop, ui: &Ui, progress: &Progress) -> Result<Connect, Failure> {
        let base_url = if self.sandbox { None } else { Some(config::base_url(self.base_url.as_deref())?) };
        let with = With { stop: stop.clone(), ui: ui.clone(), progress: progress.clone() };
        Ok(Box::new(move || {
            let link = match &base_url {
                Some(url) => self.to_service(url, &with),
                None => self.to_sandbox(&with),
            };
            link.map_err(refused)
        }))
    }

    /// The sandbox that these flags ask for.
    pub fn sandbox_options(&self) -> sandbox::Options {
        sandbox::Options {
            port: 0,
            seed: self.sandbox_seed,
            customers: self.sandbox_customers,
            rate: self.sandbox_rate.map(sandbox_rate),
            data: self.sandbox_data.clone(),
            clock: self.clock(),
            faults: self.sandbox_fault.clone(),
        }
    }

    /// Words for `onramp run` that ask for the same, but for the sandbox, which does not go with them.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut add = |flag: &str, value: Option<OsString>| {
            words.extend(value.into_iter().flat_map(|value| [OsString::from(flag), value]));
        };
        add("--key-file", self.key_file.as_ref().map(|path| path.clone().into()));
        add("--base-url", self.base_url.as_ref().map(OsString::from));
        add("--rate", self.rate.map(|rate| format!("{}/{}ms", rate.limit, rate.window.as_millis()).into()));
        add("--max-wait", Some(format!("{}ms", self.max_wait.as_millis()).into()));
        add("--now", self.now.map(|now| now.to_string().into()));
        let flags = [("--verbose", self.verbose), ("--no-snapshot", self.no_snapshot)];
        words.extend(flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.into()));
        words
    }

    /// Words that ask for the same sandbox, where it is one that is kept.
    pub fn sandbox_words(&self) -> Vec<OsString> {
        let Some(data) = self.sandbox_data.as_ref().filter(|_| self.sandbox) else { return Vec::new() };
        ["--sandbox".into(), "--sandbox-data".into(), data.clone().into()].into()
    }

    fn to_service(&self, base_url: &BaseUrl, with: &With) -> Result<Link, Failure> {
        let key = config::key(self.key_file.as_deref())?;
        with.ui.hide(key.clone());
        let runtime = runtime(1)?;
        let share = share::share(base_url, &key, self.interactive, self.verbose.then(|| with.ui.clone()));
        Ok(Link::new(self.client(base_url.clone(), key, share, with), runtime, Box::new(())))
    }

    fn to_sandbox(&self, with: &With) -> Result<Link, Failure> {
        let runtime = runtime(2)?;
        let server = runtime
            .block_on(sandbox::start(self.sandbox_options(), None))
            .map_err(|error| Failure::usage(format!("the sandbox cannot start: {error}")))?;
        let base_url = BaseUrl::parse(&server.base_url()).map_err(|why| Failure::bug(&why))?;
        // Nobody else knows this server.
        let client = self.client(base_url, Secret::new(server.key()), None, with);
        Ok(Link::new(client, runtime, Box::new(server)))
    }

    fn client(&self, base_url: BaseUrl, key: Secret, share: Option<Share>, with: &With) -> Client {
        let settings = Settings {
            base_url,
            key,
            rate: self.rate,
            max_wait: self.max_wait,
            share,
            timing: Timing::default(),
            clock: self.clock(),
            stop: with.stop.clone(),
        };
        Client::new(settings, Some(watcher(with, self.verbose)))
    }
}

/// The same rate in the sandbox's own terms: it shares no type with the client.
pub fn sandbox_rate(rate: Rate) -> sandbox::Rate {
    sandbox::Rate { limit: rate.limit, window: rate.window }
}

/// A runtime for the client, and for the sandbox where there is one.
pub fn runtime(threads: usize) -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::bug(&format!("no runtime could be started ({error})")))
}

fn refused(failure: Failure) -> ConnectError {
    let kind = if failure.kind == Kind::Key { ConnectKind::Key } else { ConnectKind::Configuration };
    ConnectError { kind, message: failure.message, hints: failure.hints }
}

/// What is said of attempts: all of them with `-v`, long waits and deprecations always.
fn watcher(with: &With, verbose: bool) -> Box<dyn Fn(&Attempt<'_>) + Send + Sync> {
    let (ui, progress) = (with.ui.clone(), with.progress.clone());
    let warned = Mutex::new(HashSet::new());
    let away = Mutex::new(None);
    Box::new(move |attempt| {
        progress.sent();
        if let (Ok(429), Some(wait)) = (attempt.result, attempt.retry_in) {
            progress.hold(wait);
        }
        let request = attempt.request;
        if let Some(date) = attempt.deprecated
            && warned.lock().expect("no code panics while it holds this lock").insert(request.operation)
        {
            let date = text::escape_control(date);
            ui.warn(&format!("Pivotal says that `{}` is deprecated ({date})", request.operation));
        }
        let long = attempt.retry_in.is_some_and(|wait| wait >= LONG_WAIT);
        if verbose || long && attempt.outlasts.is_none() {
            ui.status(&line(attempt));
        }
        outage(&ui, &mut away.lock().expect("no code panics while it holds this lock"), attempt);
    })
}

/// Says once that the service is out of reach and waited for, and once that it is back. `since`: when it was said.
fn outage(ui: &Ui, since: &mut Option<Instant>, attempt: &Attempt<'_>) {
    match (&attempt.result, attempt.outlasts, &since) {
        (Err(cause), Some(most), None) => {
            let (cause, most) = (text::escape_control(cause), text::duration(most));
            ui.warn(&format!("nothing comes back from the service ({cause}); trying for up to {most} (`--max-wait`)"));
            *since = Some(Instant::now());
        }
        (Ok(_), _, Some(begun)) => {
            ui.status(&format!("the service answers again, after {}", text::duration(begun.elapsed())));
            *since = None;
        }
        _ => {}
    }
}

fn line(attempt: &Attempt<'_>) -> String {
    let request = attempt.request;
    let method: Method = request.method;
    let mut line = format!("{} {}: ", method.as_str(), text::escape_control(&request.target));
    match attempt.result {
        Ok(status) => line.push_str(&status.to_string()),
        Err(cause) => line.push_str(&text::escape_control(cause)),
    }
    line.push_str(&format!(", {} ms", attempt.elapsed.as_millis()));
    // Beyond that there is no limit, as in a sandbox.
    if let Some(left) = attempt.budget_left.filter(|left| *left < 1_000_000) {
        line.push_str(&format!(", {left} left"));
    }
    if let Some(wait) = attempt.retry_in {
        line.push_str(&format!(", again in {}", text::duration(wait)));
    }
    line
}
