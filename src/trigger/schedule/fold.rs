//! Due times for which nothing is run, as rows: one each, or a single range where there are very many.

use crate::{
    cron::Due,
    store::due::{Outcome, Row},
};
use jiff::Timestamp;

/// More due times than this become one row.
const MOST_ROWS: u64 = 1000;

/// Due times in their order, of which no more are kept than are shown one by one.
#[derive(Debug, Default)]
pub struct Fold {
    few: Vec<Due>,
    count: u64,
    /// The first, and the instant of the last.
    ends: Option<(Due, Timestamp)>,
}

impl Fold {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn add(&mut self, due: Due) {
        self.count += 1 + due.also.len() as u64;
        match &mut self.ends {
            Some((_, last)) => *last = due.at,
            None => self.ends = Some((due.clone(), due.at)),
        }
        if self.count > MOST_ROWS {
            self.few = Vec::new();
        } else {
            self.few.push(due);
        }
    }

    /// The rows of all of them.
    pub fn rows(self, outcome: Outcome, why: &str) -> Vec<Row> {
        match self.ends {
            Some((first, last)) if self.count > MOST_ROWS => {
                let first = rows_of(&first, outcome, Some(why)).into_iter().take(1);
                first.map(|row| Row { until: Some(last), count: self.count, ..row }).collect()
            }
            _ => self.few.iter().flat_map(|due| rows_of(due, outcome, Some(why))).collect(),
        }
    }
}

/// The rows of one due time: its own, and one for each time on the wall that falls on the same instant.
pub fn rows_of(due: &Due, outcome: Outcome, why: Option<&str>) -> Vec<Row> {
    let row = |local: String, outcome, reason: Option<String>| Row {
        due_at: due.at,
        local,
        outcome,
        reason,
        run: None,
        until: None,
        count: 1,
    };
    let same = format!("same instant as {}", due.local.strftime("%H:%M"));
    let also = due.also.iter().map(|local| row(local.to_string(), Outcome::Skipped, Some(same.clone())));
    std::iter::once(row(due.local.to_string(), outcome, why.map(str::to_string))).chain(also).collect()
}
