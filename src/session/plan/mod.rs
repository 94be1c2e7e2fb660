//! A plan: what a dry run would have written, as data with a version. Says what it holds and whether a text is one; how it
//! is shown is in [`render`], what takes it apart for sending in [`provisional`]. Sends, prints and stores nothing.
//!
//! `docs/plan-format.md` describes the document.

mod entry;
mod looks;
pub mod provisional;
mod quote;
mod read;
pub mod render;
#[cfg(test)]
mod tests;
mod value;

pub use entry::{Change, Entry, ListFilter, RecordRef, Undo};
pub use looks::{Looks, WORTH_A_WALK};
pub use quote::{Quote, ideal, looks_again};
pub use read::{BadPlan, read};
pub use value::Exact;

use crate::{api::operation::Effect, text::Rate};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What the document calls itself.
pub const FORMAT: &str = "onramp-plan";

/// The version of the document that is written and read.
pub const VERSION: u32 = 1;

/// Writes in their order, with all that is needed to judge, apply and take them back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of onramp that made it.
    pub onramp: String,
    /// Random; the idempotency keys of its creates begin with it.
    pub id: String,
    pub created_at: Timestamp,
    pub workspace: Workspace,
    pub script: Script,
    pub totals: Totals,
    pub quote: Quote,
    /// What the plan of an undo cannot bring back, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// The writes, in the order of the script.
    pub entries: Vec<Entry>,
    /// SHA-256 of the document with this field empty, in hexadecimal.
    pub digest: String,
}

/// The workspace that the plan was made in, and the only one it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    pub id: String,
    pub slug: String,
}

/// What made the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// As it was given.
    pub path: String,
    /// Of its text, in hexadecimal.
    pub sha256: String,
}

/// How many writes of which kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    pub creates: usize,
    pub updates: usize,
    pub deletes: usize,
    /// Entries that an undo cannot bring back as they were.
    pub not_undoable: usize,
    /// Writes of the script that would have changed nothing. They are no entries.
    pub unchanged: usize,
}

/// What a plan says of itself.
#[derive(Clone, Debug)]
pub struct Head {
    /// The version of onramp.
    pub onramp: String,
    /// Random, and unique to the plan.
    pub id: String,
    pub created_at: Timestamp,
    pub workspace: Workspace,
    pub script: Script,
}

impl Plan {
    /// A plan of these writes. `unchanged` is how many others would have changed nothing.
    pub fn new(head: Head, entries: Vec<Entry>, unchanged: usize) -> Plan {
        let Head { onramp, id, created_at, workspace, script } = head;
        let mut plan = Plan {
            format: FORMAT.into(),
            version: VERSION,
            onramp,
            id,
            created_at,
            workspace,
            script,
            totals: Totals::of(&entries, unchanged),
            quote: Quote::of(&entries),
            lost: Vec::new(),
            entries,
            digest: String::new(),
        };
        plan.digest = plan.fresh_digest();
        plan
    }

    /// The plan with the rate limit under which it was made, from which its time follows.
    pub fn with_rate(mut self, rate: Rate) -> Plan {
        self.quote.set_rate(rate);
        self.digest = self.fresh_digest();
        self
    }

    /// The plan with what it cannot bring back.
    pub fn with_lost(mut self, lost: Vec<String>) -> Plan {
        self.lost = lost;
        self.digest = self.fresh_digest();
        self
    }

    /// The plan without these entries, for people: what is left of it to be done.
    pub fn without(&self, done: &BTreeSet<usize>) -> Plan {
        let entries: Vec<Entry> =
            self.entries.iter().filter(|entry| !done.contains(&entry.position)).cloned().collect();
        let mut rest = self.clone_head();
        rest.totals = Totals::of(&entries, self.totals.unchanged);
        rest.quote = Quote::of(&entries);
        rest.entries = entries;
        rest.digest = rest.fresh_digest();
        rest
    }

    /// The document, one entry a line.
    pub fn to_json(&self) -> String {
        let mut rest = self.clone_head();
        rest.digest = self.digest.clone();
        let head = json(&rest);
        let entries: Vec<String> = self.entries.iter().map(|entry| format!("\n  {}", json(entry))).collect();
        // The head has an empty list where the entries belong.
        let lines = format!("\"entries\":[{}\n]", entries.join(","));
        let text = if entries.is_empty() { head } else { head.replacen("\"entries\":[]", &lines, 1) };
        format!("{text}\n")
    }

    /// The plan for another time, after the run that applied it was taken back: its creates make new records, where those of
    /// the first time would be answered with what is deleted by now.
    pub fn once_more(mut self, taken_back: &str) -> Plan {
        let id: String = hex(Sha256::digest(format!("{} {taken_back}", self.id)).iter());
        self.id = id[..32].to_string();
        self.digest = self.fresh_digest();
        self
    }

    /// The idempotency key of the create at this position: the same on every machine that applies the plan.
    pub fn idempotency_key(&self, position: usize) -> String {
        format!("{}-{position}", self.id)
    }

    fn fresh_digest(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(json(&self.clone_head()));
        for entry in &self.entries {
            digest.update(b"\n");
            digest.update(json(entry));
        }
        hex(digest.finalize().iter())
    }

    /// All but the entries and the digest.
    fn clone_head(&self) -> Plan {
        Plan {
            format: self.format.clone(),
            version: self.version,
            onramp: self.onramp.clone(),
            id: self.id.clone(),
            created_at: self.created_at,
            workspace: self.workspace.clone(),
            script: self.script.clone(),
            totals: self.totals,
            quote: self.quote,
            lost: self.lost.clone(),
            entries: Vec::new(),
            digest: String::new(),
        }
    }
}

impl Totals {
    fn of(entries: &[Entry], unchanged: usize) -> Totals {
        let count = |effect| entries.iter().filter(|entry| entry.effect() == Some(effect)).count();
        Totals {
            creates: count(Effect::Create),
            updates: count(Effect::Update),
            deletes: count(Effect::Delete),
            not_undoable: entries.iter().filter(|entry| entry.undo != Undo::Yes).count(),
            unchanged,
        }
    }

    /// All writes that would be sent.
    pub fn writes(&self) -> usize {
        self.creates + self.updates + self.deletes
    }
}

fn hex<'b>(bytes: impl Iterator<Item = &'b u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Plans hold texts, numbers and JSON that was read before; all of that can be written.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a plan always has a JSON form")
}
