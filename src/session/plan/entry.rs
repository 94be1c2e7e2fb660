//! One write of a plan: the call with its exact body, the record it is about, and each field before and after. Data only.

use super::value::Exact;
use crate::api::{
    operation,
    operation::{Effect, Operation},
    request::Call,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1, in the order of the script.
    pub position: usize,
    /// The operation's script name.
    pub operation: String,
    /// A value for each of the operation's path parameters, as the script gave them.
    pub path: Vec<String>,
    /// The exact bytes of the body, for creates and updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What it is about.
    pub record: RecordRef,
    /// Each field that is another one afterwards, those that follow from others included, but not `updated_at`. Of a
    /// create the fields that are not empty, of a delete those that were not.
    pub changes: Vec<Change>,
    /// The fields that the body names and that were so already. They are sent all the same, and so they must still be so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub as_is: BTreeMap<String, Exact>,
    /// Of what takes the place of a record that was deleted: the id that this one had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The list that the script had the record from, where it came from one as the service keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ListFilter>,
    /// How far down it stood in that list, from 1: that says whether it is worth walking it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The record's `updated_at` when the dry run first saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_updated_at: Option<String>,
    /// What an undo can do about it.
    pub undo: Undo,
    /// The provisional ids and display ids that `path` and `body` speak of, each with the position of the create that stands for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uses: BTreeMap<String, usize>,
}

/// The record that a write is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// `customer`, `contact` or `onboarding`.
    pub object: String,
    /// The canonical id, or a provisional one.
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_id: Option<i64>,
    /// A name for people: the record's own, or that of an onboarding's customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A field that is another one afterwards. No `before`: the record or the field was not there; no `after`: it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub field: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Exact>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Exact>,
}

/// `null` is a value of a field, and another thing than none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Exact>, D::Error> {
    Exact::deserialize(deserializer).map(Some)
}

/// A list without its place and page size: which rows it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFilter {
    pub operation: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// The filters that were asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
}

/// What an undo can do about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// All is as before.
    Yes,
    /// The record can be made again, under another id.
    NewId,
    /// The service may refuse to take it back, or there is no value to put back.
    No,
}

impl ListFilter {
    /// The call of the list; none where this onramp does not know it.
    pub fn call(&self) -> Option<Call> {
        let list =
            operation(&self.operation).filter(|list| list.is_list() && list.path_params.len() == self.path.len())?;
        let mut call = Call::new(list, self.path.clone());
        for (name, value) in &self.query {
            call.set_query(list.query.iter().find(|param| param.name == name)?.name, value.clone());
        }
        Some(call)
    }
}

impl Entry {
    /// The operation, where this onramp knows it.
    pub fn operation(&self) -> Option<&'static Operation> {
        operation(&self.operation)
    }

    /// What it does to the workspace.
    pub fn effect(&self) -> Option<Effect> {
        self.operation().map(|operation| operation.effect)
    }

    /// Why an undo cannot bring it back as it was, in words; none where it can.
    pub fn cannot_be_undone(&self) -> Option<&'static str> {
        match self.undo {
            Undo::Yes => None,
            Undo::NewId if self.record.object == "customer" => {
                Some("an undo makes it again under a new id, and its contacts and onboardings too")
            }
            Undo::NewId => Some("an undo makes it again under a new id"),
            Undo::No => Some("the service may refuse to take it back"),
        }
    }
}
