//! What a cell of a table means: text to values of the wanted kind, and values to the text of a cell. Refuses rather
//! than guesses; knows no file.

use crate::script::{builtins::time, decode::Decoder, value::Json};
use jiff::tz::TimeZone;
use rhai::{Dynamic, ImmutableString};

/// The kinds that `types` can name, each with what it is called in errors. Some have a second name.
pub const KINDS: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("string", Kind::Text),
    ("integer", Kind::Integer),
    ("float", Kind::Float),
    ("boolean", Kind::Boolean),
    ("bool", Kind::Boolean),
    ("time", Kind::Time),
    ("date", Kind::Time),
    ("json", Kind::Json),
];

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Float,
    Boolean,
    Time,
    Json,
}

impl Kind {
    /// With its article, for errors.
    pub fn wanted(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Integer => "an integer",
            Kind::Float => "a number",
            Kind::Boolean => "`true` or `false`",
            Kind::Time => "a time",
            Kind::Json => "JSON",
        }
    }
}

/// Reads cells. `decimal` is the decimal mark where the script named one; only then may numbers be grouped, because
/// `1.234` means two different things.
pub struct Cells {
    pub decimal: Option<char>,
    pub zone: TimeZone,
    /// Shares the texts that repeat.
    pub decoder: Decoder,
}

impl Cells {
    /// The value of a cell; `None` where it is not of that kind. An empty cell is `()`, except as text.
    pub fn value(&mut self, cell: &str, kind: Kind) -> Option<Dynamic> {
        if kind == Kind::Text {
            return Some(self.decoder.text(cell));
        }
        let cell = cell.trim();
        if cell.is_empty() {
            return Some(Dynamic::UNIT);
        }
        match kind {
            Kind::Text => None,
            Kind::Integer => integer(cell, self.decimal).map(Dynamic::from),
            Kind::Float => float(cell, self.decimal).map(Dynamic::from),
            Kind::Boolean => match cell.to_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true.into()),
                "false" | "no" | "0" => Some(false.into()),
                _ => None,
            },
            Kind::Time => time::Time::parse(cell, self.zone.clone()).map(Dynamic::from),
            Kind::Json => self.decoder.decode(cell.as_bytes()).ok(),
        }
    }
}

fn integer(cell: &str, decimal: Option<char>) -> Option<i64> {
    let (sign, digits) = signed(cell);
    let digits = ungrouped(digits, decimal)?;
    format!("{sign}{digits}").parse().ok()
}

fn float(cell: &str, decimal: Option<char>) -> Option<f64> {
    let (sign, rest) = signed(cell);
    let (rest, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    let (whole, part) = rest.split_once(decimal.unwrap_or('.')).unwrap_or((rest, "0"));
    if !plain(part) || exponent.get(1..).is_some_and(|e| !plain(e.trim_start_matches(['+', '-']))) {
        return None;
    }
    let number: f64 = format!("{sign}{}.{part}{exponent}", ungrouped(whole, decimal)?).parse().ok()?;
    number.is_finite().then_some(number)
}

fn signed(cell: &str) -> (&str, &str) {
    match cell.as_bytes()[0] {
        b'-' | b'+' => cell.split_at(1),
        _ => ("", cell),
    }
}

/// Digits without the marks between groups of three.
fn ungrouped(digits: &str, decimal: Option<char>) -> Option<String> {
    if plain(digits) {
        return Some(digits.to_string());
    }
    let marks: &[char] = match decimal? {
        ',' => &['.', ' ', '\'', '\u{2019}', '\u{a0}', '\u{202f}'],
        _ => &[',', ' ', '\'', '\u{2019}', '\u{a0}', '\u{202f}'],
    };
    let mark = digits.chars().find(|c| marks.contains(c))?;
    let mut groups = digits.split(mark);
    let first = groups.next()?;
    let regular = plain(first) && first.len() <= 3 && groups.all(|group| plain(group) && group.len() == 3);
    regular.then(|| digits.replace(mark, ""))
}

fn plain(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The text of a value in a cell, and whether it is a number: text as it is, `()` as nothing, times in ISO form, what
/// is nested as JSON. The error says what has no such form.
pub fn written(value: &Dynamic) -> Result<(String, bool), String> {
    if value.is_unit() {
        return Ok((String::new(), false));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok((text.to_string(), false));
    }
    if let Some(time) = value.read_lock::<time::Time>() {
        return Ok((time.to_string(), false));
    }
    let json = serde_json::to_string(&Json(value)).map_err(|error| error.to_string())?;
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        // What is a plain string in JSON, such as a character, needs no quotes.
        Some(_) => Ok((serde_json::from_str(&json).unwrap_or(json), false)),
        None => Ok((json, value.is_int() || value.is_float())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str, kind: Kind, decimal: Option<char>) -> Option<String> {
        let mut cells = Cells { decimal, zone: TimeZone::UTC, decoder: Decoder::default() };
        cells.value(cell, kind).map(|value| value.to_string())
    }

    #[test]
    fn numbers_are_read_as_they_are_written_and_never_guessed() {
        for (cell, decimal, wanted) in [
            ("12", None, Some("12")),
            (" -12 ", None, Some("-12")),
            ("1.234", None, None),
            ("1,234", None, None),
            ("1.234", Some(','), Some("1234")),
            ("1.23", Some(','), None),
            ("1.234.567", Some(','), Some("1234567")),
            ("1 234", Some(','), Some("1234")),
            ("1,234", Some('.'), Some("1234")),
            ("12a", None, None),
            ("9223372036854775808", None, None),
            ("-9223372036854775808", None, Some("-9223372036854775808")),
            ("", None, Some("")),
        ] {
            assert_eq!(read(cell, Kind::Integer, decimal).as_deref(), wanted, "{cell} {decimal:?}");
        }
        for (cell, decimal, wanted) in [
            ("1.5", None, Some("1.5")),
            ("1,5", None, None),
            ("1,5", Some(','), Some("1.5")),
            ("-1.234,56", Some(','), Some("-1234.56")),
            ("1,234.56", Some('.'), Some("1234.56")),
            ("1e3", None, Some("1000.0")),
            ("1e999", None, None),
            ("1e", None, None),
            ("nan", None, None),
            (".5", None, None),
            ("-", None, None),
            ("2", None, Some("2.0")),
        ] {
            assert_eq!(read(cell, Kind::Float, decimal).as_deref(), wanted, "{cell} {decimal:?}");
        }
    }

    #[test]
    fn the_other_kinds_are_read_too() {
        assert_eq!(read("Yes", Kind::Boolean, None).as_deref(), Some("true"));
        assert_eq!(read("perhaps", Kind::Boolean, None), None);
        assert_eq!(read("[1,{\"a\":2}]", Kind::Json, None).as_deref(), Some("[1, #{\"a\": 2}]"));
        assert_eq!(read("{", Kind::Json, None), None);
        assert_eq!(read(" x ", Kind::Text, None).as_deref(), Some(" x "));
    }

    proptest! {
        #[test]
        fn no_cell_brings_it_down(cell in any::<String>(), kind in 0..KINDS.len(), decimal in prop::option::of(prop::sample::select(vec![',', '.']))) {
            read(&cell, KINDS[kind].1, decimal);
        }

        #[test]
        fn whole_numbers_come_back(number in any::<i64>()) {
            prop_assert_eq!(read(&number.to_string(), Kind::Integer, Some(',')), Some(number.to_string()));
        }
    }
}
