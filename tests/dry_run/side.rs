//! A sandbox in this process, with the library's own client and sessions over it.

use onramp::{
    api::{
        client::{Answer, Client, MAX_WAIT, Settings, Timing},
        error::{CallError, Incomplete},
        operation,
        page::{Walk, WalkError},
        request::{BaseUrl, Call, Request},
    },
    clock::Clock,
    sandbox::{self, Handle, Options},
    secret::Secret,
    session::{Link, Recorder, Session},
    stop::Stop,
};
use serde_json::Value;
use std::sync::{Mutex, OnceLock};
use tokio::runtime::{Builder, Runtime};

/// The instant of all these tests. All rows that a sandbox begins with are older.
pub const NOW: &str = "2026-05-26T17:21:09.412Z";

pub struct Side {
    handle: Handle,
    client: Client,
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

pub fn clock() -> Clock {
    Clock::Fixed(NOW.parse().unwrap())
}

fn client(handle: &Handle) -> Client {
    let settings = Settings {
        base_url: BaseUrl::parse(&handle.base_url()).unwrap(),
        key: Secret::key(handle.key()).unwrap(),
        rate: None,
        max_wait: MAX_WAIT,
        share: None,
        timing: Timing::default(),
        clock: clock(),
        stop: Stop::default(),
    };
    Client::new(settings, None)
}

impl Side {
    pub fn new(customers: u32, seed: u64) -> Side {
        let options = Options { customers, seed, clock: clock(), ..Options::default() };
        let handle = runtime().block_on(sandbox::start(options, None)).unwrap();
        let client = client(&handle);
        Side { handle, client }
    }

    pub fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let request = Request::build(call, None).map_err(CallError::Refused)?;
        runtime().block_on(self.client.send(&request, call.operation))
    }

    /// A session over it that keeps a record.
    pub fn session(&self, key: &str, recorder: Recorder) -> Session {
        let once = Mutex::new(Some(client(&self.handle)));
        let connect = move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            Ok(Link::new(once.lock().unwrap().take().expect("a session connects once"), runtime, Box::new(())))
        };
        Session::new(Box::new(connect), key.into(), clock(), Stop::default()).with_recorder(recorder)
    }

    /// All customers, contacts and onboardings, in the order of their lists.
    pub fn dump(&self) -> Vec<Value> {
        let send = |call: &Call| self.call(call);
        let mut all = walked(&call("list_customers", &[], None), &send).unwrap();
        let ids: Vec<String> = all.iter().map(|row| row["id"].as_str().unwrap().to_string()).collect();
        for id in ids {
            all.extend(walked(&call("list_customer_contacts", &[&id], None), &send).unwrap());
        }
        all.extend(walked(&call("list_onboardings", &[], None), &send).unwrap());
        all
    }
}

pub fn call(name: &str, path: &[&str], body: Option<&str>) -> Call {
    let mut call = Call::new(operation(name).unwrap(), path.iter().map(|id| id.to_string()).collect());
    call.body = body.map(|body| body.as_bytes().to_vec());
    call
}

/// All rows of a list, as a session walks over it.
pub fn walked(call: &Call, send: &dyn Fn(&Call) -> Result<Answer, CallError>) -> Result<Vec<Value>, CallError> {
    let mut walk = Walk::new(call.clone());
    let mut rows = Vec::new();
    let mut pages = 0;
    let incomplete = |error: WalkError| {
        CallError::Incomplete(Incomplete { operation: call.operation.name, why: error.to_string(), hint: error.hint() })
    };
    while let Some(call) = walk.next().map_err(incomplete)? {
        pages += 1;
        assert!(pages < 5000, "a walk without an end");
        let answer = send(&call)?;
        rows.extend(walk.accept(&answer.body).unwrap().iter().map(|row| json(row.json.get().as_bytes())));
    }
    Ok(rows)
}

pub fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
