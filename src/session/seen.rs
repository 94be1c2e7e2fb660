//! The objects as a run has last seen them: an index into the journal, so that large workspaces cost little memory. Asks
//! the API nothing.

mod ids;

pub use ids::id_of;

use crate::store::journal::{Journal, Span};
use foldhash::fast::RandomState;
use ids::{Ids, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    fmt,
    hash::BuildHasher,
    io,
};

/// After this long an object may well be another one.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// Where the latest state of each object lies.
#[derive(Debug, Default)]
pub struct Seen {
    /// By a hash of kind and id, in both forms of the id, the object's place in `known`: the object itself says whether it
    /// is the one.
    at: HashMap<u64, u32, RandomState>,
    known: Vec<Known>,
    /// The state that the script has, of those objects that were only looked at since.
    read: HashMap<u32, Known>,
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

/// The body of an answer.
pub struct Body<'a> {
    pub bytes: &'a [u8],
    /// Where it lies in the journal.
    pub span: Span,
    /// Of a page: its rows, where somebody has found them before.
    pub rows: Option<&'a [Part]>,
}

/// Where a part of a body lies in it.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    at: u32,
    len: u32,
}

impl Part {
    /// Where `part` lies in `whole`, which it is a part of.
    pub fn of(part: &[u8], whole: &[u8]) -> Part {
        Part { at: (part.as_ptr() as usize - whole.as_ptr() as usize) as u32, len: part.len() as u32 }
    }

    fn within(self, whole: &[u8]) -> &[u8] {
        &whole[self.at as usize..][..self.len as usize]
    }
}

/// Answers of single objects that come within this time of each other are as old as the first of them.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(1);

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
    /// As the API wrote it.
    pub json: Vec<u8>,
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
    pub fn id(&self) -> Option<String> {
        id_of(&self.json)
    }

    /// Those of its fields that `wanted` has.
    pub fn fields_of(&self, wanted: &Map<String, Value>) -> Map<String, Value> {
        let mut found = Map::new();
        // What is in the journal was read as an object before; that it is not read to its end is no error.
        let _ = serde_json::Deserializer::from_slice(&self.json).deserialize_map(Pick(wanted, &mut found));
        found
    }
}

