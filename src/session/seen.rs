//! The objects as a run has last seen them: an index into the journal, so that large workspaces cost little memory. Asks
//! the API nothing.

use crate::store::journal::{Journal, Span};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    io,
};

/// After this long an object may well be another one.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// Where the latest state of each object lies.
#[derive(Debug, Default)]
pub struct Seen {
    /// By a hash of kind and id, in both forms of the id: the object itself says whether it is the one.
    at: HashMap<u64, Known>,
    /// The state that the script has, of those objects that were only looked at since.
    read: HashMap<u64, Known>,
    /// When each page was looked at again, by what it was asked for with.
    pages: HashMap<String, Timestamp>,
    hasher: RandomState,
    sources: Vec<Source>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    span: Span,
    source: u32,
}

/// One answer that objects came from.
#[derive(Clone, Debug)]
struct Source {
    at: Timestamp,
    /// Of a page: how to ask for it again.
    target: Option<String>,
}

/// An object as it was last seen.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub object: Map<String, Value>,
    pub at: Timestamp,
    /// Of one that came with a page: what to ask for to see the whole page again.
    pub page: Option<String>,
}

impl Snapshot {
    /// Whether it is young enough at `now` to be taken for the truth.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) <= FRESH
    }

    /// The canonical id.
    pub fn id(&self) -> Option<&str> {
        self.object.get("id")?.as_str()
    }
}

#[derive(Deserialize)]
struct Ids<'a> {
    #[serde(borrow)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    display_id: Option<i64>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

impl Seen {
    /// Takes in what an answer shows: an object, or a page of them. `body` lies at `span` in the journal; `target` is
    /// what a page was asked for with. What was only `looked` at, the script does not know of.
    pub fn take(&mut self, body: &[u8], span: Span, at: Timestamp, target: Option<&str>, looked: bool) {
        let source = self.sources.len() as u32;
        if let Some(target) = target.filter(|_| looked) {
            self.pages.insert(target.to_string(), at);
        }
        let Ok(ids) = serde_json::from_slice::<Ids<'_>>(body) else { return };
        // A page has no id of its own.
        if ids.id.is_some() {
            self.note(ids, span, source, looked);
            return self.sources.push(Source { at, target: None });
        }
        let Ok(page) = serde_json::from_slice::<Page<'_>>(body) else { return };
        for row in page.data {
            let offset = row.get().as_ptr() as usize - body.as_ptr() as usize;
            if let Ok(ids) = serde_json::from_str(row.get()) {
                self.note(ids, span.part(offset, row.get().len()), source, looked);
            }
        }
        self.sources.push(Source { at, target: target.map(str::to_string) });
    }

    fn note(&mut self, ids: Ids<'_>, span: Span, source: u32, looked: bool) {
        let (Some(object), Some(id)) = (ids.object, ids.id) else { return };
        let known = Known { span, source };
        let display_id = ids.display_id.map(|id| self.key(&object, &id.to_string()));
        for key in [self.key(&object, &id)].into_iter().chain(display_id) {
            let old = self.at.insert(key, known);
            match old.filter(|_| looked) {
                Some(old) => drop(self.read.entry(key).or_insert(old)),
                None => drop(self.read.remove(&key)),
            }
        }
    }

    /// The latest state of an object, by either form of its id.
    pub fn get(&self, object: &str, id: &str, journal: &Journal) -> io::Result<Option<Snapshot>> {
        self.snapshot(self.at.get(&self.key(object, id)), object, id, journal)
    }

    /// The state of an object that the script has, from its own reads and writes; `None` where that is the latest.
    pub fn as_read(&self, object: &str, id: &str, journal: &Journal) -> io::Result<Option<Snapshot>> {
        self.snapshot(self.read.get(&self.key(object, id)), object, id, journal)
    }

