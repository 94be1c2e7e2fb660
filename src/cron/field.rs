//! One of the five fields: lists, ranges, steps and names to a set of numbers. Knows what the numbers are called, not
//! what they are for.

use super::Bad;
use crate::text;

/// What a field holds.
pub(super) struct Kind {
    /// One of it, and several.
    pub noun: &'static str,
    pub plural: &'static str,
    pub first: u32,
    pub last: u32,
    /// Names of its values, the first for `named_from`.
    names: &'static [&'static str],
    named_from: u32,
}

pub(super) const MINUTE: Kind = plain("minute", "minutes", 0, 59);
pub(super) const HOUR: Kind = plain("hour", "hours", 0, 23);
pub(super) const DAY: Kind = plain("day of the month", "days of the month", 1, 31);
pub(super) const MONTH: Kind = Kind {
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    named_from: 1,
    ..plain("month", "months", 1, 12)
};
/// 0 and 7 are Sunday.
pub(super) const WEEKDAY: Kind = Kind {
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    ..plain("day of the week", "days of the week", 0, 7)
};

const fn plain(noun: &'static str, plural: &'static str, first: u32, last: u32) -> Kind {
    Kind { noun, plural, first, last, names: &[], named_from: 0 }
}

impl Kind {
    /// The set that a whole field asks for.
    pub fn set(&self, field: &str) -> Result<u64, Bad> {
        field.split(',').try_fold(0, |set, term| Ok(set | self.term(term)?))
    }

    /// `*`, `5`, `1-5`, each also with a step: `*/15`, `5/15` (from 5 on), `8-18/2`.
    pub fn term(&self, term: &str) -> Result<u64, Bad> {
        let (base, step) = match term.split_once('/') {
            Some((base, step)) => (base, Some(self.step(term, step)?)),
            None => (term, None),
        };
        let (from, to) = match base.split_once('-') {
            _ if base == "*" => (self.first, self.last),
            Some((from, to)) => match (self.value(from)?, self.value(to)?) {
                // Sunday closes a week, and so `FRI-SUN` is a range.
                (from, 0) if from > 0 && self.last == WEEKDAY.last => (from, WEEKDAY.last),
                range => range,
            },
            None if step.is_some() => (self.value(base)?, self.last),
            None => {
                let value = self.value(base)?;
                (value, value)
            }
        };
        if to < from {
            return Err(Bad::new(format!("`{term}` ends before it begins")).hint(format!(
                "write two ranges: `{from}-{}` and `{}-{to}`, with a comma between",
                self.last, self.first
            )));
        }
        Ok((from..=to).step_by(step.unwrap_or(1)).fold(0, |set, value| set | 1 << value))
    }

    fn step(&self, term: &str, step: &str) -> Result<usize, Bad> {
        let hint = "a step is a whole number from 1 on, such as `*/15`";
        let shown = text::escape_control(term);
        let number = number(step).ok_or_else(|| Bad::new(format!("the step of `{shown}` is no number")).hint(hint))?;
        if number == 0 {
            return Err(Bad::new(format!("the step of `{shown}` is 0")).hint(hint));
        }
        if number > self.last {
            let bad = Bad::new(format!("`{shown}` steps over all {}, which end at {}", self.plural, self.last));
            let unit = match self.noun {
                "minute" => "m",
                "hour" => "h",
                _ => return Err(bad.hint(format!("write the one {} that is meant", self.noun))),
            };
            return Err(bad.hint(format!("write `every {number}{unit}` as the whole schedule")));
        }
        Ok(number as usize)
    }

    /// One value, by its number or its name.
    pub fn value(&self, word: &str) -> Result<u32, Bad> {
        if let Some(at) = self.names.iter().position(|name| *name == word) {
            return Ok(self.named_from + at as u32);
        }
        if let Some(value) = number(word) {
            return if (self.first..=self.last).contains(&value) {
                Ok(value)
            } else {
                Err(Bad::new(format!("there is no {} {value}", self.noun))
                    .hint(format!("{} go from {} to {}", self.plural, self.first, self.last)))
            };
        }
        let bad = Bad::new(format!("`{}` is no {}", text::escape_control(word), self.noun));
        Err(match text::did_you_mean(word, self.names.iter().copied()) {
            Some(near) => bad.hint(format!("did you mean `{near}`?")),
            None if word == "?" => bad.hint("write `*` where every value will do"),
            None => bad.hint(format!("{} go from {} to {}", self.plural, self.first, self.last)),
        })
    }
}

/// Digits only: no sign, no space. Too large a number is as good as none.
fn number(word: &str) -> Option<u32> {
    (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())).then(|| word.parse().ok()).flatten()
}
