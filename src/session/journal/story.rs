//! What a run has done, told from its journal, which is the truth: what it changed, what nobody knows, what was refused.
//! Decides nothing and sends nothing.

use super::{
    super::{
        Number,
        seen::{Body, Seen},
        write::{fields, object_of},
    },
    Doubt,
    entry::{Asked, Entry},
};
use crate::{
    api::{
        self,
        operation::{Effect, Operation},
    },
    store::journal::{Frame, Journal, Span},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, HashMap},
    io,
};

/// All that a journal tells of its run.
#[derive(Debug, Default)]
pub struct Story {
    /// When a process began to work at the run, the first first.
    pub attempts: Vec<Timestamp>,
    /// By number.
    pub changes: Vec<Change>,
    /// Writes that may have been carried out or not, by number.
    pub doubts: Vec<Told>,
    /// Writes that the API refused and rows that were left alone, by number.
    pub failures: Vec<Told>,
    /// What was there before the writes in doubt, by number.
    pub before_doubts: BTreeMap<Number, Before>,
}

/// What a write found, so that it can be taken back.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The record, where the run had seen it.
    pub record: Option<Map<String, Value>>,
    pub children: Vanished,
    label: Option<String>,
}

/// What vanished with a customer that was deleted: its contacts and onboardings, each list with the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vanished {
    pub records: Vec<Map<String, Value>>,
    /// Whether these are all of them. What was not looked for is not known.
    pub whole: bool,
}

/// One write that the API carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub number: Number,
    pub at: Timestamp,
    pub operation: String,
    /// What kind of record it is about, such as `customer`.
    pub object: String,
    /// The canonical id, where it is known; else the id that was asked for.
    pub id: String,
    pub display_id: Option<String>,
    /// What people call the record.
    pub label: Option<String>,
    /// What became another value, side effects included; all that was set of a record that was created or deleted.
    pub fields: Vec<Moved>,
    /// The customer that the record belongs to.
    pub customer: Option<String>,
    pub children: Vanished,
}

/// A field and its values before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub name: String,
    /// Absent where there was no record yet, or nobody knows.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// Absent where the record is gone.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// A write, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    pub number: String,
    pub operation: String,
    pub target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of a failure: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A null that is written down is a value.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// The server dates its answers in whole seconds.
const WHOLE_SECONDS: SignedDuration = SignedDuration::from_secs(1);

/// A write that has not been answered.
struct Open {
    asked: Asked,
    label: Option<String>,
    before: Option<Map<String, Value>>,
    body: Span,
}

impl Story {
    /// The story of a journal with these frames. Frames of a later version of onramp that are not known here are left out.
    pub fn of(journal: &Journal, frames: &[Frame]) -> io::Result<Story> {
        let mut telling = Telling {
            journal,
            seen: Seen::default(),
            open: HashMap::new(),
            meant_at: HashMap::new(),
            children: HashMap::new(),
            story: Story::default(),
        };
        let (mut changes, mut failures) = (BTreeMap::new(), BTreeMap::new());
        for frame in frames {
            let Ok(entry) = serde_json::from_slice::<Entry>(&frame.head) else { continue };
            match entry {
                Entry::Attempt { at, .. } => telling.story.attempts.push(at),
                Entry::Read { asked, at, .. } => telling.see(frame, at, Some(&asked.target))?,
                Entry::Looked { at, target } => telling.see(frame, at, target.as_deref())?,
                Entry::Intent { n, asked, label, at, .. } => {
                    telling.meant_at.entry(n).or_insert(at);
                    telling.meant(n, asked, label, frame.body)?;
                }
                Entry::Answer { n, at, answered } => {
                    if let Some(change) = telling.answered(n, at, answered.date, frame)? {
                        changes.insert(n, change);
                    }
                }
                Entry::Denied { n, error } => {
                    if let Some(open) = telling.open.get(&n) {
                        failures.insert(n, told(n, &open.asked, open.label.clone(), Some(error.words())));
                    }
                }
                Entry::Left { n, asked, why } => {
                    failures.insert(n, told(n, &asked, None, Some(why)));
                }
                Entry::Children { n, cut } => {
                    let records = serde_json::from_slice(&journal.read(frame.body)?).unwrap_or_default();
                    telling.children.insert(n, Vanished { records, whole: !cut });
                }
                Entry::Unsent { n } => drop(telling.open.remove(&n)),
                // It is asked again, and in doubt until then.
                Entry::Again { n } => drop(failures.remove(&n)),
                Entry::Refused { .. } | Entry::Unchanged { .. } | Entry::Observed { .. } => {}
            }
        }
        let known = |n: &Number| changes.contains_key(n) || failures.contains_key(n);
        let doubts: BTreeMap<_, _> = telling.open.iter().filter(|(n, _)| !known(n)).collect();
        let before = |(n, open): (&&Number, &&Open)| {
            let children = telling.children.get(*n).cloned().unwrap_or_default();
            (**n, Before { record: open.before.clone(), children, label: open.label.clone() })
        };
        let before_doubts = doubts.iter().map(before).collect();
        let doubts = doubts.into_iter().map(|(n, open)| told(*n, &open.asked, open.label.clone(), None)).collect();
        Ok(Story {
            doubts,
            before_doubts,
            changes: changes.into_values().collect(),
            failures: failures.into_values().collect(),
            ..telling.story
        })
    }
}

