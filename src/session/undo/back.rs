//! The way back as the entries of a plan. PURE.

use super::{
    super::{
        journal::story::Story,
        look::lists_below,
        plan::{self, Entry, Exact, RecordRef, Undo, provisional},
    },
    order::{Step, order, unique},
    record::{Gone, Record, Records},
};
use crate::api::{
    self,
    operation::{Effect, Kind, Operation, Set},
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The way back.
#[derive(Debug, Default)]
pub struct WayBack {
    pub entries: Vec<Entry>,
    /// What cannot be brought back, for people: one line each.
    pub lost: Vec<String>,
}

/// A record that is made again: its provisional id, and the position of the entry that makes it.
type Again = (String, usize);

/// A record that was deleted.
struct Old<'o> {
    id: &'o str,
    customer: Option<&'o str>,
    label: Option<&'o str>,
}

/// What goes into one entry.
struct Parts<'p> {
    operation: &'static Operation,
    path: Vec<String>,
    body: Option<Map<String, Value>>,
    record: RecordRef,
    changes: Vec<plan::Change>,
    uses: Option<&'p Again>,
    /// The id of the record whose place it takes.
    replaces: Option<&'p str>,
}

impl WayBack {
    /// The way back from what this story tells. What was created goes first, so that what must be unique is free again; the
    /// others follow, the latest change first and each behind those that it needs; last what vanished with its customer.
    pub fn of(story: &Story) -> WayBack {
        let records = Records::of(story);
        let mut back = WayBack::default();
        records.made().into_iter().for_each(|record| back.delete(record));
        let older = records.older();
        // What was deleted, by its old id: what is made in its place.
        let mut again: HashMap<&str, Again> = HashMap::new();
        let mut aside: HashMap<usize, Value> = HashMap::new();
        for step in order(&older) {
            match step {
                Step::Aside(at) => aside.extend(back.set_aside(older[at]).map(|value| (at, value))),
                Step::Back(at) if older[at].gone == Gone::Deleted => back.create(older[at], &mut again),
                Step::Back(at) => back.restore(older[at], aside.get(&at)),
            }
        }
        for object in ["contact", "onboarding"] {
            for record in older.iter().filter(|record| again.contains_key(record.id)) {
                let vanished = record.last.children.records.iter().rev();
                let own = vanished.filter(|child| child.get("object").and_then(Value::as_str) == Some(object));
                own.for_each(|child| back.create_child(object, child, &again[record.id], &records));
            }
        }
        back
    }

    fn delete(&mut self, record: &Record<'_>) {
        let Some(operation) = api::operation(&format!("delete_{}", record.object)) else { return };
        let changes = record.fields.iter().map(|(name, (_, now))| change(name, *now, None)).collect();
        self.push(Parts {
            operation,
            path: vec![record.id.into()],
            body: None,
            record: shown(record),
            changes,
            uses: None,
            replaces: None,
        });
    }

    /// Gives the record another value of what must be unique, for a while; gives that value.
    fn set_aside(&mut self, record: &Record<'_>) -> Option<Value> {
        let operation = api::operation(&format!("update_{}", record.object))?;
        let field = unique(record.object)?;
        let now = record.now(field)?;
        let value = Value::String(beside(now.as_str()?));
        self.push(Parts {
            operation,
            path: vec![record.id.into()],
            body: Some(Map::from_iter([(field.to_string(), value.clone())])),
            record: shown(record),
            changes: vec![change(field, Some(now), Some(&value))],
            uses: None,
            replaces: None,
        });
        Some(value)
    }

    fn restore(&mut self, record: &Record<'_>, aside: Option<&Value>) {
        let Some(operation) = api::operation(&format!("update_{}", record.object)) else { return };
        let (mut body, mut changes) = (Map::new(), Vec::new());
        for (name, (before, now)) in record.fields.iter().filter(|(_, (before, now))| before != now) {
            // What is the service's own follows from the others, or it does not.
            let Some(field) = operation.body().find(|field| field.name == *name) else { continue };
            let Some(before) = before else {
                self.lose(record, &format!("nobody knows what `{name}` was before"));
                continue;
            };
            if before.is_null() && !field.nullable {
                self.lose(record, &format!("`{name}` had no value, and cannot be emptied"));
                continue;
            }
            body.insert(name.to_string(), (*before).clone());
            let now = aside.filter(|_| unique(record.object) == Some(name)).or(*now);
            changes.push(change(name, now, Some(before)));
        }
        if !body.is_empty() {
            let path = vec![record.id.into()];
            let (record, uses, replaces) = (shown(record), None, None);
            self.push(Parts { operation, path, body: Some(body), record, changes, uses, replaces });
        }
    }

