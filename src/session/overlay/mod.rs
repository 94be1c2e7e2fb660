//! A dry run's view of the workspace: answers each call of a script, in order, as the service would after the writes so
//! far. Reads go out through whoever owns the overlay; writes are kept as the entries of a plan and never sent.
//!
//! In reading order: `find` (which record a call is about), `writes` (what a write does to it, with `check` and `rules`),
//! `entries` (what a plan says of it) and `agrees` (whether that is so), `query`, `whose`, `source` and `pages` (lists), `table` and `seen` (what is kept).
//!
//! What it cannot know: whether a slug or an e-mail address is taken by a record that the run has not seen, texts that
//! are too long, and whether a record that is missing was deleted before (a delete of one is then a 404). Decision 26
//! has the reasons.

mod agrees;
mod check;
mod entries;
mod fields;
mod find;
mod kind;
mod pages;
mod problem;
mod query;
mod row;
mod rules;
mod seen;
mod slug;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod whose;
mod writes;

pub use agrees::agrees;

use super::plan::{Entry, Head, ListFilter, Plan};
use crate::{
    api::{
        client::Answer,
        error::CallError,
        request::{Call, Request},
    },
    clock::Clock,
    memory,
};
use jiff::Timestamp;
use kind::Kind;
use query::Query;
use seen::Seen;
use source::Source;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use table::Table;

/// Sends one read and waits for its answer: a page of a list, or one record.
pub type Live<'a> = &'a dyn Fn(&Call) -> Result<Answer, CallError>;

/// What a call did to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// It was a read.
    Read,
    /// The entry at this position, from 1.
    Entry(usize),
    /// A write that changes nothing: counted, and no entry.
    Nothing,
}

/// Where a row was read: in which list, and how far down, from 1.
type From = (Arc<ListFilter>, usize);

/// The workspace as it would be.
#[derive(Debug)]
pub struct Overlay {
    clock: Clock,
    tables: [Table; 3],
    seen: Seen,
    sources: Vec<Source>,
    /// How many rows of each list were read since its walk began.
    depths: HashMap<Arc<ListFilter>, usize>,
    entries: Vec<Entry>,
    /// How many writes of each operation would change nothing.
    unchanged: BTreeMap<&'static str, usize>,
    /// Provisional ids and display ids, with the position of the create behind each.
    made: HashMap<String, usize>,
    /// How many records of each kind were made.
    counts: [usize; 3],
    /// How many records were made.
    displays: i64,
    /// The latest time that any row was created.
    newest: Timestamp,
    /// Whether a customer was deleted, which hides others' rows.
    customers_deleted: bool,
    reads: usize,
}

impl Overlay {
    /// A view of the workspace as it is. New records are dated by `clock`.
    pub fn new(clock: Clock) -> Overlay {
        Overlay {
            clock,
            tables: Default::default(),
            seen: Seen::default(),
            sources: Vec::new(),
            depths: HashMap::new(),
            entries: Vec::new(),
            unchanged: BTreeMap::new(),
            made: HashMap::new(),
            counts: [0; 3],
            displays: 0,
            newest: Timestamp::MIN,
            customers_deleted: false,
            reads: 0,
        }
    }

    /// Answers a call as the service would after the writes so far, and says what became of it. One page of a list is
    /// one call. A call that the service would refuse brings its error and leaves all as it was.
    pub fn call(&mut self, call: &Call, live: Live<'_>) -> Result<(Answer, Wrote), CallError> {
        // Everything below relies on the ids being there.
        Request::build(call, None).map_err(CallError::Refused)?;
        // Whoever shows the plan needs what is here, also where the script is at the end of its memory half-way.
        memory::unbounded(|| self.answer(call, live))
    }

    fn answer(&mut self, call: &Call, live: Live<'_>) -> Result<(Answer, Wrote), CallError> {
        let operation = call.operation;
        match Kind::of(operation) {
            None => self.ask(call, live).map(|answer| (answer, Wrote::Read)),
            Some(kind) if operation.effect.writes() => self.write(call, kind, live),
            Some(kind) if operation.is_list() => {
                let query = Query::of(call, kind);
                self.page(call, &query, live).map(|answer| (answer, Wrote::Read))
            }
            Some(kind) => self.get(call, kind, live).map(|answer| (answer, Wrote::Read)),
        }
    }

    /// Takes the last write out of the plan: it was one too many, and the run ends with it.
    pub fn drop_last(&mut self) {
        self.entries.pop();
    }

    /// The writes so far, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many writes would have changed nothing, by operation.
    pub fn unchanged(&self) -> &BTreeMap<&'static str, usize> {
        &self.unchanged
    }

    /// How many reads were sent.
    pub fn reads(&self) -> usize {
        self.reads
    }

    /// The plan of the writes so far.
    pub fn plan(&self, head: Head) -> Plan {
        Plan::new(head, self.entries.clone(), self.unchanged.values().sum())
    }

    fn table(&self, kind: Kind) -> &Table {
        &self.tables[kind as usize]
    }

    fn table_mut(&mut self, kind: Kind) -> &mut Table {
        &mut self.tables[kind as usize]
    }

    /// Whether an id, in either form, stands for a record that this run has made: no service knows it.
    fn is_made(&self, id: &str) -> bool {
        match row::display(id) {
            Some(display) => self.made.contains_key(&display.to_string()),
            None => self.made.contains_key(id),
        }
    }
}

/// An answer that came from nowhere.
fn answered(status: u16, body: String) -> Answer {
    Answer { status, body: body.into_bytes(), request_id: None, date: None }
}
