//! What takes a run back: a plan that is made from its journal. Every writable field that the run changed goes back to what
//! it was, several writes to one record as one; what it created is deleted, children before parents; what it deleted is
//! created again. Sends nothing itself, but asks after writes whose answers nobody knows.

use super::{
    Session, SessionError, doubt,
    journal::{
        Doubt,
        story::{Change, Moved, Story},
    },
    plan::{self, Entry, Exact, RecordRef, Undo, provisional},
};
use crate::api::{
    self,
    operation::{Effect, Operation, Set},
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The way back.
#[derive(Debug, Default)]
pub struct WayBack {
    pub entries: Vec<Entry>,
    /// What cannot be brought back, for people: one line each.
    pub lost: Vec<String>,
}

/// What the run did to one record, all of it together.
struct Record<'s> {
    object: &'s str,
    id: &'s str,
    created: bool,
    deleted: bool,
    /// Each field, as it was before the run and as it is since.
    fields: BTreeMap<&'s str, (Option<&'s Value>, Option<&'s Value>)>,
    /// The places of its first and of its latest change.
    first_at: usize,
    last_at: usize,
    last: &'s Change,
}

impl WayBack {
    /// The way back from what this story tells. What was created goes first, the newest before the oldest and so children
    /// before their parents: what must be unique is free again then. The others follow, the latest change first and so
    /// parents before their children.
    pub fn of(story: &Story) -> WayBack {
        let records = records(story);
        // What vanished with a customer comes back with it, as it was before the run.
        let vanished: BTreeSet<&str> =
            story.changes.iter().flat_map(|change| &change.children).filter_map(id_of).collect();
        let own = |record: &&Record<'_>| !vanished.contains(record.id);
        let mut created: Vec<&Record<'_>> =
            records.values().filter(|record| record.created && !record.deleted).collect();
        created.sort_by_key(|record| std::cmp::Reverse(record.first_at));
        let mut others: Vec<&Record<'_>> = records.values().filter(|record| !record.created).collect();
        others.sort_by_key(|record| std::cmp::Reverse(record.last_at));
        let mut back = WayBack::default();
        created.into_iter().filter(own).for_each(|record| back.delete(record.object, record.id, record));
        // What was deleted, by its old id: what is made in its place.
        let mut again: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for record in others.into_iter().filter(own) {
            if record.deleted {
                back.create(record.object, record.id, record, &mut again, &records);
            } else {
                back.restore(record.object, record.id, record);
            }
        }
        back
    }

    fn delete(&mut self, object: &str, id: &str, record: &Record<'_>) {
        let Some(operation) = api::operation(&format!("delete_{object}")) else { return };
        let changes = record.fields.iter().map(|(name, (_, now))| change(name, *now, None)).collect();
        self.push(operation, vec![id.into()], None, object, id, record, changes);
    }

    fn restore(&mut self, object: &str, id: &str, record: &Record<'_>) {
        let Some(operation) = api::operation(&format!("update_{object}")) else { return };
        let (mut body, mut changes) = (Map::new(), Vec::new());
        for (name, (before, now)) in record.fields.iter().filter(|(_, (before, now))| before != now) {
            let Some(field) = operation.body().find(|field| field.name == *name) else {
                // The service's own: it follows from the others, or it does not.
                continue;
            };
            let Some(before) = before else {
                self.lose(object, id, record, &format!("nobody knows what `{name}` was before"));
                continue;
            };
            if before.is_null() && !field.nullable {
                self.lose(object, id, record, &format!("`{name}` had no value, and cannot be emptied"));
                continue;
            }
            body.insert(name.to_string(), (*before).clone());
            changes.push(change(name, *now, Some(before)));
        }
        // The state follows from the flag, unless it is said itself.
        if !body.is_empty() {
            self.push(operation, vec![id.into()], Some(Value::Object(body)), object, id, record, changes);
        }
    }

    fn create(
        &mut self,
        object: &str,
        id: &str,
        record: &Record<'_>,
        again: &mut BTreeMap<String, (String, usize)>,
        records: &Records<'_>,
    ) {
        let create = api::operations()
            .find(|operation| operation.effect == Effect::Create && operation.returns.object().name == object);
        let Some(operation) = create else { return };
        if record.fields.is_empty() {
            return self.lose(object, id, record, "nobody knows what it was");
        }
        let mut uses = BTreeMap::new();
        let mut parent = |old: &str| match again.get(old) {
            Some((new, position)) => {
                uses.insert(new.clone(), *position);
                new.clone()
            }
            None => old.to_string(),
        };
        let (mut body, mut changes, mut path) = (Map::new(), Vec::new(), Vec::new());
        if let (Some(customer), false) = (&record.last.customer, operation.path_params.is_empty()) {
            path.push(parent(customer));
        }
        for (name, (before, _)) in &record.fields {
            let Some(before) = before.filter(|value| !value.is_null()) else { continue };
            if !operation.body().any(|field| field.name == *name && field.set != Set::Never) {
                continue;
            }
            let value = match (*name, before) {
                ("customer_id", Value::String(old)) => Value::String(parent(old)),
                _ => before.clone(),
            };
            changes.push(change(name, None, Some(&value)));
            body.insert(name.to_string(), value);
        }
        if path.len() != operation.path_params.len() {
            return self.lose(object, id, record, "nobody knows whose it was");
        }
        let position = self.entries.len() + 1;
        let new = provisional::id(object, position);
        again.insert(id.to_string(), (new.clone(), position));
        self.push(operation, path, Some(Value::Object(body)), object, &new, record, changes);
        if let Some(entry) = self.entries.last_mut() {
            entry.uses = uses;
        }
        let children = record.last.children.iter().filter_map(|child| as_before(child, records)).collect::<Vec<_>>();
        self.create_children(&new, &children);
    }

