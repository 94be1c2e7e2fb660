//! The words that all forms of a shown plan share: what an entry is called, how a value reads, what the plan comes to.

use crate::{
    session::plan::{Entry, Exact, Plan, Undo, ideal, provisional},
    text::{self, Rate, plural},
};

/// A value as a person reads it: texts in quotes, nothing where there is none.
pub fn value(value: Option<&Exact>) -> &str {
    match value {
        None => "-",
        Some(value) if value.is_null() => "(empty)",
        Some(value) => value.get(),
    }
}

/// What the record is called, and its ids: `Acme Corporation (customer 101, clx9f8g7h6j5k4l3m2n1)`.
pub fn record(entry: &Entry) -> String {
    let record = &entry.record;
    let ids = match record.display_id {
        // A provisional display id says nothing that the id does not say.
        Some(display) if !provisional::is_provisional(&record.id) => {
            format!("{} {display}, {}", record.object, record.id)
        }
        _ => format!("{} {}", record.object, record.id),
    };
    match &record.label {
        Some(label) => format!("{label} ({ids})"),
        None => ids,
    }
}

/// `3 writes: 1 create, 2 updates, 0 deletes`.
pub fn totals(plan: &Plan) -> String {
    let totals = &plan.totals;
    format!(
        "{}: {}, {}, {}",
        plural(totals.writes(), "write"),
        plural(totals.creates, "create"),
        plural(totals.updates, "update"),
        plural(totals.deletes, "delete")
    )
}

/// What is to be said besides the entries: what stays as it is, what cannot be undone.
pub fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.totals.unchanged > 0 {
        notes.push(format!(
            "{} would change nothing and will not be sent",
            plural(plan.totals.unchanged, "other write")
        ));
    }
    if plan.totals.not_undoable > 0 {
        notes
            .push(format!("{} cannot be undone as it was, marked with `!`", plural(plan.totals.not_undoable, "write")));
    }
    notes
}

/// `up to 8 requests (5 writes, 3 reads to see that nothing has moved), at 60/min at least 1 min`.
pub fn quote(plan: &Plan, rate: Option<Rate>) -> String {
    let quote = &plan.quote;
    let mut words = plural(quote.writes, "write");
    if quote.reads > 0 {
        let reads = plural(quote.reads, "read");
        words =
            format!("up to {} ({words}, {reads} to see that nothing has moved)", plural(quote.requests(), "request"));
    }
    // No service has such a limit: there is none, as in a sandbox.
    let Some(rate) = rate.filter(|rate| rate.limit < 1_000_000) else { return words };
    match ideal(quote.requests(), rate) {
        span if span.is_zero() => format!("{words}, within one window of {rate}"),
        span => format!("{words}, at {rate} at least {}", text::duration(span)),
    }
}

/// The mark of what cannot be undone.
pub fn mark(entry: &Entry) -> &'static str {
    if entry.undo == Undo::Yes { " " } else { "!" }
}
