//! What the service does with a record besides what it is told: defaults, and how `waiting_on_customer` and `state` follow
//! each other. PURE; knows no other record.

use super::{check::Sent, fields::Fields, kind::Kind};

/// A new record before anything was set: its ids, and each settable field empty or with its default.
pub(super) fn blank(kind: Kind, id: &str, display: i64, customer: Option<&str>) -> Fields {
    let mut record = Fields::default();
    for field in kind.object().fields {
        match (kind, field.name) {
            (_, "object") => record.add("object", kind.name()),
            (_, "id") => record.add("id", id),
            (_, "display_id") => record.add("display_id", display),
            (_, "customer_id") => record.add("customer_id", customer),
            (Kind::Customer, "status") => record.add("status", "onboarding"),
            (Kind::Contact, "is_primary") => record.add("is_primary", false),
            (Kind::Contact, "labels") => record.add("labels", [""; 0]),
            (Kind::Onboarding, "phase") => record.add("phase", "before_getting_started"),
            (Kind::Onboarding, "state") => record.add("state", "active"),
            (Kind::Onboarding, "waiting_on_customer") => record.add("waiting_on_customer", false),
            _ => record.add(field.name, ()),
        }
    }
    record
}

/// Sets what was sent, and what follows from it. Says whether the record is another one now.
pub(super) fn apply(kind: Kind, record: &mut Fields, sent: Sent) -> bool {
    if kind != Kind::Onboarding {
        return sent.into_iter().fold(false, |changed, (name, value)| record.set(name, value) || changed);
    }
    let flag_sent = sent.iter().any(|(name, _)| *name == "waiting_on_customer");
    let shown = |record: &Fields| (record.text("state"), record.flag("waiting_on_customer"));
    let before = shown(record);
    let mut changed = false;
    // The customer is named when an onboarding is made; by then it is set, in its canonical form.
    for (name, value) in sent.into_iter().filter(|(name, _)| *name != "customer_id") {
        let apart = matches!(name, "state" | "waiting_on_customer");
        changed |= record.set(name, value) && !apart;
    }
    let waiting = record.text("state").as_deref() == Some("waiting");
    // The flag decides where it was sent: true makes the state `waiting`, false turns `waiting` back into `active`. Where
    // it was not, it follows the state.
    match (flag_sent, record.flag("waiting_on_customer")) {
        (true, true) => record.put("state", "waiting"),
        (true, false) if waiting => record.put("state", "active"),
        (true, false) => false,
        (false, _) => record.put("waiting_on_customer", waiting),
    };
    changed | (before != shown(record))
}
