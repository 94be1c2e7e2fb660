//! How many PATCHes a second the client's asynchronous form makes with 8 in flight, beside a raw load generator on the
//! same HTTP library: same server (a sandbox in another process), same requests, in turn, with medians and the ratio of
//! one run. `cargo bench --bench patch`; docs/performance.md explains the figures.

use onramp::{
    api::{
        client::{Client, MAX_WAIT, Settings, Timing},
        operation,
        request::{BaseUrl, Request},
    },
    clock::Clock,
    script::direct::{self, Given},
    secret::Secret,
    stop::Stop,
    text::Rate,
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

const IN_FLIGHT: usize = 8;
const CALLS: usize = 4000;
const ROUNDS: usize = 7;
/// The sandbox's first customer.
const FIRST: usize = 101;

fn main() {
    let sandbox = Sandbox::start();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
    let client = Arc::new(client(&sandbox));
    let raw = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client is built");
    let (mut ours, mut raws) = (Vec::new(), Vec::new());
    // The first round of each opens the connections.
    for round in 0..=ROUNDS {
        let took = (with_client(&runtime, &client, round), with_library(&runtime, &raw, &sandbox, round));
        if round > 0 {
            ours.push(rate(took.0));
            raws.push(rate(took.1));
        }
    }
    let (ours, raws) = (median(ours), median(raws));
    println!("PATCH /customers/…, {IN_FLIGHT} in flight, {CALLS} calls a round, medians of {ROUNDS} rounds in turn");
    println!("Client::send:       {ours:.0} a second");
    println!("raw load generator: {raws:.0} a second");
    println!("ratio: {:.2}", ours / raws);
}

/// The calls of one of so many tasks: each task changes customers of its own.
fn ids(task: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..CALLS / IN_FLIGHT).map(move |call| (FIRST + task + IN_FLIGHT * (call % 10), call))
}

fn with_client(runtime: &Runtime, client: &Arc<Client>, round: usize) -> Duration {
    let begun = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..IN_FLIGHT)
            .map(|task| {
                let client = client.clone();
                tokio::spawn(async move {
                    let update = operation("update_customer").expect("there is such an operation");
                    for (id, call) in ids(task) {
                        let mrr = Given::Json((call + round).to_string());
                        let given = [("id".to_string(), Given::Text(id.to_string())), ("mrr".to_string(), mrr)];
                        let call = direct::call(update, &given).expect("the arguments are right");
                        let request = Request::build(&call, None).expect("the request can be made");
                        client.send(&request, update).await.expect("the sandbox answers");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task breaks");
        }
    });
    begun.elapsed()
}

fn with_library(runtime: &Runtime, raw: &reqwest::Client, sandbox: &Sandbox, round: usize) -> Duration {
    let begun = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..IN_FLIGHT)
            .map(|task| {
                let (raw, url, key) = (raw.clone(), sandbox.url.clone(), sandbox.key.clone());
                tokio::spawn(async move {
                    for (id, call) in ids(task) {
                        let request = raw
                            .patch(format!("{url}/customers/{id}"))
                            .header("authorization", format!("Bearer {key}"))
                            .header("content-type", "application/json")
                            .body(format!("{{\"mrr\":{}}}", call + round));
                        let answer = request.send().await.expect("the sandbox answers");
                        assert!(answer.status().is_success(), "{}", answer.status());
                        answer.bytes().await.expect("the answer is whole");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task breaks");
        }
    });
    begun.elapsed()
}

fn client(sandbox: &Sandbox) -> Client {
    let settings = Settings {
        base_url: BaseUrl::parse(&sandbox.url).expect("the sandbox says a URL"),
        key: Secret::new(sandbox.key.clone()),
        // So high that it never holds a call up, so that the budget's own work is what is measured.
        rate: Some(Rate { limit: 1_000_000, window: Duration::from_secs(1) }),
        max_wait: MAX_WAIT,
        share: None,
        timing: Timing::default(),
        clock: Clock::System,
        stop: Stop::default(),
    };
    Client::new(settings, None)
}

/// A sandbox in another process; it ends with this value.
struct Sandbox {
    process: Child,
    url: String,
    key: String,
}

impl Sandbox {
    fn start() -> Sandbox {
        let mut process = Command::new(env!("CARGO_BIN_EXE_onramp"))
            .arg("sandbox")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is built with the benchmark");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut value = |name: &str| {
            let line = lines.next().and_then(Result::ok).unwrap_or_default();
            let value = line.strip_prefix(&format!("export {name}=")).map(str::to_string);
            value.unwrap_or_else(|| panic!("the sandbox said `{line}` instead of its {name}"))
        };
        let (url, key) = (value("PIVOTAL_BASE_URL"), value("PIVOTAL_API_KEY"));
        Sandbox { process, url, key }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn rate(took: Duration) -> f64 {
    CALLS as f64 / took.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
