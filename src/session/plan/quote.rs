//! What a plan costs in requests, and how long that takes at a limit. PURE.

use super::entry::Entry;
use crate::{api::operation::Effect, text::Rate};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// Requests that applying a plan takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// One for each entry.
    pub writes: usize,
    /// At the most one for each record that is there already and changed or deleted, to see whether it is still as it
    /// was. Rows that can be looked at page by page take fewer.
    pub reads: usize,
}

impl Quote {
    pub(super) fn of(entries: &[Entry]) -> Quote {
        let mut known = BTreeSet::new();
        let mut reads = 0;
        for entry in entries {
            // The first entry about a record tells whether the plan makes it.
            let first = known.insert((&entry.record.object, &entry.record.id));
            reads += usize::from(first && entry.effect() != Some(Effect::Create));
        }
        Quote { writes: entries.len(), reads }
    }

    /// All requests.
    pub fn requests(&self) -> usize {
        self.writes + self.reads
    }
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
