//! One JSON object as ordered names with the exact text of each value. Owns that text: `metadata` has to come back as it
//! was sent, digit for digit, so nothing here goes through a number type. Must not know what the fields mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// An object whose values keep the text they were written in.
#[derive(Clone, Debug, Default)]
pub(super) struct Record(Vec<(String, Box<RawValue>)>);

impl Record {
    /// Reads an object; of a name that stands twice, the last value counts.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The exact text of a value.
    pub fn raw(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| &**v)
    }

    /// A value that is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// A value that is a boolean; anything else counts as false.
    pub fn flag(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|v| v.get() == "true")
    }

    /// Sets a value, at its old place where it has one. Says whether the text changed.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) -> bool {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) if old.get() == value.get() => false,
            Some((_, old)) => {
                *old = value;
                true
            }
            None => {
                self.0.push((name.to_owned(), value));
                true
            }
        }
    }

    /// `set` for a plain value.
    pub fn put(&mut self, name: &str, value: impl Serialize) -> bool {
        self.set(name, raw(value))
    }

    /// The object as JSON text.
    pub fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// The JSON text of a plain value: text, number, boolean, null, or a list or map of these.
pub(super) fn raw(value: impl Serialize) -> Box<RawValue> {
    to_raw_value(&value).expect("plain values with text keys always have a JSON form")
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut record = Record::default();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    record.set(&name, value);
                }
                Ok(record)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_digits_and_the_order_they_came_in() {
        let text = r#"{"b":1.10,"a":123456789012345678901234567890,"c":{"z":1e400,"y":[1, 2]}}"#;
        assert_eq!(Record::parse(text).unwrap().to_text().unwrap(), text);
    }

    #[test]
    fn setting_the_same_text_is_no_change() {
        let mut record = Record::default();
        assert!(record.put("name", "Acme"));
        assert!(!record.put("name", "Acme"));
        assert!(record.put("name", "Acme Corp"));
    }
}