    /// What vanished with a customer, under the one that takes its place.
    fn create_children(&mut self, customer: &str, children: &[Map<String, Value>]) {
        let position = self.entries.len();
        for child in children {
            let text = |name: &str| child.get(name).and_then(Value::as_str).map(str::to_string);
            let (Some(object), Some(old)) = (text("object"), text("id")) else { continue };
            let create = api::operations()
                .find(|operation| operation.effect == Effect::Create && operation.returns.object().name == object);
            let Some(operation) = create else { continue };
            let mut body: Map<String, Value> = operation
                .body()
                .filter_map(|field| Some((field.name, child.get(field.name).filter(|value| !value.is_null())?.clone())))
                .map(|(name, value)| (name.to_string(), value))
                .collect();
            let mut path = Vec::new();
            if operation.path_params.is_empty() {
                body.insert("customer_id".into(), customer.into());
            } else {
                path.push(customer.to_string());
            }
            let changes = body.iter().map(|(name, value)| change(name, None, Some(value))).collect();
            let number = self.entries.len() + 1;
            self.entries.push(Entry {
                position: number,
                operation: operation.name.into(),
                path,
                body: Some(Value::Object(body).to_string()),
                record: RecordRef {
                    id: provisional::id(&object, number),
                    object,
                    display_id: None,
                    label: text("name").or(Some(old)),
                },
                changes,
                from: None,
                row: None,
                seen_updated_at: None,
                undo: Undo::Yes,
                uses: BTreeMap::from([(customer.to_string(), position)]),
            });
        }
    }

    fn lose(&mut self, object: &str, id: &str, record: &Record<'_>, why: &str) {
        let name = record.last.label.as_deref().unwrap_or(id);
        self.lost.push(format!("{name} ({object} {id}): {why}"));
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of an entry")]
    fn push(
        &mut self,
        operation: &Operation,
        path: Vec<String>,
        body: Option<Value>,
        object: &str,
        id: &str,
        record: &Record<'_>,
        changes: Vec<plan::Change>,
    ) {
        self.entries.push(Entry {
            position: self.entries.len() + 1,
            operation: operation.name.into(),
            path,
            body: body.map(|body| body.to_string()),
            record: RecordRef {
                object: object.into(),
                id: id.into(),
                display_id: record.last.display_id.as_deref().and_then(|id| id.parse().ok()),
                label: record.last.label.clone(),
            },
            changes,
            from: None,
            row: None,
            seen_updated_at: None,
            undo: Undo::Yes,
            uses: BTreeMap::new(),
        });
    }
}

type Records<'s> = HashMap<(&'s str, &'s str), Record<'s>>;

/// What the run did, by record.
fn records(story: &Story) -> Records<'_> {
    let mut records: Records<'_> = HashMap::new();
    for (at, change) in story.changes.iter().enumerate() {
        let effect = api::operation(&change.operation).map(|operation| operation.effect);
        let record = records.entry((&change.object, &change.id)).or_insert_with(|| Record {
            object: &change.object,
            id: &change.id,
            created: false,
            deleted: false,
            fields: BTreeMap::new(),
            first_at: at,
            last_at: at,
            last: change,
        });
        (record.last, record.last_at) = (change, at);
        record.created |= effect == Some(Effect::Create);
        record.deleted |= effect == Some(Effect::Delete);
        for Moved { name, from, to } in &change.fields {
            let field = record.fields.entry(name);
            field.and_modify(|(_, last)| *last = to.as_ref()).or_insert((from.as_ref(), to.as_ref()));
        }
    }
    records
}

/// A record that vanished with its customer, as it was before the run; `None` where the run had made it.
fn as_before(child: &Map<String, Value>, records: &Records<'_>) -> Option<Map<String, Value>> {
    let object = child.get("object").and_then(Value::as_str).unwrap_or_default();
    let mut child = child.clone();
    if let Some(record) = records.get(&(object, id_of(&child).unwrap_or_default())) {
        if record.created {
            return None;
        }
        let known = record.fields.iter().filter_map(|(name, (before, _))| Some((name.to_string(), (*before)?.clone())));
        let known: Vec<_> = known.collect();
        child.extend(known);
    }
    Some(child)
}

fn id_of(record: &Map<String, Value>) -> Option<&str> {
    record.get("id").and_then(Value::as_str)
}

impl Session {
    /// Adds to a story the writes of which nobody knew whether they were carried out, where the workspace shows that they
    /// were.
    pub fn settle_story(&self, story: &mut Story, doubts: Vec<(super::Number, Doubt)>) -> Result<(), SessionError> {
        let known: BTreeSet<_> = story.changes.iter().map(|change| change.number).collect();
        for (number, told) in doubts.into_iter().filter(|(number, _)| !known.contains(number)) {
            let Some(operation) = api::operation(&told.asked.operation) else { continue };
            let call = told.asked.call(operation, &told.body);
            if let Some(answer) = doubt::was_carried_out(self, &call, &told)? {
                let before = story.before_doubts.remove(&number).unwrap_or_default();
                story.changes.push(Change::settled(number, &told, operation, before, &answer));
            }
        }
        story.changes.sort_by_key(|change| change.number);
        Ok(())
    }
}

fn change(field: &str, before: Option<&Value>, after: Option<&Value>) -> plan::Change {
    let exact = |value: &Value| serde_json::value::to_raw_value(value).map(|raw| Exact::new(&raw)).ok();
    plan::Change { field: field.into(), before: before.and_then(exact), after: after.and_then(exact) }
}
