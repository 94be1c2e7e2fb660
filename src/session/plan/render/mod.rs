//! A plan as text, as a table for a spreadsheet, and as a page to print. Pure functions from data to text; the document
//! itself is [`Plan::to_json`](super::Plan::to_json).

mod csv;
mod html;
mod text;
mod words;

pub use csv::csv;
pub use html::html;
pub use text::{line, text};

use super::{Entry, Plan};
use crate::text::Rate;

/// How many entries of a group are shown unless all are asked for.
pub const SHOWN: usize = 20;

/// How a plan is to be shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Every entry, and not only the first of each group.
    pub all: bool,
    /// The limit at which the quoted time counts; no time where it is not known.
    pub rate: Option<Rate>,
}

/// The entries of one operation, in the order in which the plan first names their operations.
fn groups(plan: &Plan) -> Vec<(&str, Vec<&Entry>)> {
    let mut groups: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in &plan.entries {
        match groups.iter_mut().find(|(operation, _)| *operation == entry.operation) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((&entry.operation, vec![entry])),
        }
    }
    groups
}
