//! One record as ordered names with the exact text of each value: what nobody changes comes out as it came in. Knows no
//! field's meaning.

use crate::session::plan::Exact;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use std::fmt;

/// An object whose values keep the text they were written in.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// Reads an object; of a name that stands twice, the last value counts.
    pub fn parse(text: &str) -> serde_json::Result<Fields> {
        serde_json::from_str(text)
    }

    pub fn raw(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// A value that is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// A value that is a boolean; anything else counts as false.
    pub fn flag(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| value.get() == "true")
    }

    /// Sets a value, at its old place where it has one. Says whether it is another one now: the same value in another
    /// spelling is not, and null is what a field reads as that the record does not have.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) -> bool {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) if same(old, &value) => false,
            Some((_, old)) => {
                *old = value;
                true
            }
            None if value.get() == "null" => false,
            None => {
                self.0.push((name.to_string(), value));
                true
            }
        }
    }

    /// Sets a plain value, at its old place where it has one.
    pub fn put(&mut self, name: &str, value: impl Serialize) -> bool {
        self.set(name, raw(value))
    }

    /// Adds a field to a record that does not have it, null or not.
    pub fn add(&mut self, name: &str, value: impl Serialize) {
        self.0.push((name.to_string(), raw(value)));
    }

    /// The object as JSON text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("fields that were read as JSON can be written as it")
    }

    /// Each field with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// A value as plans hold it.
    pub fn exact(&self, name: &str) -> Option<Exact> {
        self.raw(name).map(Exact::new)
    }
}

/// Whether two JSON texts are one value.
fn same(a: &RawValue, b: &RawValue) -> bool {
    let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).ok();
    // Texts that no value can hold (numbers beyond any) are compared as they are.
    a.get() == b.get() || value(a).is_some_and(|a| Some(a) == value(b))
}

/// The JSON text of a plain value.
pub(super) fn raw(value: impl Serialize) -> Box<RawValue> {
    to_raw_value(&value).expect("plain values always have a JSON form")
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    match fields.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, old)) => *old = value,
                        None => fields.push((name, value)),
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_in_another_spelling_is_no_change() {
        let mut fields = Fields::parse(r#"{"a":"\u00e9","m":{"x": 1,"y":[1.50]},"n":1e400}"#).unwrap();
        for (name, same) in [("a", r#""é""#), ("m", r#"{"y":[1.5],"x":1}"#), ("n", "1e400"), ("absent", "null")] {
            assert!(!fields.set(name, RawValue::from_string(same.into()).unwrap()), "{name}");
        }
        assert_eq!(fields.to_text(), r#"{"a":"\u00e9","m":{"x": 1,"y":[1.50]},"n":1e400}"#);
        assert!(fields.put("a", "e") && fields.put("absent", 1));
    }
}