struct Telling<'a> {
    journal: &'a Journal,
    /// The records as the run had seen them by then.
    seen: Seen,
    open: HashMap<Number, Open>,
    /// When each write was first meant.
    meant_at: HashMap<Number, Timestamp>,
    children: HashMap<Number, Vanished>,
    story: Story,
}

impl Telling<'_> {
    fn see(&mut self, frame: &Frame, at: Timestamp, target: Option<&str>) -> io::Result<()> {
        let bytes = &self.journal.read(frame.body)?;
        self.seen.take(Body { bytes, span: frame.body, rows: None }, at, target, false);
        Ok(())
    }

    fn meant(&mut self, n: Number, asked: Asked, label: Option<String>, body: Span) -> io::Result<()> {
        let before = match api::operation(&asked.operation) {
            Some(operation) if operation.effect != Effect::Create => {
                match self.seen.latest(object_of(operation), id_of(&asked)) {
                    Some(found) => found.open(object_of(operation), id_of(&asked), self.journal)?,
                    None => None,
                }
            }
            _ => None,
        };
        self.open.insert(n, Open { asked, label, before: before.map(|snapshot| fields(Some(&snapshot.json))), body });
        Ok(())
    }

    /// Whether a record was there before this run meant to make it: another application of the same plan has made it, and the
    /// key of the create told so. It is not this run's to take back. Spans are compared, because no two clocks agree: how old
    /// the record is by the server's, which has dated its answer, and how long ago the create was meant by ours.
    fn is_of_another(&self, n: Number, at: Timestamp, date: Option<Timestamp>, record: &Map<String, Value>) -> bool {
        let created = record.get("created_at").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        let age = date.zip(created).map(|(date, created)| date.duration_since(created));
        let meant = self.meant_at.get(&n).map(|meant| at.duration_since(*meant));
        age.zip(meant).is_some_and(|(age, meant)| age > meant + WHOLE_SECONDS)
    }

    fn answered(
        &mut self,
        n: Number,
        at: Timestamp,
        date: Option<Timestamp>,
        frame: &Frame,
    ) -> io::Result<Option<Change>> {
        let Some(Open { asked, label, before, body }) = self.open.remove(&n) else { return Ok(None) };
        let Some(operation) = api::operation(&asked.operation) else { return Ok(None) };
        let answer = self.journal.read(frame.body)?;
        self.seen.take(Body { bytes: &answer, span: frame.body, rows: None }, at, None, false);
        let answer = fields(Some(&answer));
        if operation.effect == Effect::Create && self.is_of_another(n, at, date, &answer) {
            return Ok(None);
        }
        let object = object_of(operation);
        let fields = match (operation.effect, &before) {
            (Effect::Create, _) => set(operation, &answer).map(|(name, to)| moved(name, None, Some(to))).collect(),
            (Effect::Update, Some(before)) => differing(before, &answer),
            (Effect::Update, None) => {
                let meant = fields(Some(&self.journal.read(body)?));
                meant.into_iter().map(|(name, to)| moved(&name, None, Some(answer.get(&name).unwrap_or(&to)))).collect()
            }
            (Effect::Delete, Some(before)) => {
                set(operation, before).map(|(name, from)| moved(name, Some(from), None)).collect()
            }
            (Effect::Delete | Effect::Read, _) => Vec::new(),
        };
        if operation.effect == Effect::Delete {
            self.seen.forget(object, id_of(&asked), self.journal)?;
        }
        // A delete's answer shows no record any more.
        let shown = if operation.effect == Effect::Delete { before.as_ref().unwrap_or(&answer) } else { &answer };
        Ok(Some(Change {
            number: n,
            at,
            operation: operation.name.into(),
            object: object.into(),
            id: shown.get("id").and_then(Value::as_str).unwrap_or(id_of(&asked)).into(),
            display_id: shown.get("display_id").and_then(Value::as_i64).map(|id| id.to_string()),
            label: label.or_else(|| shown.get("name").and_then(Value::as_str).map(str::to_string)),
            fields,
            customer: shown.get("customer_id").and_then(Value::as_str).map(str::to_string),
            children: self.children.remove(&n).unwrap_or_default(),
        }))
    }
}

