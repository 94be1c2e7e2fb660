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
use sha2::{Digest, Sha256};
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

/// What is given out once and never again, however many plans a session makes one after the other: whoever still holds a
/// provisional id of an earlier one must not come to another record by it, nor a create to the key of another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// How many records of each kind were made.
    counts: [usize; 3],
    /// How many records were made.
    displays: i64,
    /// Which plan of the session it is.
    plan: u64,
}

impl Numbers {
    /// Those of the plan that comes next.
    pub fn next(self) -> Numbers {
        Numbers { plan: self.plan + 1, ..self }
    }
}

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
    numbers: Numbers,
    /// The latest time that any row was created.
    newest: Timestamp,
    /// Whether a customer was deleted, which hides others' rows.
    customers_deleted: bool,
    reads: usize,
}

impl Overlay {
    /// A view of the workspace as it is. New records are dated by `clock`.
    pub fn new(clock: Clock) -> Overlay {
        Overlay::numbered(clock, Numbers::default())
    }

    /// The same, where these numbers are given out.
    pub fn numbered(clock: Clock, numbers: Numbers) -> Overlay {
        Overlay {
            clock,
            tables: Default::default(),
            seen: Seen::default(),
            sources: Vec::new(),
            depths: HashMap::new(),
            entries: Vec::new(),
            unchanged: BTreeMap::new(),
            made: HashMap::new(),
            numbers,
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

    /// What was given out so far.
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// The id of the plan, in a session whose first one has this id.
    pub fn plan_id(&self, first: &str) -> String {
        match self.numbers.plan {
            0 => first.to_string(),
            nth => Sha256::digest(format!("{first}/{nth}")).iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// What is planned is another plan from here on: creates of it that were sent would be sent again.
    pub fn begin_anew(&mut self) {
        self.numbers = self.numbers.next();
    }

    /// The provisional ids and display ids that it gave out, at its end.
    pub fn into_ids(self) -> impl Iterator<Item = String> {
        self.made.into_keys()
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
