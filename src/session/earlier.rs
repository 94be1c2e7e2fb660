//! What earlier runs have carried out of a plan, told from their journals: who does the rest leaves that alone, whatever has
//! become of it since. Sends nothing.

use super::{
    apply::number,
    journal::{Past, Recorded},
    plan::{Plan, provisional::Made},
};
use crate::{
    api::operation::Effect,
    store::journal::{Frame, Journal},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

/// The entries of a plan that earlier runs have carried out.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// By position.
    pub done: BTreeSet<usize>,
    /// What the creates among them have made, for the entries that rest on it.
    pub(super) made: BTreeMap<usize, Made>,
}

impl Earlier {
    /// Adds what the journal with these frames tells of a run that carried out this plan. What failed in it, was left alone or
    /// is in doubt is still to be done.
    pub fn add(&mut self, plan: &Plan, journal: &Journal, frames: &[Frame]) -> io::Result<()> {
        let past = Past::of(frames).map_err(io::Error::other)?;
        for entry in &plan.entries {
            let object = match past.get(number(entry.position), journal)? {
                Some(Recorded::Answered(_, Ok(answer))) => answer.body,
                Some(Recorded::Unchanged(_, object)) => object,
                _ => continue,
            };
            if entry.effect() == Some(Effect::Create) {
                // Where the answer does not say what was made, the key of the create tells it once more.
                let Ok(made) = serde_json::from_slice::<Made>(&object) else { continue };
                self.made.insert(entry.position, made);
            }
            self.done.insert(entry.position);
        }
        Ok(())
    }
}
