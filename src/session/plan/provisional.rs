//! Provisional ids: what stands in a plan for records that are not there yet. Makes them, finds them in a text, and puts
//! the real ones in their place. PURE.

use super::entry::Entry;
use crate::api::request::Call;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Provisional display ids begin above this: far beyond any real one, and still exact as a floating-point number.
pub const DISPLAY: i64 = 9_000_000_000_000_000;

/// The provisional id of the `n`th record of a kind (`customer`…) that a plan makes, from 1.
pub fn id(object: &str, n: usize) -> String {
    format!("new_{object}_{n}")
}

/// The real ids of a record that a plan has made.
#[derive(Clone, Debug, Deserialize)]
pub struct Made {
    pub id: String,
    pub display_id: i64,
}

/// The places in `text` that hold a provisional id or display id, as byte ranges, in order.
pub fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let part = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut at = 0;
    while at < bytes.len() {
        if !part(at) {
            at += 1;
            continue;
        }
        let end = (at..).find(|end| !part(*end)).unwrap_or(bytes.len());
        // A text may hold `_new_customer_1` or `new_customer_1x`: those are words of their own.
        if is_provisional(&text[at..end]) {
            found.push(at..end);
        }
        at = end;
    }
    found
}

/// Whether a word has the form of a provisional id or display id.
pub fn is_provisional(word: &str) -> bool {
    let number = |digits: &str| !digits.starts_with('0') && digits.parse::<u32>().is_ok();
    match word.strip_prefix("new_").and_then(|rest| rest.split_once('_')) {
        Some(("customer" | "contact" | "onboarding", digits)) => number(digits),
        Some(_) => false,
        None => word.parse::<i64>().is_ok_and(|n| n > DISPLAY && n - DISPLAY < 1_000_000_000_000),
    }
}

/// `text` with the real ids in place of the provisional ones. `json` says whether it is JSON, where an id may need
/// escapes. Words that only look like provisional ids stay.
pub fn replaced(text: &str, real: &dyn Fn(&str) -> Option<String>, json: bool) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for place in places(text) {
        let Some(id) = real(&text[place.clone()]) else { continue };
        out.push_str(&text[from..place.start]);
        match serde_json::to_string(&id) {
            Ok(quoted) if json => out.push_str(&quoted[1..quoted.len() - 1]),
            _ => out.push_str(&id),
        }
        from = place.end;
    }
    out.push_str(&text[from..]);
    out
}

impl Entry {
    /// The call of this write, with the real ids in place of the provisional ones. `made` holds what the plan's creates
    /// have made so far, by position. The error says why there is no such call.
    pub fn call(&self, made: &BTreeMap<usize, Made>) -> Result<Call, String> {
        let operation = self.operation().ok_or_else(|| format!("there is no operation `{}`", self.operation))?;
        if let Some((id, at)) = self.uses.iter().find(|(_, at)| !made.contains_key(at)) {
            return Err(format!("it speaks of `{id}`, which entry {at} was to make and did not"));
        }
        let real = |word: &str| {
            let made = made.get(self.uses.get(word)?)?;
            Some(if word.parse::<i64>().is_ok() { made.display_id.to_string() } else { made.id.clone() })
        };
        let path = self.path.iter().map(|id| replaced(id, &real, false)).collect();
        let mut call = Call::new(operation, path);
        call.body = self.body.as_ref().map(|body| replaced(body, &real, true).into_bytes());
        Ok(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provisional_ids_are_found_as_words_of_their_own() {
        let text = r#"{"a":"new_customer_1","b":"x-new_contact_12.","c":9000000000000003,"d":"new_customer_1x my_new_customer_1
                   new_thing_1 new_customer_01 9000000000000000 90000000000000031111 new_onboarding_"}"#;
        let found: Vec<&str> = places(text).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, ["new_customer_1", "new_contact_12", "9000000000000003"]);
    }

    #[test]
    fn only_the_words_that_were_made_are_replaced() {
        let real = |word: &str| (word == "new_customer_1").then(|| "a\"b".to_string());
        assert_eq!(replaced("new_customer_1/new_customer_10", &real, false), "a\"b/new_customer_10");
        assert_eq!(replaced(r#"{"x":"new_customer_1"}"#, &real, true), r#"{"x":"a\"b"}"#);
    }
}
