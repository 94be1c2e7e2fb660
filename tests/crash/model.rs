//! Random runs over a model of what a loss of power leaves behind: a journal that is cut anywhere, and a workspace in which
//! some of the writes whose intents survived were carried out. Resumed, each run sees what it would have seen, and leaves
//! what it would have left.

use onramp::{
    api::{
        client::{Client, MAX_WAIT, Settings, Timing},
        operation,
        request::{BaseUrl, Call, Request},
    },
    clock::Clock,
    sandbox::{self, Options},
    secret::Secret,
    session::{Keeper, Link, Manner, Outcome, Recorder, Session, Workspace, journal::Entry},
    stop::Stop,
    store::{StoreError, journal::Journal},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tokio::runtime::{Builder, Runtime};

/// Something that a run does. Records are named by their place among those that the run has listed first.
#[derive(Clone, Debug)]
enum Step {
    Create,
    Update(usize, u8),
    /// By the other form of its id.
    UpdateByNumber(usize, u8),
    Delete(usize),
    List,
    Missing,
    BulkUpdate(Vec<(usize, u8)>),
    BulkCreate(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let record = 0..4_usize;
    let step = prop_oneof![
        3 => Just(Step::Create),
        3 => (record.clone(), 0..3_u8).prop_map(|(at, to)| Step::Update(at, to)),
        2 => (record.clone(), 0..3_u8).prop_map(|(at, to)| Step::UpdateByNumber(at, to)),
        1 => record.clone().prop_map(Step::Delete),
        1 => Just(Step::List),
        1 => Just(Step::Missing),
        2 => proptest::collection::vec((record, 0..3_u8), 1..7).prop_map(Step::BulkUpdate),
        2 => (1..6_usize).prop_map(Step::BulkCreate),
    ];
    proptest::collection::vec(step, 1..7)
}

fn clock() -> Clock {
    Clock::Fixed("2026-05-26T12:00:00Z".parse().unwrap())
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}

/// A workspace in this process.
struct Place {
    handle: sandbox::Handle,
}

impl Place {
    fn new() -> Place {
        let options = Options { customers: 4, clock: clock(), ..Options::default() };
        Place { handle: runtime().block_on(sandbox::start(options, None)).unwrap() }
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
        Client::new(settings, None)
    }

    fn session(&self, recorder: Recorder) -> Session {
        let base = self.client();
        let once = std::sync::Mutex::new(Some(base));
        let connect = move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            Ok(Link::new(once.lock().unwrap().take().expect("a session connects once"), runtime, Box::new(())))
        };
        Session::new(Box::new(connect), "model".into(), clock(), Stop::default()).with_recorder(recorder)
    }

    /// All customers, as far as two workspaces can agree on them.
    fn customers(&self) -> Vec<String> {
        let request = Request::build(&Call::new(operation("list_customers").unwrap(), vec![]), None).unwrap();
        let request = Request { target: format!("{}?limit=100", request.target), ..request };
        let answer = runtime().block_on(self.client().send(&request, operation("list_customers").unwrap())).unwrap();
        let page: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(page["has_more"], false);
        let mut lines: Vec<String> = page["data"].as_array().unwrap().iter().map(shown).collect();
        lines.sort();
        lines
    }
}

fn shown(customer: &Value) -> String {
    format!("{} {} {}", customer["name"], customer["plan"], customer["mrr"])
}

/// Where the journal of a run goes.
struct At(PathBuf);

impl Keeper for At {
    fn begin(&self, _: &Workspace) -> Result<PathBuf, StoreError> {
        Ok(self.0.clone())
    }
}

fn call(name: &str, path: &[&str], body: Option<Value>) -> Call {
    let mut call = Call::new(operation(name).unwrap(), path.iter().map(|id| id.to_string()).collect());
    call.body = body.map(|body| body.to_string().into_bytes());
    call
}

/// Does the steps, and tells what was seen.
fn perform(session: &Session, steps: &[Step]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut list = session.list(call("list_customers", &[], None), None);
    let mut known: Vec<(String, String)> = Vec::new();
    while let Some(rows) = list.next_page(session).unwrap() {
        for row in rows {
            let row: Value = serde_json::from_str(row.json.get()).unwrap();
            known.push((row["id"].as_str().unwrap().into(), row["display_id"].to_string()));
        }
    }
    let mut made = 0;
    let one = |call: Call| match session.call(call) {
        Ok(answer) => {
            let answer: Value = serde_json::from_slice(&answer.body).unwrap();
            format!("{} {}", shown(&answer), answer["deleted"])
        }
        Err(error) => error.to_string(),
    };
    let change = |to: u8| Some(json!({ "plan": format!("p{to}") }));
    for step in steps {
        match step {
            Step::Create => {
                made += 1;
                seen.push(one(call("create_customer", &[], Some(json!({ "name": format!("Made {made}") })))));
            }
            Step::Update(at, to) => seen.push(one(call("update_customer", &[&known[*at].0], change(*to)))),
            Step::UpdateByNumber(at, to) => seen.push(one(call("update_customer", &[&known[*at].1], change(*to)))),
            Step::Delete(at) => seen.push(one(call("delete_customer", &[&known[*at].0], None))),
            Step::Missing => seen.push(one(call("get_customer", &["nobody"], None))),
            Step::List => {
                let mut list = session.list(call("list_customers", &[], None), None);
                let mut lines = Vec::new();
                while let Some(rows) = list.next_page(session).unwrap() {
                    lines.extend(rows.iter().map(|row| shown(&serde_json::from_str(row.json.get()).unwrap())));
                }
                // In which order those of one bulk call were created is nobody's promise.
                lines.sort();
                seen.extend(lines);
            }
            Step::BulkUpdate(rows) => {
                let calls = rows.iter().enumerate().map(|(row, (at, to))| {
                    let id = if row % 2 == 0 { &known[*at].0 } else { &known[*at].1 };
                    call("update_customer", &[id], change(*to))
                });
                seen.extend(bulk(session, calls.collect()));
            }
            Step::BulkCreate(count) => {
                let calls = (0..*count).map(|_| {
                    made += 1;
                    // All with one body: nothing but its key tells one from the other.
                    call("create_customer", &[], Some(json!({ "name": "Many", "mrr": 7 })))
                });
                seen.extend(bulk(session, calls.collect()));
            }
        }
    }
    seen
}

fn bulk(session: &Session, calls: Vec<Call>) -> Vec<String> {
    let mut bulk = session.bulk(calls[0].operation, Some(3), None).unwrap();
    let mut rows = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        bulk.push(at as u64 + 1, call, Manner { look_again: true, ..Manner::default() }).unwrap();
    }
    bulk.drain().unwrap();
    while let Some(done) = bulk.next_done() {
        let what = match done.outcome {
            Outcome::Changed(_) => "changed".to_string(),
            Outcome::Unchanged(_) => "unchanged".to_string(),
            Outcome::Left(why) => why,
            Outcome::Failed(error) => error.to_string(),
        };
        rows.push((done.row, what));
    }
    rows.sort();
    rows.into_iter().map(|(row, what)| format!("{row} {what}")).collect()
}

