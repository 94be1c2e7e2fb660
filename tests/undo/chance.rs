//! Runs made by chance over workspaces made by chance: taken back, each leaves the workspace as it was, and the undo taken
//! back leaves it as the run had. `ONRAMP_UNDO_CASES` says how many; by default a few, always the same.

use crate::dry_run::{
    calls::{Deed, KINDS, Op, WRITES, deed},
    side::{Side, call, json},
    twin::{Pair, ids, kind},
};
use onramp::{
    api::request::Call,
    session::{
        Earlier, How, Keeper, Manner, Outcome, Recorder, Session, WayBack, Workspace,
        journal::{Past, story::Story},
        plan::{self, Head, Plan},
    },
    store::{StoreError, journal::Journal},
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Something that a run does: a call, or a bulk call of so many like it.
type Step = (Op, u8);

/// Where the journal of a run goes.
struct At(PathBuf);

impl Keeper for At {
    fn begin(&self, _: &Workspace) -> Result<PathBuf, StoreError> {
        Ok(self.0.clone())
    }
}

/// Carries out one write, or a bulk call of writes that are like it.
fn perform(session: &Session, pools: &mut [Vec<Pair>; 3], ((what, a, b, c), rows): Step) {
    let mut answers = Vec::new();
    match rows {
        // A journal that knows the answers to some reads is another thing than one that knows none.
        _ if what < WRITES => match deed(pools, (what, a, b, c), None) {
            Deed::Read(_, real) => drop(session.call(real)),
            Deed::Walk(_, real) => {
                let mut list = session.list(real, None);
                while let Ok(Some(_)) = list.next_page(session) {}
            }
            Deed::Write(..) => unreachable!("it is none of the writes"),
        },
        0 => answers.extend(session.call(write(pools, (what, a, b, c)))),
        rows => {
            let nth =
                |n: u8| (what, a.wrapping_add(n.into()), b.wrapping_add(7 * u16::from(n)), c.wrapping_add(n.into()));
            let calls: Vec<Call> = (0..rows).map(|n| write(pools, nth(n))).collect();
            let mut bulk = session.bulk(calls[0].operation, Some(4), None).unwrap();
            for (at, call) in calls.iter().enumerate() {
                bulk.push(at as u64 + 1, call, Manner { look_again: true, ..Manner::default() }).unwrap();
            }
            bulk.drain().unwrap();
            while let Some(done) = bulk.next_done() {
                if let Outcome::Changed(answer) = done.outcome {
                    answers.push(answer);
                }
            }
        }
    }
    for answer in answers.iter().filter(|answer| answer.status == 201) {
        let row = json(&answer.body);
        pools[kind(&row)].push(Pair { dry: ids(&row), real: ids(&row) });
    }
}

fn write(pools: &[Vec<Pair>; 3], op: Op) -> Call {
    match deed(pools, op, None) {
        Deed::Write(_, real) => real,
        Deed::Read(..) | Deed::Walk(..) => unreachable!("it is one of the writes"),
    }
}

/// Takes back what this journal tells; the journal of that is at `path`. Gives what could not be brought back.
fn taken_back(side: &Side, journal: &Path, path: &Path) -> Vec<String> {
    let (read, frames) = Journal::look(journal).unwrap();
    let story = Story::of(&read, &frames).unwrap();
    assert!(Past::of(&frames).unwrap().doubts(&read).unwrap().is_empty());
    let WayBack { entries, lost } = WayBack::of(&story);
    let name = path.file_name().unwrap().to_str().unwrap();
    let head = Head { id: format!("{name:0>32}"), ..crate::dry_run::head() };
    let plan = Plan::new(head, entries, 0);
    // As it is when the undo goes on.
    let plan = plan::read(&plan.to_json()).unwrap_or_else(|bad| panic!("{bad}\n{}", plan.to_json()));
    let recorder = Recorder::new(path.parent().unwrap(), Box::new(At(path.to_path_buf())));
    let session = side.session(name, recorder);
    let look = session.look_at_plan(&plan, &Earlier::default()).unwrap();
    assert_eq!(look.drifted, [], "{}", plan.to_json());
    let applied = session.apply(&plan, &How::default()).unwrap();
    assert!(applied.failed.is_empty(), "{:?}\n{}", applied.failed, plan.to_json());
    lost
}

/// What is in a workspace, as far as an undo of what happened since `before` can bring it back: a record that was made
/// again has another id and another time.
fn shown(records: &[Value], before: &[Value], after: &[Value]) -> Vec<String> {
    let id = |record: &Value| record["id"].as_str().unwrap().to_string();
    let ids = |records: &[Value]| records.iter().map(id).collect::<std::collections::BTreeSet<_>>();
    let kept: Vec<String> = ids(before).intersection(&ids(after)).cloned().collect();
    let customers: BTreeMap<String, String> =
        records.iter().map(|record| (id(record), record["slug"].to_string())).collect();
    let mut lines: Vec<String> = records
        .iter()
        .map(|record| {
            let mut record = record.clone();
            if !kept.contains(&id(&record)) {
                for own in ["id", "display_id", "created_at"] {
                    record[own] = "another".into();
                }
            }
            record["updated_at"] = Value::Null;
            if record["object"] == "customer" && record.get("metadata").is_none() {
                // Absent is the same as null.
                record["metadata"] = Value::Null;
            }
            if let Some(customer) = record["customer_id"].as_str() {
                record["customer_id"] = customers[customer].clone().into();
            }
            serde_json::to_string(&record.as_object().unwrap().iter().collect::<BTreeMap<_, _>>()).unwrap()
        })
        .collect();
    lines.sort();
    lines
}

#[track_caller]
fn is_as_before(before: &[Value], after: &[Value], what: &str) {
    let (wanted, found) = (shown(before, before, after), shown(after, before, after));
    let missing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
    let new: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
    assert!(wanted == found, "{what}\nmissing {missing:#?}\nnew {new:#?}");
}

fn comes_back(steps: &[Step], seed: u64, customers: u32) {
    let side = Side::new(customers, seed);
    let mut pools: [Vec<Pair>; 3] = Default::default();
    for row in &side.dump() {
        pools[kind(row)].push(Pair { dry: ids(row), real: ids(row) });
    }
    // The names that go round: a run that swaps them can only be taken back by way of a third.
    for n in 0..3 {
        let named = [
            ("update_customer", 0, format!(r#"{{"slug":"slug-{n}"}}"#)),
            ("update_contact", 1, format!(r#"{{"email":"on-{n}@example.com"}}"#)),
        ];
        for (name, kind, body) in named {
            if let Some(record) = pools[kind].get(n) {
                side.call(&call(name, &[&record.real.0], Some(&body))).unwrap();
            }
        }
    }
    let before = side.dump();
    let folder = tempfile::tempdir().unwrap();
    let journal = |name: &str| folder.path().join(name);
    {
        let recorder = Recorder::new(folder.path(), Box::new(At(journal("run"))));
        let session = side.session("run", recorder);
        steps.iter().for_each(|step| perform(&session, &mut pools, *step));
    }
    if !journal("run").exists() {
        return assert_eq!(side.dump(), before);
    }
    let between = side.dump();
    let lost = taken_back(&side, &journal("run"), &journal("undo"));
    assert_eq!(lost, [] as [String; 0]);
    is_as_before(&before, &side.dump(), "after the undo");
    if journal("undo").exists() {
        let lost = taken_back(&side, &journal("undo"), &journal("again"));
        assert_eq!(lost, [] as [String; 0]);
    }
    is_as_before(&between, &side.dump(), "after the undo of the undo");
}

#[test]
fn whatever_a_run_did_is_taken_back() {
    let cases = std::env::var("ONRAMP_UNDO_CASES").ok().map(|cases| cases.parse().unwrap());
    let config =
        Config { cases: cases.unwrap_or(24), failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut runner = match cases {
        None => TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32])),
        Some(_) => TestRunner::new(config),
    };
    let kind = prop_oneof![4 => 2..KINDS, 1 => KINDS - 2..KINDS];
    let op = (kind, any::<u16>(), any::<u16>(), any::<u16>());
    let rows = prop_oneof![4 => Just(0), 1 => 2_u8..7];
    let steps = prop::collection::vec((op, rows), 1..50);
    let all = (steps, 0_u64..50, 1_u32..12);
    runner
        .run(&all, |(steps, seed, customers)| {
            comes_back(&steps, seed, customers);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
