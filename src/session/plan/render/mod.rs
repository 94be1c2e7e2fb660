//! A plan as text, as a table for a spreadsheet, and as a page to print. Pure functions from data to text; the document
//! itself is [`Plan::to_json`](super::Plan::to_json).

mod csv;
mod html;
mod text;
mod words;

pub use csv::csv;
pub use html::html;
pub use text::{line, text};
pub use words::totals;

use super::{Entry, Plan};

/// How many entries of a group are shown unless all are asked for.
pub const SHOWN: usize = 20;

/// How a plan is to be shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Every entry, and not only the first of each group.
    pub all: bool,
    /// The plan has only just been made, and nothing of it was sent.
    pub not_sent: bool,
    /// What shows every entry, where that is not `--all`.
    pub all_by: Option<&'a str>,
    /// The other runs that are at work in the same workspace.
    pub others: Others,
}

/// Runs that share the rate limit with whoever applies the plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    pub runs: usize,
    /// The writes that they still have before them, as far as they have said.
    pub writes: usize,
    /// How many of them have not said it.
    pub silent: usize,
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
