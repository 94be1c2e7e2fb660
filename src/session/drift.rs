//! Whether the workspace is still as a plan found it: each record that it changes is looked at, page by page where that
//! takes fewer requests. Sends no write.

use super::{
    Session, SessionError,
    journal::Entry as Frame,
    plan::{Entry, Exact, ListFilter, Plan, provisional},
};
use crate::api::{
    self,
    error::CallError,
    operation::{Effect, Operation},
    page::Walk,
    request::{Call, Request},
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many records are asked for at once.
const AT_ONCE: usize = 8;
/// For fewer records no list is walked.
const WORTH_A_WALK: usize = 10;

/// A record that is not as the plan found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The entries that are about it.
    pub positions: Vec<usize>,
    /// The kind of record.
    pub object: String,
    pub id: String,
    pub label: Option<String>,
    /// What has changed, for people: one line for each field.
    pub what: Vec<String>,
}

/// What a look at the workspace has shown.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub drifted: Vec<Drift>,
    /// Entries whose records are gone already, as they are to be.
    pub gone: BTreeSet<usize>,
    /// Records that changed in fields that the plan does not touch.
    pub touched: usize,
}

/// What a plan says of a record that is there already.
struct Expected<'p> {
    entries: Vec<&'p Entry>,
    /// Each field that is changed: as it was at first, and as it is to be in the end.
    fields: BTreeMap<&'p str, (Value, Value)>,
    filter: Option<&'p ListFilter>,
    deleted: bool,
}

type Objects = HashMap<(String, String), Map<String, Value>>;

impl Session {
    /// Looks at every record that the plan changes and that no earlier attempt has changed already.
    pub fn look_at_plan(&self, plan: &Plan) -> Result<Look, SessionError> {
        let expected = expected(self, plan);
        let ids: BTreeSet<(String, String)> =
            expected.keys().map(|(object, id)| (object.to_string(), id.to_string())).collect();
        let now = self.look_at_records(&ids)?;
        let mut look = Look::default();
        for ((object, id), expected) in expected {
            let found = now.get(&(object.to_string(), id.to_string()));
            let what = match found {
                None if expected.deleted => {
                    look.gone.extend(expected.entries.iter().map(|entry| entry.position));
                    continue;
                }
                None => vec!["it is gone".to_string()],
                Some(found) => differences(&expected, found),
            };
            let first = expected.entries[0];
            if what.is_empty() {
                let updated = found.and_then(|found| found.get("updated_at")?.as_str());
                let untouched = expected.fields.iter().all(|(field, (before, _))| {
                    found.is_some_and(|found| found.get(*field).unwrap_or(&Value::Null) == before)
                });
                let seen = first.seen_updated_at.as_deref();
                look.touched += usize::from(untouched && seen.is_some() && updated != seen);
                continue;
            }
            look.drifted.push(Drift {
                positions: expected.entries.iter().map(|entry| entry.position).collect(),
                object: object.into(),
                id: id.into(),
                label: first.record.label.clone(),
                what,
            });
        }
        look.drifted.sort_by_key(|drift| drift.positions[0]);
        Ok(look)
    }

