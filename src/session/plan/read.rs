//! Reads a plan strictly: what is not wholly understood is refused, and says why. Applies nothing.

use super::{Entry, FORMAT, Plan, Totals, VERSION, quote::Quote};
use crate::{
    api::operation::Effect,
    session::overlay,
    text::{self, escape_control},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Why a text is no plan that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPlan {
    /// Lower case, names in back-ticks, no final period; completes "`plan.json` cannot be used: …".
    pub message: String,
    /// In the imperative.
    pub hint: String,
}

impl fmt::Display for BadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadPlan {}

/// What is looked at before anything else, so that a plan of another version is called one.
#[derive(Deserialize)]
struct Mark {
    format: Option<String>,
    version: Option<u32>,
    onramp: Option<String>,
}

/// Reads the text of a plan.
pub fn read(text: &str) -> Result<Plan, BadPlan> {
    let again = || "make the plan again with `onramp run FILE --dry-run --save plan.json`".to_string();
    let bad = |message: String| BadPlan { message, hint: again() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark: Mark = match serde_json::from_str(text) {
        Ok(mark) => mark,
        Err(error) if error.is_eof() => return Err(bad("it ends in the middle of its JSON".into())),
        Err(error) if error.is_data() => return Err(bad("it is JSON, but no plan".into())),
        Err(error) => return Err(bad(format!("it is not JSON (line {}, column {})", error.line(), error.column()))),
    };
    if mark.format.as_deref() != Some(FORMAT) {
        return Err(bad(format!("it is JSON, but no plan: its `format` is not `{FORMAT}`")));
    }
    match mark.version {
        Some(VERSION) => {}
        None => return Err(bad("it has no `version`".into())),
        Some(other) => {
            let by = mark.onramp.map_or(String::new(), |by| format!(", made by onramp {}", escape_control(&by)));
            let message = format!("it is a plan of version {other}{by}; this onramp reads version {VERSION}");
            let hint = "use the onramp that made it, or make the plan again with this one";
            return Err(BadPlan { message, hint: hint.into() });
        }
    }
    let plan: Plan = serde_json::from_str(text).map_err(|error| bad(format!("it is damaged: {}", shown(&error))))?;
    plan.check().map_err(|why| bad(format!("it is damaged: {why}")))?;
    if plan.digest != plan.fresh_digest() {
        return Err(bad("it is damaged or was changed by hand: its `digest` is that of another plan".into()));
    }
    if let Some(entry) = plan.entries.iter().find(|entry| !overlay::agrees(entry)) {
        let message = format!("it was changed by hand: entry {} would do something else than it shows", entry.position);
        return Err(bad(message));
    }
    Ok(plan)
}

/// What serde says, in the file's terms.
fn shown(error: &serde_json::Error) -> String {
    let words = error.to_string();
    // What serde expected it says in words of the program.
    let words = words.split(" at line ").next().unwrap_or_default().split(", expected").next().unwrap_or_default();
    format!("{} (line {}, column {})", escape_control(words), error.line(), error.column())
}

impl Plan {
    /// What no reader could use. The digest alone would let through what another program made.
    fn check(&self) -> Result<(), String> {
        let mut made: BTreeSet<&str> = BTreeSet::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let position = at + 1;
            let name = escape_control(&entry.operation);
            if entry.position != position {
                return Err(format!("entry {position} calls itself {}", entry.position));
            }
            let Some(operation) = entry.operation().filter(|operation| operation.effect.writes()) else {
                return Err(format!("entry {position} names `{name}`, which is no operation that writes"));
            };
            if operation.path_params.len() != entry.path.len() {
                let wanted = text::plural(operation.path_params.len(), "id");
                return Err(format!("entry {position} has {} for `{name}`, which takes {wanted}", entry.path.len()));
            }
            let body =
                entry.body.as_ref().map(|body| serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(body));
            if operation.has_body() != body.is_some() || body.is_some_and(|body| body.is_err()) {
                return Err(format!("the body of entry {position} does not suit `{name}`"));
            }
            for (id, create) in &entry.uses {
                let makes = |entry: &Entry| {
                    let display = entry.record.display_id.map(|id| id.to_string());
                    entry.effect() == Some(Effect::Create) && (entry.record.id == *id || display.as_deref() == Some(id))
                };
                let maker = create.checked_sub(1).and_then(|at| self.entries[..position - 1].get(at));
                if !maker.is_some_and(makes) {
                    let id = escape_control(id);
                    return Err(format!(
                        "entry {position} speaks of `{id}`, which entry {create} does not make before it"
                    ));
                }
            }
            if operation.effect == Effect::Create && !made.insert(&entry.record.id) {
                return Err(format!("entry {position} makes `{}` a second time", escape_control(&entry.record.id)));
            }
        }
        if Totals::of(&self.entries, self.totals.unchanged) != self.totals {
            return Err("its `totals` are not those of its entries".into());
        }
        if (Quote { limit: self.quote.limit, ..Quote::of(&self.entries) }) != self.quote {
            return Err("its `quote` is not that of its entries".into());
        }
        Ok(())
    }
}
