//! Why a walk cannot go on, in words for people. Decides nothing.

use crate::text;
use std::fmt;

/// Why a walk cannot go on without losing rows or running in circles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// The page is not what the API promises; how.
    Broken(String),
    /// `has_more` is true, but there is no `next_cursor`.
    NoCursor,
    /// The next cursor leads to no older rows.
    Stuck { cursor: String },
    /// So many rows share this time that some of them may be out of reach.
    Tie {
        created_at: String,
        /// How many of them were seen.
        count: usize,
        why: Beyond,
    },
}

/// Why rows of one time are out of reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The list has no filter that cuts it into slices.
    NoFilter,
    /// Even the slice of these values of all its filters fills a page.
    Filters(Vec<(&'static str, String)>),
    /// A row, described here, belongs to no slice that could be asked for; so there may be others.
    Odd(String),
}

impl WalkError {
    /// What to do about it, where anything helps.
    pub fn hint(&self) -> Option<String> {
        match self {
            WalkError::Tie { why: Beyond::Odd(_), .. } => Some("look for a newer version of onramp".into()),
            WalkError::Tie { created_at, .. } => {
                Some(format!("give `cursor: \"{created_at}\"` to read the list below these rows"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalkError::Broken(how) => write!(f, "the page of the list is broken: {how}"),
            WalkError::NoCursor => {
                f.write_str("the list says that it goes on, but not where: `next_cursor` is missing")
            }
            WalkError::Stuck { cursor } => write!(f, "the list does not advance beyond the cursor `{cursor}`"),
            WalkError::Tie { created_at, count, why } => {
                write!(f, "{count} rows or more were created at `{created_at}`, which fills a page, and {why}")
            }
        }
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Beyond::NoFilter => f.write_str("this list has no filter to reach the others with"),
            Beyond::Filters(filters) => {
                let filters = filters.iter().map(|(field, value)| format!("`{field}: \"{value}\"`")).collect();
                let filters = text::joined(filters, "and");
                write!(f, "those with {filters} fill one, too, so that the others cannot be reached")
            }
            Beyond::Odd(row) => write!(f, "not all of them can be asked for: {row}"),
        }
    }
}

impl std::error::Error for WalkError {}