/// A write of a journal.
struct Write {
    request: Request,
    /// Where its intent, and its answer, end.
    meant: u64,
    answered: Option<u64>,
}

fn writes(path: &Path) -> Vec<Write> {
    let (journal, frames) = Journal::look(path).unwrap();
    let mut writes: Vec<(onramp::session::Number, Write)> = Vec::new();
    for frame in &frames {
        let end = frame.body.at + u64::from(frame.body.len);
        match serde_json::from_slice::<Entry>(&frame.head).unwrap() {
            Entry::Intent { n, asked, key, .. } => {
                let operation = operation(&asked.operation).unwrap();
                let body = journal.read(frame.body).unwrap();
                let request = Request {
                    operation: operation.name,
                    method: operation.method,
                    target: asked.target,
                    body: (!body.is_empty()).then_some(body),
                    idempotency_key: key,
                    authenticated: true,
                };
                writes.push((n, Write { request, meant: end, answered: None }));
            }
            Entry::Answer { n, .. } | Entry::Denied { n, .. } => {
                let of = writes.iter_mut().find(|(number, _)| *number == n).expect("its intent came before");
                of.1.answered = Some(end);
            }
            _ => {}
        }
    }
    writes.into_iter().map(|(_, write)| write).collect()
}

/// Cuts a journal at `cut`, carries out what may have been carried out by then, and resumes.
fn resumed(steps: &[Step], journal: &Path, cut: u64, random: &mut fastrand::Rng) -> (Vec<String>, Vec<String>) {
    let place = Place::new();
    let client = place.client();
    // Records that are written to twice are never written to at once.
    let mut open = HashSet::new();
    for write in writes(journal).iter().filter(|write| write.meant <= cut) {
        let lost = write.answered.is_none_or(|at| at > cut);
        let create = write.request.idempotency_key.is_some();
        if lost && (random.bool() || !create && !open.insert(write.request.target.clone())) {
            continue;
        }
        let operation = operation(write.request.operation).unwrap();
        let _ = runtime().block_on(client.send(&write.request, operation));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, &fs::read(journal).unwrap()[..cut as usize]).unwrap();
    let recorder = Recorder::resume(folder.path(), Box::new(At(path.clone())), &path).unwrap();
    let seen = perform(&place.session(recorder), steps);
    (seen, place.customers())
}

