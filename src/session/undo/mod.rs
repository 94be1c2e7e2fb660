//! What takes a run back: a plan that is made from its journal. Every writable field that the run changed goes back to what
//! it was, several writes to one record as one; what it created is deleted, children before parents; what it deleted is
//! created again. Sends nothing itself, but asks after writes whose answers nobody knows.

mod back;
mod order;
mod record;

pub use back::WayBack;

use super::{
    Number, Session, SessionError, doubt,
    journal::{
        Doubt,
        story::{Change, Story},
    },
};
use crate::api;
use std::collections::BTreeSet;

impl Session {
    /// Adds to a story the writes of which nobody knew whether they were carried out, where the workspace shows that they
    /// were.
    pub fn settle_story(&self, story: &mut Story, doubts: Vec<(Number, Doubt)>) -> Result<(), SessionError> {
        let known: BTreeSet<_> = story.changes.iter().map(|change| change.number).collect();
        for (number, told) in doubts.into_iter().filter(|(number, _)| !known.contains(number)) {
            let Some(operation) = api::operation(&told.asked.operation) else { continue };
            let call = told.asked.call(operation, &told.body);
            if let Some(answer) = doubt::was_carried_out(self, &call, &told)? {
                let before = story.before_doubts.remove(&number).unwrap_or_default();
                story.changes.push(Change::settled(number, &told, operation, before, &answer));
            }
        }
        story.changes.sort_by_key(|change| change.number);
        Ok(())
    }
}
