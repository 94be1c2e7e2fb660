//! A param that a script declares: its type, its default, and how a text from the command line becomes its value.

use super::reader::{Entry, Reader, integer, kind_of};
use crate::text;
use toml::de::DeValue;

/// The keys below `[params.NAME]`.
const KEYS: &[&str] = &["type", "default", "required", "help", "values"];
/// The words that `type` takes.
const TYPES: &[&str] = &["string", "integer", "float", "bool", "date", "file", "enum"];

/// A declared param.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// As scripts write it: `params.min_days`.
    pub name: String,
    pub kind: Type,
    /// What it is where nobody sets it; a script reads `()` where there is none. Of a bool it is `false`.
    pub default: Option<Value>,
    pub required: bool,
    pub help: Option<String>,
}

/// What values a param takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Integer,
    Float,
    Bool,
    /// A calendar date, `2026-05-26`.
    Date,
    /// A path.
    File,
    /// One of these words.
    Enum(Vec<String>),
}

/// A param's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date that exists, as `2026-05-26`.
    Date(String),
    File(String),
}

impl Param {
    /// Its flag, without the dashes: `min-days`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

impl Type {
    /// In an error: "it takes …".
    pub fn wanted(&self) -> String {
        match self {
            Type::Text => "a text".into(),
            Type::Integer => "a whole number".into(),
            Type::Float => "a number".into(),
            Type::Bool => "`true` or `false`".into(),
            Type::Date => "a date such as `2026-05-26`".into(),
            Type::File => "the path of a file".into(),
            Type::Enum(values) => text::one_of(values.iter().map(String::as_str)),
        }
    }

    /// What stands for the value in help: `--days <INTEGER>`.
    pub fn placeholder(&self) -> String {
        match self {
            Type::Text => "TEXT".into(),
            Type::Integer => "INTEGER".into(),
            Type::Float => "NUMBER".into(),
            Type::Bool => "BOOL".into(),
            Type::Date => "DATE".into(),
            Type::File => "FILE".into(),
            Type::Enum(values) => values.join("|"),
        }
    }

    /// The value that a text means; none where it does not fit.
    pub fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Type::Text => Some(Value::Text(text.into())),
            Type::Integer => text.parse().ok().map(Value::Integer),
            Type::Float => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
            Type::Bool => text.parse().ok().map(Value::Bool),
            Type::Date => is_date(text).then(|| Value::Date(text.into())),
            Type::File => (!text.is_empty() && !text.contains('\0')).then(|| Value::File(text.into())),
            Type::Enum(values) => values.iter().any(|known| known == text).then(|| Value::Text(text.into())),
        }
    }

    /// The value that stands in the header; none where it does not fit.
    fn read(&self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (Type::Integer, value) => integer(value).map(Value::Integer),
            (Type::Float, DeValue::Float(number)) => self.parse(number.as_str()),
            (Type::Float, value) => integer(value).map(|number| Value::Float(number as f64)),
            (Type::Bool, value) => value.as_bool().map(Value::Bool),
            (Type::Date, DeValue::Datetime(date)) => self.parse(&date.to_string()),
            (_, value) => value.as_str().and_then(|text| self.parse(text)),
        }
    }
}

impl Value {
    /// As it is written on the command line.
    pub fn shown(&self) -> String {
        match self {
            Value::Text(text) | Value::Date(text) | Value::File(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
        }
    }
}

/// Whether it is a date of the calendar, `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    let year = number(year);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match number(month) {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&number(day))
}

