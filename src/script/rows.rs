//! Rules about single rows, the same for lists and arrays: reading a field, the conditions of `where`, a closure's
//! verdict. Walks nothing.

use super::{by::Key, fault::Thrown, packed::Cell, row::Row, shape::Shape, value::kind_of, walk::Cx};
use crate::{api, text};
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use std::{
    ops::{Range, RangeInclusive},
    sync::Arc,
};

/// Gives an object of the API the documented fields that the server left out, as `()`: a field may be absent (API notes,
/// "Objects"), and a script that reads it should not have to know. Remembers what the object before lacked.
#[derive(Default)]
pub struct Gaps {
    shape: Option<Arc<Shape>>,
    kind: ImmutableString,
    missing: Vec<&'static str>,
}

impl Gaps {
    /// Fills those of an object; `shape` is the one that it was made by, if it was.
    pub fn fill(&mut self, value: &mut Dynamic, shape: Option<&Arc<Shape>>) {
        let Some(mut map) = value.write_lock::<Map>() else { return };
        let Some(kind) = map.get("object").and_then(|kind| kind.clone().into_immutable_string().ok()) else { return };
        let same = matches!((&self.shape, shape), (Some(a), Some(b)) if Arc::ptr_eq(a, b)) && self.kind == kind;
        if !same {
            let fields = api::object(&kind).into_iter().flat_map(|object| object.fields);
            self.missing = fields.map(|field| field.name).filter(|name| !map.contains_key(*name)).collect();
            (self.shape, self.kind) = (shape.cloned(), kind);
        }
        for name in &self.missing {
            map.insert((*name).into(), Dynamic::UNIT);
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
    Equal(Key),
    OneOf(Vec<Key>),
    Within(Range<INT>),
    Through(RangeInclusive<INT>),
}

impl Conditions {
    /// Reads the map that `verb` was given: a value, an array of values any of which will do, or a range.
    pub fn new(verb: &str, map: &Map) -> Result<Conditions, Thrown> {
        let key = |name: &str, value: &Dynamic| {
            Key::of(value).ok_or_else(|| {
                let message = format!("`{}` cannot be compared with {}", text::escape_control(name), kind_of(value));
                Thrown::argument(verb, None, message)
                    .hint("for conditions that are computed use `filter(|row| …)`".into())
            })
        };
        let wanted = |(name, value): (&_, &Dynamic)| {
            let name: &rhai::Identifier = name;
            let wanted = if let Some(range) = value.read_lock::<Range<INT>>() {
                Wanted::Within(range.clone())
            } else if let Some(range) = value.read_lock::<RangeInclusive<INT>>() {
                Wanted::Through(range.clone())
            } else if let Some(all) = value.read_lock::<Array>() {
                Wanted::OneOf(all.iter().map(|value| key(name, value)).collect::<Result<_, _>>()?)
            } else {
                Wanted::Equal(key(name, value)?)
            };
            Ok((name.to_string(), wanted))
        };
        map.iter().map(wanted).collect::<Result<_, _>>().map(Conditions)
    }

    /// Whether a row meets them all. Each field has to be there, also where another condition fails already: a mistyped
    /// name must not pass for "none".
    pub fn hold(&self, verb: &str, row: &mut Row, cx: &mut Cx) -> Result<bool, Thrown> {
        let mut met = true;
        if let Row::Sent(..) = row {
            let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
            let values = row.fields(verb, &names, cx)?;
            return Ok(self.0.iter().zip(&values).all(|((_, wanted), value)| wanted.is(value)));
        }
        for (name, wanted) in &self.0 {
            let cell = if let Row::Held(home, at) = row { cx.held_cell(*home, *at, name) } else { None };
            met &= match cell {
                Some(Cell::Text(text)) => wanted.is_text(text),
                Some(Cell::Integer(number)) => wanted.is(&number.into()),
                Some(Cell::Nothing) => wanted.is(&Dynamic::UNIT),
                None => wanted.is(&row.field(verb, name, cx)?),
            };
        }
        Ok(met)
    }
}

impl Wanted {
    /// Whether a text, in UTF-8, is what is wanted.
    fn is_text(&self, text: &[u8]) -> bool {
        let same = |key: &Key| matches!(key, Key::Text(wanted) if wanted.as_bytes() == text);
        match self {
            Wanted::Equal(wanted) => same(wanted),
            Wanted::OneOf(all) => all.iter().any(same),
            Wanted::Within(_) | Wanted::Through(_) => false,
        }
    }

    fn is(&self, value: &Dynamic) -> bool {
        if let Some(text) = value.read_lock::<ImmutableString>() {
            return self.is_text(text.as_bytes());
        }
        match self {
            Wanted::Equal(wanted) => Key::of(value).is_some_and(|key| key == *wanted),
            Wanted::OneOf(all) => Key::of(value).is_some_and(|key| all.contains(&key)),
            Wanted::Within(range) => within(value, |n| range.contains(&n), range.start, range.end, f64::lt),
            Wanted::Through(range) => within(value, |n| range.contains(&n), *range.start(), *range.end(), f64::le),
        }
    }
}

fn within(value: &Dynamic, whole: impl Fn(INT) -> bool, low: INT, high: INT, below: fn(&f64, &f64) -> bool) -> bool {
    match (value.as_int(), value.as_float()) {
        (Ok(number), _) => whole(number),
        (_, Ok(number)) => number >= low as f64 && below(&number, &(high as f64)),
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
