//! Applies a plan: exactly its writes, in its order, many of one kind in flight at once. Its creates have keys that
//! follow from the plan, so that a plan that is applied on two machines creates once.

use super::{
    Number, Session, SessionError,
    bulk::Bulk,
    earlier::Earlier,
    journal::{Asked, Entry as Frame},
    plan::{Change, Entry, Plan, provisional::Made},
    standing::{Expected, Standing},
    write::{Manner, Outcome},
};
use crate::api::{
    client::Answer,
    error::{ApiError, CallError},
    operation::Effect,
    request::Request,
};
use jiff::Timestamp;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// By so much may the clocks of a service's machines differ.
const SLACK: Duration = Duration::from_millis(100);

/// How a plan is to be applied.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Entries that are left out.
    pub skip: BTreeSet<usize>,
    /// Entries whose work is done already.
    pub done: BTreeSet<usize>,
    /// What earlier runs have done of it, which is neither looked at nor done again.
    pub earlier: Earlier,
    /// So many writes, and then no more.
    pub first: Option<u64>,
    /// Also where somebody has changed a record since.
    pub overwrite: bool,
    /// Nothing is deleted with which records vanish that the plan does not delete itself.
    pub spares_others: bool,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    pub changed: u64,
    pub unchanged: u64,
    /// Entries that earlier runs have carried out.
    pub earlier: u64,
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
    /// Applies a plan. An error is what ended it; what was done by then is in the journal, and the session has learnt the ids
    /// of what was made.
    pub fn apply(&self, plan: &Plan, how: &How) -> Result<Applied, SessionError> {
        let Some(operation) = plan.entries.iter().find_map(Entry::operation) else { return Ok(Applied::default()) };
        let bulk = self.bulk(operation, None, Some(plan.entries.len() as u64))?;
        let mut applying = Applying {
            plan,
            bulk,
            pushed: BTreeMap::new(),
            made: how.earlier.made.clone(),
            replayed: BTreeMap::new(),
            answered_again: Vec::new(),
            applied: Applied::default(),
        };
        applying.know_made(&how.earlier);
        let end = applying.all(self, how);
        if end.is_err() {
            // What is in flight may be made yet.
            applying.bulk.stop();
            applying.take();
        }
        self.learn_ids(applying.applied.made.clone());
        end.map(|()| applying.applied)
    }

    /// Records that an entry needed no sending, so that whoever goes on with the plan leaves it alone as well. What its call is
    /// may depend on what the plan makes: that is looked at again.
    fn note_done(&self, entry: &Entry) -> Result<(), SessionError> {
        let n = number(entry.position);
        let Some(recorder) = self.recorder().filter(|recorder| entry.uses.is_empty() && !recorder.knows(n)) else {
            return Ok(());
        };
        let Ok(call) = entry.call(&BTreeMap::new()) else { return Ok(()) };
        let request = Request::build(&self.real(call), None).map_err(CallError::Refused)?;
        recorder.append(&Frame::Unchanged { n, asked: Asked::of(&request) }, b"").map(drop)
    }
}

struct Applying<'a> {
    plan: &'a Plan,
    bulk: Bulk<'a>,
    /// When each create was handed in.
    pushed: BTreeMap<usize, Instant>,
    /// What the creates have made, by position.
    made: BTreeMap<usize, Made>,
    /// The records that an earlier application has made, by provisional id: the real one, and how they are now, once that was
    /// asked.
    replayed: BTreeMap<String, (String, Option<Standing>)>,
    /// The creates that were answered with such a record just now.
    answered_again: Vec<usize>,
    applied: Applied,
}

/// What no two records may have and that writes on their way give up. Whoever wants it next waits for them.
#[derive(Default)]
struct Freed<'p>(BTreeSet<(&'p str, &'p str)>);

impl<'p> Freed<'p> {
    /// The changes of a field whose values are unique: the slug of a customer, the e-mail address of a contact.
    fn of(entry: &'p Entry) -> impl Iterator<Item = &'p Change> {
        entry.changes.iter().filter(|change| matches!(change.field.as_str(), "slug" | "email"))
    }

    fn holds(&self, entry: &'p Entry) -> bool {
        let wanted =
            |change: &Change| change.after.as_ref().is_some_and(|after| self.0.contains(&(&change.field, after.get())));
        Freed::of(entry).any(wanted)
    }

    fn note(&mut self, entry: &'p Entry) {
        let given_up =
            Freed::of(entry).filter_map(|change| Some((change.field.as_str(), change.before.as_ref()?.get())));
        self.0.extend(given_up);
    }
}

impl Applying<'_> {
    /// Applies one entry after the other.
    fn all(&mut self, session: &Session, how: &How) -> Result<(), SessionError> {
        let plan = self.plan;
        let (mut before, mut freed) = ("", Freed::default());
        let mut sent = 0;
        for entry in &plan.entries {
            if how.earlier.done.contains(&entry.position) {
                self.applied.earlier += 1;
                self.bulk.skip();
                continue;
            }
            if how.done.contains(&entry.position) {
                session.note_done(entry)?;
                self.applied.unchanged += 1;
                self.bulk.skip();
                continue;
            }
            if how.skip.contains(&entry.position) {
                self.applied.skipped += 1;
                self.bulk.skip();
                continue;
            }
            if how.first.is_some_and(|first| sent >= first) {
                self.applied.more = true;
                break;
            }
            // What is of another kind may rest on what came before it.
            let waits = entry.operation != before
                || entry.uses.values().any(|at| !self.made.contains_key(at))
                || freed.holds(entry);
            if waits {
                self.bulk.settle()?;
                self.take();
                freed = Freed::default();
            }
            before = &entry.operation;
            freed.note(entry);
            if self.is_there_already(session, entry, how)? {
                continue;
            }
            self.push(entry, how)?;
            sent += 1;
            self.take();
        }
        self.bulk.drain()?;
        self.take();
        self.look_for_replayed(session)?;
        self.applied.failed.sort_by_key(|(position, _)| *position);
        Ok(())
    }

