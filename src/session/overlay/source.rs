//! The service's rows of one list, page by page, as far as the overlay has use for them. A walk over the overlay's own
//! pages goes on where the page before ended, so that no page of the service is asked for twice. Merges nothing.

use super::{
    query::{Cursor, Query},
    row::Facts,
};
use crate::{
    api::{
        client::Answer,
        error::{BadAnswer, CallError, Incomplete},
        page::{Walk, WalkError},
        request::Call,
    },
    session::plan::ListFilter,
};
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::{collections::VecDeque, sync::Arc};

/// A row as the service has it.
#[derive(Debug)]
pub(super) struct Live {
    pub facts: Facts,
    pub json: Box<RawValue>,
}

#[derive(Debug)]
pub(super) struct Source {
    filter: Arc<ListFilter>,
    operation: &'static str,
    walk: Walk,
    /// Rows that may be asked for again or have not been asked for yet, in order.
    pub rows: VecDeque<Live>,
    /// All rows older than this are in `rows` or still to come; none: all rows are.
    bound: Option<Timestamp>,
    /// Nothing can be said of where it begins but that the service gave the cursor.
    opaque: bool,
}

impl Source {
    /// The rows from this cursor on. Pages are as large as possible, whatever size the overlay's have: rows may fall
    /// out of them.
    pub fn new(call: &Call, query: &Query, cursor: &Cursor) -> Source {
        let mut call = call.clone();
        call.query.retain(|(name, _)| *name != "limit");
        Source {
            filter: query.filter.clone(),
            operation: query.operation.name,
            walk: Walk::new(call),
            rows: VecDeque::new(),
            bound: if let Cursor::Below(time) = cursor { Some(*time) } else { None },
            opaque: *cursor == Cursor::Opaque,
        }
    }

    /// Whether it is about this list.
    pub fn is_of(&self, query: &Query) -> bool {
        self.filter == query.filter
    }

    /// Whether it holds all rows from this cursor on.
    pub fn reaches(&self, cursor: &Cursor) -> bool {
        match cursor {
            Cursor::Below(time) => !self.opaque && self.bound.is_none_or(|bound| *time <= bound),
            Cursor::Top | Cursor::Opaque => false,
        }
    }

    /// The call of the service's next page; none at the end.
    pub fn next(&self) -> Result<Option<Call>, CallError> {
        self.walk.next().map_err(|error| {
            CallError::Incomplete(Incomplete { operation: self.operation, why: error.to_string(), hint: error.hint() })
        })
    }

    /// Takes the answer to [`Source::next`]; gives where its rows begin in `rows`.
    pub fn accept(&mut self, query: &Query, answer: &Answer) -> Result<usize, CallError> {
        let begin = self.rows.len();
        let broken = |error: WalkError| {
            CallError::BadAnswer(Box::new(BadAnswer {
                operation: self.operation,
                status: answer.status,
                why: error.to_string(),
                excerpt: String::new(),
                request_id: answer.request_id.clone(),
                attempts: 1,
                cut: false,
            }))
        };
        for row in self.walk.accept(&answer.body).map_err(broken)? {
            // The walk has made sure that there is an id.
            if let Some(facts) = Facts::of(query.kind, row.json.get()) {
                self.rows.push_back(Live { facts, json: row.json });
            }
        }
        Ok(begin)
    }

    /// Lets the rows go that are newer than the last one of a page. Those of its time stay: a walk asks for them again.
    pub fn trim(&mut self, last: Timestamp) {
        while let Some(row) = self.rows.front().filter(|row| row.facts.time() > last) {
            self.bound = Some(row.facts.time());
            self.opaque = false;
            self.rows.pop_front();
        }
    }
}