impl Change {
    /// A write whose answer nobody got, and that was carried out all the same: `answer` shows the record now, and nothing
    /// of one that was deleted.
    pub fn settled(
        number: Number,
        told: &Doubt,
        operation: &'static Operation,
        before: Before,
        answer: &[u8],
    ) -> Change {
        let now = fields(Some(answer));
        let Before { record, children, label } = before;
        let was = record.as_ref();
        let fields = match operation.effect {
            Effect::Create => set(operation, &now).map(|(name, to)| moved(name, None, Some(to))).collect(),
            Effect::Delete => was
                .map(|was| set(operation, was).map(|(name, from)| moved(name, Some(from), None)).collect())
                .unwrap_or_default(),
            Effect::Update | Effect::Read => {
                let mut meant = fields(Some(&told.body));
                // What the service derives moves with what it is derived from (API notes, "Rules").
                if meant.contains_key("waiting_on_customer")
                    && let Some(state) = now.get("state")
                {
                    meant.entry("state").or_insert_with(|| state.clone());
                }
                let known = |name: &str| match (was, &told.before) {
                    (Some(was), _) => Some(was.get(name).unwrap_or(&Value::Null)),
                    (None, Some(before)) => before.get(name),
                    (None, None) => None,
                };
                let moved = |(name, to): (&String, &Value)| moved(name, known(name), Some(now.get(name).unwrap_or(to)));
                meant.iter().map(moved).filter(|moved| moved.from != moved.to).collect()
            }
        };
        let shown = if operation.effect == Effect::Delete { was.unwrap_or(&now) } else { &now };
        Change {
            number,
            at: told.at,
            operation: operation.name.into(),
            object: object_of(operation).into(),
            id: shown.get("id").and_then(Value::as_str).unwrap_or(id_of(&told.asked)).into(),
            display_id: shown.get("display_id").and_then(Value::as_i64).map(|id| id.to_string()),
            label: label.or_else(|| shown.get("name").and_then(Value::as_str).map(str::to_string)),
            fields,
            customer: shown.get("customer_id").and_then(Value::as_str).map(str::to_string),
            children,
        }
    }
}

/// The fields with a value that people set, in the API's order.
fn set<'a>(
    operation: &'static Operation,
    record: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'static str, &'a Value)> {
    let fields = api::object(object_of(operation)).map_or(&[][..], |object| object.fields).iter();
    fields
        .filter(|field| field.set != api::operation::Set::Never)
        .filter_map(|field| Some((field.name, record.get(field.name).filter(|value| !value.is_null())?)))
}

/// The fields that are not what they were. When it was changed says the change itself.
fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Moved> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let value = |record: &Map<String, Value>, name: &str| record.get(name).cloned().unwrap_or_default();
    let all = after.keys().chain(gone).filter(|name| *name != "updated_at");
    all.map(|name| (name, value(before, name), value(after, name)))
        .filter(|(_, from, to)| from != to)
        .map(|(name, from, to)| moved(name, Some(&from), Some(&to)))
        .collect()
}

fn moved(name: &str, from: Option<&Value>, to: Option<&Value>) -> Moved {
    Moved { name: name.into(), from: from.cloned(), to: to.cloned() }
}

fn told(n: Number, asked: &Asked, label: Option<String>, why: Option<String>) -> Told {
    Told { number: n.to_string(), operation: asked.operation.clone(), target: asked.target.clone(), label, why }
}

fn id_of(asked: &Asked) -> &str {
    let path = asked.target.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
