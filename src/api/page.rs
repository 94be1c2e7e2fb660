//! The walk over the pages of a list so that no row is lost where rows share a time, and none comes twice. A PURE state
//! machine: it says what to ask next and takes the answer; whoever drives it sends.

mod cursor;
mod error;
mod level;
mod reach;
mod read;
#[cfg(test)]
mod tests;

pub use error::{Beyond, WalkError};
pub use read::Page;

use super::request::Call;
use jiff::Timestamp;
use level::{Last, Level, Split, Step, Tie};
use reach::Reach;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap};

/// The largest page (API notes, "Pagination").
const FULL: u32 = 100;

/// One walk over all pages of one list call.
///
/// A cursor is a time, and a page holds the rows strictly older than it. Where the server's `next_cursor` is the time of
/// the page's last row, the walk asks one unit later and drops the ids it already gave; any other cursor is the
/// server's word and goes back as it came (API notes, "Pagination").
///
/// Where the rows of one time fill a page, nothing leads past them. The walk then asks for that time once for each known
/// value of a filter (and where that fills a page too, of the next filter), and goes on below it. Rows whose value
/// nobody knows would be missing: the walk says so ([`Walk::take_note`]), and once it sees such a value, it fails.
#[derive(Debug)]
pub struct Walk {
    operation: &'static str,
    /// The list, and above it the slices of a tie that are being asked for, the innermost last. Empty at the end.
    levels: Vec<Level>,
    failed: Option<WalkError>,
    /// The rows already given that the next page may hold again, with their times.
    given: HashMap<String, Option<Timestamp>>,
    /// The most digits of a second that any time has shown.
    digits: usize,
    reach: Reach,
    note: Option<String>,
    noted: bool,
}

/// A row of a list.
#[derive(Debug)]
pub struct Row {
    pub id: String,
    /// All of it, as the server sent it.
    pub json: Box<RawValue>,
}

impl Walk {
    /// A walk from the call's `cursor`, or from the newest row. Pages are as large as possible unless the call says
    /// otherwise.
    pub fn new(mut call: Call) -> Self {
        if call.query("limit").is_none() {
            call.set_query("limit", FULL.to_string());
        }
        Walk {
            operation: call.operation.name,
            reach: Reach::new(call.operation),
            levels: vec![Level::new(call)],
            failed: None,
            given: HashMap::new(),
            digits: 0,
            note: None,
            noted: false,
        }
    }

