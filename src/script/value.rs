//! JSON to script values and back. Nothing is rounded, dropped or renamed on the way: integers stay integers, null is
//! `()`, and a number too large for a script's integer keeps its digits.

use super::builtins::time::{Span, Time};
use rhai::{Array, Dynamic, ImmutableString, Map};
use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, SerializeMap, SerializeSeq},
};
use std::{collections::HashMap, fmt};

/// A whole number beyond the script's integers (above 2⁶³ − 1). It can be shown, compared for equality and sent back
/// unchanged; arithmetic on it is refused, because it would lose digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInteger(pub u64);

impl fmt::Display for BigInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Turns JSON into script values. Short strings that repeat (`active`, `customer`, field values) are shared.
#[derive(Default)]
pub struct Decoder {
    seen: HashMap<Box<str>, ImmutableString>,
}

/// Strings longer than this are hardly ever repeated.
const INTERNED_LENGTH: usize = 24;
/// So many different short strings, and interning stops paying.
const INTERNED_COUNT: usize = 4096;

impl Decoder {
    /// The value of a whole JSON text. Fails only where it is not JSON or nests deeper than 128 levels.
    pub fn decode(&mut self, json: &[u8]) -> Result<Dynamic, serde_json::Error> {
        let mut source = serde_json::Deserializer::from_slice(json);
        let value = Seed(self).deserialize(&mut source)?;
        source.end()?;
        Ok(value)
    }

    /// For one value within a larger text.
    pub fn seed(&mut self) -> Seed<'_> {
        Seed(self)
    }

    /// A text, shared with the same text that came before.
    pub fn text(&mut self, text: &str) -> Dynamic {
        if text.len() > INTERNED_LENGTH {
            return ImmutableString::from(text).into();
        }
        if let Some(known) = self.seen.get(text) {
            return known.clone().into();
        }
        let shared = ImmutableString::from(text);
        if self.seen.len() < INTERNED_COUNT {
            self.seen.insert(text.into(), shared.clone());
        }
        shared.into()
    }
}

/// Decodes one value within a larger JSON text.
pub struct Seed<'a>(&'a mut Decoder);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Dynamic;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Dynamic, E> {
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(BigInteger(value)), Dynamic::from))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(self.0.text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut array = Array::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            array.push(item);
        }
        Ok(array.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            let value = fields.next_value_seed(Seed(self.0))?;
            // Of a name that stands there twice the last one counts, as in every JSON reader.
            map.insert(name.as_ref().into(), value);
        }
        Ok(map.into())
    }
}

/// The JSON text of a script value. The error says which kind of value has no JSON form, and where it stands.
pub fn encode(value: &Dynamic) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Json(value)).map_err(|error| error.to_string())
}

/// A script value seen as JSON.
pub struct Json<'a>(pub &'a Dynamic);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        if value.is_shared() {
            return Json(&value.flatten_clone()).serialize(serializer);
        }
        if value.is_unit() {
            serializer.serialize_unit()
        } else if let Ok(flag) = value.as_bool() {
            serializer.serialize_bool(flag)
        } else if let Ok(number) = value.as_int() {
            serializer.serialize_i64(number)
        } else if let Ok(number) = value.as_float() {
            if number.is_finite() {
                serializer.serialize_f64(number)
            } else {
                Err(S::Error::custom(format!("the number {number} has no JSON form")))
            }
        } else if let Ok(letter) = value.as_char() {
            serializer.serialize_char(letter)
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            serializer.serialize_str(&text)
        } else if let Some(array) = value.read_lock::<Array>() {
            let mut out = serializer.serialize_seq(Some(array.len()))?;
            for item in array.iter() {
                out.serialize_element(&Json(item))?;
            }
            out.end()
        } else if let Some(map) = value.read_lock::<Map>() {
            let mut out = serializer.serialize_map(Some(map.len()))?;
            for (name, item) in map.iter() {
                out.serialize_entry(name.as_str(), &Json(item))?;
            }
            out.end()
        } else if let Some(number) = value.read_lock::<BigInteger>() {
            serializer.serialize_u64(number.0)
        } else if let Some(time) = value.read_lock::<Time>() {
            serializer.serialize_str(&time.to_utc())
        } else if let Some(span) = value.read_lock::<Span>() {
            serializer.serialize_str(&span.to_iso())
        } else {
            Err(S::Error::custom(format!("{} has no JSON form", kind_of(value))))
        }
    }
}

/// What kind of value it is, with its article, in the words of the documentation.
pub fn kind_of(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "()" => "`()`",
        "bool" => "a boolean",
        "i64" => "an integer",
        "f64" => "a float",
        "char" => "a character",
        "string" => "a string",
        "array" => "an array",
        "map" => "an object map",
        "Fn" => "a function",
        "range" | "range=" => "a range",
        "blob" => "a blob",
        _ if value.is::<Time>() => "a time",
        _ if value.is::<Span>() => "a span of time",
        _ if value.is::<super::stream::Stream>() => "a list",
        _ if value.is::<BigInteger>() => "a very large integer",
        _ => "a value of another kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(json: &str) -> String {
        let value = Decoder::default().decode(json.as_bytes()).unwrap();
        String::from_utf8(encode(&value).unwrap()).unwrap()
    }

    #[test]
    fn json_comes_back_as_it_went_in() {
        for json in [
            r#"{"a":null,"b":[1,-2,3.5,true,"x"],"c":{"d":{}}}"#,
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "0.1",
            "0.9090909090909091",
            "1.0",
            r#""Größe 日本 \n \u0001""#,
        ] {
            assert_eq!(round_trip(json), json);
        }
    }

    #[test]
    fn what_has_no_json_form_is_named() {
        assert_eq!(encode(&Dynamic::from(f64::NAN)).unwrap_err(), "the number NaN has no JSON form");
        let closure = Dynamic::from(rhai::FnPtr::new("f").unwrap());
        assert_eq!(encode(&closure).unwrap_err(), "a function has no JSON form");
    }

    #[test]
    fn broken_json_is_an_error() {
        for json in ["", "{", r#"{"a":1}x"#, "nul"] {
            assert!(Decoder::default().decode(json.as_bytes()).is_err(), "{json}");
        }
    }
}
