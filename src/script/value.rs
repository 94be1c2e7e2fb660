//! Script values: to JSON, and what people are told of their kinds. Nothing is rounded, dropped or renamed on the way. The
//! other way is in `decode`.

use super::builtins::time::{Span, Time};
use rhai::{Array, Dynamic, ImmutableString, Map};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap, SerializeSeq},
};
use std::fmt;

/// A whole number beyond the script's integers (above 2⁶³ − 1). It can be shown, compared for equality and sent back
/// unchanged; arithmetic on it is refused, because it would lose digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInteger(pub u64);

impl fmt::Display for BigInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
    use crate::script::decode::Decoder;

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
}
