//! One row on its way through the verbs, decoded as late as possible: its fields, its value. Walks nothing.

use super::{decode::Decoder, fault::Thrown, rows, value::kind_of, walk::Cx};
use crate::api::page;
use rhai::{Dynamic, Map};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// A held list, as the rows of one walk name it ([`Cx::home`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home(pub usize);

/// A row of an array, of a list of the API, or of a held list.
pub enum Row<'a> {
    /// A value of its own.
    Own(Dynamic),
    /// An element of an array of the script, which must stay as it is.
    Slot(&'a mut Dynamic),
    /// As the API sent it, with the operation it comes from.
    Sent(page::Row, &'static str),
    /// A row of a held list.
    Held(Home, u32),
}

impl Row<'_> {
    /// The values of fields, in the order of `names`. One that is not there is an error with a hint.
    pub fn fields(&mut self, verb: &str, names: &[&str], cx: &mut Cx) -> Result<Vec<Dynamic>, Thrown> {
        let quick = match self {
            Row::Sent(row, operation) => fields_of(row.json.get(), names, &mut cx.decoder)
                .map_err(|error| rows::unreadable(operation, &error))?,
            Row::Held(home, at) => names.iter().map(|name| cx.held_field(*home, *at, name)).collect(),
            Row::Own(_) | Row::Slot(_) => None,
        };
        if let Some(values) = quick {
            return Ok(values);
        }
        let value = self.value(cx)?;
        let Some(map) = value.read_lock::<Map>() else {
            let message = format!("the rows must be object maps; one is {}", kind_of(value));
            let instead =
                if verb == "where" { "use `filter(|row| …)`" } else { "give a closure such as `|row| row`" };
            return Err(Thrown::argument(verb, None, message).hint(format!("{instead} for rows of another kind")));
        };
        names.iter().map(|name| rows::field(&map, name)).collect()
    }

    /// The value of one field.
    pub fn field(&mut self, verb: &str, name: &str, cx: &mut Cx) -> Result<Dynamic, Thrown> {
        if let Row::Held(home, at) = self
            && let Some(value) = cx.held_field(*home, *at, name)
        {
            return Ok(value);
        }
        if let Row::Own(value) = self
            && let Some(map) = value.read_lock::<Map>()
        {
            return rows::field(&map, name);
        }
        if let Row::Slot(value) = self
            && let Some(map) = value.read_lock::<Map>()
        {
            return rows::field(&map, name);
        }
        self.fields(verb, &[name], cx).map(|values| values.into_iter().next().unwrap_or_default())
    }

    /// The value of one field, where it is there and can be had without decoding the row.
    pub fn known_field(&mut self, name: &str, cx: &mut Cx) -> Option<Dynamic> {
        match self {
            Row::Held(home, at) => cx.held_field(*home, *at, name),
            Row::Own(value) => known(value, name),
            Row::Slot(value) => known(value, name),
            Row::Sent(..) => None,
        }
    }

    /// The row's value, decoded in its place.
    pub fn value(&mut self, cx: &mut Cx) -> Result<&mut Dynamic, Thrown> {
        let decoded = match self {
            Row::Own(_) | Row::Slot(_) => None,
            Row::Sent(row, operation) => Some(decode(row, operation, &mut cx.decoder)?),
            Row::Held(home, at) => Some(cx.packed(*home).row(*at)),
        };
        if let Some(value) = decoded {
            *self = Row::Own(value);
        }
        match self {
            Row::Own(value) => Ok(value),
            Row::Slot(value) => Ok(value),
            Row::Sent(..) | Row::Held(..) => unreachable!("decoded above"),
        }
    }

    /// The row's value, to keep. An element of an array is copied.
    pub fn into_value(self, cx: &mut Cx) -> Result<Dynamic, Thrown> {
        match self {
            Row::Own(value) => Ok(value.flatten()),
            Row::Slot(value) => Ok(value.flatten_clone()),
            Row::Sent(row, operation) => decode(&row, operation, &mut cx.decoder),
            Row::Held(home, at) => Ok(cx.packed(home).row(at)),
        }
    }
}

fn known(row: &Dynamic, name: &str) -> Option<Dynamic> {
    row.read_lock::<Map>()?.get(name).map(Dynamic::flatten_clone)
}

fn decode(row: &page::Row, operation: &str, decoder: &mut Decoder) -> Result<Dynamic, Thrown> {
    decoder.object(row.json.get()).map_err(|error| rows::unreadable(operation, &error))
}

/// The values of some fields of a JSON object, without decoding the others. `None` if one is missing or it is no object:
/// then the whole row has to be looked at.
fn fields_of(json: &str, names: &[&str], decoder: &mut Decoder) -> Result<Option<Vec<Dynamic>>, serde_json::Error> {
    let mut found = vec![None; names.len()];
    if !json.starts_with('{') {
        return Ok(None);
    }
    let mut source = serde_json::Deserializer::from_str(json);
    Picker { names, found: &mut found, decoder }.deserialize(&mut source)?;
    Ok(found.into_iter().collect())
}

struct Picker<'a> {
    names: &'a [&'a str],
    found: &'a mut [Option<Dynamic>],
    decoder: &'a mut Decoder,
}

impl<'de> DeserializeSeed<'de> for Picker<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Picker<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            // Of a name that stands there twice the last one counts, so the walk goes on to the end.
            match self.names.iter().position(|wanted| *wanted == name) {
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
                Some(at) => self.found[at] = Some(fields.next_value_seed(self.decoder.seed())?),
            }
        }
        // `where` and `sort_by` may name a field twice.
        for at in 0..self.names.len() {
            if self.found[at].is_none()
                && let Some(first) = self.names.iter().position(|name| *name == self.names[at])
            {
                self.found[at] = self.found[first].clone();
            }
        }
        Ok(())
    }
}