    fn snapshot(
        &self,
        known: Option<&Known>,
        object: &str,
        id: &str,
        journal: &Journal,
    ) -> io::Result<Option<Snapshot>> {
        let Some(known) = known else { return Ok(None) };
        let found: Map<String, Value> =
            serde_json::from_slice(&journal.read(known.span)?).map_err(|_| io::ErrorKind::InvalidData)?;
        let says = |name: &str| {
            found.get(name).map_or_else(String::new, |value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
        };
        // Two keys may meet in one hash.
        if says("object") != object || (says("id") != id && says("display_id") != id) {
            return Ok(None);
        }
        let source = &self.sources[known.source as usize];
        Ok(Some(Snapshot { object: found, at: source.at, page: source.target.clone() }))
    }

    /// An object that is gone.
    pub fn forget(&mut self, object: &str, id: &str, journal: &Journal) -> io::Result<()> {
        if let Some(snapshot) = self.get(object, id, journal)? {
            for name in ["id", "display_id"] {
                let id = match snapshot.object.get(name) {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => continue,
                };
                let key = self.key(object, &id);
                self.at.remove(&key);
                self.read.remove(&key);
            }
        }
        Ok(())
    }

    /// Whether a page was looked at again so lately that it would show the same.
    pub fn is_fresh(&self, page: &str, now: Timestamp) -> bool {
        self.pages.get(page).is_some_and(|at| now.duration_since(*at) <= FRESH)
    }

    /// The canonical id of an object, by either form of its id.
    pub fn canonical(&self, object: &str, id: &str, journal: &Journal) -> io::Result<Option<String>> {
        let Some(known) = self.at.get(&self.key(object, id)) else { return Ok(None) };
        Ok(id_of(&journal.read(known.span)?))
    }

    fn key(&self, object: &str, id: &str) -> u64 {
        self.hasher.hash_one((object, id))
    }
}

/// The canonical id that an object shows.
pub fn id_of(object: &[u8]) -> Option<String> {
    serde_json::from_slice::<Ids<'_>>(object).ok()?.id.map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn objects_are_found_by_both_ids_in_their_latest_state() {
        let journal = Journal::volatile();
        let mut seen = Seen::default();
        let mut take = |body: &str, at, target| {
            let span = journal.append(b"{}", body.as_bytes()).unwrap();
            seen.take(body.as_bytes(), span, time(at), target, false);
        };
        take(
            r#"{"object":"list","data":[{"object":"customer","id":"c1","display_id":1,"plan":"a"},
                {"object":"customer","id":"c2","display_id":2,"plan":"b"}],"has_more":false}"#,
            10,
            Some("/customers?limit=100"),
        );
        take(r#"{"object":"customer","id":"c2","display_id":2,"plan":"new"}"#, 400, None);
        take(r#"{"object":"deleted","id":"c9","deleted":true}"#, 400, None);
        let first = seen.get("customer", "1", &journal).unwrap().unwrap();
        assert_eq!((first.id(), first.page.as_deref()), (Some("c1"), Some("/customers?limit=100")));
        assert!(first.is_fresh(time(310)) && !first.is_fresh(time(311)));
        let second = seen.get("customer", "c2", &journal).unwrap().unwrap();
        assert_eq!((&second.object["plan"], second.page), (&Value::from("new"), None));
        let plan = |found: io::Result<Option<Snapshot>>| found.unwrap().unwrap().object["plan"].clone();
        let look = r#"{"object":"customer","id":"c2","display_id":2,"plan":"theirs"}"#;
        for _ in 0..2 {
            let span = journal.append(b"{}", look.as_bytes()).unwrap();
            seen.take(look.as_bytes(), span, time(500), None, true);
            assert_eq!(plan(seen.get("customer", "2", &journal)), "theirs");
            assert_eq!(plan(seen.as_read("customer", "2", &journal)), "new");
        }
        assert!(seen.as_read("customer", "c1", &journal).unwrap().is_none());
        assert!(seen.get("contact", "c1", &journal).unwrap().is_none());
        assert!(seen.get("customer", "3", &journal).unwrap().is_none());
    }
}
