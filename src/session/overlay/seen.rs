//! The records that the run has read and not changed, so that a write to one of them need not read it first. Holds a
//! fixed amount and lets the oldest go: a list of any length may pass. Decides nothing.

use super::{
    From,
    kind::Kind,
    row::{Facts, display},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// How many bytes are kept: about 40,000 rows. They count as the script's own memory.
const MOST: usize = 32 << 20;

/// What a row costs besides its text.
const OVERHEAD: usize = 300;

/// A record as it was read.
#[derive(Debug)]
pub(super) struct Sight {
    pub json: Box<str>,
    /// The list it came from.
    pub from: Option<From>,
    display: Option<i64>,
    unique: Option<String>,
}

#[derive(Debug, Default)]
struct Shelf {
    rows: HashMap<Arc<str>, Sight>,
    displays: HashMap<i64, Arc<str>>,
    unique: HashMap<String, Arc<str>>,
}

#[derive(Debug)]
pub(super) struct Seen {
    shelves: [Shelf; 3],
    /// Oldest first; some may be gone by now.
    order: VecDeque<(Kind, Arc<str>)>,
    bytes: usize,
    most: usize,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { shelves: Default::default(), order: VecDeque::new(), bytes: 0, most: MOST }
    }
}

impl Seen {
    /// The record with either form of its id, and its canonical one.
    pub fn find(&self, kind: Kind, id: &str) -> Option<(&Arc<str>, &Sight)> {
        let shelf = &self.shelves[kind as usize];
        match display(id) {
            Some(display) => shelf.rows.get_key_value(shelf.displays.get(&display)?),
            None => shelf.rows.get_key_value(id),
        }
    }

    /// Who holds a value that no two may have.
    pub fn holder(&self, kind: Kind, unique: &str) -> Option<&Arc<str>> {
        self.shelves[kind as usize].unique.get(unique)
    }

    /// Keeps a record. Where it came from no list, the one it came from before stands.
    pub fn put(&mut self, kind: Kind, facts: &Facts, json: &str, from: Option<From>) {
        let old = self.take(kind, &facts.id);
        let from = from.or_else(|| old.as_ref().and_then(|old| old.from.clone()));
        let shelf = &mut self.shelves[kind as usize];
        if let Some(display) = facts.display {
            shelf.displays.insert(display, facts.id.clone());
        }
        if let Some(unique) = &facts.unique {
            shelf.unique.insert(unique.clone(), facts.id.clone());
        }
        let sight = Sight { json: json.into(), from, display: facts.display, unique: facts.unique.clone() };
        self.bytes += sight.json.len() + OVERHEAD;
        shelf.rows.insert(facts.id.clone(), sight);
        if old.is_none() {
            self.order.push_back((kind, facts.id.clone()));
        }
        // The newest stays, whatever its size: somebody is about to look at it.
        while self.bytes > self.most && self.order.len() > 1 {
            let Some((kind, id)) = self.order.pop_front() else { break };
            if id != facts.id {
                self.take(kind, &id);
            }
        }
    }

    /// Forgets a record, which is given back.
    pub fn take(&mut self, kind: Kind, id: &str) -> Option<Sight> {
        let shelf = &mut self.shelves[kind as usize];
        let sight = shelf.rows.remove(id)?;
        self.bytes -= sight.json.len() + OVERHEAD;
        if let Some(display) = sight.display
            && shelf.displays.get(&display).is_some_and(|held| **held == *id)
        {
            shelf.displays.remove(&display);
        }
        if let Some(unique) = &sight.unique
            && shelf.unique.get(unique).is_some_and(|held| **held == *id)
        {
            shelf.unique.remove(unique);
        }
        Some(sight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_within_its_bounds_and_the_newest_stays() {
        let mut seen = Seen { most: 10 * (OVERHEAD + 60), ..Seen::default() };
        for n in 0..1000 {
            let json = format!(r#"{{"id":"c{n}","display_id":{n},"slug":"s{n}"}}"#);
            seen.put(Kind::Customer, &Facts::of(Kind::Customer, &json).unwrap(), &json, None);
        }
        assert!(seen.bytes <= seen.most && seen.order.len() < 12, "{} {}", seen.bytes, seen.order.len());
        let shelf = &seen.shelves[0];
        assert_eq!((shelf.rows.len(), shelf.displays.len()), (shelf.unique.len(), shelf.rows.len()));
        assert!(seen.find(Kind::Customer, "999").is_some() && seen.find(Kind::Customer, "c0").is_none());
        assert_eq!(seen.holder(Kind::Customer, "s999").map(|id| &**id), Some("c999"));
    }
}
