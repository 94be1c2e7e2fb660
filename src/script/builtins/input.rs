//! What a script is given from outside: `params`, `args` and `run` as constants that are seen everywhere, also inside
//! functions and in modules, and `env`. Reads no environment and no command line itself.

use super::{Builtin, time::Time};
use crate::{
    header::{self, Value},
    script::{
        fault::{Spot, Thrown},
        host::{Host, Raised},
        registry::Registry,
    },
    text,
};
use jiff::{Timestamp, ZonedDateTime, civil::Date, tz::TimeZone};
use rhai::{Dynamic, Engine, Map, NativeCallContext};
use serde::{Deserialize, Serialize};
use std::{cell::LazyCell, ops::Deref, path::PathBuf, sync::Arc};

pub const BUILTINS: &[Builtin] = &[Builtin {
    name: "env",
    signatures: &["env(name)"],
    summary: "The value of an environment variable that the script's header declares in `env`",
    example: r#"try { env("TEAM_CHANNEL") } catch (error) { print(error.message) }"#,
}];

/// The constants that every script sees, each with a sentence about it.
pub const CONSTANTS: [(&str, &str); 3] = [
    ("params", "The params that the header declares, by name; `()` where one has neither a value nor a default"),
    ("args", "The words behind the script's name that belong to no param, as an array of strings"),
    ("run", "This run: `id`, `trigger`, `scheduled_for`, `event` and `dry_run`"),
];

/// What a run is given.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Every declared param, with its value if it has one.
    pub params: Vec<(String, Option<Value>)>,
    pub args: Vec<String>,
    pub run: About,
    /// So many rows of a bulk call are done, then the run stops.
    pub first: Option<u64>,
    /// The report of an earlier run: of each bulk call only the rows that failed then are done.
    pub rows: Option<String>,
    /// A folder in which the rows of bulk calls that failed are kept, also of calls that write no report.
    pub failed_rows: Option<PathBuf>,
}

/// What a script may know about its own run.
#[derive(Clone, Debug)]
pub struct About {
    pub id: String,
    /// What started it: `manual`, `schedule` or `watch`.
    pub trigger: String,
    /// The due time for which it was started, in its schedule's zone.
    pub scheduled_for: Option<ZonedDateTime>,
    /// The file for which it was started.
    pub event: Option<FileEvent>,
    pub dry_run: bool,
}

/// A file that was dropped into a watched folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEvent {
    /// Where it lies while the script is at it.
    pub path: String,
    /// As it was dropped.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    pub modified: Timestamp,
}

impl Default for About {
    fn default() -> About {
        About { id: String::new(), trigger: "manual".into(), scheduled_for: None, event: None, dry_run: false }
    }
}

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let shared = host.clone();
    registry.register_fn("env", move |ctx: NativeCallContext, name: &str| -> Result<String, Raised> {
        let value = shared.session.environment(name).map_err(|error| shared.raise(error, &Spot::of(&ctx)))?;
        value
            .map(|value| value.expose().to_string())
            .ok_or_else(|| undeclared(name, shared.limits.of_session).raise(ctx.call_position()))
    });
}

/// Why a script may not read an environment variable that its header does not declare.
fn undeclared(name: &str, in_session: bool) -> Thrown {
    let shown = text::escape_control(name);
    if header::is_reserved(name) {
        return Thrown::argument("env", None, format!("`{shown}` may not be read by a script"))
            .hint("use another name; `PIVOTAL_…` and `ONRAMP_…` are onramp's own".into());
    }
    if in_session {
        return Thrown::argument("env", None, format!("a session declares no environment variables, so not `{shown}`"))
            .hint(format!("use it in a script with `env = [\"{shown}\"]` in its header, and `onramp run` that"));
    }
    Thrown::argument("env", None, format!("the script's header does not declare `{shown}`"))
        .hint(format!("add it there: `env = [\"{shown}\"]`"))
}

