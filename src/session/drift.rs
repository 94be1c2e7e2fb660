//! Whether the workspace is still as a plan found it: each record that it changes is looked at, page by page where that
//! takes fewer requests. Sends no write.

use super::{
    Session, SessionError,
    apply::number,
    earlier::Earlier,
    journal::Entry as Frame,
    plan::{Entry, Looks, Plan, WORTH_A_WALK},
    standing::{Expected, Standing},
};
use crate::api::{
    self,
    error::CallError,
    page::Walk,
    request::{Call, Request},
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many records are asked for at once.
const AT_ONCE: usize = 8;

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
    /// Entries that need not be carried out: their records are as they leave them already.
    pub done: BTreeSet<usize>,
    /// Records that changed in fields that the plan does not touch.
    pub touched: usize,
}

type Objects = HashMap<(String, String), Map<String, Value>>;

impl Session {
    /// Looks at every record that the plan changes and that no earlier attempt has changed already, nor an earlier run.
    pub fn look_at_plan(&self, plan: &Plan, earlier: &Earlier) -> Result<Look, SessionError> {
        let done = |entry: &&Entry| {
            let known = || self.recorder().is_some_and(|recorder| recorder.knows(number(entry.position)));
            earlier.done.contains(&entry.position) || known()
        };
        let entries: Vec<&Entry> = plan.entries.iter().filter(|entry| !done(entry)).collect();
        let looks = Looks::of(entries.iter().copied());
        let mut wanted: BTreeSet<(String, String)> =
            looks.records.iter().map(|(object, id)| (object.to_string(), id.to_string())).collect();
        let mut now = Objects::new();
        for list in &looks.lists {
            let Some(call) = list.filter.call() else { continue };
            self.walk_for(call, Some(list.pages), &mut wanted, &mut now)?;
        }
        now.extend(self.look_at_records(&wanted)?);
        let mut all: BTreeMap<(&str, &str), Expected<'_>> = BTreeMap::new();
        for entry in entries {
            let record = (entry.record.object.as_str(), entry.record.id.as_str());
            if looks.records.contains(&record) {
                all.entry(record).or_default().entries.push(entry);
            }
        }
        let mut look = Look::default();
        for ((object, id), expected) in all {
            let found = now.get(&(object.to_string(), id.to_string()));
            match expected.standing(found) {
                Standing::Done(done) => {
                    look.done.extend(expected.entries[..done].iter().map(|entry| entry.position));
                    let is_newer = |now: &Map<String, Value>| !expected.is_untouched(now);
                    let known = expected.entries[0].seen_updated_at.is_some();
                    look.touched += usize::from(done == 0 && known && found.is_some_and(is_newer));
                }
                Standing::Moved(what) => look.drifted.push(Drift {
                    positions: expected.entries.iter().map(|entry| entry.position).collect(),
                    object: object.into(),
                    id: id.into(),
                    label: expected.entries[0].record.label.clone(),
                    what,
                }),
            }
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
            let list = api::operations()
                .find(|list| list.is_list() && list.path_params.is_empty() && list.returns.object().name == object);
            if let Some(list) = list.filter(|_| count >= WORTH_A_WALK) {
                self.walk_for(Call::new(list, Vec::new()), None, &mut wanted, &mut found)?;
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

    /// Walks a list in which some of the wanted records stand: so many `pages`, or as long as each page brings at least one of
    /// them, which is what asking for that one would cost.
    fn walk_for(
        &self,
        call: Call,
        pages: Option<usize>,
        wanted: &mut BTreeSet<(String, String)>,
        found: &mut Objects,
    ) -> Result<(), SessionError> {
        let object = call.operation.returns.object().name;
        let mut walk = Walk::new(call);
        let (mut asked, mut brought) = (0, 1);
        // A list that cannot be walked is no obstacle: the records are asked for one by one.
        while let Ok(Some(call)) = walk.next() {
            if wanted.is_empty() || pages.map_or(brought == 0, |pages| asked >= pages) {
                break;
            }
            let Some((request, answer)) = self.ask_for_page(&call)? else { break };
            (asked, brought) = (asked + 1, 0);
            self.enter_look(&answer.body, Some(&request.target))?;
            let Ok(rows) = walk.accept(&answer.body) else { break };
            for row in rows {
                let key = (object.to_string(), row.id);
                if wanted.remove(&key) {
                    brought += 1;
                    found.insert(key, serde_json::from_str(row.json.get()).unwrap_or_default());
                }
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
