//! How the records that a plan changes are looked at before it is applied, in as few requests as their places allow. PURE.
//!
//! The dry run has noted from which list a record came and how far down it stood. Where many came from one list, walking
//! that list takes fewer requests than asking for each; what has left the list meanwhile is asked for all the same.

use super::entry::{Entry, ListFilter};
use crate::api::operation::Effect;
use std::collections::BTreeSet;

use super::provisional;

/// Rows of the first page of a walk, and of each page after it: it begins with the last row of the one before.
const PAGE: (usize, usize) = (100, 99);

/// Without knowing where they stand, so many records of one kind are worth a look at the first page of their list.
pub const WORTH_A_WALK: usize = 10;

/// How the records of a plan are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks<'p> {
    /// The lists that are walked.
    pub lists: Vec<Walked<'p>>,
    /// The records that are there already, by kind and id, those of the lists included.
    pub records: BTreeSet<(&'p str, &'p str)>,
    /// How many requests all of it takes, if nothing has moved.
    pub requests: usize,
    /// Whether it may be far fewer: nobody knows how many of the records stand together.
    pub at_most: bool,
}

/// A list that is walked, as far as it is worth it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked<'p> {
    pub filter: &'p ListFilter,
    pub pages: usize,
}

impl<'p> Looks<'p> {
    /// How the records of these entries are looked at. What the plan itself makes is not.
    pub fn of(entries: impl IntoIterator<Item = &'p Entry>) -> Looks<'p> {
        let mut looks = Looks::default();
        // By list, how far down the records stood.
        let mut lists: Vec<(&ListFilter, Vec<usize>)> = Vec::new();
        let mut elsewhere: Vec<(&str, usize)> = Vec::new();
        for entry in entries {
            let record = (entry.record.object.as_str(), entry.record.id.as_str());
            let made = entry.effect() == Some(Effect::Create) || provisional::is_provisional(record.1);
            if made || !looks.records.insert(record) {
                continue;
            }
            match (&entry.from, entry.row) {
                (Some(filter), Some(row)) => match lists.iter_mut().find(|(known, _)| *known == filter) {
                    Some((_, rows)) => rows.push(row),
                    None => lists.push((filter, vec![row])),
                },
                _ => match elsewhere.iter_mut().find(|(object, _)| *object == record.0) {
                    Some((_, count)) => *count += 1,
                    None => elsewhere.push((record.0, 1)),
                },
            }
        }
        for (filter, mut rows) in lists {
            rows.sort_unstable();
            let count = rows.len();
            // To each depth: the pages down to there, and one request for each record below.
            let costs = rows.iter().enumerate().map(|(at, row)| (pages(*row) + count - at - 1, pages(*row)));
            match costs.min().filter(|(cost, _)| *cost < count) {
                Some((cost, pages)) => {
                    looks.requests += cost;
                    looks.lists.push(Walked { filter, pages });
                }
                None => looks.requests += count,
            }
        }
        for (object, count) in elsewhere {
            let tried = count >= WORTH_A_WALK && object != "contact";
            looks.requests += count + usize::from(tried);
            looks.at_most |= tried;
        }
        looks
    }
}

/// The page of a walk on which the row at this place stands, from 1.
pub fn pages(row: usize) -> usize {
    1 + row.saturating_sub(PAGE.0).div_ceil(PAGE.1)
}

#[cfg(test)]
mod tests {
    use super::{super::entry::RecordRef, *};

    fn entry(n: usize, row: Option<usize>) -> Entry {
        let filter = ListFilter { operation: "list_customers".into(), path: Vec::new(), query: Default::default() };
        Entry {
            position: n,
            operation: "update_customer".into(),
            path: vec![format!("c{n}")],
            body: Some("{}".into()),
            record: RecordRef { object: "customer".into(), id: format!("c{n}"), display_id: None, label: None },
            changes: Vec::new(),
            as_is: Default::default(),
            replaces: None,
            from: row.map(|_| filter),
            row,
            seen_updated_at: None,
            undo: super::super::Undo::Yes,
            uses: Default::default(),
        }
    }

    #[test]
    fn a_list_is_walked_as_far_as_that_takes_fewer_requests() {
        for (rows, lists, requests) in [
            (vec![Some(1)], None, 1),
            (vec![Some(1), Some(2)], Some(1), 1),
            (vec![Some(1), Some(100), Some(101)], Some(1), 2),
            (vec![Some(1), Some(2), Some(5000)], Some(1), 2),
            (vec![Some(300), Some(600), Some(900)], None, 3),
            (vec![None; 9], None, 9),
            (vec![None; 10], None, 11),
            (vec![Some(1), Some(2), None], Some(1), 2),
        ] {
            let entries: Vec<Entry> = rows.iter().enumerate().map(|(n, row)| entry(n, *row)).collect();
            let looks = Looks::of(&entries);
            assert_eq!((looks.lists.first().map(|list| list.pages), looks.requests), (lists, requests), "{rows:?}");
            assert_eq!(looks.records.len(), rows.len());
        }
        let many: Vec<Entry> = (1..=5000).map(|n| entry(n, Some(n))).collect();
        assert_eq!(Looks::of(&many).requests, 51);
    }
}