    /// The present state of records, by kind and id; those that are gone are missing.
    pub(super) fn look_at_records(&self, ids: &BTreeSet<(String, String)>) -> Result<Objects, SessionError> {
        let mut found = Objects::new();
        let mut wanted: BTreeSet<(String, String)> = ids.clone();
        for object in ["customer", "onboarding"] {
            let count = wanted.iter().filter(|(kind, _)| kind == object).count();
            if count >= WORTH_A_WALK {
                self.walk_for(object, &mut wanted, &mut found)?;
            }
        }
        let link = self.link()?;
        let wanted: Vec<(String, String)> = wanted.into_iter().collect();
        for some in wanted.chunks(AT_ONCE) {
            let mut tasks = Vec::new();
            for (object, id) in some {
                let Some(get) = api::operation(&format!("get_{object}")) else { continue };
                let request = Request::build(&Call::new(get, vec![id.clone()]), None).map_err(CallError::Refused)?;
                let client = link.client().clone();
                let task = link.runtime().spawn(async move { client.send(&request, get).await });
                tasks.push(((object, id), task));
            }
            for ((object, id), task) in tasks {
                let answer =
                    link.block_on(task).unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
                match answer {
                    Ok(answer) => {
                        self.enter_look(&answer.body, None)?;
                        let shown = serde_json::from_slice(&answer.body).unwrap_or_default();
                        found.insert((object.clone(), id.clone()), shown);
                    }
                    Err(CallError::Api(error)) if error.status == 404 => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(found)
    }

    /// Walks the list of all records of a kind, as long as that takes fewer requests than asking for each.
    fn walk_for(
        &self,
        object: &str,
        wanted: &mut BTreeSet<(String, String)>,
        found: &mut Objects,
    ) -> Result<(), SessionError> {
        let list: Option<&'static Operation> = api::operations()
            .find(|list| list.is_list() && list.path_params.is_empty() && list.returns.object().name == object);
        let Some(list) = list else { return Ok(()) };
        let mut walk = Walk::new(Call::new(list, Vec::new()));
        let link = self.link()?;
        // A list that cannot be walked is no obstacle: the records are asked for one by one.
        while let Ok(Some(call)) = walk.next() {
            let left = wanted.iter().filter(|(kind, _)| kind == object).count();
            // Beyond a certain age of the rows the pages bring nothing.
            if left < WORTH_A_WALK {
                return Ok(());
            }
            let before = wanted.len();
            let request = Request::build(&call, None).map_err(CallError::Refused)?;
            let answer = link.block_on(link.client().send(&request, list))?;
            self.enter_look(&answer.body, Some(&request.target))?;
            let Ok(rows) = walk.accept(&answer.body) else { return Ok(()) };
            for row in rows {
                let key = (object.to_string(), row.id);
                if wanted.remove(&key) {
                    found.insert(key, serde_json::from_str(row.json.get()).unwrap_or_default());
                }
            }
            if wanted.len() == before && left < WORTH_A_WALK * 2 {
                return Ok(());
            }
        }
        Ok(())
    }

    fn enter_look(&self, body: &[u8], target: Option<&str>) -> Result<(), SessionError> {
        match self.recorder() {
            Some(recorder) => {
                let looked = Frame::Looked { at: self.present(), target: target.map(str::to_string) };
                recorder.append(&looked, body).map(drop)
            }
            None => Ok(()),
        }
    }
}

/// What the plan says of each record that is there already, but for what an earlier attempt has done.
fn expected<'p>(session: &Session, plan: &'p Plan) -> BTreeMap<(&'p str, &'p str), Expected<'p>> {
    let mut all: BTreeMap<(&str, &str), Expected<'_>> = BTreeMap::new();
    for entry in &plan.entries {
        let record = &entry.record;
        let done = session.recorder().is_some_and(|recorder| recorder.knows(super::apply::number(entry.position)));
        if done || entry.effect() == Some(Effect::Create) || provisional::is_provisional(&record.id) {
            continue;
        }
        let expected = all.entry((&record.object, &record.id)).or_insert_with(|| Expected {
            entries: Vec::new(),
            fields: BTreeMap::new(),
            filter: entry.from.as_ref(),
            deleted: false,
        });
        expected.entries.push(entry);
        expected.deleted = entry.effect() == Some(Effect::Delete);
        for change in &entry.changes {
            let after = value(change.after.as_ref());
            let field = expected.fields.entry(&change.field);
            field.and_modify(|(_, last)| *last = after.clone()).or_insert((value(change.before.as_ref()), after));
        }
    }
    all
}

/// What is another one than the plan found, and not yet what it is to be.
fn differences(expected: &Expected<'_>, now: &Map<String, Value>) -> Vec<String> {
    let mut what = Vec::new();
    for (field, (before, after)) in &expected.fields {
        let now = now.get(*field).unwrap_or(&Value::Null);
        if now != before && (expected.deleted || now != after) {
            what.push(format!("`{field}` was {before}, and is {now} now"));
        }
    }
    for (field, wanted) in expected.filter.iter().flat_map(|filter| &filter.query) {
        if expected.fields.contains_key(field.as_str()) || matches!(field.as_str(), "customer_id" | "limit" | "cursor")
        {
            continue;
        }
        let now = now.get(field).and_then(Value::as_str).unwrap_or_default();
        if now != wanted {
            what.push(format!("`{field}` was \"{wanted}\", and is \"{now}\" now"));
        }
    }
    what
}

fn value(exact: Option<&Exact>) -> Value {
    exact.and_then(|exact| serde_json::from_str(exact.get()).ok()).unwrap_or_default()
}
