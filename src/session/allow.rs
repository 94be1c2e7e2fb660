//! Which writes a script's header allows, held against the table of operations. A run and the check before it judge by
//! the same words. Counts nothing and stops nothing.

use crate::{
    api::{
        operation,
        operation::{Effect, Operation},
        operations,
    },
    text,
};
use std::fmt;

/// The writes that are allowed; all of them unless there are rules.
#[derive(Clone, Debug, Default)]
pub struct Allow(pub(super) Option<Vec<Allowed>>);

/// A write that is allowed: an operation, or one field of its body.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    operation: &'static Operation,
    field: Option<&'static str>,
}

/// Why a text allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRule {
    /// Lower case, names in back-ticks, no final period.
    pub message: String,
    /// In the imperative.
    pub hint: String,
}

/// A call that was stopped before it was sent. A script cannot catch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Allowed {
    /// Reads `update_onboarding` or `update_onboarding.state`.
    pub fn parse(rule: &str) -> Result<Allowed, BadRule> {
        let (name, field) = rule.split_once('.').map_or((rule, None), |(name, field)| (name, Some(field)));
        let shown = text::escape_control(name);
        let Some(operation) = operation(name) else {
            let writes: Vec<&str> =
                operations().filter(|known| known.effect.writes()).map(|known| known.name).collect();
            return Err(BadRule {
                message: format!("`allow` names the operation `{shown}`, and there is none"),
                hint: match text::did_you_mean(name, writes.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("use {}", text::one_of(writes)),
                },
            });
        };
        if !operation.effect.writes() {
            return Err(BadRule {
                message: format!("`allow` names `{shown}`, which only reads"),
                hint: "leave it out; reads are always allowed".into(),
            });
        }
        let Some(field) = field else { return Ok(Allowed { operation, field: None }) };
        let fields: Vec<&str> = operation.body().map(|field| field.name).collect();
        match operation.body().find(|known| known.name == field) {
            Some(known) => Ok(Allowed { operation, field: Some(known.name) }),
            None if operation.effect == Effect::Delete => Err(BadRule {
                message: format!("`allow` names a field of `{shown}`, which has none"),
                hint: format!("write `{shown}`"),
            }),
            None => Err(BadRule {
                message: format!("`{shown}` sets no field `{}`", text::escape_control(field)),
                hint: match text::did_you_mean(field, fields.iter().copied()) {
                    Some(near) => format!("did you mean `{shown}.{near}`?"),
                    None => format!("use {}", text::one_of(fields)),
                },
            }),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.name)?;
        self.field.map_or(Ok(()), |field| write!(f, ".{field}"))
    }
}

impl Allow {
    /// Whether the rules let `operation` set `field`; without a field, whether they let it be called at all. What can be
    /// seen before a run is judged by the same words.
    pub fn permits(&self, operation: &Operation, field: Option<&str>) -> bool {
        let Some(allow) = &self.0 else { return true };
        let mut rules = allow.iter().filter(|rule| rule.operation.name == operation.name);
        !operation.effect.writes()
            || match field {
                None => rules.next().is_some(),
                Some(field) => rules.any(|rule| rule.field.is_none_or(|allowed| allowed == field)),
            }
    }

    /// Why the rules do not let `operation` set `field`, or be called at all, in words that suit a run and a check alike.
    pub fn objection(&self, operation: &Operation, field: Option<&str>) -> Option<Refusal> {
        if self.permits(operation, field) {
            return None;
        }
        let name = operation.name;
        Some(match field.map(text::escape_control) {
            None => Refusal {
                message: format!("the script's header allows {}", self.words()),
                hint: format!("add `\"{name}\"` to `allow` in the header if the script is meant to do this"),
            },
            Some(field) => Refusal {
                message: format!("the script's header does not allow it to set `{field}`"),
                hint: format!("add `\"{name}.{field}\"` to `allow` in the header if the script is meant to do this"),
            },
        })
    }

    /// The rules in words.
    fn words(&self) -> String {
        let rules: Vec<String> = self.0.iter().flatten().map(ToString::to_string).collect();
        if rules.is_empty() { "no write at all".into() } else { text::one_of(rules.iter().map(String::as_str)) }
    }
}
