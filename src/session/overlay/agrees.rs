//! Whether the entry of a plan does what it shows: people approve the changes, and what is sent is the body. Looks at the
//! entry alone.

use super::{
    check,
    fields::{Fields, raw},
    kind::Kind,
    row, rules,
};
use crate::{
    api::operation::{Effect, Operation},
    session::plan::{Change, Entry, Exact},
};

/// Whether the call of an entry is about the record that it names, and its body makes the changes that it shows and no
/// others.
pub fn agrees(entry: &Entry) -> bool {
    let Some(operation) = entry.operation() else { return false };
    let Some(kind) = Kind::of(operation).filter(|kind| kind.name() == entry.record.object) else { return false };
    let Some(body) = &entry.body else { return is_about(entry) };
    let Ok(sent) = Fields::parse(body) else { return false };
    let made = made(entry, operation, kind, body, &sent);
    // What the service keeps of a value may be another spelling, and what it has may be more than is known here.
    let is = |name: &str, value: &Exact| [&made, &sent].iter().any(|fields| fields.exact(name).as_ref() == Some(value));
    let shown = |name: &str| entry.changes.iter().any(|change| change.field == name) || entry.as_is.contains_key(name);
    let create = operation.effect == Effect::Create;
    // Whose it is may be said by a display id, in the body or in the path.
    let whose = |after: Option<&Exact>| {
        let said = sent.text("customer_id").or_else(|| entry.path.first().cloned());
        said.is_some_and(|id| row::display(&id).is_some() || after.and_then(Exact::as_text) == Some(id))
    };
    let true_to = |change: &Change| match change.field.as_str() {
        "customer_id" if create => whose(change.after.as_ref()),
        // The service makes one.
        "slug" if create && sent.raw("slug").is_none() => true,
        name => change.after.as_ref().is_some_and(|value| is(name, value)),
    };
    let empty = |name: &str| create && made.raw(name).is_none_or(|value| value.get() == "null");
    let mut said = operation.body().filter(|field| sent.raw(field.name).is_some());
    entry.changes.iter().all(true_to)
        && entry.as_is.iter().all(|(name, value)| is(name, value))
        && said.all(|field| shown(field.name) || empty(field.name))
        && (create || is_about(entry))
}

/// Whether the last id of the call is that of the record.
fn is_about(entry: &Entry) -> bool {
    let id = entry.path.last().map(String::as_str).unwrap_or_default();
    let display = row::display(id);
    id == entry.record.id || (display.is_some() && display == entry.record.display_id)
}

/// The record after the write, as far as the entry tells what it was.
fn made(entry: &Entry, operation: &'static Operation, kind: Kind, body: &str, sent: &Fields) -> Fields {
    let mut record = match operation.effect {
        Effect::Create => rules::blank(kind, &entry.record.id, entry.record.display_id.unwrap_or_default(), None),
        _ => Fields::default(),
    };
    let before = entry.changes.iter().filter_map(|change| Some((&change.field, change.before.as_ref()?)));
    for (name, value) in before.chain(&entry.as_is) {
        record.set(name, value.raw().to_owned());
    }
    match check::body(operation, body.as_bytes()) {
        Ok(fields) => {
            let own = fields.iter().find(|(name, _)| *name == "customer_id").map(|(_, id)| id.clone());
            rules::apply(kind, &mut record, fields);
            if let Some(id) = own {
                record.set("customer_id", id);
            }
        }
        // An undo gives back what the service had, also values that are not known here.
        Err(_) => {
            for (name, value) in sent.iter() {
                record.set(name, value.to_owned());
            }
        }
    }
    // A field that is emptied stays a field.
    for field in operation.body() {
        if record.raw(field.name).is_none() {
            record.add(field.name, raw(()));
        }
    }
    record
}
