//! From a write that was answered here to the entry of a plan. Answers nothing.

use super::{
    Overlay,
    fields::{Fields, raw},
    kind::Kind,
    row::Facts,
    table::Row,
};
use crate::{
    api::{operation::Effect, request::Call},
    session::plan::{Change, Entry, Exact, RecordRef, Undo, provisional},
};
use std::collections::BTreeMap;

/// What every record has and nobody sets.
const OWN: [&str; 5] = ["object", "id", "display_id", "created_at", "updated_at"];

impl Overlay {
    /// Records a write; gives its position.
    pub(super) fn record(
        &mut self,
        call: &Call,
        kind: Kind,
        before: Option<&Fields>,
        after: Option<&Fields>,
        row: &Row,
    ) -> usize {
        let facts = &row.facts;
        let position = self.entries.len() + 1;
        let path: Vec<String> = call.path.iter().map(|id| id.trim().to_string()).collect();
        let body = call.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
        let changes = changes(before, after);
        let as_is = before.zip(body.as_deref()).map(|(before, body)| as_is(call, before, &changes, body));
        // What the plan itself makes was not there before.
        let own = self.is_made(&facts.id);
        let undo = if own { Undo::Yes } else { undo(call.operation.effect, kind, &changes) };
        let mut uses = BTreeMap::new();
        for text in path.iter().chain(&body) {
            for place in provisional::places(text) {
                let word = &text[place];
                uses.extend(self.made.get(word).map(|position| (word.to_string(), *position)));
            }
        }
        self.entries.push(Entry {
            position,
            operation: call.operation.name.into(),
            path,
            body,
            record: RecordRef {
                object: kind.name().into(),
                id: facts.id.to_string(),
                display_id: facts.display,
                label: self.label(facts),
            },
            changes,
            as_is: as_is.unwrap_or_default(),
            replaces: None,
            from: row.from.as_ref().map(|(filter, _)| (**filter).clone()),
            row: row.from.as_ref().map(|(_, at)| *at),
            seen_updated_at: row.seen_updated_at.clone(),
            undo,
            uses,
        });
        position
    }

    /// A name for people: its own, or that of its customer where the run knows it.
    fn label(&self, facts: &Facts) -> Option<String> {
        let own = facts.name.clone();
        own.or_else(|| {
            let id = facts.customer.as_deref()?;
            let known = self.table(Kind::Customer).get(id).map(|row| row.facts.name.clone());
            let seen = || Facts::of(Kind::Customer, &self.seen.find(Kind::Customer, id)?.1.json)?.name;
            known.unwrap_or_else(seen)
        })
    }
}

/// Each field that is another one afterwards.
fn changes(before: Option<&Fields>, after: Option<&Fields>) -> Vec<Change> {
    let settable = |name: &str| !OWN.contains(&name);
    let whole = |fields: &Fields, gone: bool| {
        let filled = fields.iter().filter(|(name, value)| settable(name) && value.get() != "null");
        let change = |(name, _): (&str, _)| {
            let value = fields.exact(name);
            let (before, after) = if gone { (value, None) } else { (None, value) };
            Change { field: name.to_string(), before, after }
        };
        filled.map(change).collect()
    };
    match (before, after) {
        (None, Some(after)) => whole(after, false),
        (Some(before), None) => whole(before, true),
        (None, None) => Vec::new(),
        (Some(before), Some(after)) => {
            let changed = |(name, value): &(&str, &serde_json::value::RawValue)| {
                settable(name) && before.raw(name).map(|old| old.get()) != Some(value.get())
            };
            let changed = after.iter().filter(changed);
            changed
                .map(|(name, _)| Change { field: name.into(), before: before.exact(name), after: after.exact(name) })
                .collect()
        }
    }
}

/// The fields that a body names and that stay as they were.
fn as_is(call: &Call, before: &Fields, changes: &[Change], body: &str) -> BTreeMap<String, Exact> {
    let Ok(sent) = Fields::parse(body) else { return BTreeMap::new() };
    let named = call.operation.body().filter(|field| sent.raw(field.name).is_some());
    let stays = named.filter(|field| !changes.iter().any(|change| change.field == field.name));
    // A field that the record does not have is empty.
    let value = |name: &str| before.exact(name).unwrap_or_else(|| Exact::new(&raw(())));
    stays.map(|field| (field.name.to_string(), value(field.name))).collect()
}

/// What an undo can do about a write.
fn undo(effect: Effect, kind: Kind, changes: &[Change]) -> Undo {
    if effect == Effect::Delete {
        return Undo::NewId;
    }
    let stuck = |change: &Change| {
        let field = kind.object().field(&change.field);
        let text = |value: &Option<crate::session::plan::Exact>| value.as_ref().and_then(|value| value.as_text());
        // The API notes call `completed` terminal; a field that may not be null cannot be emptied again.
        let terminal = change.field == "phase" && text(&change.after).as_deref() == Some("completed");
        let empty = change.before.as_ref().is_none_or(|value| value.is_null());
        terminal || (empty && field.is_some_and(|field| !field.nullable))
    };
    if effect == Effect::Update && changes.iter().any(stuck) { Undo::No } else { Undo::Yes }
}
