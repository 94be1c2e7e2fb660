//! The text of a schedule, read. Says what is wrong in words for people; knows no date.

use super::{
    Fields, Rule, Schedule,
    days::Days,
    field::{HOUR, MINUTE, MONTH},
};
use crate::text;

/// What stands for five fields.
const NAMES: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// A longer span would be due less often than once in a year.
const LONGEST: u64 = 366 * 86_400;

/// A text that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Lower case, names in back-ticks, no final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hint: String,
}

impl Bad {
    pub(super) fn new(message: impl Into<String>) -> Bad {
        Bad { message: message.into(), hint: String::new() }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Bad {
        self.hint = hint.into();
        self
    }
}

pub(super) fn schedule(text: &str) -> Result<Schedule, Bad> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [name] if name.starts_with('@') && !name.eq_ignore_ascii_case("@every") => named(name),
        [first, span] if first.eq_ignore_ascii_case("every") => every(span),
        [first, ..] if first.trim_start_matches('@').eq_ignore_ascii_case("every") => {
            Err(Bad::new(format!("`{}` is no schedule", text::escape_control(text.trim())))
                .hint("write for example `every 15m`"))
        }
        _ => Ok(Schedule { rule: Rule::Fields(fields(&words)?), text: words.join(" ").to_ascii_uppercase() }),
    }
}

fn named(name: &str) -> Result<Schedule, Bad> {
    if name.eq_ignore_ascii_case("@reboot") {
        return Err(Bad::new("`@reboot` is no time").hint("start the script when the machine starts instead"));
    }
    let Some((known, meant)) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        let bad = Bad::new(format!("there is no schedule `{}`", text::escape_control(name)));
        return Err(bad.hint(format!("use {}", text::one_of(NAMES.iter().map(|(known, _)| *known)))));
    };
    let words: Vec<&str> = meant.split(' ').collect();
    Ok(Schedule { text: known.to_string(), rule: Rule::Fields(fields(&words)?) })
}

fn every(span: &str) -> Result<Schedule, Bad> {
    let bad = |message: String| Bad::new(message).hint("write for example `every 15m`");
    let length = text::parse_duration(span).map_err(|why| bad(text::escape_control(&why).into_owned()))?;
    if length.is_zero() {
        return Err(bad(format!("`every {span}` would never end")));
    }
    if length.subsec_nanos() != 0 {
        return Err(bad(format!("`every {span}` is no whole number of seconds")));
    }
    if length.as_secs() > LONGEST {
        return Err(bad(format!("`every {span}` is longer than a year")));
    }
    Ok(Schedule { text: format!("every {span}"), rule: Rule::Every(length.as_secs()) })
}

fn fields(words: &[&str]) -> Result<Fields, Bad> {
    let example = "write minute, hour, day, month and day of the week, such as `0 7 * * MON-FRI`";
    let shown = || text::escape_control(&words.join(" ")).into_owned();
    if words.len() == 6 {
        return Err(Bad::new(format!("`{}` has six fields; seconds are not supported", shown())).hint(example));
    }
    let capitals: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let [minute, hour, day, month, weekday] = &capitals[..] else {
        let count = text::plural(words.len(), "field");
        return Err(Bad::new(format!("`{}` has {count}, not five", shown())).hint(example));
    };
    Ok(Fields {
        wildcard: minute.starts_with('*') || hour.starts_with('*'),
        minutes: MINUTE.set(minute)?,
        hours: HOUR.set(hour)?,
        days: Days::parse(day, weekday)?,
        months: MONTH.set(month)?,
    })
}
