//! The client against a server that fails in every way it can. Loopback only, no waiting for things to happen.

mod answers;
mod attempts;
mod fault_server;
mod secrecy;
mod stopping;

use fault_server::FaultServer;
use onramp::{
    api::{
        client::{Answer, Client, MAX_WAIT, Settings, Timing},
        error::CallError,
        operation,
        request::{BaseUrl, Call, Request},
    },
    clock::Clock,
    secret::Secret,
    stop::Stop,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A key as it could be; its rest must never show up anywhere.
const KEY: &str = "pivotal_K8s9TheRestIsSecret";
const REST: &str = "TheRestIsSecret";

/// An attempt as the watcher saw it.
#[derive(Clone, Debug)]
struct Watched {
    number: u32,
    result: Result<u16, String>,
    budget_left: Option<u32>,
    retry_in: Option<Duration>,
    outlasts: Option<Duration>,
    request_id: Option<String>,
    deprecated: Option<String>,
}

struct Harness {
    client: Arc<Client>,
    stop: Stop,
    attempts: Arc<Mutex<Vec<Watched>>>,
}

/// Short delays, but patience enough for a busy machine.
fn quick() -> Timing {
    Timing {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(10),
        attempt: Duration::from_secs(15),
        call: Duration::from_secs(40),
        backoff_base: Duration::from_millis(2),
        backoff_cap: Duration::from_millis(10),
        gate_jitter: Duration::from_millis(1),
        ..Timing::default()
    }
}

impl Harness {
    fn new(server: &FaultServer) -> Self {
        Harness::with(&server.base(), quick())
    }

    fn with(base: &str, timing: Timing) -> Self {
        Harness::patient(base, timing, MAX_WAIT)
    }

    fn patient(base: &str, timing: Timing, max_wait: Duration) -> Self {
        let stop = Stop::default();
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let settings = Settings {
            base_url: BaseUrl::parse(base).unwrap(),
            key: Secret::key(KEY).unwrap(),
            rate: None,
            max_wait,
            share: None,
            timing,
            clock: Clock::System,
            stop: stop.clone(),
        };
        let seen = attempts.clone();
        let client = Client::new(
            settings,
            Some(Box::new(move |attempt| {
                assert!(!format!("{attempt:?}").contains(REST));
                seen.lock().unwrap().push(Watched {
                    number: attempt.number,
                    result: attempt.result.map_err(str::to_string),
                    budget_left: attempt.budget_left,
                    retry_in: attempt.retry_in,
                    outlasts: attempt.outlasts,
                    request_id: attempt.request_id.map(str::to_string),
                    deprecated: attempt.deprecated.map(str::to_string),
                });
            })),
        );
        Harness { client: Arc::new(client), stop, attempts }
    }

    /// Sends an operation; creates and updates get a small body, creates the idempotency key `key-1`.
    async fn call(&self, name: &str, path: &[&str]) -> Result<Answer, CallError> {
        send(&self.client, name, path).await
    }

    fn attempts(&self) -> Vec<Watched> {
        self.attempts.lock().unwrap().clone()
    }

    /// The numbers of the attempts and what each brought: `1:503 2:200`.
    fn story(&self) -> String {
        let told = self.attempts().into_iter().map(|a| match a.result {
            Ok(status) => format!("{}:{status}", a.number),
            Err(_) => format!("{}:-", a.number),
        });
        told.collect::<Vec<_>>().join(" ")
    }
}

async fn send(client: &Client, name: &str, path: &[&str]) -> Result<Answer, CallError> {
    let operation = operation(name).unwrap();
    let mut call = Call::new(operation, path.iter().map(|id| id.to_string()).collect());
    call.body = operation.has_body().then(|| br#"{"name":"Acme"}"#.to_vec());
    let answer = client.send(&Request::build(&call, Some("key-1")).unwrap(), operation).await;
    if let Err(error) = &answer {
        assert!(!format!("{error} {error:?}").contains(REST), "the key shows up in {error:?}");
    }
    answer
}
