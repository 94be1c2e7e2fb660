//! Typed reading of TOML values, with a problem at the value's place where the type does not fit. Knows no single key.

use super::{At, Problem, block::Block};
use crate::text;
use std::{ops::Range, time::Duration};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// A value under its key.
pub(super) struct Entry<'a, 'i> {
    /// The key, with the tables above it: `params.days.type`.
    pub path: String,
    pub key: &'a str,
    pub key_at: Range<usize>,
    pub value: &'a DeValue<'i>,
    pub at: Range<usize>,
}

/// Reads values of one block and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    block: &'a Block,
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub fn new(block: &'a Block) -> Reader<'a> {
        Reader { block, problems: Vec::new() }
    }

    /// Notes a problem.
    pub fn problem(&mut self, at: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        let (line, column) = self.block.place(at.start);
        let problem = Problem::new(line, column, message);
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    /// A value with its place.
    pub fn located<T>(&self, value: T, at: &Range<usize>) -> At<T> {
        let (line, column) = self.block.place(at.start);
        At { value, line, column }
    }

    /// The entries of a table, in the order of the script.
    pub fn entries<'t, 'i>(&self, above: &str, table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
        let mut entries: Vec<Entry<'t, 'i>> = table
            .iter()
            .map(|(key, value): (&Spanned<DeString<'i>>, &Spanned<DeValue<'i>>)| Entry {
                path: if above.is_empty() { key.get_ref().to_string() } else { format!("{above}.{}", key.get_ref()) },
                key: key.get_ref(),
                key_at: key.span(),
                value: value.get_ref(),
                at: value.span(),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_at.start);
        entries
    }

    /// A key that nobody knows.
    pub fn unknown(&mut self, entry: &Entry<'_, '_>, known: &[&str]) {
        let hint = match text::did_you_mean(entry.key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", text::one_of(known.iter().copied())),
        };
        let message = format!("there is no header key `{}`", text::escape_control(&entry.path));
        self.problem(&entry.key_at, message, Some(hint));
    }

    /// A value of another type than its key takes.
    pub fn wrong(&mut self, entry: &Entry<'_, '_>, wanted: &str, example: &str) {
        let message = format!("`{}` takes {wanted}, not {}", text::escape_control(&entry.path), kind_of(entry.value));
        self.problem(&entry.at, message, Some(format!("write for example `{} = {example}`", entry.key)));
    }

    pub fn text(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<String> {
        match entry.value.as_str() {
            Some("") => {
                self.problem(&entry.at, format!("`{}` is empty", entry.path), Some("leave the key out".into()));
                None
            }
            Some(text) => Some(text.to_string()),
            None => {
                self.wrong(entry, "a text in quotes", example);
                None
            }
        }
    }

    pub fn located_text(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<At<String>> {
        self.text(entry, example).map(|text| self.located(text, &entry.at))
    }

    pub fn flag(&mut self, entry: &Entry<'_, '_>) -> Option<bool> {
        let flag = entry.value.as_bool();
        if flag.is_none() {
            self.wrong(entry, "`true` or `false`", "true");
        }
        flag
    }

    /// A whole number that counts something.
    pub fn count(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<u64> {
        let count = integer(entry.value).and_then(|number| u64::try_from(number).ok());
        if count.is_none() {
            match entry.value.as_integer() {
                Some(number) => {
                    let message = format!("`{}` cannot be {number}", entry.path);
                    self.problem(&entry.at, message, Some("give a whole number from 0 on".into()));
                }
                None => self.wrong(entry, "a whole number", example),
            }
        }
        count
    }

    pub fn duration(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<Duration> {
        let Some(words) = entry.value.as_str() else {
            self.wrong(entry, "a duration in quotes", example);
            return None;
        };
        match text::parse_duration(words) {
            Ok(span) => Some(span),
            Err(why) => {
                self.problem(&entry.at, format!("`{}`: {}", entry.path, text::escape_control(&why)), None);
                None
            }
        }
    }

    pub fn size(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<u64> {
        let Some(words) = entry.value.as_str() else {
            self.wrong(entry, "a size in quotes", example);
            return None;
        };
        match text::parse_size(words) {
            Ok(size) => Some(size),
            Err(why) => {
                self.problem(&entry.at, format!("`{}`: {}", entry.path, text::escape_control(&why)), None);
                None
            }
        }
    }

    /// A list of texts, each with its place.
    pub fn texts(&mut self, entry: &Entry<'_, '_>, example: &str) -> Option<Vec<At<String>>> {
        let Some(array) = entry.value.as_array() else {
            self.wrong(entry, "a list of texts", example);
            return None;
        };
        let mut texts: Vec<At<String>> = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) if texts.iter().any(|known| known.value == text) => {
                    let message = format!("`{}` names `{}` twice", entry.path, text::escape_control(text));
                    self.problem(&item.span(), message, None);
                }
                Some(text) => texts.push(self.located(text.to_string(), &item.span())),
                None => {
                    let message = format!("`{}` takes a list of texts, not {}", entry.path, kind_of(item.get_ref()));
                    self.problem(&item.span(), message, Some(format!("write for example `{} = {example}`", entry.key)));
                }
            }
        }
        Some(texts)
    }

    /// One of a few words, as what it stands for.
    pub fn choice<T: Copy>(&mut self, entry: &Entry<'_, '_>, known: &[(&'static str, T)]) -> Option<T> {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let word = self.word(entry, &words)?;
        known.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// One of a few words.
    pub fn word(&mut self, entry: &Entry<'_, '_>, known: &[&str]) -> Option<String> {
        let word = self.text(entry, &format!("\"{}\"", known[0]))?;
        if known.contains(&word.as_str()) {
            return Some(word);
        }
        let hint = match text::did_you_mean(&word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", text::one_of(known.iter().copied())),
        };
        let message = format!("`{}` cannot be `{}`", entry.path, text::escape_control(&word));
        self.problem(&entry.at, message, Some(hint));
        None
    }

    pub fn table<'t, 'i>(&mut self, entry: &Entry<'t, 'i>, example: &str) -> Option<Vec<Entry<'t, 'i>>> {
        match entry.value.as_table() {
            Some(table) => Some(self.entries(&entry.path, table)),
            None => {
                let message = format!("`{}` is a table, not {}", entry.path, kind_of(entry.value));
                self.problem(&entry.at, message, Some(format!("write `[{example}]` and its keys below")));
                None
            }
        }
    }
}

/// A whole number that a script's integers can hold.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
}

/// What kind of value stands there, with its article.
pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
