//! Applies a plan: exactly its writes, in its order, many of one kind in flight at once. Its creates have keys that
//! follow from the plan, so that a plan that is applied on two machines creates once.

use super::{
    Number, Session, SessionError,
    bulk::Bulk,
    plan::{Entry, Exact, Plan, provisional::Made},
    write::{Manner, Outcome},
};
use crate::api::{
    client::Answer,
    error::{ApiError, CallError},
    operation::Effect,
};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How a plan is to be applied.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Entries that are left out.
    pub skip: BTreeSet<usize>,
    /// Entries whose work is done already.
    pub done: BTreeSet<usize>,
    /// So many writes, and then no more.
    pub first: Option<u64>,
    /// Also where somebody has changed a record since.
    pub overwrite: bool,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    pub changed: u64,
    pub unchanged: u64,
    pub skipped: u64,
    /// The entries that failed, by position, with what the API said.
    pub failed: Vec<(usize, Outcome)>,
    /// Whether entries are left, because only the first were wanted.
    pub more: bool,
    /// The ids of what was made, and its display ids, by the provisional ones.
    pub made: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
    display_id: i64,
    created_at: Option<Timestamp>,
}

/// The number of the entry at this position, among what the run does.
pub(super) fn number(position: usize) -> Number {
    Number(1, position as u64, 0, 0)
}

impl Session {
    /// Applies a plan. An error is what ended it; what was done by then is in the journal.
    pub fn apply(&self, plan: &Plan, how: &How) -> Result<Applied, SessionError> {
        let Some(operation) = plan.entries.iter().find_map(Entry::operation) else { return Ok(Applied::default()) };
        let bulk = self.bulk(operation, None, Some(plan.entries.len() as u64))?;
        let mut applying =
            Applying { plan, bulk, began: self.present(), made: BTreeMap::new(), applied: Applied::default() };
        let mut before = "";
        let mut sent = 0;
        // What must be unique and is given up by a write that may be under way still.
        let mut given_up: HashSet<String> = HashSet::new();
        for entry in &plan.entries {
            if how.done.contains(&entry.position) {
                applying.applied.unchanged += 1;
                applying.bulk.skip();
                continue;
            }
            if how.skip.contains(&entry.position) {
                applying.applied.skipped += 1;
                applying.bulk.skip();
                continue;
            }
            if how.first.is_some_and(|first| sent >= first) {
                applying.applied.more = true;
                break;
            }
            // What is of another kind may rest on what came before it.
            let waits = entry.operation != before
                || entry.uses.values().any(|at| !applying.made.contains_key(at))
                || unique(entry).any(|(_, after)| after.is_some_and(|after| given_up.contains(after)));
            if waits {
                applying.bulk.settle()?;
                applying.take();
                given_up.clear();
            }
            given_up.extend(unique(entry).filter_map(|(before, _)| before.map(str::to_string)));
            before = &entry.operation;
            applying.push(entry, how)?;
            sent += 1;
            applying.take();
        }
        applying.bulk.drain()?;
        applying.take();
        applying.applied.failed.sort_by_key(|(position, _)| *position);
        Ok(applying.applied)
    }
}

/// The values before and after of what no two records have in common (API notes, "Objects", "Rules").
fn unique(entry: &Entry) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    let changes = entry.changes.iter().filter(|change| matches!(change.field.as_str(), "slug" | "email"));
    changes.map(|change| (change.before.as_ref().map(Exact::get), change.after.as_ref().map(Exact::get)))
}

struct Applying<'a> {
    plan: &'a Plan,
    bulk: Bulk<'a>,
    began: Timestamp,
    /// What the creates have made, by position.
    made: BTreeMap<usize, Made>,
    applied: Applied,
}

impl Applying<'_> {
    fn push(&mut self, entry: &Entry, how: &How) -> Result<(), SessionError> {
        let call = match entry.call(&self.made) {
            Ok(call) => call,
            Err(why) => {
                self.bulk.fail();
                let operation = entry.operation().map_or("", |operation| operation.name);
                self.applied.failed.push((entry.position, Outcome::Failed(rests_on_failed(operation, why))));
                return Ok(());
            }
        };
        let key = self.plan.idempotency_key(entry.position);
        let create = entry.effect() == Some(Effect::Create);
        let manner = Manner {
            label: entry.record.label.as_deref(),
            overwrite: how.overwrite,
            look_again: true,
            key: create.then_some(key.as_str()),
            // Beyond the life of the keys, an earlier application is looked for.
            meant_at: create.then_some(self.plan.created_at),
        };
        self.bulk.push(entry.position as u64, &call, manner)
    }

    /// Takes in what is done.
    fn take(&mut self) {
        while let Some(done) = self.bulk.next_done() {
            let position = done.row as usize;
            match done.outcome {
                Outcome::Changed(answer) => {
                    let fresh = self.note(position, &answer);
                    // The answer of a create that another machine has made: the key told.
                    if fresh || done.recorded { self.applied.changed += 1 } else { self.applied.unchanged += 1 }
                }
                Outcome::Unchanged(_) => self.applied.unchanged += 1,
                failed => self.applied.failed.push((position, failed)),
            }
        }
    }

    /// Notes the ids of what a create has made; gives whether it was made just now.
    fn note(&mut self, position: usize, answer: &Answer) -> bool {
        let entry = self.plan.entries.get(position - 1);
        if entry.and_then(Entry::effect) != Some(Effect::Create) {
            return true;
        }
        let Ok(created) = serde_json::from_slice::<Created>(&answer.body) else { return true };
        if let Some(record) = entry.map(|entry| &entry.record) {
            self.applied.made.insert(record.id.clone(), created.id.clone());
            let display = record.display_id.map(|id| (id.to_string(), created.display_id.to_string()));
            self.applied.made.extend(display);
        }
        self.made.insert(position, Made { id: created.id, display_id: created.display_id });
        created.created_at.is_none_or(|at| at >= self.began - jiff::SignedDuration::from_secs(2))
    }
}

fn rests_on_failed(operation: &'static str, why: String) -> CallError {
    CallError::Api(Box::new(ApiError {
        operation,
        status: 424,
        kind: "not_sent".into(),
        code: Some("not_sent".into()),
        message: why,
        field: None,
        request_id: None,
        excerpt: None,
        attempts: 0,
    }))
}
