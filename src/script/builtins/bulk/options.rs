//! What a bulk call was asked to do: what is written for each row, and the options. Refuses what makes no sense before a
//! row is looked at.

use crate::{
    api::operation::{Effect, Operation},
    script::{
        closure::Closure,
        fault::{Spot, Thrown},
        host::{Host, Raised},
        value::kind_of,
    },
    text,
};
use rhai::{Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

/// The options of every bulk verb.
const KNOWN: &[&str] = &["id", "in_flight", "label", "overwrite", "report", "stop_after_failures"];
/// More than this only fills the line to the service.
const MOST_IN_FLIGHT: i64 = 64;

/// What is written for a row.
pub enum Fields {
    /// What the closure makes of it.
    Closure(Closure),
    /// The same for all.
    Same(Dynamic),
    /// Nothing: it is deleted.
    None,
}

/// A bulk call that makes sense.
pub struct Plan {
    pub operation: &'static Operation,
    pub verb: &'static str,
    pub fields: Fields,
    pub id: Option<Closure>,
    pub label: Option<Closure>,
    pub in_flight: Option<usize>,
    pub stop_after_failures: Option<u64>,
    pub report: Option<String>,
    pub overwrite: bool,
    pub spot: Spot,
}

impl Plan {
    /// `args` are those behind the rows.
    pub fn new(
        operation: &'static Operation,
        verb: &'static str,
        args: Vec<Dynamic>,
        ctx: &NativeCallContext,
    ) -> Result<Plan, Raised> {
        let spot = Spot::of(ctx);
        let mut args = args.into_iter();
        let refuse = |message: String| Thrown::argument(verb, None, message);
        let fields = if operation.effect == Effect::Delete {
            Fields::None
        } else {
            let given = args.next().unwrap_or_default();
            match given.clone().try_cast::<FnPtr>() {
                Some(function) => Fields::Closure(Closure::new(function, verb, ctx)),
                None if given.is_map() => Fields::Same(given),
                None => {
                    let message =
                        format!("it takes a closure or an object map with the fields, not {}", kind_of(&given));
                    return Err(refuse(message).hint(format!("write `{verb}(rows, |row| #{{…}})`")).raise(spot.at));
                }
            }
        };
        let options = args.next().unwrap_or_else(|| Map::new().into());
        let Some(options) = options.clone().try_cast::<Map>() else {
            let message = format!("the options are an object map, not {}", kind_of(&options));
            return Err(refuse(message).raise(spot.at));
        };
        let mut plan = Plan {
            operation,
            verb,
            fields,
            id: None,
            label: None,
            in_flight: None,
            stop_after_failures: None,
            report: None,
            overwrite: false,
            spot: spot.clone(),
        };
        for (name, value) in options {
            plan.set(&name, value, ctx).map_err(|thrown| thrown.raise(spot.at))?;
        }
        Ok(plan)
    }

    fn set(&mut self, name: &str, value: Dynamic, ctx: &NativeCallContext) -> Result<(), Thrown> {
        let verb = self.verb;
        let wrong =
            |wanted: &str| Thrown::argument(verb, Some(name), format!("`{name}` is {wanted}, not {}", kind_of(&value)));
        let count = |most: i64| {
            let number = value.as_int().map_err(|_| wrong("a whole number"))?;
            if (1..=most).contains(&number) {
                Ok(number as u64)
            } else {
                Err(wrong(&format!("a number from 1 to {most}")))
            }
        };
        let closure = || {
            let function =
                value.clone().try_cast::<FnPtr>().ok_or_else(|| wrong("a closure such as `|row| row.name`"))?;
            Ok(Some(Closure::new(function, verb, ctx)))
        };
        match name {
            _ if value.is_unit() && KNOWN.contains(&name) => {}
            "id" => self.id = closure()?,
            "label" => self.label = closure()?,
            "in_flight" => self.in_flight = Some(count(MOST_IN_FLIGHT)? as usize),
            "stop_after_failures" => self.stop_after_failures = Some(count(i64::MAX)?),
            "overwrite" => self.overwrite = value.as_bool().map_err(|_| wrong("`true` or `false`"))?,
            "report" => {
                let path = value.read_lock::<ImmutableString>().map(|path| path.to_string());
                self.report = Some(path.ok_or_else(|| wrong("the path of a CSV file"))?);
            }
            _ => {
                let message = format!("it has no option `{}`", text::escape_control(name));
                let hint = match text::did_you_mean(name, KNOWN.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("use {}", text::one_of(KNOWN.iter().copied())),
                };
                return Err(Thrown::argument(verb, Some(name), message).hint(hint));
            }
        }
        Ok(())
    }

    /// Fails where the report could not be written, before anything is sent.
    pub fn try_report(&self, host: &Host) -> Result<(), Raised> {
        let Some(path) = &self.report else { return Ok(()) };
        host.project.try_write(path).map_err(|error| Thrown::file(self.verb, &error).raise(self.spot.at))
    }
}
