//! What a plan costs in requests, and how long that takes at a limit. PURE.

use super::{
    entry::{Entry, ListFilter},
    looks::{self, Looks},
};
use crate::{
    api::{children_of, operation::Effect},
    text::Rate,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// After this long a record is looked at again before it is written to: `session::seen::FRESH`.
const FRESH: Duration = Duration::from_secs(300);

/// Requests that applying a plan takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// One for each entry.
    pub writes: usize,
    /// Those that see to it that nothing has moved: one for the workspace, and one for each record that is there already,
    /// or for each page of them where they came from a list.
    pub reads: usize,
    /// Those that read what vanishes with a record before it is deleted, so that an undo can make it again.
    pub children: usize,
    /// The rate limit when the plan was made; none where the service had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// A rate limit as the document holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub requests: u32,
    pub milliseconds: u64,
}

impl Quote {
    pub(super) fn of(entries: &[Entry]) -> Quote {
        let reads = if entries.is_empty() { 0 } else { 1 + Looks::of(entries).requests };
        let children = |entry: &Entry| match entry.operation() {
            Some(operation) if operation.effect == Effect::Delete => children_of(operation).count(),
            _ => 0,
        };
        Quote { writes: entries.len(), reads, children: entries.iter().map(children).sum(), limit: None }
    }

    /// All requests.
    pub fn requests(&self) -> usize {
        self.writes + self.reads + self.children
    }

    /// The rate limit when the plan was made.
    pub fn rate(&self) -> Option<Rate> {
        self.limit.map(|Limit { requests, milliseconds }| Rate {
            limit: requests,
            window: Duration::from_millis(milliseconds),
        })
    }

    pub(super) fn set_rate(&mut self, rate: Rate) {
        // No service has such a limit: there is none, as in a sandbox.
        self.limit = (rate.limit < 1_000_000).then(|| Limit {
            requests: rate.limit,
            milliseconds: u64::try_from(rate.window.as_millis()).unwrap_or(u64::MAX),
        });
    }
}

/// How many more reads it takes at this rate: records that wait longer than five minutes for their turn are looked at
/// again, page by page where they came from a list.
pub fn looks_again(entries: &[Entry], quote: &Quote, rate: Rate) -> usize {
    let windows = FRESH.as_secs_f64() / rate.window.as_secs_f64();
    let soon = (windows * f64::from(rate.limit)) as usize;
    let walked: Vec<(&ListFilter, usize)> =
        Looks::of(entries).lists.into_iter().map(|list| (list.filter, list.pages)).collect();
    let (mut pages, mut again) = (BTreeSet::new(), 0);
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.effect() == Some(Effect::Update)) {
        if quote.reads + at < soon {
            continue;
        }
        let page = entry.row.map(looks::pages);
        let list = walked.iter().position(|(filter, to)| Some(*filter) == entry.from.as_ref() && page <= Some(*to));
        again += usize::from(match (list, page) {
            (Some(list), Some(page)) => pages.insert((list, page)),
            _ => true,
        });
    }
    again
}

/// The least time that `requests` take at a limit, where nothing else uses it.
pub fn ideal(requests: usize, rate: Rate) -> Duration {
    let full = requests.saturating_sub(1) / rate.limit.max(1) as usize;
    rate.window.saturating_mul(u32::try_from(full).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_counted_in_full_windows() {
        let rate = Rate { limit: 60, window: Duration::from_secs(60) };
        for (requests, minutes) in [(0, 0), (1, 0), (60, 0), (61, 1), (5000, 83)] {
            assert_eq!(ideal(requests, rate), Duration::from_secs(60 * minutes), "{requests}");
        }
    }
}
