//! A workspace in this process, and the ways of a script through it: dry, in earnest, and as the application of a plan. What
//! is written is heard at the client.

use onramp::{
    api::{
        client::{Attempt, Client, MAX_WAIT, Settings, Timing},
        page::Walk,
        request::{BaseUrl, Call, Request},
    },
    clock::Clock,
    project::Project,
    run::{self, End, Job},
    sandbox::{self, Handle, Options},
    script::{Inputs, Level, Limits, Sink},
    secret::Secret,
    session::{Earlier, How, Keeper, Link, Recorder, Session, Workspace, journal::Entry, plan::Plan},
    stop::Stop,
    store::{StoreError, journal::Journal},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The instant of these tests. All rows that a workspace begins with are older.
const NOW: &str = "2026-05-26T17:21:09.412Z";

fn clock() -> Clock {
    Clock::Fixed(NOW.parse().unwrap())
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A write that the service has carried out: method, target and body.
pub type Sent = (String, String, String);

pub struct World {
    handle: Handle,
    folder: TempDir,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// What a script said, and whether it came to its end.
pub struct Told {
    pub lines: Vec<String>,
    pub end: String,
    pub plan: Option<Plan>,
}

struct Heard(Arc<Mutex<Vec<String>>>);

impl Sink for Heard {
    fn data(&self, text: &str) -> bool {
        self.0.lock().unwrap().push(text.to_string());
        true
    }
    fn log(&self, _: Level, _: &str) {}
    fn flush(&self) {}
    fn width(&self) -> Option<usize> {
        None
    }
}

/// Keeps the journal of a run in a folder that goes with the test.
struct Kept(PathBuf);

impl Keeper for Kept {
    fn begin(&self, _: &Workspace) -> Result<PathBuf, StoreError> {
        Ok(self.0.clone())
    }
}

impl World {
    pub fn new(customers: u32, seed: u64) -> World {
        let options = Options { customers, seed, clock: clock(), ..Options::default() };
        let handle = runtime().block_on(sandbox::start(options, None)).unwrap();
        World { handle, folder: tempfile::tempdir().unwrap(), sent: Arc::default() }
    }

    fn client(&self) -> Client {
        let settings = Settings {
            base_url: BaseUrl::parse(&self.handle.base_url()).unwrap(),
            key: Secret::key(self.handle.key()).unwrap(),
            rate: None,
            max_wait: MAX_WAIT,
            share: None,
            timing: Timing::default(),
            clock: clock(),
            stop: Stop::default(),
        };
        let sent = self.sent.clone();
        let hear = move |attempt: &Attempt<'_>| {
            let Request { method, target, body, .. } = attempt.request;
            if method.as_str() != "GET" && attempt.result.is_ok_and(|status| status < 300) {
                let body = String::from_utf8_lossy(body.as_deref().unwrap_or_default()).into_owned();
                sent.lock().unwrap().push((method.as_str().into(), target.clone(), body));
            }
        };
        Client::new(settings, Some(Box::new(hear)))
    }

    /// A session of its own; `dry`, or with a journal.
    fn session(&self, name: &str, dry: bool) -> Session {
        let client = Mutex::new(Some(self.client()));
        let connect = move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            Ok(Link::new(client.lock().unwrap().take().unwrap(), runtime, Box::new(())))
        };
        let key = format!("{name:0>32}");
        let session = Session::new(Box::new(connect), key, clock(), Stop::default());
        if dry {
            return session.with_dry_run();
        }
        let journal = self.folder.path().join(format!("{name}.journal"));
        session.with_recorder(Recorder::new(self.folder.path(), Box::new(Kept(journal))))
    }

    /// Runs a script.
    pub fn run(&self, script: &str, dry: bool) -> Told {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let job = Job {
            name: "chance.rhai".into(),
            text: script.into(),
            project: Project::of_working_directory(),
            inputs: Inputs::default(),
            limits: Limits::default(),
        };
        let outcome = run::run(&job, None, self.session("run", dry), Box::new(Heard(lines.clone())));
        let end = match outcome.end {
            End::Done(_) => "done".to_string(),
            End::Failed(fault) => fault.message.clone(),
            End::Bug(what) => panic!("{what}\n{script}"),
        };
        let plan = outcome.plan.map(|plan| plan.unwrap());
        Told { lines: lines.lock().unwrap().clone(), end, plan }
    }

    /// Applies a plan, after the look that comes before it.
    pub fn apply(&self, plan: &Plan) {
        let session = self.session("apply", false);
        let look = session.look_at_plan(plan, &Earlier::default()).unwrap();
        assert!(look.drifted.is_empty() && look.done.is_empty(), "{look:?}");
        let applied = session.apply(plan, &How::default()).unwrap();
        assert!(applied.failed.is_empty(), "{applied:?}");
        assert_eq!(applied.changed as usize, plan.entries.len());
    }

    /// The writes so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The ids of what the real run has created, in order.
    pub fn created(&self) -> Vec<(String, i64)> {
        let path = self.folder.path().join("run.journal");
        if !path.exists() {
            return Vec::new();
        }
        let (journal, frames) = Journal::look(&path).unwrap();
        let (mut creates, mut ids) = (BTreeSet::new(), Vec::new());
        for frame in frames {
            match serde_json::from_slice(&frame.head).unwrap() {
                Entry::Intent { n, asked, .. } if asked.operation.starts_with("create_") => drop(creates.insert(n)),
                Entry::Answer { n, .. } if creates.contains(&n) => {
                    let made: Value = serde_json::from_slice(&journal.read(frame.body).unwrap()).unwrap();
                    ids.push((made["id"].as_str().unwrap().to_string(), made["display_id"].as_i64().unwrap()));
                }
                _ => {}
            }
        }
        ids
    }

    /// All records, without what no two runs have in common: ids, and the times of their own.
    pub fn records(&self) -> Vec<String> {
        let client = self.client();
        let walked = |name: &str, path: &[&str]| -> Vec<Map<String, Value>> {
            let list = onramp::api::operation(name).unwrap();
            let mut walk = Walk::new(Call::new(list, path.iter().map(|id| id.to_string()).collect()));
            let mut rows = Vec::new();
            while let Some(call) = walk.next().unwrap() {
                let request = Request::build(&call, None).unwrap();
                let answer = runtime().block_on(client.send(&request, list)).unwrap();
                rows.extend(walk.accept(&answer.body).unwrap());
            }
            rows.iter().map(|row| serde_json::from_str(row.json.get()).unwrap()).collect()
        };
        let customers = walked("list_customers", &[]);
        let mut all = walked("list_onboardings", &[]);
        let slugs: BTreeMap<String, Value> = customers
            .iter()
            .map(|customer| (customer["id"].as_str().unwrap().to_string(), customer["slug"].clone()))
            .collect();
        slugs.keys().for_each(|id| all.extend(walked("list_customer_contacts", &[id])));
        all.extend(customers);
        let mut records: Vec<String> = all
            .into_iter()
            .map(|mut record| {
                if let Some(whose) = record.get("customer_id").and_then(Value::as_str).map(str::to_string) {
                    record.insert("customer_id".into(), slugs[&whose].clone());
                }
                for own in ["id", "display_id", "created_at", "updated_at"] {
                    record.remove(own);
                }
                Value::Object(record).to_string()
            })
            .collect();
        records.sort_unstable();
        records
    }
}
