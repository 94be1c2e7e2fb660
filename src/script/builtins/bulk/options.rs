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

/// The options of every bulk verb, each with what it means.
pub const OPTIONS: &[(&str, &str)] = &[
    (
        "id",
        "a closure that gives the id of a row's record; unless given, the row's `id` or `display_id`, and for contacts \
that are created its `customer_id`",
    ),
    (
        "in_flight",
        "how many writes may be under way at once, 1 to 64; unless given, as many as latency and rate limit are worth",
    ),
    ("label", "a closure that gives what people call a row; unless given, its `name` or its `email`"),
    ("overwrite", "`true` writes also where somebody has changed the same field since it was read"),
    ("report", "the CSV file to write, with the rows and what became of each"),
    ("stop_after_failures", "end the run when so many rows have failed"),
];
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
        let closure = |function| Some(Closure::new(function, self.verb, ctx));
        match Given::of(self.verb, name, &value)? {
            Given::Nothing => {}
            Given::Id(function) => self.id = closure(function),
            Given::Label(function) => self.label = closure(function),
            Given::InFlight(count) => self.in_flight = Some(count),
            Given::StopAfterFailures(count) => self.stop_after_failures = Some(count),
            Given::Overwrite(overwrite) => self.overwrite = overwrite,
            Given::Report(path) => self.report = Some(path),
        }
        Ok(())
    }

    /// Fails where the report could not be written, before anything is sent.
    pub fn try_report(&self, host: &Host) -> Result<(), Raised> {
        let Some(path) = &self.report else { return Ok(()) };
        host.project.try_write(path).map_err(|error| Thrown::file(self.verb, &error).raise(self.spot.at))
    }
}

/// The value of one option, as it is meant.
pub enum Given {
    /// `()`: as if it were not given.
    Nothing,
    Id(FnPtr),
    Label(FnPtr),
    InFlight(usize),
    StopAfterFailures(u64),
    Overwrite(bool),
    Report(String),
}

impl Given {
    /// Reads an option of the bulk verb `verb`. The check before a run judges by the same words.
    pub fn of(verb: &str, name: &str, value: &Dynamic) -> Result<Given, Thrown> {
        let known = || OPTIONS.iter().map(|(name, _)| *name);
        let wrong =
            |wanted: &str| Thrown::argument(verb, Some(name), format!("`{name}` is {wanted}, not {}", kind_of(value)));
        let count = |most: i64| {
            let number = value.as_int().map_err(|_| wrong("a whole number"))?;
            if (1..=most).contains(&number) {
                Ok(number as u64)
            } else {
                let range = if most == i64::MAX { "1 or more".into() } else { format!("a number from 1 to {most}") };
                let message = format!("`{name}` is {range}, not {number}");
                Err(Thrown::argument(verb, Some(name), message))
            }
        };
        let closure = || value.clone().try_cast::<FnPtr>().ok_or_else(|| wrong("a closure such as `|row| row.name`"));
        Ok(match name {
            _ if value.is_unit() && known().any(|known| known == name) => Given::Nothing,
            "id" => Given::Id(closure()?),
            "label" => Given::Label(closure()?),
            "in_flight" => Given::InFlight(count(MOST_IN_FLIGHT)? as usize),
            "stop_after_failures" => Given::StopAfterFailures(count(i64::MAX)?),
            "overwrite" => Given::Overwrite(value.as_bool().map_err(|_| wrong("`true` or `false`"))?),
            "report" => {
                let path = value.read_lock::<ImmutableString>().map(|path| path.to_string());
                Given::Report(path.ok_or_else(|| wrong("the path of a CSV file"))?)
            }
            _ => {
                let message = format!("it has no option `{}`", text::escape_control(name));
                let hint = match text::did_you_mean(name, known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("use {}", text::one_of(known())),
                };
                return Err(Thrown::argument(verb, Some(name), message).hint(hint));
            }
        })
    }
}