    /// The call of the next page; `None` when the walk has come to its end. An error if it cannot, from then on.
    pub fn next(&self) -> Result<Option<Call>, WalkError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(self.levels.last().map(|level| level.call.clone())),
        }
    }

    /// Whether it has come to its end, with all rows given.
    pub fn is_over(&self) -> bool {
        self.failed.is_none() && self.levels.is_empty()
    }

    /// Takes the answer to [`Walk::next`] and gives its rows that were not given before, in order. The rows before a
    /// tie that cannot be passed are good ones, so that error comes from [`Walk::next`].
    pub fn accept(&mut self, body: &[u8]) -> Result<Vec<Row>, WalkError> {
        let page = self.read(body);
        self.accept_page(page)
    }

    /// Reads an answer for [`Walk::accept_page`]. The walk itself stays where it is.
    pub fn read<'a>(&self, body: &'a [u8]) -> Result<Page<'a>, WalkError> {
        read::page(body, self.reach.names())
    }

    /// [`Walk::accept`] for an answer that was read.
    pub fn accept_page(&mut self, page: Result<Page<'_>, WalkError>) -> Result<Vec<Row>, WalkError> {
        let Some(level) = self.levels.last() else { return Ok(Vec::new()) };
        let floor = level.floor;
        let page = page.inspect_err(|error| self.failed = Some(error.clone()))?;
        let mut rows = Vec::with_capacity(page.rows.len());
        let mut last: Option<Last> = None;
        let mut below = false;
        let count = page.rows.len();
        for head in page.rows {
            let time = read::member::<Cow<'_, str>>(head.members[1]).and_then(|text| cursor::parse(&text));
            self.digits = self.digits.max(time.map_or(0, |(_, digits)| digits));
            let time = time.map(|(time, _)| time);
            self.reach.see(&head.members);
            last = time.map(|time| match last {
                Some(Last { at, count }) if at == time => Last { at, count: count + 1 },
                _ => Last { at: time, count: 1 },
            });
            if floor.is_some_and(|floor| time.is_some_and(|time| time < floor)) {
                below = true;
            } else if !self.given.contains_key(&head.id) {
                self.given.insert(head.id.clone(), time);
                rows.push(Row { id: head.id, json: head.raw.to_owned() });
            }
        }
        let on = page.has_more && !below;
        match self.step(on.then_some(page.next), last, count) {
            Ok(()) => Ok(rows),
            Err(error) => {
                self.failed = Some(error.clone());
                if matches!(error, WalkError::Tie { .. }) { Ok(rows) } else { Err(error) }
            }
        }
    }

    /// What the script's author should know of the walk so far. Comes once.
    pub fn take_note(&mut self) -> Option<String> {
        self.note.take()
    }

    /// Goes on after a page: to `next`, or where this list has nothing more to say, to the one below it.
    fn step(&mut self, next: Option<String>, last: Option<Last>, rows: usize) -> Result<(), WalkError> {
        let given = &self.given;
        self.reach.count(|at| given.values().filter(|time| **time == Some(at)).count());
        self.check()?;
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let Some(next) = next else {
            self.levels.pop();
            self.descend();
            return Ok(());
        };
        if next.is_empty() {
            return Err(WalkError::NoCursor);
        }
        self.digits = self.digits.max(cursor::parse(&next).map_or(0, |(_, digits)| digits));
        let inside = level.floor.is_some();
        match level.advance(next, last, rows, self.digits)? {
            // The slices of a tie begin anew at its top, so that all of its rows may come again.
            Step::On(Some(to)) if !inside => self.given.retain(|_, time| time.is_none_or(|time| time < to)),
            Step::On(_) => {}
            Step::Tie(tie) => self.split(tie)?,
        }
        Ok(())
    }

    /// An error if a tie was asked for by the values of a field, and one that cannot be asked for has shown up.
    fn check(&self) -> Result<(), WalkError> {
        let Some((at, count, row)) = self.reach.missed() else { return Ok(()) };
        Err(WalkError::Tie { created_at: cursor::show(at, self.digits), count, why: Beyond::Odd(row.into()) })
    }

    /// Has the tie asked for by the values of the first field that the innermost list is not already filtered by.
    fn split(&mut self, tie: Tie) -> Result<(), WalkError> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let count = self.given.values().filter(|time| **time == Some(tie.at)).count();
        let operation = level.call.operation;
        let Some(slice) = operation.slices.iter().find(|slice| level.call.query(slice.field).is_none()) else {
            let used = |field| Some((field, level.call.query(field)?.to_string()));
            let why = match operation.slices {
                [] => Beyond::NoFilter,
                slices => Beyond::Filters(slices.iter().filter_map(|slice| used(slice.field)).collect()),
            };
            return Err(WalkError::Tie { created_at: cursor::show(tie.at, self.digits), count, why });
        };
        self.reach.rely(slice, tie.at, count);
        level.split = Some(Split { tie, slice, left: operation.choices(slice.field).iter() });
        self.check()?;
        self.descend();
        Ok(())
    }

    /// Goes on with the next slice of the innermost list's tie; after the last one, below the tie.
    fn descend(&mut self) {
        while let Some(level) = self.levels.last_mut() {
            if let Some(slice) = level.next_slice() {
                self.levels.push(slice);
                return;
            }
            let Some(Split { tie, .. }) = level.split.take() else { return };
            if level.floor.is_some_and(|floor| tie.at <= floor) {
                self.levels.pop();
                continue;
            }
            if level.floor.is_none() {
                self.given.retain(|_, time| time.is_none_or(|time| time < tie.at));
                if !self.noted {
                    self.noted = true;
                    self.note = Some(self.reach.note(self.operation, &cursor::show(tie.at, self.digits)));
                }
            }
            level.call.set_query("cursor", tie.below);
            return;
        }
    }
}
