//! The two fields for days, together: which dates a schedule means. Debian's rule: both must match where one of them
//! begins with `*`; otherwise either is enough.

use super::{
    Bad,
    field::{DAY, WEEKDAY},
};
use jiff::civil::Date;

/// The days that the third and the fifth field ask for. Bit `n` stands for day `n`, Sunday is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    /// Whether both fields must match.
    both: bool,
    month: u64,
    /// `L`: the last day of the month.
    last: bool,
    week: u64,
    /// `MON#2`: for each day of the week, which ones of a month.
    nth: [u8; 7],
    /// `FRIL`: the last ones of a month.
    last_of: u64,
}

impl Days {
    /// Reads both fields, in capitals.
    pub fn parse(month: &str, week: &str) -> Result<Days, Bad> {
        let mut days = Days { both: month.starts_with('*') || week.starts_with('*'), ..Days::default() };
        for term in month.split(',') {
            match term {
                "L" => days.last = true,
                _ => days.month |= DAY.term(term)?,
            }
        }
        for term in week.split(',') {
            if let Some((day, which)) = term.split_once('#') {
                let day = WEEKDAY.value(day)? % 7;
                let which = which.parse::<u8>().ok().filter(|which| (1..=5).contains(which));
                let which = which.ok_or_else(|| {
                    Bad::new(format!("`{term}` comes in no month"))
                        .hint("write `MON#1` to `MON#5`, or `MONL` for the last")
                })?;
                days.nth[day as usize] |= 1 << which;
            } else if let Some(day) = term.strip_suffix('L').filter(|day| !day.is_empty()) {
                days.last_of |= 1 << (WEEKDAY.value(day)? % 7);
            } else {
                let set = WEEKDAY.term(term)?;
                days.week |= set & 0x7f | set >> 7;
            }
        }
        Ok(days)
    }

    /// Whether a date is meant.
    pub fn contain(&self, date: Date) -> bool {
        let (day, weekday) = (date.day(), date.weekday().to_sunday_zero_offset());
        let month = self.month >> day & 1 == 1 || self.last && day == date.days_in_month();
        let week = self.week >> weekday & 1 == 1
            || self.nth[weekday as usize] >> ((day + 6) / 7) & 1 == 1
            || self.last_of >> weekday & 1 == 1 && day + 7 > date.days_in_month();
        if self.both { month && week } else { month || week }
    }
}