/// Reads `[params.NAME]`. `flags` are the long flags that it may not be named like.
pub(super) fn read(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, flags: &[String]) -> Option<Param> {
    let entries = reader.table(entry, &text::escape_control(&entry.path))?;
    if !name_fits(reader, entry, flags) {
        return None;
    }
    let mut found = Param { name: entry.key.into(), kind: Type::Text, default: None, required: false, help: None };
    let (mut word, mut values, mut default, mut required) = (None, None, None, None);
    for entry in &entries {
        match entry.key {
            "type" => word = reader.word(entry, TYPES).map(|word| (word, entry)),
            "default" => default = Some(entry),
            "required" => required = reader.flag(entry).map(|flag| (flag, entry)),
            "help" => found.help = reader.text(entry, "\"How long it may wait\""),
            "values" => values = reader.texts(entry, "[\"low\", \"high\"]").map(|values| (values, entry)),
            _ => reader.unknown(entry, KEYS),
        }
    }
    let Some((word, word_entry)) = word else {
        // An unknown word has been told already.
        if entries.iter().all(|entry| entry.key != "type") {
            let hint = format!("add `type = \"string\"`, or another of {}", text::one_of(TYPES.iter().copied()));
            reader.problem(&entry.key_at, format!("the param `{}` has no type", entry.key), Some(hint));
        }
        return None;
    };
    found.kind = match (word.as_str(), values) {
        ("enum", Some((values, _))) if !values.is_empty() => {
            Type::Enum(values.into_iter().map(|value| value.value).collect())
        }
        ("enum", _) => {
            let message = format!("the enum `{}` has no values", found.name);
            reader.problem(&word_entry.at, message, Some("add for example `values = [\"low\", \"high\"]`".into()));
            return None;
        }
        (_, Some((_, values))) => {
            let hint = "make the type `enum`, or leave `values` out".into();
            reader.problem(
                &values.key_at,
                format!("only an enum has values, and `{}` is none", found.name),
                Some(hint),
            );
            return None;
        }
        ("integer", None) => Type::Integer,
        ("float", None) => Type::Float,
        ("bool", None) => Type::Bool,
        ("date", None) => Type::Date,
        ("file", None) => Type::File,
        (_, None) => Type::Text,
    };
    if let Some(entry) = default {
        found.default = found.kind.read(entry.value);
        if found.default.is_none() {
            let given = match entry.value.as_str() {
                Some(text) => format!("`{}`", text::escape_control(text)),
                None => kind_of(entry.value).into(),
            };
            let message = format!("the default of `{}` is {given}; it takes {}", found.name, found.kind.wanted());
            reader.problem(&entry.at, message, None);
        }
    }
    if let Some((true, entry)) = required {
        found.required = true;
        if default.is_some() {
            let message = format!("`{}` is required and has a default", found.name);
            reader.problem(&entry.at, message, Some("leave out one of the two".into()));
        }
    }
    if found.kind == Type::Bool && !found.required {
        found.default.get_or_insert(Value::Bool(false));
    }
    Some(found)
}

fn name_fits(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, flags: &[String]) -> bool {
    let name = entry.key;
    let shown = text::escape_control(name).into_owned();
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= 64;
    if !good {
        let hint = "use letters, digits and `_`, beginning with a letter, at most 64".into();
        reader.problem(&entry.key_at, format!("`{shown}` cannot be the name of a param"), Some(hint));
    } else if flags.contains(&name.replace('_', "-")) {
        let message = format!("the param `{shown}` is named like a flag of onramp, `--{}`", name.replace('_', "-"));
        reader.problem(&entry.key_at, message, Some(format!("give it another name, such as `my_{name}`")));
    } else {
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_the_value_of_its_type_or_none() {
        let colours = Type::Enum(vec!["red".into(), "blue".into()]);
        for (kind, good, bad) in [
            (Type::Integer, "-3", &["3.5", "", "x", "9223372036854775808", "1_000"][..]),
            (Type::Float, "2.5", &["nan", "inf", "x", ""]),
            (Type::Bool, "true", &["yes", "TRUE", "1", ""]),
            (Type::Date, "2024-02-29", &["2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-00", "today"]),
            (Type::File, "a b.csv", &["", "a\0b"]),
            (colours, "red", &["Red", "green", ""]),
        ] {
            assert_eq!(kind.parse(good).map(|value| value.shown()).as_deref(), Some(good));
            for bad in bad {
                assert_eq!(kind.parse(bad), None, "{bad} as {kind:?}");
            }
        }
        assert_eq!(Type::Text.parse(""), Some(Value::Text(String::new())));
    }
}
