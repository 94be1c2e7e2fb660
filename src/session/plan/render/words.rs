//! The words that all forms of a shown plan share: what an entry is called, how a value reads, what the plan comes to.

use super::Others;
use crate::{
    session::plan::{Entry, Exact, Looks, Plan, Undo, ideal, looks_again, provisional},
    text::{self, plural},
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
        let they = if plan.totals.not_undoable == 1 { "it was" } else { "they were" };
        let writes = plural(plan.totals.not_undoable, "write");
        notes.push(format!("{writes} cannot be undone as {they}, marked with !"));
    }
    notes
}

/// How many requests it takes: `about 10 requests: 5 writes, 3 reads to see that nothing has moved, 2 reads to keep what vanishes with a record`.
pub fn quote(plan: &Plan) -> String {
    let quote = &plan.quote;
    let mut parts = vec![plural(quote.writes, "write")];
    if quote.reads > 0 {
        parts.push(format!("{} to see that nothing has moved", plural(quote.reads, "read")));
    }
    if quote.children > 0 {
        parts.push(format!("{} to keep what vanishes with what is deleted", plural(quote.children, "read")));
    }
    let again = quote.rate().map_or(0, |rate| looks_again(&plan.entries, quote, rate));
    if again > 0 {
        parts.push(format!("{} to look again at what waits for its turn", plural(again, "read")));
    }
    let about = if is_upper_bound(plan) { "at most" } else { "about" };
    format!("{about} {}: {}", plural(quote.requests() + again, "request"), parts.join(", "))
}

/// Whether it may be far fewer requests: where the records stand in their lists is not known.
fn is_upper_bound(plan: &Plan) -> bool {
    Looks::of(&plan.entries).at_most
}

/// How long that takes, alone and beside the others; none where there is no limit.
pub fn time(plan: &Plan, others: Others) -> Option<String> {
    let rate = plan.quote.rate()?;
    let requests = plan.quote.requests() + looks_again(&plan.entries, &plan.quote, rate);
    let bound = if is_upper_bound(plan) { "up to" } else { "at least" };
    let span = |requests| match ideal(requests, rate) {
        span if span.is_zero() => "within one window".into(),
        span => format!("{bound} {}", text::duration(span)),
    };
    let alone = format!("at {rate} that is {}", span(requests));
    let Others { runs, writes, silent } = others;
    let telling = runs - silent;
    let mut words = alone;
    if telling > 0 {
        let them = if telling == 1 { "which has" } else { "which have" };
        let (runs, left) = (plural(telling, "other run"), plural(writes, "write"));
        words.push_str(&format!("; beside {runs} at work, {them} {left} to go, {}", span(requests + writes)));
    }
    if silent > 0 {
        let (runs, does) = (plural(silent, "other run"), if silent == 1 { "does" } else { "do" });
        words.push_str(&format!("; longer beside {runs} at work that {does} not say how much is left"));
    }
    Some(words)
}

/// The mark of what cannot be undone.
pub fn mark(entry: &Entry) -> &'static str {
    if entry.undo == Undo::Yes { " " } else { "!" }
}
