//! How far a plan has come with one record, told from how the record is now: as it was found, as it is after some of the
//! plan's writes, or in another way, because somebody else has changed it. PURE.

use super::plan::{Change, Entry, Exact, provisional};
use crate::api::operation::Effect;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a plan says of one record: its entries about it, in order, but for a create of it.
#[derive(Clone, Debug, Default)]
pub struct Expected<'p> {
    pub entries: Vec<&'p Entry>,
}

/// How a record stands to its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// So many of the entries need not be carried out: the record is as they leave it, or was brought there.
    Done(usize),
    /// Somebody else has changed it: a line for each field.
    Moved(Vec<String>),
}

type Fields<'p> = BTreeMap<&'p str, Value>;

impl<'p> Expected<'p> {
    /// How the record stands, that is `now` so; `None` where it is gone.
    pub fn standing(&self, now: Option<&Map<String, Value>>) -> Standing {
        let deleted = self.entries.last().is_some_and(|entry| entry.effect() == Some(Effect::Delete));
        let Some(now) = now else {
            return if deleted {
                Standing::Done(self.entries.len())
            } else {
                Standing::Moved(vec!["it is gone".into()])
            };
        };
        let states = self.states();
        let is =
            |state: &Fields<'_>| state.iter().all(|(field, value)| now.get(*field).unwrap_or(&Value::Null) == value);
        // A plan may lead back to where it began. Nothing but the time then tells whether it was carried out.
        if is(&states[0]) && (self.is_untouched(now) || !states[1..].iter().any(is)) {
            return self.filtered(now, 0);
        }
        if let Some(done) = (1..states.len()).rev().find(|done| is(&states[*done])) {
            return self.filtered(now, done);
        }
        // Each field alone may be as it was or as it is to be: then the plan brings the others there.
        let (before, after) = (&states[0], &states[states.len() - 1]);
        let mut what = Vec::new();
        for (field, before) in before {
            let now = now.get(*field).unwrap_or(&Value::Null);
            if now != before && (deleted || Some(now) != after.get(field)) {
                what.push(format!("`{field}` was {before}, and is {now} now"));
            }
        }
        if what.is_empty() { self.filtered(now, 0) } else { Standing::Moved(what) }
    }

    /// Whether the record is as old as when the plan found it.
    pub fn is_untouched(&self, now: &Map<String, Value>) -> bool {
        let seen = self.entries.first().and_then(|entry| entry.seen_updated_at.as_deref());
        seen.is_some() && seen == now.get("updated_at").and_then(Value::as_str)
    }

    /// The fields that the plan is about, as they were found and after each of its entries but a delete.
    fn states(&self) -> Vec<Fields<'p>> {
        let mut state = Fields::new();
        for change in self.entries.iter().flat_map(|entry| known(entry)) {
            state.entry(&change.field).or_insert_with(|| value(change.before.as_ref()));
        }
        let mut states = vec![state.clone()];
        for entry in self.entries.iter().filter(|entry| entry.effect() != Some(Effect::Delete)) {
            let after = known(entry).map(|change| (change.field.as_str(), value(change.after.as_ref())));
            state.extend(after);
            states.push(state.clone());
        }
        states
    }

    /// The standing of a record of which `done` entries are done, if it still meets the filter of its list, and is still so
    /// as the other entries say once more, in the fields that the plan does not change.
    fn filtered(&self, now: &Map<String, Value>, done: usize) -> Standing {
        if done == self.entries.len() {
            return Standing::Done(done);
        }
        let filter = self.entries.first().and_then(|entry| entry.from.as_ref());
        let own =
            |field: &str| self.entries.iter().any(|entry| entry.changes.iter().any(|change| change.field == field));
        let asked = filter.iter().flat_map(|filter| &filter.query);
        let asked =
            asked.filter(|(field, _)| !own(field) && !matches!(field.as_str(), "customer_id" | "limit" | "cursor"));
        let mut what = Vec::new();
        let said: Fields<'_> = self.entries[done..]
            .iter()
            .flat_map(|entry| entry.as_is.iter().filter(|(field, _)| !is_guess(entry, field)))
            .filter(|(field, _)| !own(field))
            .map(|(field, was)| (field.as_str(), value(Some(was))))
            .collect();
        for (field, was) in &said {
            let now = now.get(*field).unwrap_or(&Value::Null);
            if now != was {
                what.push(format!("`{field}` was {was}, and is {now} now"));
            }
        }
        for (field, wanted) in asked.filter(|(field, _)| !said.contains_key(field.as_str())) {
            let now = now.get(field).and_then(Value::as_str).unwrap_or_default();
            if now != wanted {
                what.push(format!("`{field}` was \"{wanted}\", and is \"{now}\" now"));
            }
        }
        if what.is_empty() { Standing::Done(done) } else { Standing::Moved(what) }
    }
}