/// Performs the steps without any disturbance, keeping the journal at `path`.
fn whole(steps: &[Step], folder: &Path, path: &Path) -> (Vec<String>, Vec<String>) {
    let place = Place::new();
    let recorder = Recorder::new(folder, Box::new(At(path.to_path_buf())));
    let seen = perform(&place.session(recorder), steps);
    (seen, place.customers())
}

/// Where the frames of a journal end.
fn ends(path: &Path) -> Vec<u64> {
    Journal::look(path).unwrap().1.iter().map(|frame| frame.body.at + u64::from(frame.body.len)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(super::rounds() as u32 * 12) })]

    #[test]
    fn a_run_that_is_resumed_from_any_cut_sees_and_leaves_what_it_would_have(steps in steps(), seed in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let expected = whole(&steps, folder.path(), &path);
        if path.exists() {
            let mut random = fastrand::Rng::with_seed(seed);
            let ends = ends(&path);
            for _ in 0..4 {
                let at = random.usize(0..ends.len());
                // Behind a frame, or in the middle of the next.
                let next = ends.get(at + 1).copied().unwrap_or(ends[at]);
                let cut = if random.bool() { ends[at] } else { random.u64(ends[at]..=next) };
                prop_assert_eq!(&resumed(&steps, &path, cut, &mut random), &expected, "cut at {} of {:?}", cut, ends);
            }
        }
    }
}

#[test]
fn a_small_journal_may_be_cut_behind_and_inside_each_of_its_frames() {
    let steps = [
        Step::Create,
        Step::Update(0, 1),
        Step::Update(0, 1),
        Step::UpdateByNumber(0, 2),
        Step::BulkUpdate(vec![(0, 0), (1, 1), (0, 2), (0, 0)]),
        Step::Delete(0),
        Step::Update(0, 0),
        Step::BulkCreate(3),
        Step::List,
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let expected = whole(&steps, folder.path(), &path);
    let mut random = fastrand::Rng::with_seed(1);
    let ends = ends(&path);
    // In the long form at each byte.
    let cuts: Vec<u64> = if super::rounds() > 1 {
        (0..=ends[ends.len() - 1]).collect()
    } else {
        let begins = std::iter::once(&0).chain(&ends);
        begins.zip(&ends).flat_map(|(begin, end)| [random.u64(begin..end), *end]).collect()
    };
    for cut in cuts {
        assert_eq!(resumed(&steps, &path, cut, &mut random), expected, "cut at {cut}");
    }
}