/// Reads some fields of an object, and no further than to the last of them: most updates are about one of twenty.
struct Pick<'a>(&'a Map<String, Value>, &'a mut Map<String, Value>);

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Pick(wanted, found) = self;
        while found.len() < wanted.len()
            && let Some(Text(name)) = access.next_key()?
        {
            if wanted.contains_key(&*name) {
                found.insert(name.into_owned(), access.next_value()?);
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Where the state of an object lies. It is read apart from [`Seen`], which many wait for.
#[derive(Debug)]
pub struct Found {
    span: Span,
    at: Timestamp,
    page: Option<String>,
}

impl Found {
    /// The object itself, if it is the one.
    pub fn open(self, object: &str, id: &str, journal: &Journal) -> io::Result<Option<Snapshot>> {
        let json = journal.read(self.span)?;
        let ids = Ids::of(&json).map_err(|_| io::ErrorKind::InvalidData)?;
        // Two keys may meet in one hash.
        let is_the_one = ids.object.as_deref() == Some(object)
            && (ids.id.as_deref() == Some(id) || ids.display_id.is_some_and(|shown| shown.to_string() == id));
        Ok(is_the_one.then_some(Snapshot { json, at: self.at, page: self.page }))
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

impl Seen {
    /// Takes in what an answer shows: an object, or a page of them. `target` is what a page was asked for with. What was only
    /// `looked` at, the script does not know of.
    pub fn take(&mut self, body: Body<'_>, at: Timestamp, target: Option<&str>, looked: bool) {
        let Body { bytes, span, rows } = body;
        if let Some(target) = target.filter(|_| looked) {
            self.pages.insert(target.to_string(), at);
        }
        let found;
        let rows = match rows {
            Some(rows) => rows,
            None => {
                let Ok(ids) = Ids::of(bytes) else { return };
                if !ids.is_page() {
                    let source = self.single(at);
                    return self.note(ids, span, source, looked);
                }
                let Ok(page) = serde_json::from_slice::<Page<'_>>(bytes) else { return };
                found = page.data.iter().map(|row| Part::of(row.get().as_bytes(), bytes)).collect::<Vec<_>>();
                &found
            }
        };
        let source = self.sources.len() as u32;
        for row in rows {
            if let Ok(ids) = Ids::of(row.within(bytes)) {
                self.note(ids, span.part(row.at as usize, row.len as usize), source, looked);
            }
        }
        self.sources.push(Source { at, target: target.map(str::to_string) });
    }

    /// Takes in an answer that shows this object alone, whose body lies at `span`. False where the object was not seen yet:
    /// only the body tells the other form of its id.
    pub fn renew(&mut self, object: &str, id: &str, span: Span, at: Timestamp) -> bool {
        let Some(place) = self.place(object, id) else { return false };
        self.known[place as usize] = Known { span, source: self.single(at) };
        self.read.remove(&place);
        true
    }

    /// The source of an object that came alone. Tens of thousands of them share few.
    fn single(&mut self, at: Timestamp) -> u32 {
        let shared = |last: &Source| {
            last.target.is_none() && (SignedDuration::ZERO..AT_ONCE).contains(&at.duration_since(last.at))
        };
        if !self.sources.last().is_some_and(shared) {
            self.sources.push(Source { at, target: None });
        }
        self.sources.len() as u32 - 1
    }

    fn note(&mut self, ids: Ids<'_>, span: Span, source: u32, looked: bool) {
        let (Some(object), Some(id)) = (ids.object, ids.id) else { return };
        let known = Known { span, source };
        let place = match self.at.entry(self.hasher.hash_one((&*object, &*id))) {
            Entry::Occupied(place) => {
                let place = *place.get();
                let old = std::mem::replace(&mut self.known[place as usize], known);
                if looked {
                    self.read.entry(place).or_insert(old);
                } else {
                    self.read.remove(&place);
                }
                place
            }
            Entry::Vacant(vacant) => {
                self.known.push(known);
                *vacant.insert(self.known.len() as u32 - 1)
            }
        };
        if let Some(id) = ids.display_id {
            self.at.insert(self.key(&object, &id.to_string()), place);
        }
    }

    /// Where the latest state of an object lies, by either form of its id.
    pub fn latest(&self, object: &str, id: &str) -> Option<Found> {
        self.place(object, id).map(|place| self.found(self.known[place as usize]))
    }

    /// Where the state of an object lies that the script has, from its own reads and writes; `None` where that is the latest.
    pub fn as_read(&self, object: &str, id: &str) -> Option<Found> {
        if self.read.is_empty() {
            return None;
        }
        let place = self.place(object, id)?;
        self.read.get(&place).map(|known| self.found(*known))
    }

    /// A number that an object has, whichever form of its id is given; `None` where it was not seen. Others may, in theory,
    /// be given the same one.
    pub fn place(&self, object: &str, id: &str) -> Option<u32> {
        self.at.get(&self.key(object, id)).copied()
    }

    fn found(&self, known: Known) -> Found {
        let Source { at, target } = &self.sources[known.source as usize];
        Found { span: known.span, at: *at, page: target.clone() }
    }

    /// An object that is gone.
    pub fn forget(&mut self, object: &str, id: &str, journal: &Journal) -> io::Result<()> {
        let Some(found) = self.latest(object, id) else { return Ok(()) };
        if let Some(snapshot) = found.open(object, id, journal)? {
            let ids = Ids::of(&snapshot.json)?;
            for id in ids.id.map(Cow::into_owned).into_iter().chain(ids.display_id.map(|id| id.to_string())) {
                if let Some(place) = self.at.remove(&self.key(object, &id)) {
                    self.read.remove(&place);
                }
            }
        }
        Ok(())
    }

    /// Whether a page was looked at again so lately that it would show the same.
    pub fn is_fresh(&self, page: &str, now: Timestamp) -> bool {
        self.pages.get(page).is_some_and(|at| now.duration_since(*at) <= FRESH)
    }

    fn key(&self, object: &str, id: &str) -> u64 {
        self.hasher.hash_one((object, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn rows_of_a_page_that_were_found_before_are_not_looked_for() {
        let journal = Journal::volatile();
        let row = |n: u8| format!(r#"{{"object":"customer","id":"c{n}","display_id":{n}}}"#);
        let body = format!(r#"{{"object":"list","data":[{}, {}],"has_more":false}}"#, row(1), row(2));
        let span = journal.append(b"{}", body.as_bytes()).unwrap();
        let second = &body[body.find(&row(2)).unwrap()..][..row(2).len()];
        for (rows, known) in
            [(None, ["c1", "c2"].as_slice()), (Some([Part::of(second.as_bytes(), body.as_bytes())]), &["c2"])]
        {
            let mut seen = Seen::default();
            let rows = rows.as_ref().map(|rows| &rows[..]);
            seen.take(Body { bytes: body.as_bytes(), span, rows }, time(10), None, false);
            for id in ["c1", "c2"] {
                let open = |found: Found| found.open("customer", id, &journal).unwrap().unwrap().id();
                let expected = known.contains(&id).then(|| id.to_string());
                assert_eq!(seen.latest("customer", id).and_then(open), expected);
            }
        }
    }

    #[test]
    fn objects_are_found_by_both_ids_in_their_latest_state() {
        let journal = Journal::volatile();
        let mut seen = Seen::default();
        let mut take = |body: &str, at, target| {
            let span = journal.append(b"{}", body.as_bytes()).unwrap();
            seen.take(Body { bytes: body.as_bytes(), span, rows: None }, time(at), target, false);
        };
        take(
            r#"{"object":"list","data":[{"object":"customer","id":"c1","display_id":1,"plan":"a"},
                {"object":"customer","id":"c2","display_id":2,"plan":"b"}],"has_more":false}"#,
            10,
            Some("/customers?limit=100"),
        );
        take(r#"{"object":"customer","id":"c2","display_id":2,"plan":"new"}"#, 400, None);
        take(r#"{"object":"deleted","id":"c9","deleted":true}"#, 400, None);
        let open = |found: Option<Found>, id| found.and_then(|found| found.open("customer", id, &journal).unwrap());
        let first = open(seen.latest("customer", "1"), "1").unwrap();
        assert_eq!((first.id().as_deref(), first.page.as_deref()), (Some("c1"), Some("/customers?limit=100")));
        assert!(first.is_fresh(time(310)) && !first.is_fresh(time(311)));
        assert!(open(seen.latest("customer", "1"), "2").is_none(), "another one with the same hash");
        let second = open(seen.latest("customer", "c2"), "c2").unwrap();
        let wanted = fields(r#"{"plan":"","never":1}"#);
        assert_eq!((second.fields_of(&wanted), second.page), (fields(r#"{"plan":"new"}"#), None));
        let plan = |found: Option<Found>| open(found, "2").unwrap().fields_of(&wanted)["plan"].clone();
        let look = r#"{"object":"customer","id":"c2","display_id":2,"plan":"theirs"}"#;
        for _ in 0..2 {
            let span = journal.append(b"{}", look.as_bytes()).unwrap();
            seen.take(Body { bytes: look.as_bytes(), span, rows: None }, time(500), None, true);
            assert_eq!(plan(seen.latest("customer", "2")), "theirs");
            assert_eq!(plan(seen.as_read("customer", "2")), "new");
        }
        assert_eq!(seen.place("customer", "c2"), seen.place("customer", "2"));
        let answer = r#"{"object":"customer","id":"c2","display_id":2,"plan":"ours"}"#;
        let span = journal.append(b"{}", answer.as_bytes()).unwrap();
        assert!(seen.renew("customer", "2", span, time(600)) && !seen.renew("customer", "3", span, time(600)));
        assert_eq!(plan(seen.latest("customer", "c2")), "ours");
        assert!(seen.as_read("customer", "2").is_none(), "the script has it from its own write");
        assert!(seen.as_read("customer", "c1").is_none());
        assert!(seen.latest("contact", "c1").is_none());
        assert!(seen.latest("customer", "3").is_none());
        seen.forget("customer", "2", &journal).unwrap();
        assert!(seen.latest("customer", "c2").is_none() && seen.as_read("customer", "c2").is_none());
    }
}