/// The changes whose values are known.
fn known(entry: &Entry) -> impl Iterator<Item = &Change> {
    entry.changes.iter().filter(|change| !is_guess(entry, &change.field))
}

/// Of a record that the plan makes, the service decides whose it is and what its slug is.
fn is_guess(entry: &Entry, field: &str) -> bool {
    provisional::is_provisional(&entry.record.id) && matches!(field, "slug" | "customer_id")
}

fn value(exact: Option<&Exact>) -> Value {
    exact.and_then(|exact| serde_json::from_str(exact.get()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::plan::{RecordRef, Undo};

    fn entry(operation: &str, before: &str, after: &str) -> Entry {
        let exact =
            |text: &str| serde_json::from_str::<Exact>(&format!("\"{text}\"")).ok().filter(|_| !text.is_empty());
        Entry {
            position: 1,
            operation: operation.into(),
            path: vec!["c".into()],
            body: None,
            record: RecordRef { object: "customer".into(), id: "c".into(), display_id: None, label: None },
            changes: vec![Change { field: "plan".into(), before: exact(before), after: exact(after) }],
            as_is: BTreeMap::new(),
            replaces: None,
            from: None,
            row: None,
            seen_updated_at: Some("then".into()),
            undo: Undo::Yes,
            uses: BTreeMap::new(),
        }
    }

    fn standing(entries: &[Entry], plan: &str, updated_at: &str) -> Standing {
        let now = serde_json::json!({"plan": plan, "updated_at": updated_at});
        Expected { entries: entries.iter().collect() }.standing(now.as_object())
    }

    #[test]
    fn what_a_body_says_once_more_must_still_be_so_while_it_is_to_be_sent() {
        let mut one = entry("update_customer", "a", "b");
        one.as_is.insert("mrr".into(), serde_json::from_str("7").unwrap());
        let standing = |plan: &str, mrr: Value| {
            let now = serde_json::json!({"plan": plan, "mrr": mrr, "updated_at": "since"});
            Expected { entries: vec![&one] }.standing(now.as_object())
        };
        assert_eq!(standing("a", 7.into()), Standing::Done(0));
        assert_eq!(standing("a", 9.into()), Standing::Moved(vec!["`mrr` was 7, and is 9 now".into()]));
        assert_eq!(standing("a", Value::Null), Standing::Moved(vec!["`mrr` was 7, and is null now".into()]));
        // It is not sent again, and so the other value stays.
        assert_eq!(standing("b", 9.into()), Standing::Done(1));
    }

    #[test]
    fn a_record_tells_how_far_the_plan_has_come_with_it() {
        let steps = [entry("update_customer", "a", "b"), entry("update_customer", "b", "c")];
        for (plan, done) in [("a", 0), ("b", 1), ("c", 2)] {
            assert_eq!(standing(&steps, plan, "since"), Standing::Done(done), "{plan}");
        }
        let moved = Standing::Moved(vec!["`plan` was \"a\", and is \"x\" now".into()]);
        assert_eq!(standing(&steps, "x", "since"), moved);
        let back = [entry("update_customer", "a", "b"), entry("update_customer", "b", "a")];
        assert_eq!(standing(&back, "a", "then"), Standing::Done(0));
        assert_eq!(standing(&back, "a", "since"), Standing::Done(2));
        let gone = [entry("update_customer", "a", "b"), entry("delete_customer", "b", "")];
        assert_eq!(standing(&gone, "b", "since"), Standing::Done(1));
        assert_eq!(Expected { entries: gone.iter().collect() }.standing(None), Standing::Done(2));
        assert_eq!(
            Expected { entries: steps.iter().collect() }.standing(None),
            Standing::Moved(vec!["it is gone".into()])
        );
    }
}
