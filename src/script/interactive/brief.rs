//! Values in a few words or at a bounded length, whatever their size: what is shown of a session must not take the memory
//! that the session's own data need. Copies no large value.

use super::variables::weight;
use crate::script::{
    builtins::output::shown,
    value::{Json, kind_of},
};
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use std::io::{self, Write};

/// Values that hold less may be copied to be shown.
const SMALL: usize = 1 << 20;

/// A value as people read it, of at most about `most` bytes; `…` stands for what is cut off.
pub fn brief(value: &Dynamic, most: usize) -> String {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return cut(&text, most);
    }
    if let Some(bytes) = value.read_lock::<Blob>() {
        return format!("<blob of {}>", crate::text::plural(bytes.len(), "byte"));
    }
    if value.read_lock::<Array>().is_none() && value.read_lock::<Map>().is_none() {
        return shown(value);
    }
    json(value, most)
}

/// The same, with text in quotes, so that it can be told from a number.
pub fn quoted(value: &Dynamic, most: usize) -> String {
    if value.is_string() { json(value, most) } else { brief(value, most) }
}

fn json(value: &Dynamic, most: usize) -> String {
    let mut out = Bounded { bytes: Vec::new(), most };
    match serde_json::to_writer(&mut out, &Json(value)) {
        Ok(()) => String::from_utf8_lossy(&out.bytes).into_owned(),
        Err(error) if error.is_io() => cut(&String::from_utf8_lossy(&out.bytes), most.saturating_sub(4)),
        Err(_) if weight(value) < SMALL => cut(&shown(value), most),
        Err(_) => format!("<{}>", kind_of(value).trim_start_matches("an ").trim_start_matches("a ")),
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Takes so many bytes and refuses the rest.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            let room = self.most - self.bytes.len();
            self.bytes.extend_from_slice(&bytes[..room]);
            return Err(io::Error::other("there is enough"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_before_it_is_written_out() {
        let numbers: Array = (0..100_000_i64).map(Dynamic::from).collect();
        assert_eq!(brief(&numbers.into(), 20), "[0,1,2,3,4,5,6,7…");
        assert_eq!(brief(&"Größe".into(), 4), "Grö…");
        assert_eq!(brief(&"日本".into(), 100), "日本");
        assert_eq!(quoted(&"a".into(), 100), "\"a\"");
        assert_eq!(brief(&Dynamic::from_blob(vec![1, 2]), 100), "<blob of 2 bytes>");
        assert_eq!(brief(&Dynamic::UNIT, 9), "");
        let odd: Array = vec![Dynamic::from(f64::NAN)];
        assert_eq!(brief(&odd.into(), 100), "[\"NaN\"]");
    }
}
