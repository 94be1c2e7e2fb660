//! Rules about single rows, the same for lists and arrays: reading a field, the conditions of `where`, a closure's
//! verdict. Walks nothing.

use super::{
    fault::Thrown,
    value::{Json, kind_of},
};
use crate::{api, text};
use rhai::{Array, Dynamic, INT, Map};
use std::ops::{Range, RangeInclusive};

/// Gives an object of the API the documented fields that the server left out, as `()`: a field may be absent (API notes,
/// "Objects"), and a script that reads it should not have to know.
pub fn complete(value: &mut Dynamic) {
    let Some(mut map) = value.write_lock::<Map>() else { return };
    let kind = map.get("object").and_then(|kind| kind.clone().into_string().ok());
    for field in kind.as_deref().and_then(api::object).iter().flat_map(|object| object.fields) {
        if !map.contains_key(field.name) {
            map.insert(field.name.into(), Dynamic::UNIT);
        }
    }
}

/// The value of a field. One that is not there is an error with a hint, never a silent `()`.
pub fn field(map: &Map, name: &str) -> Result<Dynamic, Thrown> {
    if let Some(value) = map.get(name) {
        return Ok(value.flatten_clone());
    }
    let kind = map.get("object").and_then(|kind| kind.clone().into_string().ok());
    let what = match kind.as_deref().and_then(api::object) {
        Some(object) => format!("{} {}", article(object.name), object.name),
        None => "the object map".to_string(),
    };
    let thrown =
        Thrown::general("missing_property", format!("{what} has no property `{}`", text::escape_control(name)));
    Err(match text::did_you_mean(name, map.keys().map(|key| key.as_str())) {
        Some(near) => thrown.hint(format!("did you mean `{near}`?")),
        None => thrown.hint(format!("it has {}", text::one_of(map.keys().map(|key| key.as_str())))),
    })
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// The conditions of `where(#{field: wanted, …})`, all of which must hold.
pub struct Conditions(Vec<(String, Wanted)>);

enum Wanted {
    Equal(Dynamic),
    OneOf(Array),
    Within(Range<INT>),
    Through(RangeInclusive<INT>),
}

impl Conditions {
    /// Reads the map that `where` was given: a value, an array of values any of which will do, or a range.
    pub fn new(map: &Map) -> Conditions {
        let wanted = |value: &Dynamic| {
            let value = value.flatten_clone();
            if let Some(range) = value.clone().try_cast::<Range<INT>>() {
                Wanted::Within(range)
            } else if let Some(range) = value.clone().try_cast::<RangeInclusive<INT>>() {
                Wanted::Through(range)
            } else if value.is_array() {
                Wanted::OneOf(value.cast())
            } else {
                Wanted::Equal(value)
            }
        };
        Conditions(map.iter().map(|(name, value)| (name.to_string(), wanted(value))).collect())
    }

    /// Whether a row meets them all.
    pub fn hold(&self, row: &Dynamic) -> Result<bool, Thrown> {
        let Some(map) = row.read_lock::<Map>() else {
            return Err(Thrown::argument(
                "where",
                None,
                format!("the rows must be object maps; one is {}", kind_of(row)),
            )
            .hint("use `filter(|row| …)` for rows of another kind".into()));
        };
        for (name, wanted) in &self.0 {
            let value = field(&map, name)?;
            let met = match wanted {
                Wanted::Equal(other) => same(&value, other),
                Wanted::OneOf(all) => all.iter().any(|other| same(&value, other)),
                Wanted::Within(range) => {
                    number(&value).is_some_and(|n| n >= range.start as f64 && n < range.end as f64)
                }
                Wanted::Through(range) => {
                    number(&value).is_some_and(|n| n >= *range.start() as f64 && n <= *range.end() as f64)
                }
            };
            if !met {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn number(value: &Dynamic) -> Option<f64> {
    value.as_int().map(|n| n as f64).or_else(|_| value.as_float()).ok()
}

/// Whether two values are the same: numbers by value, everything else by kind and content.
pub fn same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Ok(a), Ok(b)) = (one.as_int(), other.as_int()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (number(one), number(other)) {
        return a == b;
    }
    match (serde_json::to_vec(&Json(one)), serde_json::to_vec(&Json(other))) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// What a closure said of a row. Only `true` and `false` will do: anything else is a mistake in the closure.
pub fn verdict(verb: &str, value: &Dynamic) -> Result<bool, Thrown> {
    value.as_bool().map_err(|_| {
        Thrown::argument(verb, None, format!("the closure must give `true` or `false`, not {}", kind_of(value)))
    })
}

/// A row that the API sent and that cannot be read.
pub fn unreadable(operation: &str, error: &serde_json::Error) -> Thrown {
    Thrown::new("invalid_answer", operation, format!("a row of the list cannot be read ({error})"))
}
