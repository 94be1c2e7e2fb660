//! Which rows of bulk calls are to be done again: those that the report of an earlier run names as failed.

use super::report::COLUMNS;
use crate::csv::{Parser, separator_of};
use std::collections::{HashMap, HashSet};

/// The rows that failed, by bulk call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Only(HashMap<u64, HashSet<u64>>);

impl Only {
    /// Reads a report. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Only, String> {
        let (separator, text) = separator_of(text);
        let mut places: Option<[usize; 3]> = None;
        let mut only = Only::default();
        for record in Parser::new(text, separator) {
            let record = record.map_err(|bad| format!("row {}: {}", bad.row, bad.why))?;
            let Some([call, row, outcome]) = places else {
                let place = |name: &str| {
                    let at = record.cells.iter().position(|cell| cell == name);
                    at.ok_or_else(|| format!("it has no column `{name}`, so it is no report of a bulk call"))
                };
                places = Some([place(COLUMNS[0])?, place(COLUMNS[1])?, place(COLUMNS[3])?]);
                continue;
            };
            let cell = |at: usize| record.cells.get(at).map(|cell| cell.as_ref()).unwrap_or_default();
            if cell(outcome) != "failed" {
                continue;
            }
            let number = |at: usize, name: &str| {
                let text: &str = cell(at);
                text.parse::<u64>().map_err(|_| format!("row {}: `{name}` is no number", record.row))
            };
            only.0.entry(number(call, COLUMNS[0])?).or_default().insert(number(row, COLUMNS[1])?);
        }
        Ok(only)
    }

    /// Whether a row is to be done.
    pub fn names(&self, call: u64, row: u64) -> bool {
        self.0.get(&call).is_some_and(|rows| rows.contains(&row))
    }

    /// How many rows are to be done.
    pub fn count(&self) -> usize {
        self.0.values().map(HashSet::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failed_rows_of_each_call_are_named() {
        let text = "name,_call,_row,_id,_outcome,_code,_error\n\"a,b\",3,1,x,failed,c,e\nb,3,2,y,changed,,\nc,7,1,z,failed,c,e\n";
        let only = Only::read(text).unwrap();
        assert!(only.names(3, 1) && !only.names(3, 2) && only.names(7, 1) && !only.names(1, 1));
        assert_eq!(only.count(), 2);
        assert!(Only::read("name,plan\nx,y\n").unwrap_err().contains("it is no report"));
        assert!(Only::read("_call,_row,_outcome\nx,1,failed\n").unwrap_err().contains("`_call` is no number"));
    }
}
