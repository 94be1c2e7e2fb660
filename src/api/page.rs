//! The walk over the pages of a list so that no row is lost where rows share a time, and none comes twice. A PURE state
//! machine: it says what to ask next and takes the answer; whoever drives it sends.

mod cursor;
#[cfg(test)]
mod tests;

use super::request::Call;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

/// The largest page (API notes, "Pagination").
const FULL: u32 = 100;

/// One walk over all pages of one list call.
///
/// A cursor is a time, and a page holds the rows strictly older than it. Where the server's `next_cursor` is the time of
/// the page's last row, the walk asks one unit later and drops the ids it already gave; any other cursor is the
/// server's word and goes back as it came (API notes, "Pagination").
#[derive(Debug)]
pub struct Walk {
    call: Call,
    ended: bool,
    /// The rows already given that the next page may hold again, with their times.
    given: HashMap<String, Option<Timestamp>>,
    /// The most digits of a second that any time has shown.
    digits: usize,
    /// Cursors that are no times and were already used.
    used: HashSet<String>,
}

/// A row of a list.
#[derive(Debug)]
pub struct Row {
    pub id: String,
    /// All of it, as the server sent it.
    pub json: Box<RawValue>,
}

/// Why a walk cannot go on without losing rows or running in circles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// The page is not what the API promises; how.
    Broken(String),
    /// `has_more` is true, but there is no `next_cursor`.
    NoCursor,
    /// The next cursor leads to no older rows.
    Stuck { cursor: String },
    /// So many rows share this time that they fill a whole page, and there may be more.
    Tie { created_at: String, count: usize },
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalkError::Broken(how) => write!(f, "the page of the list is broken: {how}"),
            WalkError::NoCursor => {
                f.write_str("the list says that it goes on, but not where: `next_cursor` is missing")
            }
            WalkError::Stuck { cursor } => write!(f, "the list does not advance beyond the cursor `{cursor}`"),
            WalkError::Tie { created_at, count } => write!(
                f,
                "{count} rows were created at `{created_at}`, which fills a page, and the rows beyond cannot be reached"
            ),
        }
    }
}

impl std::error::Error for WalkError {}

/// The envelope. Members are taken raw, so that what is wrong with one can be said in words.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    has_more: Option<&'a RawValue>,
    #[serde(borrow)]
    next_cursor: Option<&'a RawValue>,
}

/// What the walk reads of a row.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

/// A member of the wanted type.
fn member<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

fn broken(how: impl Into<String>) -> WalkError {
    WalkError::Broken(how.into())
}

/// The time of a page's last row and how many of its rows share it.
struct Last {
    at: Timestamp,
    count: usize,
}

impl Walk {
    /// A walk from the call's `cursor`, or from the newest row. Pages are as large as possible unless the call says
    /// otherwise.
    pub fn new(mut call: Call) -> Self {
        if call.query("limit").is_none() {
            call.set_query("limit", FULL.to_string());
        }
        Walk { call, ended: false, given: HashMap::new(), digits: 0, used: HashSet::new() }
    }

    /// The call of the next page. `None` when the walk has ended.
    pub fn next(&self) -> Option<Call> {
        (!self.ended).then(|| self.call.clone())
    }

    /// Takes the answer to [`Walk::next`] and gives its rows that were not given before, in order. An error ends the
    /// walk.
    pub fn accept(&mut self, body: &[u8]) -> Result<Vec<Row>, WalkError> {
        // Whatever goes wrong below, the walk is over; it goes on only where a next page is known.
        self.ended = true;
        let page: Page = serde_json::from_slice(body).map_err(|_| broken("it is not a JSON object"))?;
        let data: Vec<&RawValue> = member(page.data).ok_or_else(|| broken("it has no `data` array"))?;
        let has_more: bool = member(page.has_more).ok_or_else(|| broken("its `has_more` is not true or false"))?;
        let mut rows = Vec::with_capacity(data.len());
        let mut last: Option<Last> = None;
        for (at, raw) in data.iter().enumerate() {
            let head: Option<Head> = serde_json::from_str(raw.get()).ok();
            let head = head.ok_or_else(|| broken(format!("row {} is not an object", at + 1)))?;
            let id: String = member(head.id).ok_or_else(|| broken(format!("row {} has no `id`", at + 1)))?;
            let time = member::<Cow<'_, str>>(head.created_at).and_then(|text| cursor::parse(&text));
            self.digits = self.digits.max(time.map_or(0, |(_, digits)| digits));
            let time = time.map(|(time, _)| time);
            last = time.map(|time| match last {
                Some(Last { at, count }) if at == time => Last { at, count: count + 1 },
                _ => Last { at: time, count: 1 },
            });
            if !self.given.contains_key(&id) {
                self.given.insert(id.clone(), time);
                rows.push(Row { id, json: (*raw).to_owned() });
            }
        }
        if has_more {
            let next: Option<String> = member(page.next_cursor);
            let next = next.filter(|cursor| !cursor.is_empty()).ok_or(WalkError::NoCursor)?;
            self.advance(next, last, data.len())?;
            self.ended = false;
        }
        Ok(rows)
    }

    /// Sets the next cursor, which must lead to older rows than the present one.
    fn advance(&mut self, next: String, last: Option<Last>, rows: usize) -> Result<(), WalkError> {
        let Some((to, digits)) = cursor::parse(&next) else {
            // No time: all that can be asked of it is that it is new.
            let fresh = self.call.query("cursor") != Some(next.as_str()) && self.used.insert(next.clone());
            if !fresh {
                return Err(WalkError::Stuck { cursor: next });
            }
            self.call.set_query("cursor", next);
            return Ok(());
        };
        self.digits = self.digits.max(digits);
        let tie = last.filter(|last| last.at == to);
        let (to, text) = match &tie {
            Some(_) => cursor::later(to, self.digits, &next).unwrap_or((to, next)),
            None => (to, next),
        };
        let from = self.call.query("cursor").and_then(cursor::parse).map(|(from, _)| from);
        if from.is_none_or(|from| to < from) {
            self.given.retain(|_, time| time.is_none_or(|time| time < to));
            self.call.set_query("cursor", text);
            return Ok(());
        }
        // A larger page from the same place may reach beyond the tie.
        let limit = self.call.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(FULL);
        match tie {
            Some(_) if limit < FULL => self.call.set_query("limit", FULL.to_string()),
            Some(Last { at, count }) if count == rows => {
                return Err(WalkError::Tie { created_at: cursor::show(at, self.digits), count });
            }
            _ => return Err(WalkError::Stuck { cursor: text }),
        }
        Ok(())
    }
}
