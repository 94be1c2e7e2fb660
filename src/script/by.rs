//! What a verb goes by: a field of the row or what a closure makes of it; and what it finds there as a key. Walks nothing.

use super::{
    builtins::{output::shown, time::Time},
    closure::Closure,
    fault::{Spot, Thrown},
    host::Raised,
    packed::Cell,
    row::Row,
    rows,
    value::{BigInteger, Json, kind_of},
    walk::Cx,
};
use crate::text;
use rhai::{Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

/// A field or a closure, as a script gave it to a verb; or the row itself.
#[derive(Clone)]
pub enum By {
    Field(ImmutableString, &'static str, Spot),
    Closure(Closure),
    Row(Spot),
}

impl By {
    /// Reads the argument of `verb`.
    pub fn of(verb: &'static str, value: &Dynamic, ctx: &NativeCallContext) -> Result<By, Raised> {
        let value = value.flatten_clone();
        if value.is::<FnPtr>() {
            return Ok(By::Closure(Closure::new(value.cast(), verb, ctx)));
        }
        if let Some(name) = value.read_lock::<ImmutableString>() {
            return Ok(By::Field(name.clone(), verb, Spot::of(ctx)));
        }
        let message = format!("it goes by a field's name or a closure, not by {}", kind_of(&value));
        Err(Thrown::argument(verb, None, message).raise(ctx.call_position()))
    }

    /// What it finds in a row. The row stays as it was.
    pub fn value(&self, row: &mut Row, cx: &mut Cx) -> Result<Dynamic, Raised> {
        match self {
            By::Field(name, verb, spot) => row.field(verb, name, cx).map_err(|it| it.raise(spot.at)),
            By::Closure(closure) => {
                // A held row stays packed, for whoever keeps it.
                if let Row::Held(home, at) = row {
                    return closure.call(&cx.engine, cx.packed(*home).row(*at));
                }
                let value = row.value(cx).map_err(|thrown| thrown.raise(closure.spot().at))?;
                closure.look(&cx.engine, value)
            }
            By::Row(spot) => match row.value(cx) {
                Ok(value) => Ok(value.flatten_clone()),
                Err(thrown) => Err(thrown.raise(spot.at)),
            },
        }
    }

    /// What it finds in a value that belongs to others.
    pub fn value_of(&self, value: &Dynamic, cx: &mut Cx) -> Result<Dynamic, Raised> {
        if let By::Field(name, _, spot) = self
            && let Some(map) = value.read_lock::<Map>()
        {
            return rows::field(&map, name).map_err(|thrown| thrown.raise(spot.at));
        }
        self.value(&mut Row::Own(value.flatten_clone()), cx)
    }

    /// The value of the field, where it is a plain one and can be had without making a value for the script of it.
    pub fn cell<'c>(&self, row: &Row, cx: &'c mut Cx) -> Option<Cell<'c>> {
        match (self, row) {
            (By::Field(name, ..), Row::Held(home, at)) => cx.held_cell(*home, *at, name),
            _ => None,
        }
    }

    /// How messages call what it found.
    pub fn named(&self) -> String {
        match self {
            By::Field(name, ..) => format!("`{}`", text::escape_control(name)),
            By::Closure(_) => "what the closure gives".into(),
            By::Row(_) => "the value".into(),
        }
    }
}

/// A row, as messages call it: its number and its id.
pub fn row_name(number: usize, row: &mut Row, cx: &mut Cx) -> String {
    let id = row.value(cx).ok().and_then(|value| {
        let map = value.read_lock::<Map>()?;
        map.get("id").filter(|id| !id.is_unit()).map(shown)
    });
    match id {
        Some(id) => format!("row {number} (`{}`)", text::escape_control(&id)),
        None => format!("row {number}"),
    }
}

/// A value as a key: two are the same where `where` takes the values for the same, numbers by value and times by their
/// text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Nothing,
    Flag(bool),
    Integer(i64),
    /// A whole number beyond the script's integers.
    Big(u64),
    Float(u64),
    Text(ImmutableString),
    /// Arrays and maps, by their JSON text.
    Json(Vec<u8>),
}

impl Key {
    /// The key that a value makes; `None` if values of its kind cannot be compared.
    pub fn of(value: &Dynamic) -> Option<Key> {
        if let Some(text) = value.read_lock::<ImmutableString>() {
            return Some(Key::Text(text.clone()));
        }
        if let Ok(number) = value.as_int() {
            return Some(Key::Integer(number));
        }
        if value.is_unit() {
            return Some(Key::Nothing);
        }
        if let Ok(flag) = value.as_bool() {
            return Some(Key::Flag(flag));
        }
        if let Ok(number) = value.as_float() {
            let whole = number.fract() == 0.0 && number.abs() < 1e18;
            return Some(if whole { Key::Integer(number as i64) } else { Key::Float(number.to_bits()) });
        }
        if let Ok(letter) = value.as_char() {
            return Some(Key::Text(letter.to_string().into()));
        }
        if let Some(number) = value.read_lock::<BigInteger>() {
            return Some(Key::Big(number.0));
        }
        if let Some(time) = value.read_lock::<Time>() {
            return Some(Key::Text(time.to_utc().into()));
        }
        serde_json::to_vec(&Json(value)).ok().map(Key::Json)
    }

    /// Like [`Key::of`], with the error of a verb whose `by` found the value.
    pub fn found(by: &By, verb: &str, value: &Dynamic, cx: &Cx) -> Result<Key, Raised> {
        Key::of(value).ok_or_else(|| {
            let message = format!("{} is {}, which cannot be a key", by.named(), kind_of(value));
            Thrown::argument(verb, None, message).raise(cx.spot.at)
        })
    }
}

/// A value as the key of an object map: text as it is, other values as they are printed, `()` as the empty text.
pub fn text_key(value: &Dynamic) -> ImmutableString {
    match value.read_lock::<ImmutableString>() {
        Some(text) => text.clone(),
        None => shown(value).into(),
    }
}
