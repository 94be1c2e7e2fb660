//! What the journal costs: 20,000 bulk updates without a rate limit, by the library with and without a record of the run,
//! against a sandbox in another process; in turn, with medians. `cargo bench --bench journal [ROWS] [PAIRS]`.

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
    path::{Path, PathBuf},
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

/// Reads all customers and changes each; gives how long the changes took.
fn change_all(session: &Session, plan: &str) -> Duration {
    let mut list = session.list(Call::new(operation("list_customers").expect("known"), vec![]), None);
    let mut ids = Vec::new();
    while let Some(rows) = list.next_page(session).expect("a page") {
        ids.extend(rows.into_iter().map(|row| row.id));
    }
    let begun = Instant::now();
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
    begun.elapsed()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse::<usize>().ok());
    let (rows, pairs) = (numbers.next().unwrap_or(20_000), numbers.next().unwrap_or(3));
    let sandbox = Sandbox::start(rows);
    // On a disk, where making intents safe costs what it costs.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("journal");
    let (mut without, mut with, mut bytes) = (Vec::new(), Vec::new(), 0);
    change_all(&sandbox.session(None), "warm");
    for pair in 0..pairs {
        without.push(change_all(&sandbox.session(None), &format!("a{pair}")).as_secs_f64());
        let recorder = Recorder::new(&folder, Box::new(At(path.clone())));
        with.push(change_all(&sandbox.session(Some(recorder)), &format!("b{pair}")).as_secs_f64());
        bytes = std::fs::metadata(&path).map_or(0, |about| about.len());
        println!("pair {}: {:.2} s without, {:.2} s with a journal", pair + 1, without[pair], with[pair]);
    }
    let ratios = without.iter().zip(&with).map(|(without, with)| with / without).collect();
    let (without, with) = (median(without), median(with));
    println!("{rows} updates without a journal: {without:.2} s, {:.0} a second", rows as f64 / without);
    println!("{rows} updates with a journal:    {with:.2} s, {:.0} a second", rows as f64 / with);
    println!(
        "ratio of the times: {:.2} (median of {pairs} pairs); journal {:.1} MB",
        median(ratios),
        bytes as f64 / 1e6
    );
    let _ = std::fs::remove_dir_all(&folder);
}
