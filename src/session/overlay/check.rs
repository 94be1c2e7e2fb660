//! What a body must look like, from the table of operations. Must not look at records: whether a slug is free is another
//! question.
//!
//! Lengths of texts are not checked: the API notes give none, and a dry run must not refuse what the service may take.

use super::{
    fields::{Fields, raw},
    problem::Problem,
};
use crate::api::operation::{Effect, Field, Kind, Operation};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, value::RawValue};

/// The fields that were sent, checked and in the form in which a record keeps them.
pub(super) type Sent = Vec<(&'static str, Box<RawValue>)>;

/// Checks a body against the fields that it may have, in their order; the first fault is the answer. Names that no field
/// has are ignored, as the service does.
pub(super) fn body(operation: &'static Operation, bytes: &[u8]) -> Result<Sent, Problem> {
    let not_json = |why: String| Problem::unreadable("invalid_json", format!("The body is not valid JSON: {why}."));
    let text: &RawValue = serde_json::from_slice(bytes).map_err(|error| not_json(error.to_string()))?;
    if !text.get().starts_with('{') {
        return Err(Problem::unreadable("invalid_type", "The body must be a JSON object."));
    }
    let given = Fields::parse(text.get()).map_err(|error| not_json(error.to_string()))?;
    let mut sent = Sent::new();
    for field in operation.body() {
        match given.raw(field.name) {
            Some(value) => sent.push((field.name, checked(field, value)?)),
            None if operation.effect == Effect::Create && operation.required.contains(&field.name) => {
                return Err(Problem::invalid("missing_field", field.name, format!("`{}` is required.", field.name)));
            }
            None => {}
        }
    }
    Ok(sent)
}

fn checked(field: &Field, text: &RawValue) -> Result<Box<RawValue>, Problem> {
    let name = field.name;
    let value: Value = serde_json::from_str(text.get())
        .map_err(|error| Problem::invalid("invalid_type", name, format!("`{name}` cannot be read: {error}.")))?;
    if value.is_null() {
        return match field.kind {
            _ if !field.nullable => Err(Problem::wrong_type(name, "not be null")),
            // Nothing is set is false, and none is an empty list.
            Kind::Boolean => Ok(raw(false)),
            Kind::TextList => Ok(raw([""; 0])),
            _ => Ok(raw(())),
        };
    }
    match field.kind {
        Kind::Text if name == "email" => email(name, string(name, &value)?).map(raw),
        Kind::Text | Kind::Id if !field.nullable => {
            let text = string(name, &value)?;
            if text.trim().is_empty() {
                return Err(Problem::invalid("too_small", name, format!("`{name}` must not be empty.")));
            }
            Ok(raw(text))
        }
        Kind::Text | Kind::Id => string(name, &value).map(raw),
        Kind::Enum(words) => choice(name, string(name, &value)?, words).map(raw),
        Kind::Integer(low, high) => integer(name, &value, low, high),
        Kind::Boolean if value.is_boolean() => Ok(raw(value)),
        Kind::Boolean => Err(Problem::wrong_type(name, "be a boolean")),
        Kind::TextList => match value.as_array() {
            Some(list) if list.iter().all(Value::is_string) => Ok(raw(list)),
            _ => Err(Problem::wrong_type(name, "be an array of strings")),
        },
        Kind::Object if value.is_object() => Ok(text.to_owned()),
        Kind::Object => Err(Problem::wrong_type(name, "be an object")),
        Kind::Timestamp => {
            let wrong =
                || Problem::invalid("invalid_string", name, format!("`{name}` must be an ISO 8601 timestamp or date."));
            time(string(name, &value)?).map(raw).ok_or_else(wrong)
        }
    }
}

fn string<'a>(name: &str, value: &'a Value) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| Problem::wrong_type(name, "be a string"))
}

fn email(name: &str, text: &str) -> Result<String, Problem> {
    match text.split_once('@') {
        Some((local, domain))
            if !(local.is_empty()
                || domain.is_empty()
                || domain.contains('@')
                || text.contains(char::is_whitespace)
                || text.contains('\0')) =>
        {
            Ok(text.to_lowercase())
        }
        _ => Err(Problem::invalid("invalid_string", name, format!("`{name}` must be an e-mail address."))),
    }
}

/// Checks one value of an enum, in a body or in a query.
pub(super) fn choice<'a>(name: &str, text: &'a str, words: &[&str]) -> Result<&'a str, Problem> {
    if words.contains(&text) {
        return Ok(text);
    }
    Err(Problem::invalid("invalid_enum_value", name, format!("`{name}` must be one of {}.", words.join(", "))))
}

fn integer(name: &str, value: &Value, low: i64, high: i64) -> Result<Box<RawValue>, Problem> {
    match (value.as_i64(), value.is_u64()) {
        (Some(number), _) if number < low => {
            Err(Problem::invalid("too_small", name, format!("`{name}` must be at least {low}.")))
        }
        (Some(number), _) if number <= high => Ok(raw(number)),
        (Some(_), _) | (None, true) => Err(Problem::invalid("too_big", name, format!("`{name}` is too large."))),
        (None, false) => Err(Problem::wrong_type(name, "be an integer")),
    }
}

/// Reads a full timestamp as the service does: jiff alone would also take a blank for the `T` and a zone in brackets.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let shaped = text.is_ascii() && text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    if shaped { text.parse().ok() } else { None }
}

/// A value of a time field as the record will show it: plain dates and UTC times in the API's two forms stay as they
/// came; other precisions and offsets become UTC with milliseconds.
fn time(text: &str) -> Option<String> {
    if text.len() == 10 && text.is_ascii() {
        return text.parse::<Date>().ok().map(|_| text.to_string());
    }
    let at = timestamp(text)?;
    // "2024-01-15T09:30:00Z" has 20 characters, the form with milliseconds 24.
    let as_is = text.ends_with('Z') && (text.len() == 20 || (text.len() == 24 && text.as_bytes()[19] == b'.'));
    Some(if as_is { text.to_string() } else { with_millis(at) })
}

/// A time as the service writes one: in UTC, cut to whole milliseconds.
pub(super) fn with_millis(at: Timestamp) -> String {
    let whole = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    format!("{whole:.3}")
}