    /// Takes in what earlier runs have made: somebody may have changed it since, like what an earlier application has made.
    fn know_made(&mut self, earlier: &Earlier) {
        for (position, made) in &earlier.made {
            if let Some(entry) = self.plan.entries.get(position - 1) {
                self.replayed.insert(entry.record.id.clone(), (made.id.clone(), None));
            }
        }
    }

    /// Whether an entry is about a record that an earlier application of the plan has made, and needs no sending: it is as
    /// the entry leaves it, or somebody has changed it since, who is not overruled.
    fn is_there_already(&mut self, session: &Session, entry: &Entry, how: &How) -> Result<bool, SessionError> {
        let id = &entry.record.id;
        let Some((real, known)) = self.replayed.get(id) else { return Ok(false) };
        let recorded = session.recorder().is_some_and(|recorder| recorder.knows(number(entry.position)));
        if recorded || entry.effect() == Some(Effect::Create) {
            return Ok(false);
        }
        let open = |other: &Entry| !how.earlier.done.contains(&other.position);
        let about = |other: &&Entry| other.record.id == *id && other.effect() != Some(Effect::Create) && open(other);
        let expected = Expected { entries: self.plan.entries.iter().filter(about).collect() };
        let standing = match known {
            Some(standing) => standing.clone(),
            None => {
                let real = real.clone();
                let key = (entry.record.object.clone(), real.clone());
                let now = session.look_at_records(&BTreeSet::from([key.clone()]))?;
                let standing = expected.standing(now.get(&key));
                self.replayed.insert(id.clone(), (real, Some(standing.clone())));
                standing
            }
        };
        match standing {
            Standing::Done(done) if expected.entries[..done].iter().any(|other| other.position == entry.position) => {
                self.applied.unchanged += 1;
                self.bulk.skip();
                Ok(true)
            }
            Standing::Done(_) => Ok(false),
            Standing::Moved(what) => {
                self.bulk.fail();
                self.applied.failed.push((entry.position, Outcome::Left(what.join(", "))));
                Ok(true)
            }
        }
    }

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
        if create {
            self.pushed.insert(entry.position, Instant::now());
        }
        let manner = Manner {
            label: entry.record.label.as_deref(),
            overwrite: how.overwrite,
            look_again: true,
            spares_others: how.spares_others,
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
                    // The answer of a create that another machine has made: the key told.
                    let again = !self.note(position, &answer) && !done.recorded;
                    if again {
                        self.applied.unchanged += 1;
                        self.answered_again.push(position);
                    } else {
                        self.applied.changed += 1;
                    }
                }
                Outcome::Unchanged(answer) => {
                    self.note(position, &answer);
                    self.applied.unchanged += 1;
                }
                failed => self.applied.failed.push((position, failed)),
            }
        }
    }

    /// Sees to it that what an earlier application has made is still there: the service answers a create that it knows with
    /// its first answer, also where somebody has deleted the record since.
    fn look_for_replayed(&mut self, session: &Session) -> Result<(), SessionError> {
        let plan = self.plan;
        let deletes = plan.entries.iter().filter(|entry| entry.effect() == Some(Effect::Delete));
        let deleted: BTreeSet<&str> = deletes.map(|entry| entry.record.id.as_str()).collect();
        let key = |position: &usize| {
            let record = &plan.entries.get(position - 1)?.record;
            let real = self.applied.made.get(&record.id).filter(|_| !deleted.contains(record.id.as_str()))?;
            Some((*position, (record.object.clone(), real.clone())))
        };
        let keys: BTreeMap<usize, (String, String)> = self.answered_again.iter().filter_map(key).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let now = session.look_at_records(&keys.values().cloned().collect())?;
        for (position, _) in keys.into_iter().filter(|(_, key)| !now.contains_key(key)) {
            self.applied.unchanged -= 1;
            session.control().progress.failed(1);
            let why = "an earlier application of the plan has made it, and somebody has deleted it since";
            self.applied.failed.push((position, Outcome::Left(why.into())));
        }
        Ok(())
    }

    /// Notes the ids of what a create has made; gives whether it was made just now.
    fn note(&mut self, position: usize, answer: &Answer) -> bool {
        let entry = self.plan.entries.get(position - 1);
        let Some(entry) = entry.filter(|entry| entry.effect() == Some(Effect::Create)) else { return true };
        let Ok(created) = serde_json::from_slice::<Created>(&answer.body) else { return true };
        let waited = self.pushed.remove(&position).map_or(Duration::ZERO, |pushed| pushed.elapsed());
        // By the server's clock, which writes both times. Its answers are dated in whole seconds, cut off.
        let old = match (created.created_at, answer.date) {
            (Some(created), Some(answered)) => {
                answered.duration_since(created).try_into().is_ok_and(|since: Duration| since > SLACK + waited)
            }

            // Without a date nobody has answered just now: it was found.
            (_, None) => true,
            (None, Some(_)) => false,
        };
        if old {
            self.replayed.insert(entry.record.id.clone(), (created.id.clone(), None));
        }
        self.applied.made.insert(entry.record.id.clone(), created.id.clone());
        let display = entry.record.display_id.map(|id| (id.to_string(), created.display_id.to_string()));
        self.applied.made.extend(display);
        self.made.insert(position, Made { id: created.id, display_id: created.display_id });
        !old
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
