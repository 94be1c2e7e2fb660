//! How changes are shown to people, whichever command shows them.

use crate::{
    api::{self, operation::Effect},
    session::journal::story::{Change, Moved},
    text,
};
use serde_json::Value;

/// A value is cut to so many characters.
const WIDEST: usize = 60;

/// What an operation did: `created`, `updated` or `deleted`.
pub fn verb(operation: &str) -> &'static str {
    match api::operation(operation).map(|operation| operation.effect) {
        Some(Effect::Create) => "created",
        Some(Effect::Delete) => "deleted",
        _ => "updated",
    }
}

/// A change on one line, without its time.
pub fn line(change: &Change) -> String {
    let Change { operation, object, id, display_id, label, fields, .. } = change;
    let label = label.as_ref().map_or(String::new(), |label| format!(" ({})", text::cut(label, WIDEST)));
    let fields: Vec<String> = fields.iter().map(moved).collect();
    let fields = if fields.is_empty() { String::new() } else { format!(": {}", fields.join(", ")) };
    let id = display_id.as_deref().unwrap_or(id);
    let line = format!("{} {object} {id}{label}{fields}", verb(operation));
    text::escape_control(&line).into_owned()
}

fn moved(field: &Moved) -> String {
    let Moved { name, from, to } = field;
    match (from, to) {
        (Some(from), Some(to)) => format!("{name} {} → {}", value(from), value(to)),
        (None, Some(to)) => format!("{name} {}", value(to)),
        (Some(from), None) => format!("{name} {}", value(from)),
        (None, None) => name.clone(),
    }
}

/// A value as people read it: as JSON, so that a text differs from a number; nothing for none.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        other => text::cut(&other.to_string(), WIDEST).into_owned(),
    }
}