    fn create<'s>(&mut self, record: &Record<'s>, again: &mut HashMap<&'s str, Again>) {
        let Some(operation) = create_of(record.object) else { return };
        let before: Map<String, Value> = record
            .fields
            .iter()
            .filter_map(|(name, (before, _))| Some((name.to_string(), (*before)?.clone())))
            .collect();
        if !operation.required.iter().all(|name| before.contains_key(*name)) {
            return self.lose(record, "nobody knows what it was");
        }
        if !operation.path_params.is_empty() && record.customer().is_none() {
            return self.lose(record, "nobody knows whose it was");
        }
        for name in record.unknown() {
            self.lose(record, &format!("nobody knows what `{name}` was before"));
        }
        let parent = record.customer().and_then(|id| again.get(id)).cloned();
        let old = Old { id: record.id, customer: record.customer(), label: record.last.label.as_deref() };
        let (position, id) = self.make(operation, &before, old, parent.as_ref());
        again.insert(record.id, (id, position));
        if lists_below(record.object).next().is_some() && !record.last.children.whole {
            self.lose(record, "nobody knows all contacts and onboardings that it had");
        }
    }

    /// What vanished with a customer, under the one that takes its place.
    fn create_child(&mut self, object: &str, child: &Map<String, Value>, parent: &Again, records: &Records<'_>) {
        let (Some(operation), Some(before)) = (create_of(object), records.as_before(child)) else { return };
        let text = |name: &str| before.get(name).and_then(Value::as_str);
        let id = text("id").unwrap_or_default();
        for name in records.unknown_before(child) {
            self.lost.push(lost(
                text("name").unwrap_or(id),
                object,
                id,
                &format!("nobody knows what `{name}` was before"),
            ));
        }
        let old = Old { id, customer: text("customer_id"), label: text("name").or(Some(id)) };
        self.make(operation, &before, old, Some(parent));
    }

    /// A create of what was there before, under the parent that took the place of its customer, or else under that. Gives the
    /// position and the provisional id.
    fn make(
        &mut self,
        operation: &'static Operation,
        before: &Map<String, Value>,
        old: Old<'_>,
        parent: Option<&Again>,
    ) -> (usize, String) {
        let customer = parent.map(|(id, _)| id.as_str()).or(old.customer);
        let mut body = Map::new();
        for field in operation.body().filter(|field| field.set != Set::Never) {
            let value = match (field.name, before.get(field.name)) {
                ("customer_id", _) => customer.map(Value::from),
                // The service has a value of its own for these where none is said.
                (_, Some(Value::Null)) if field.nullable && matches!(field.kind, Kind::Boolean | Kind::TextList) => {
                    Some(Value::Null)
                }
                (_, value) => value.filter(|value| !value.is_null()).cloned(),
            };
            body.extend(value.map(|value| (field.name.to_string(), value)));
        }
        let changes = body.iter().map(|(name, value)| change(name, None, Some(value))).collect();
        let path = operation.path_params.iter().filter_map(|_| customer.map(str::to_string)).collect();
        let object = operation.returns.object().name;
        let (position, label) = (self.entries.len() + 1, old.label.map(str::to_string));
        let id = provisional::id(object, position);
        let record = RecordRef { object: object.into(), id: id.clone(), display_id: None, label };
        let (uses, replaces) = (parent, Some(old.id));
        self.push(Parts { operation, path, body: Some(body), record, changes, uses, replaces });
        (position, id)
    }

    fn lose(&mut self, record: &Record<'_>, why: &str) {
        self.lost.push(lost(record.label(), record.object, record.id, why));
    }

    fn push(&mut self, parts: Parts<'_>) {
        let Parts { operation, path, body, record, changes, uses, replaces } = parts;
        self.entries.push(Entry {
            position: self.entries.len() + 1,
            operation: operation.name.into(),
            path,
            body: body.map(|body| Value::Object(body).to_string()),
            record,
            changes,
            // Only what the run changed is sent.
            as_is: BTreeMap::new(),
            replaces: replaces.map(str::to_string),
            from: None,
            row: None,
            seen_updated_at: None,
            undo: Undo::Yes,
            uses: uses.cloned().into_iter().collect(),
        });
    }
}

fn create_of(object: &str) -> Option<&'static Operation> {
    api::operations().find(|operation| operation.effect == Effect::Create && operation.returns.object().name == object)
}

fn shown(record: &Record<'_>) -> RecordRef {
    RecordRef {
        object: record.object.into(),
        id: record.id.into(),
        display_id: record.last.display_id.as_deref().and_then(|id| id.parse().ok()),
        label: record.last.label.clone(),
    }
}

fn lost(label: &str, object: &str, id: &str, why: &str) -> String {
    format!("{label} ({object} {id}): {why}")
}

/// A value like this one that nobody has, as far as anybody knows: an address stays one.
fn beside(value: &str) -> String {
    match value.split_once('@') {
        Some((name, host)) => format!("{name}-aside@{host}"),
        None => format!("{value}-aside"),
    }
}

fn change(field: &str, before: Option<&Value>, after: Option<&Value>) -> plan::Change {
    let exact = |value: &Value| serde_json::value::to_raw_value(value).map(|raw| Exact::new(&raw)).ok();
    plan::Change { field: field.into(), before: before.and_then(exact), after: after.and_then(exact) }
}
