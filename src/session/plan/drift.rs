//! Whether a record is still as it was when the plan was made, as far as the plan has to do with it. PURE: whoever
//! applies a plan reads the record and decides what follows.

use super::{Entry, ListFilter, Plan, value::Exact};
use crate::api::operation::Effect;
use serde_json::{Value, value::RawValue};
use std::collections::{BTreeMap, BTreeSet};

/// What has moved since the plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// The record is not there any more.
    Gone,
    /// A field that the plan changes has another value than the one it was planned upon.
    Field { field: String, planned: Option<Exact>, now: Option<Exact> },
    /// It no longer meets a filter of the list that it came from.
    Left { filter: String, wanted: String, now: Option<Exact> },
}

impl Plan {
    /// For each record that is there already and that the plan changes or deletes, the first entry about it: its `before`
    /// is what was there when the plan was made.
    pub fn existing(&self) -> Vec<&Entry> {
        first(&self.entries)
    }
}

/// The first entry about each record that the entries do not make themselves.
pub(super) fn first(entries: &[Entry]) -> Vec<&Entry> {
    let mut known = BTreeSet::new();
    let mut first = Vec::new();
    for entry in entries {
        let new = known.insert((entry.record.object.as_str(), entry.record.id.as_str()));
        if new && entry.effect() != Some(Effect::Create) {
            first.push(entry);
        }
    }
    first
}

impl Entry {
    /// What has moved, in the record as the service has it now; none for one that is not there. Later entries about one
    /// record build on the first, so only that one can be asked.
    pub fn drift(&self, now: Option<&str>) -> Vec<Drift> {
        let Some(record) = now.and_then(|json| serde_json::from_str::<BTreeMap<String, &RawValue>>(json).ok()) else {
            return vec![Drift::Gone];
        };
        let value = |name: &str| record.get(name).map(|raw| Exact::new(raw));
        let mut moved: Vec<Drift> = Vec::new();
        for change in &self.changes {
            let now = value(&change.field);
            if !same(change.before.as_ref(), now.as_ref()) {
                moved.push(Drift::Field { field: change.field.clone(), planned: change.before.clone(), now });
            }
        }
        moved.extend(self.from.iter().flat_map(|list| list.left(&value)));
        moved
    }

    /// Whether anything at all was changed since the dry run saw the record, as its `updated_at` tells.
    pub fn touched_since(&self, now: &str) -> bool {
        let record: BTreeMap<String, &RawValue> = serde_json::from_str(now).unwrap_or_default();
        let updated = record.get("updated_at").and_then(|raw| Exact::new(raw).as_text());
        self.seen_updated_at.is_some() && updated != self.seen_updated_at
    }
}

impl ListFilter {
    /// The filters that a record does not meet. A customer may be named in either form, and no record changes it.
    fn left(&self, value: &dyn Fn(&str) -> Option<Exact>) -> Vec<Drift> {
        let meets = |filter: &str, wanted: &str| match (filter, wanted) {
            ("customer_id", _) => true,
            // Derived: it asks for the flag and not for the state's own text.
            ("state", "waiting") => value("waiting_on_customer").is_some_and(|flag| flag.get() == "true"),
            _ => value(filter).and_then(|now| now.as_text()).as_deref() == Some(wanted),
        };
        let left = self.query.iter().filter(|(filter, wanted)| !meets(filter, wanted));
        left.map(|(filter, wanted)| Drift::Left { filter: filter.clone(), wanted: wanted.clone(), now: value(filter) })
            .collect()
    }
}

/// Whether two values are one, however they are spelled. A field that a record does not have reads as null.
fn same(a: Option<&Exact>, b: Option<&Exact>) -> bool {
    let text = |value: Option<&Exact>| value.map_or("null", Exact::get).to_string();
    let (a, b) = (text(a), text(b));
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    a == b || value(&a).is_some_and(|a| Some(a) == value(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::plan::{Change, RecordRef, Undo};

    fn entry() -> Entry {
        let change = |field: &str, before: &str| Change {
            field: field.into(),
            before: (!before.is_empty()).then(|| serde_json::from_str(before).unwrap()),
            after: None,
        };
        let query = [("state", "waiting"), ("phase", "launch"), ("customer_id", "101")];
        Entry {
            position: 1,
            operation: "update_onboarding".into(),
            path: vec!["o".into()],
            body: Some("{}".into()),
            record: RecordRef { object: "onboarding".into(), id: "o".into(), display_id: None, label: None },
            changes: vec![change("notes", r#""é""#), change("csm_id", "")],
            from: Some(ListFilter {
                operation: "list_onboardings".into(),
                path: Vec::new(),
                query: query.map(|(name, value)| (name.into(), value.into())).into(),
            }),
            seen_updated_at: Some("2026-01-01T00:00:00Z".into()),
            undo: Undo::Yes,
            uses: BTreeMap::new(),
        }
    }

    #[test]
    fn what_the_plan_has_to_do_with_counts_and_nothing_else() {
        let now = |notes: &str, waiting: &str, more: &str| {
            format!(
                r#"{{"id":"o","notes":{notes},"waiting_on_customer":{waiting},"phase":"launch","customer_id":"c"{more}}}"#
            )
        };
        let entry = entry();
        let same = now(
            r#""\u00e9""#,
            "true",
            r#","csm_id":null,"se_id":"new","state":"paused","updated_at":"2026-02-01T00:00:00Z""#,
        );
        assert_eq!(entry.drift(Some(&same)), []);
        assert!(entry.touched_since(&same) && !entry.touched_since(r#"{"updated_at":"2026-01-01T00:00:00Z"}"#));
        assert_eq!(entry.drift(None), [Drift::Gone]);
        let moved = entry.drift(Some(&now("null", "false", r#","csm_id":"u1""#)));
        let exact = |text: &str| Some(serde_json::from_str::<Exact>(text).unwrap());
        let field = |field: &str, planned, now| Drift::Field { field: field.into(), planned, now };
        let left = Drift::Left { filter: "state".into(), wanted: "waiting".into(), now: None };
        assert_eq!(
            moved,
            [field("notes", exact(r#""é""#), exact("null")), field("csm_id", None, exact(r#""u1""#)), left]
        );
    }
}
