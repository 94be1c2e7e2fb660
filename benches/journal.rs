//! What the journal costs: 20,000 bulk updates without a rate limit, by the library with and without a record of the run,
//! against a sandbox in another process; in turn, with medians, by the clock and in processor time of this process.
//! `cargo bench --bench journal -- [ROWS] [PAIRS] [FOLDER]`: FOLDER says on which disk the journal is.

use onramp::{
    api::{
        client::{Client, MAX_WAIT, Settings, Timing},
        operation,
        request::{BaseUrl, Call},
    },
    clock::Clock,
    secret::Secret,
    session::{Keeper, Link, Manner, Recorder, Session, Workspace},
    stop::Stop,
    store::StoreError,
};
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};
use tokio::runtime::Builder;

/// A sandbox in another process; it ends with this.
struct Sandbox {
    child: Child,
    base_url: String,
    key: String,
}

/// Where the journal goes.
struct At(PathBuf);

impl Keeper for At {
    fn begin(&self, _: &Workspace) -> Result<PathBuf, StoreError> {
        Ok(self.0.clone())
    }
}

impl Sandbox {
    fn start(customers: usize) -> Sandbox {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onramp"))
            .args(["sandbox", "--customers", &customers.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is built with the benchmark");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut value = || {
            let line = lines.next().expect("two lines").expect("text");
            line.split_once('=').expect("`export NAME=value`").1.to_string()
        };
        let (base_url, key) = (value(), value());
        Sandbox { child, base_url, key }
    }

    fn session(&self, recorder: Option<Recorder>) -> Session {
        let settings = Settings {
            base_url: BaseUrl::parse(&self.base_url).expect("the sandbox's own"),
            key: Secret::new(self.key.clone()),
            rate: None,
            max_wait: MAX_WAIT,
            share: None,
            timing: Timing::default(),
            clock: Clock::System,
            stop: Stop::default(),
        };
        let client = Mutex::new(Some(Client::new(settings, None)));
        let connect = move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            Ok(Link::new(client.lock().expect("one thread").take().expect("once"), runtime, Box::new(())))
        };
        let session = Session::new(Box::new(connect), "bench".into(), Clock::System, Stop::default());
        match recorder {
            Some(recorder) => session.with_recorder(recorder),
            None => session,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What something took.
#[derive(Clone, Copy)]
struct Took {
    clock: Duration,
    processor: Duration,
}

/// The processor time that this process has taken so far.
fn processor_time() -> Duration {
    // SAFETY: the call fills the structure, and fails for no argument like these.
    let used = unsafe {
        let mut used = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut used);
        used
    };
    let span = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    span(used.ru_utime) + span(used.ru_stime)
}

/// Reads all customers and changes each; gives what the changes took.
fn change_all(session: &Session, plan: &str) -> Took {
    let mut list = session.list(Call::new(operation("list_customers").expect("known"), vec![]), None);
    let mut ids = Vec::new();
    while let Some(rows) = list.next_page(session).expect("a page") {
        ids.extend(rows.into_iter().map(|row| row.id));
    }
    let (begun, used) = (Instant::now(), processor_time());
    let update = operation("update_customer").expect("known");
    let mut bulk = session.bulk(update, Some(16), Some(ids.len() as u64)).expect("not nested");
    let body = format!("{{\"plan\":\"{plan}\"}}").into_bytes();
    let mut done = 0;
    for (at, id) in ids.iter().enumerate() {
        let mut call = Call::new(update, vec![id.clone()]);
        call.body = Some(body.clone());
        bulk.push(at as u64 + 1, &call, Manner { look_again: true, ..Manner::default() }).expect("it goes out");
        while bulk.next_done().is_some() {
            done += 1;
        }
    }
    bulk.drain().expect("all are answered");
    while bulk.next_done().is_some() {
        done += 1;
    }
    assert_eq!(done, ids.len());
    Took { clock: begun.elapsed(), processor: processor_time() - used }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let mut numbers = given.iter().filter_map(|arg| arg.parse::<usize>().ok());
    let (rows, pairs) = (numbers.next().unwrap_or(20_000), numbers.next().unwrap_or(5));
    let sandbox = Sandbox::start(rows);
    // On a disk, where making intents safe costs what it costs.
    let disk = given.iter().find(|arg| arg.parse::<usize>().is_err());
    let disk = disk.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = disk.join(format!("journal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("journal");
    let (mut without, mut with, mut bytes) = (Vec::new(), Vec::new(), 0);
    change_all(&sandbox.session(None), "warm");
    for pair in 0..pairs {
        without.push(change_all(&sandbox.session(None), &format!("a{pair}")));
        let recorder = Recorder::new(&folder, Box::new(At(path.clone())));
        with.push(change_all(&sandbox.session(Some(recorder)), &format!("b{pair}")));
        bytes = std::fs::metadata(&path).map_or(0, |about| about.len());
    }
    for (what, of) in [("time", (|took| took.clock) as fn(Took) -> Duration), ("processor time", |took| took.processor)]
    {
        let seconds = |all: &[Took]| all.iter().map(|took| of(*took).as_secs_f64()).collect::<Vec<f64>>();
        let (without, with) = (seconds(&without), seconds(&with));
        let ratios = without.iter().zip(&with).map(|(without, with)| with / without).collect();
        println!(
            "{rows} updates: {:.2} s of {what} without a journal, {:.2} s with one; ratio {:.2} (medians of {pairs} pairs)",
            median(without),
            median(with),
            median(ratios)
        );
    }
    println!("journal: {:.1} MB", bytes as f64 / 1e6);
    let _ = std::fs::remove_dir_all(&folder);
}
