//! What a run did to each record, all of it together: as it was before, as it is since. PURE.

use super::super::journal::story::{Change, Moved, Story};
use crate::api::{self, operation::Effect};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the run did to one record.
pub(super) struct Record<'s> {
    pub object: &'s str,
    pub id: &'s str,
    /// Whether the run made it.
    pub created: bool,
    pub gone: Gone,
    /// Each field, as it was before the run and as it is since; `None` where there was no record, or nobody knows.
    pub fields: BTreeMap<&'s str, (Option<&'s Value>, Option<&'s Value>)>,
    /// The places of its first and of its latest change.
    pub first_at: usize,
    pub last_at: usize,
    /// The latest of its changes.
    pub last: &'s Change,
}

/// Whether a record is there since the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    No,
    Deleted,
    /// It vanished when its customer was deleted.
    WithCustomer,
}

/// By kind and id.
pub(super) struct Records<'s>(HashMap<(&'s str, &'s str), Record<'s>>);

impl<'s> Records<'s> {
    pub fn of(story: &'s Story) -> Records<'s> {
        let mut records: HashMap<(&str, &str), Record<'_>> = HashMap::new();
        for (at, change) in story.changes.iter().enumerate() {
            let effect = api::operation(&change.operation).map(|operation| operation.effect);
            let record = records.entry((&change.object, &change.id)).or_insert_with(|| Record {
                object: &change.object,
                id: &change.id,
                created: effect == Some(Effect::Create),
                gone: Gone::No,
                fields: BTreeMap::new(),
                first_at: at,
                last_at: at,
                last: change,
            });
            if record.gone == Gone::Deleted {
                // Deleting twice gives the same answer, and changes nothing.
                continue;
            }
            (record.last, record.last_at) = (change, at);
            if effect == Some(Effect::Delete) {
                record.gone = Gone::Deleted;
            }
            for Moved { name, from, to } in &change.fields {
                let field = record.fields.entry(name);
                field.and_modify(|(_, now)| *now = to.as_ref()).or_insert((from.as_ref(), to.as_ref()));
            }
        }
        let deleted = |record: &&Record<'s>| record.object == "customer" && record.gone == Gone::Deleted;
        let customers: HashSet<&str> = records.values().filter(deleted).map(|record| record.id).collect();
        for record in records.values_mut() {
            if record.gone == Gone::No && record.customer().is_some_and(|customer| customers.contains(customer)) {
                record.gone = Gone::WithCustomer;
            }
        }
        Records(records)
    }

    /// Those that the run made and that are there, the newest first and so children before their parents.
    pub fn made(&self) -> Vec<&Record<'s>> {
        let mut made: Vec<_> = self.0.values().filter(|record| record.created && record.gone == Gone::No).collect();
        made.sort_by_key(|record| std::cmp::Reverse(record.first_at));
        made
    }

    /// Those that were there before the run and did not vanish with a customer, the latest change first.
    pub fn older(&self) -> Vec<&Record<'s>> {
        let own = |record: &&Record<'_>| !record.created && record.gone != Gone::WithCustomer;
        let mut older: Vec<_> = self.0.values().filter(own).collect();
        older.sort_by_key(|record| std::cmp::Reverse(record.last_at));
        older
    }

    /// A record that vanished with its customer, as it was before the run; `None` where the run had made it.
    pub fn as_before(&self, vanished: &Map<String, Value>) -> Option<Map<String, Value>> {
        let text = |name: &str| vanished.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut before = vanished.clone();
        if let Some(record) = self.0.get(&(text("object"), text("id"))) {
            if record.created {
                return None;
            }
            for (name, (was, _)) in &record.fields {
                // What nobody knows stays as it was last.
                if let Some(was) = was {
                    before.insert(name.to_string(), (*was).clone());
                }
            }
        }
        Some(before)
    }

    /// The fields of such a record of which nobody knows what they were before the run.
    pub fn unknown_before(&self, vanished: &Map<String, Value>) -> Vec<&'s str> {
        let text = |name: &str| vanished.get(name).and_then(Value::as_str).unwrap_or_default();
        let record = self.0.get(&(text("object"), text("id"))).filter(|record| !record.created);
        record.map(Record::unknown).unwrap_or_default()
    }
}

impl<'s> Record<'s> {
    /// The customer that it belongs to; none of a customer.
    pub fn customer(&self) -> Option<&'s str> {
        self.last.customer.as_deref()
    }

    /// What people call it.
    pub fn label(&self) -> &'s str {
        self.last.label.as_deref().unwrap_or(self.id)
    }

    /// A field as it was before the run.
    pub fn before(&self, field: &str) -> Option<&'s Value> {
        self.fields.get(field).and_then(|(before, _)| *before)
    }

    /// A field as it is since.
    pub fn now(&self, field: &str) -> Option<&'s Value> {
        self.fields.get(field).and_then(|(_, now)| *now)
    }

    /// The fields of which nobody knows what they were.
    pub fn unknown(&self) -> Vec<&'s str> {
        self.fields.iter().filter(|(_, (before, _))| before.is_none()).map(|(name, _)| *name).collect()
    }
}
