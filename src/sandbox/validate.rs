//! What a body and a query must look like: types, lengths, ranges, enums. Owns the refusals with their codes and fields;
//! must not look at stored records (whether a slug is free is the route's question).

use serde_json::Value;
use serde_json::value::RawValue;

use super::problem::Problem;
use super::record::{Record, raw};
use super::times;

/// The longest text of an ordinary field, in characters.
pub(super) const TEXT: usize = 500;
/// The longest text of `notes`.
pub(super) const LONG_TEXT: usize = 20_000;

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text up to so many characters.
    Text(usize),
    /// Text that may not be empty.
    Name(usize),
    Email,
    Choice(&'static [&'static str]),
    /// An integer of at least 0.
    Count,
    /// A boolean; null means false.
    Flag,
    /// A list of texts; null means none.
    Labels,
    /// An object of the user's own, kept as it was written.
    Object,
    /// A timestamp or a plain date.
    Time,
}

/// One field of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    pub nullable: bool,
}

impl Field {
    /// A field that may be left out and may be null.
    pub const fn open(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, nullable: true }
    }

    /// A field that may be left out but not be null.
    pub const fn filled(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, nullable: false }
    }

    /// A field that a create must send.
    pub const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: true, nullable: false }
    }
}

/// Whether a body makes a record or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

/// The fields that were sent, checked and in their kept form.
pub(super) type Sent = Vec<(&'static str, Box<RawValue>)>;

/// Checks a body against the fields it may have, in their order; the first fault is the answer. Names that no field has
/// are ignored.
pub(super) fn body(bytes: &[u8], fields: &[Field], purpose: Purpose) -> Result<Sent, Problem> {
    let text: &RawValue = serde_json::from_slice(bytes)
        .map_err(|error| Problem::unreadable("invalid_json", format!("The body is not valid JSON: {error}.")))?;
    if !text.get().starts_with('{') {
        return Err(Problem::unreadable("invalid_type", "The body must be a JSON object."));
    }
    let record = Record::parse(text.get())
        .map_err(|error| Problem::unreadable("invalid_json", format!("The body is not valid JSON: {error}.")))?;
    let mut sent = Sent::new();
    for field in fields {
        match record.raw(field.name) {
            Some(value) => sent.push((field.name, checked(field, value)?)),
            None if field.required && purpose == Purpose::Create => {
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
            _ if !field.nullable => Err(wrong_type(name, "not be null")),
            Kind::Flag => Ok(raw(false)),
            Kind::Labels => Ok(raw(Vec::<String>::new())),
            _ => Ok(raw(())),
        };
    }
    match field.kind {
        Kind::Text(most) => Ok(raw(short(name, string(name, &value)?, most)?)),
        Kind::Name(most) => {
            let text = short(name, string(name, &value)?, most)?;
            if text.trim().is_empty() {
                return Err(Problem::invalid("too_small", name, format!("`{name}` must not be empty.")));
            }
            Ok(raw(text))
        }
        Kind::Email => Ok(raw(email(name, string(name, &value)?)?)),
        Kind::Choice(choices) => Ok(raw(choice(name, string(name, &value)?, choices)?)),
        Kind::Count => count(name, &value),
        Kind::Flag if value.is_boolean() => Ok(text.to_owned()),
        Kind::Flag => Err(wrong_type(name, "be a boolean")),
        Kind::Labels => labels(name, &value),
        Kind::Object if value.is_object() => Ok(text.to_owned()),
        Kind::Object => Err(wrong_type(name, "be an object")),
        Kind::Time => match times::normal(string(name, &value)?) {
            Some(time) => Ok(raw(time)),
            None => Err(Problem::invalid(
                "invalid_string",
                name,
                format!("`{name}` must be an ISO 8601 timestamp or date."),
            )),
        },
    }
}

fn wrong_type(name: &str, must: &str) -> Problem {
    Problem::invalid("invalid_type", name, format!("`{name}` must {must}."))
}

fn string<'a>(name: &str, value: &'a Value) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| wrong_type(name, "be a string"))
}

fn short<'a>(name: &str, text: &'a str, most: usize) -> Result<&'a str, Problem> {
    if text.chars().count() > most {
        return Err(Problem::invalid("too_big", name, format!("`{name}` must have at most {most} characters.")));
    }
    if text.contains('\0') {
        return Err(Problem::invalid("invalid_string", name, format!("`{name}` must not contain a NUL character.")));
    }
    Ok(text)
}

fn email(name: &str, text: &str) -> Result<String, Problem> {
    let text = short(name, text, TEXT)?;
    match text.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace) =>
        {
            Ok(text.to_lowercase())
        }
        _ => Err(Problem::invalid("invalid_string", name, format!("`{name}` must be an e-mail address."))),
    }
}

/// Checks one value of an enum, in a body or in a query.
pub(super) fn choice<'a>(name: &str, text: &'a str, choices: &[&str]) -> Result<&'a str, Problem> {
    if choices.contains(&text) {
        return Ok(text);
    }
    Err(Problem::invalid("invalid_enum_value", name, format!("`{name}` must be one of {}.", choices.join(", "))))
}

fn count(name: &str, value: &Value) -> Result<Box<RawValue>, Problem> {
    match (value.as_i64(), value.is_u64()) {
        (Some(number), _) if number < 0 => {
            Err(Problem::invalid("too_small", name, format!("`{name}` must be at least 0.")))
        }
        (Some(number), _) => Ok(raw(number)),
        (None, true) => Err(Problem::invalid("too_big", name, format!("`{name}` is too large."))),
        (None, false) => Err(wrong_type(name, "be an integer")),
    }
}

fn labels(name: &str, value: &Value) -> Result<Box<RawValue>, Problem> {
    let list = value.as_array().ok_or_else(|| wrong_type(name, "be an array of strings"))?;
    let mut labels = Vec::with_capacity(list.len());
    for label in list {
        let label = label.as_str().ok_or_else(|| wrong_type(name, "be an array of strings"))?;
        labels.push(short(name, label, TEXT)?);
    }
    Ok(raw(labels))
}

/// Reads `limit`: 1 to 100, 25 where it is not sent.
pub(super) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(25) };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong_type("limit", "be an integer"));
    }
    if digits.len() < text.len() || digits.bytes().all(|b| b == b'0') {
        return Err(Problem::invalid("too_small", "limit", "`limit` must be at least 1."));
    }
    match text.parse() {
        Ok(limit) if limit <= 100 => Ok(limit),
        _ => Err(Problem::invalid("too_big", "limit", "`limit` must be at most 100.")),
    }
}

/// Reads `cursor` as the millisecond that records of the page must lie strictly before.
pub(super) fn cursor(text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at = times::parse(text)
        .ok_or_else(|| Problem::invalid("invalid_string", "cursor", "`cursor` must be an ISO 8601 timestamp."))?;
    // Records keep whole milliseconds: one at .412 is older than a cursor at .4125.
    let nanos = at.as_nanosecond();
    let millis = nanos.div_euclid(1_000_000) + i128::from(nanos.rem_euclid(1_000_000) > 0);
    Ok(Some(millis as i64))
}