/// Makes the constants known wherever a variable can stand. A scope's constants are not seen inside functions, and those
/// of a global module not by closures, which would capture them.
#[expect(deprecated, reason = "the engine marks it as volatile, and says itself that it is not deprecated")]
pub fn constants(engine: &mut Engine, host: &Arc<Host>) {
    // Finding the machine's zone takes longer than a small script, and only dates need one.
    let zone = LazyCell::new(|| host.session.clock().zone());
    let known = CONSTANTS.map(|(name, _)| (name, constant(name, &host.inputs, &zone)));
    engine.on_var(move |name, index, context| {
        // Asked for every variable: one with an index is the script's own, and the script's own come first.
        if index > 0 {
            return Ok(None);
        }
        let found = known.iter().find(|(known, _)| *known == name).filter(|_| !context.scope().contains(name));
        Ok(found.map(|(_, value)| value.clone()))
    });
}

/// The value of a constant that every script has; `None` where there is none of that name.
pub fn constant_of(name: &str, host: &Host) -> Option<Dynamic> {
    let zone = LazyCell::new(|| host.session.clock().zone());
    CONSTANTS.iter().any(|(known, _)| *known == name).then(|| constant(name, &host.inputs, &zone))
}

fn constant(name: &str, inputs: &Inputs, zone: &impl Deref<Target = TimeZone>) -> Dynamic {
    match name {
        "params" => {
            let value = |value: &Option<Value>| value.as_ref().map_or(Dynamic::UNIT, |value| dynamic(value, zone));
            inputs.params.iter().map(|(name, given)| (name.into(), value(given))).collect::<Map>().into()
        }
        "args" => inputs.args.iter().map(|arg| arg.clone().into()).collect::<rhai::Array>().into(),
        _ => Map::from([
            ("id".into(), inputs.run.id.clone().into()),
            ("trigger".into(), inputs.run.trigger.clone().into()),
            (
                "scheduled_for".into(),
                inputs.run.scheduled_for.clone().map_or(Dynamic::UNIT, |at| Dynamic::from(Time(at))),
            ),
            ("event".into(), inputs.run.event.as_ref().map_or(Dynamic::UNIT, |event| file(event, zone))),
            ("dry_run".into(), inputs.run.dry_run.into()),
        ])
        .into(),
    }
}

fn file(event: &FileEvent, zone: &impl Deref<Target = TimeZone>) -> Dynamic {
    let FileEvent { path, name, size, sha256, modified } = event;
    Map::from([
        ("path".into(), path.into()),
        ("name".into(), name.into()),
        ("size".into(), i64::try_from(*size).unwrap_or(i64::MAX).into()),
        ("sha256".into(), sha256.into()),
        ("modified".into(), Dynamic::from(Time(modified.to_zoned_datetime(TimeZone::clone(zone))))),
    ])
    .into()
}

fn dynamic(value: &Value, zone: &impl Deref<Target = TimeZone>) -> Dynamic {
    match value {
        Value::Text(text) | Value::File(text) => text.into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Bool(flag) => (*flag).into(),
        // The header has seen that it is a date; `()` would be read as "not given".
        Value::Date(text) => text
            .parse::<Date>()
            .and_then(|date| date.to_zoned_datetime(TimeZone::clone(zone)))
            .map_or_else(|_| text.into(), |start| Dynamic::from(Time(start))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constant_has_its_value() {
        let inputs = Inputs {
            params: vec![("days".into(), Some(Value::Integer(3))), ("since".into(), None)],
            args: vec!["a".into()],
            run: About { id: "r1".into(), ..About::default() },
            ..Inputs::default()
        };
        let found = |name| constant(name, &inputs, &&TimeZone::UTC).to_string();
        assert_eq!(found("params"), r#"#{"days": 3, "since": ()}"#);
        assert_eq!(found("args"), r#"["a"]"#);
        assert!(found("run").contains(r#""trigger": "manual""#));
        assert!(dynamic(&Value::Date("2026-05-26".into()), &&TimeZone::UTC).is::<Time>());
    }
}
