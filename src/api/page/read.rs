//! Reads one page of a list: its envelope, and of each row only what the walk must know. PURE; decides nothing.

use super::WalkError;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// One page, as it came.
pub struct Page<'a> {
    pub(super) rows: Vec<Head<'a>>,
    pub(super) has_more: bool,
    /// Empty where there is none.
    pub(super) next: String,
}

impl<'a> Page<'a> {
    /// Its rows, as the server sent them: parts of the body that was read.
    pub fn rows(&self) -> impl Iterator<Item = &'a str> {
        self.rows.iter().map(|row| row.raw.get())
    }
}

/// A row with the members that were asked for.
pub(super) struct Head<'a> {
    pub id: String,
    /// In the order of the names; `None` where the row has no such member.
    pub members: Vec<Option<&'a RawValue>>,
    /// All of it.
    pub raw: &'a RawValue,
}

/// A page as it should be, read in one go.
#[derive(Deserialize)]
struct Good<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
    #[serde(borrow)]
    next_cursor: Option<&'a RawValue>,
}

/// The envelope of one that is not. Members are taken raw, so that what is wrong with one can be said in words.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    has_more: Option<&'a RawValue>,
    #[serde(borrow)]
    next_cursor: Option<&'a RawValue>,
}

/// Reads a page. `names` are the members of the rows that are wanted; the first must be `id`.
pub fn page<'a>(body: &'a [u8], names: &[&'static str]) -> Result<Page<'a>, WalkError> {
    let broken = |how: String| WalkError::Broken(how);
    let not_json = || broken("it is not a JSON object".into());
    let body = std::str::from_utf8(body).map_err(|_| not_json())?;
    let Good { data, has_more, next_cursor } = match serde_json::from_str(body) {
        Ok(good) => good,
        Err(_) => {
            let envelope: Envelope = serde_json::from_str(body).map_err(|_| not_json())?;
            let data = member(envelope.data).ok_or_else(|| broken("it has no `data` array".into()))?;
            let has_more = member(envelope.has_more);
            let has_more = has_more.ok_or_else(|| broken("its `has_more` is not true or false".into()))?;
            Good { data, has_more, next_cursor: envelope.next_cursor }
        }
    };
    let mut rows = Vec::with_capacity(data.len());
    for (at, raw) in data.into_iter().enumerate() {
        let members = Members(names)
            .deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
            .map_err(|_| broken(format!("row {} is not an object", at + 1)))?;
        let id = members.first().and_then(|id| member(*id));
        let id = id.ok_or_else(|| broken(format!("row {} has no `id`", at + 1)))?;
        rows.push(Head { id, members, raw });
    }
    Ok(Page { rows, has_more, next: member(next_cursor).unwrap_or_default() })
}

/// A member of the wanted type.
pub fn member<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Takes the named members out of an object and passes over all others.
struct Members<'n>(&'n [&'static str]);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = vec![None; self.0.len()];
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place {
                Some(place) => members[place] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

/// Where a key stands among the names, found without a copy of it.
struct Place<'n>(&'n [&'static str]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}
