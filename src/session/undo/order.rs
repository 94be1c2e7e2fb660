//! In which order records go back: what must be unique has to be free before it is given again, and a parent has to be
//! there before its children. PURE.

use super::record::{Gone, Record};
use std::collections::HashMap;

/// The fields that no two records have in common, the second only within one customer (API notes, "Objects", "Rules").
const UNIQUE: [(&str, &str); 2] = [("customer", "slug"), ("contact", "email")];

/// One step of the way back, by the record's place among those that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It goes back to what it was.
    Back(usize),
    /// It gives up its name for the while that another one needs: two have swapped theirs.
    Aside(usize),
}

/// The field of a kind of record that must be unique.
pub(super) fn unique(object: &str) -> Option<&'static str> {
    UNIQUE.iter().find(|(of, _)| *of == object).map(|(_, field)| *field)
}

/// The order for these records, as near to the given one as can be. What the run made is gone by then.
pub(super) fn order(records: &[&Record<'_>]) -> Vec<Step> {
    // Who has a value now, and where each record that has to be made again stands.
    let mut holders: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let mut again: HashMap<&str, usize> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        if record.gone == Gone::Deleted {
            again.insert(record.id, at);
        } else if let Some(now) = value(record, Record::now).filter(|_| moves(record)) {
            holders.insert(now, at);
        }
    }
    let needs = |at: usize| {
        let record = records[at];
        let wanted = value(record, Record::before).filter(|_| record.gone == Gone::Deleted || moves(record));
        let holder = wanted.and_then(|wanted| holders.get(&wanted));
        let parent = record.customer().filter(|_| record.gone == Gone::Deleted).and_then(|id| again.get(id));
        [holder.copied(), parent.copied()].into_iter().flatten().filter(move |other| *other != at)
    };
    let (mut begun, mut done) = (vec![false; records.len()], vec![false; records.len()]);
    let mut aside = vec![false; records.len()];
    let mut steps = Vec::with_capacity(records.len());
    for first in 0..records.len() {
        let mut stack = vec![first];
        while let Some(&at) = stack.last() {
            if done[at] {
                stack.pop();
                continue;
            }
            begun[at] = true;
            match needs(at).find(|other| !done[*other] && !aside[*other]) {
                // It waits for this one, and this one for it.
                Some(other) if begun[other] => {
                    aside[other] = true;
                    steps.push(Step::Aside(other));
                }
                Some(other) => stack.push(other),
                None => {
                    done[at] = true;
                    steps.push(Step::Back(at));
                }
            }
        }
    }
    steps
}

/// The value that must be unique, with what it must be unique among.
fn value<'s>(
    record: &Record<'s>,
    of: impl Fn(&Record<'s>, &str) -> Option<&'s serde_json::Value>,
) -> Option<(&'s str, &'s str, &'s str)> {
    let value = of(record, unique(record.object)?)?.as_str()?;
    Some((record.object, record.customer().unwrap_or_default(), value))
}

/// Whether the run gave it another such value.
fn moves(record: &Record<'_>) -> bool {
    unique(record.object).is_some_and(|field| record.before(field) != record.now(field))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::journal::story::Story, record::Records},
        *,
    };
    use crate::session::{
        Number,
        journal::story::{Change, Moved, Vanished},
    };

    /// The steps for customers whose slugs went from one to another, the latest first; `-` deletes.
    fn steps(moves: &[(&str, &str, &str)]) -> Vec<String> {
        let change = |(at, (id, from, to)): (usize, &(&str, &str, &str))| Change {
            number: Number(at as u64 + 1, 0, 0, 0),
            at: jiff::Timestamp::UNIX_EPOCH,
            operation: if *to == "-" { "delete_customer" } else { "update_customer" }.into(),
            object: "customer".into(),
            id: id.to_string(),
            display_id: None,
            label: None,
            fields: vec![Moved {
                name: "slug".into(),
                from: Some((*from).into()),
                to: Some((*to).into()).filter(|_| *to != "-"),
            }],
            customer: None,
            children: Vanished::default(),
        };
        let story = Story { changes: moves.iter().enumerate().map(change).collect(), ..Story::default() };
        let records = Records::of(&story);
        let older = records.older();
        let shown = |step: Step| match step {
            Step::Back(at) => older[at].id.to_string(),
            Step::Aside(at) => format!("{} aside", older[at].id),
        };
        order(&older).into_iter().map(shown).collect()
    }

    #[test]
    fn nothing_that_stands_alone_changes_its_place() {
        assert_eq!(steps(&[("a", "1", "2"), ("b", "3", "4"), ("c", "5", "-")]), ["c", "b", "a"]);
    }

    #[test]
    fn a_name_is_free_before_it_goes_back() {
        // A chain: each took the name that the one before it had given up; then the first changed again.
        let moves = [("a", "1", "x"), ("b", "2", "1"), ("c", "3", "2"), ("a", "x", "y")];
        assert_eq!(steps(&moves), ["c", "b", "a"]);
        assert_eq!(steps(&[("a", "1", "x"), ("b", "2", "1"), ("b", "1", "z"), ("c", "3", "1")]), ["c", "b", "a"]);
        assert_eq!(steps(&[("c", "3", "-"), ("b", "2", "3"), ("c2", "9", "8"), ("b", "3", "3")]), ["b", "c2", "c"]);
    }

    #[test]
    fn two_that_swapped_their_names_need_a_third() {
        let swap = [("a", "1", "x"), ("b", "2", "1"), ("a", "x", "2")];
        assert_eq!(steps(&swap), ["a aside", "b", "a"]);
        let round = [("a", "1", "x"), ("b", "2", "1"), ("c", "3", "2"), ("a", "x", "3")];
        assert_eq!(steps(&round), ["a aside", "c", "b", "a"]);
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let names: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
        let moves: Vec<_> = (1..20_000).rev().map(|n| (&*names[n], &*names[n], &*names[n - 1])).collect();
        assert_eq!(steps(&moves).len(), 19_999);
        let moves: Vec<_> = (1..20_000).map(|n| (&*names[n], &*names[n], &*names[n - 1])).collect();
        assert_eq!(steps(&moves)[0], "19999");
    }
}
