//! A JSON value with its exact text, so that numbers of any size and the texts in `metadata` come out as they went in.
//! Knows nothing of plans.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// A JSON value, written without blanks between its parts.
#[derive(Clone)]
pub struct Exact(Box<RawValue>);

impl Exact {
    /// The value of a part of a JSON text.
    pub fn new(raw: &RawValue) -> Exact {
        let text = raw.get();
        // Most values are plain ones.
        if !text.starts_with(['{', '[']) {
            return Exact(raw.to_owned());
        }
        Exact(RawValue::from_string(compact(text)).unwrap_or_else(|_| raw.to_owned()))
    }

    /// A text as a value.
    pub fn text(text: &str) -> Exact {
        Exact(to_raw_value(text).expect("a text always has a JSON form"))
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The raw value.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// The text of a JSON string; none for other values.
    pub fn as_text(&self) -> Option<String> {
        serde_json::from_str(self.get()).ok()
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.get() == "null"
    }
}

/// JSON without the blanks outside of its strings.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for c in json.chars() {
        if inside {
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            inside = c == '"';
        }
        out.push(c);
    }
    out
}

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Exact {}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        Ok(Exact::new(&Box::<RawValue>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_between_the_parts_of_a_value_go_and_its_texts_stay() {
        let text = "{\"a b\" : [ 1.50 ,\n\t\"x \\\" \\\\\" , 1e400 ] }";
        let value: Exact = serde_json::from_str(text).unwrap();
        assert_eq!(value.get(), r#"{"a b":[1.50,"x \" \\",1e400]}"#);
        assert_eq!(serde_json::to_string(&value).unwrap(), value.get());
    }
}
