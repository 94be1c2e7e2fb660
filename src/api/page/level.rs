//! One cursor going down one list: the list of the script's call, or a slice of a tie in it. Owns where that list goes
//! on. PURE; knows neither rows nor what is done about a tie.

use super::{FULL, WalkError, cursor};
use crate::api::{operation::Slice, request::Call};
use jiff::Timestamp;
use std::collections::HashSet;

/// A list that is being asked for, page by page.
#[derive(Debug)]
pub struct Level {
    pub call: Call,
    /// In a slice, the time of the tie: older rows are not its business.
    pub floor: Option<Timestamp>,
    /// The tie of this list whose slices are being asked for.
    pub split: Option<Split>,
    /// Cursors that are no times and were already used.
    used: HashSet<String>,
}

/// A tie that is asked for slice by slice.
#[derive(Debug)]
pub struct Split {
    pub tie: Tie,
    pub slice: &'static Slice,
    /// The values still to be asked for.
    pub left: std::slice::Iter<'static, &'static str>,
}

/// A time that so many rows share that no page leads past it.
#[derive(Debug)]
pub struct Tie {
    pub at: Timestamp,
    /// The cursor under which all of these rows lie.
    from: String,
    /// The cursor under which the older rows lie.
    pub below: String,
}

/// The time of a page's last row and how many of its rows share it.
#[derive(Clone, Copy, Debug)]
pub struct Last {
    pub at: Timestamp,
    pub count: usize,
}

/// What follows a page.
#[derive(Debug)]
pub enum Step {
    /// The next page. Rows that are not older than this time will not come again, where it is known.
    On(Option<Timestamp>),
    /// No page leads on before the rows of this tie are asked for in another way.
    Tie(Tie),
}

impl Level {
    /// The list of a call, from its cursor or from the newest row.
    pub fn new(call: Call) -> Level {
        Level { call, floor: None, split: None, used: HashSet::new() }
    }

    /// The next slice of the tie that is being split.
    pub fn next_slice(&mut self) -> Option<Level> {
        let split = self.split.as_mut()?;
        let value = split.left.next()?;
        let mut call = self.call.clone();
        call.set_query(split.slice.field, value.to_string());
        call.set_query("cursor", split.tie.from.clone());
        Some(Level { floor: Some(split.tie.at), ..Level::new(call) })
    }

    /// Sets the next cursor, which must lead to older rows than the present one. `next` is the server's, `last` tells of
    /// the page's last row, `rows` how many it had, `digits` how finely times are shown.
    pub fn advance(&mut self, next: String, last: Option<Last>, rows: usize, digits: usize) -> Result<Step, WalkError> {
        let Some((to, _)) = cursor::parse(&next) else {
            // No time: all that can be asked of it is that it is new.
            let fresh = self.call.query("cursor") != Some(next.as_str()) && self.used.insert(next.clone());
            if !fresh {
                return Err(WalkError::Stuck { cursor: next });
            }
            self.call.set_query("cursor", next);
            return Ok(Step::On(None));
        };
        let present = self.call.query("cursor").map(str::to_string);
        let from = present.as_deref().and_then(cursor::parse).map(|(from, _)| from);
        let limit = self.call.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(FULL);
        let tie = last.filter(|last| last.at == to);
        let Some(Last { at, count }) = tie else {
            // The server's word.
            return if from.is_none_or(|from| to < from) {
                self.call.set_query("cursor", next);
                Ok(Step::On(Some(to)))
            } else {
                Err(WalkError::Stuck { cursor: next })
            };
        };
        let (to, text) = cursor::later(to, digits, &next).unwrap_or((to, next.clone()));
        let leads_on = from.is_none_or(|from| to < from);
        // Rows of one time fill the largest page: asked again from that time, it would be the same.
        if count == rows && limit >= FULL && (!leads_on || rows >= FULL as usize) {
            let from = if leads_on { text } else { present.unwrap_or(text) };
            return Ok(Step::Tie(Tie { at, from, below: next }));
        }
        if leads_on {
            self.call.set_query("cursor", text);
            return Ok(Step::On(Some(to)));
        }
        if limit >= FULL {
            return Err(WalkError::Stuck { cursor: text });
        }
        // A larger page from the same place may reach beyond the tie.
        self.call.set_query("limit", FULL.to_string());
        Ok(Step::On(None))
    }
}
