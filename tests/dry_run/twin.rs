//! One script's calls in both worlds: through an overlay over a sandbox that is only read, and really, in another of the
//! same seed. Owns the comparison, in which only ids, display ids and times of what was touched may differ.

use super::side::{NOW, Side, call, clock, json, walked};
use onramp::{
    api::{client::Answer, error::CallError, operation::Effect, request::Call},
    session::{
        overlay::{Overlay, Wrote},
        plan::provisional::places,
    },
};
use serde_json::Value;
use std::{cell::RefCell, collections::BTreeMap};

/// A record by its ids in both worlds.
#[derive(Clone, Debug)]
pub struct Pair {
    pub dry: (String, String),
    pub real: (String, String),
}

pub struct Twin {
    pub live: Side,
    pub real: Side,
    pub overlay: RefCell<Overlay>,
    /// Customers, contacts, onboardings.
    pub pools: [Vec<Pair>; 3],
    /// What the provisional ids stand for in the real world.
    real_ids: BTreeMap<String, String>,
    /// The calls that changed something, as they were really sent.
    pub sent: Vec<Call>,
}

impl Twin {
    pub fn new(customers: u32, seed: u64) -> Twin {
        let (live, real) = (Side::new(customers, seed), Side::new(customers, seed));
        let mut pools: [Vec<Pair>; 3] = Default::default();
        for row in live.dump() {
            pools[kind(&row)].push(Pair { dry: ids(&row), real: ids(&row) });
        }
        Twin {
            live,
            real,
            overlay: RefCell::new(Overlay::new(clock())),
            pools,
            real_ids: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// Sends through the overlay.
    pub fn dry(&self, call: &Call) -> Result<(Answer, Wrote), CallError> {
        let live = |call: &Call| {
            assert_eq!(call.operation.effect, Effect::Read, "{}", shown(call));
            let said = call.path.iter().chain(call.query.iter().map(|(_, value)| value));
            assert!(said.clone().all(|text| places(text).is_empty()), "a provisional id was sent: {}", shown(call));
            self.live.call(call)
        };
        self.overlay.borrow_mut().call(call, &live)
    }

    /// Makes the overlay see all there is, so that it knows what is taken.
    pub fn look_at_all(&self) {
        let send = |call: &Call| self.dry(call).map(|(answer, _)| answer);
        walked(&call("list_customers", &[], None), &send).unwrap();
        for pair in &self.pools[0] {
            walked(&call("list_customer_contacts", &[&pair.dry.0], None), &send).unwrap();
        }
        walked(&call("list_onboardings", &[], None), &send).unwrap();
    }

    /// A read in both worlds.
    pub fn read(&self, dry: &Call, real: &Call) {
        let seen = self.dry(dry).map(|(answer, wrote)| {
            assert_eq!(wrote, Wrote::Read);
            answer
        });
        self.same(dry, seen, self.real.call(real));
    }

    /// A list walked in both worlds: the same rows in the same order.
    pub fn walk(&self, dry: &Call, real: &Call) {
        self.walk_sorted(dry, real, |_| {});
    }

    /// A list walked in both worlds: the same rows, each once. Rows of a time that fill a page come slice by slice, in an
    /// order of which nobody promises anything.
    pub fn walk_in_any_order(&self, dry: &Call, real: &Call) {
        self.walk_sorted(dry, real, |rows| rows.sort_by_key(|row| row["id"].to_string()));
    }

    fn walk_sorted(&self, dry: &Call, real: &Call, sort: impl Fn(&mut Vec<Value>)) {
        let send = |call: &Call| self.dry(call).map(|(answer, _)| answer);
        match (walked(dry, &send), walked(real, &|call| self.real.call(call))) {
            (Ok(dry_rows), Ok(real_rows)) => {
                let mut dry_rows: Vec<Value> = dry_rows.iter().map(|row| self.translated(row)).collect();
                let mut real_rows: Vec<Value> = real_rows.iter().map(masked).collect();
                sort(&mut dry_rows);
                sort(&mut real_rows);
                let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<Vec<_>>();
                assert_eq!(ids(&dry_rows), ids(&real_rows), "the rows of {}", shown(dry));
                assert_eq!(dry_rows, real_rows, "{}", shown(dry));
            }
            (dry_error, real_error) => self.errors(dry, dry_error.err(), real_error.err()),
        }
    }

    /// A write in both worlds.
    pub fn write(&mut self, dry: &Call, real: &Call) {
        let before = self.state(real);
        let seen = self.dry(dry);
        let did = self.real.call(real);
        let changed = did.is_ok() && (real.operation.effect == Effect::Create || before != self.state(real));
        if let Ok((_, wrote)) = &seen {
            assert_eq!(matches!(wrote, Wrote::Entry(_)), changed, "{}: {wrote:?}", shown(dry));
        }
        if changed {
            self.sent.push(real.clone());
        }
        let seen = seen.map(|(answer, _)| answer);
        if let (Effect::Create, Ok(seen), Ok(did)) = (dry.operation.effect, &seen, &did) {
            let (seen, did) = (json(&seen.body), json(&did.body));
            let pair = Pair { dry: ids(&seen), real: ids(&did) };
            self.real_ids.insert(pair.dry.0.clone(), pair.real.0.clone());
            self.real_ids.insert(pair.dry.1.clone(), pair.real.1.clone());
            self.pools[kind(&seen)].push(pair);
        }
        self.same(dry, seen, did);
    }

    /// The record that a real call is about, but for its `updated_at`; none where it is not there.
    fn state(&self, call: &Call) -> Option<Value> {
        let name = call.operation.name.replace("update_", "get_").replace("delete_", "get_");
        if call.operation.effect == Effect::Create {
            return None;
        }
        let answer = self.real.call(&super::side::call(&name, &[&call.path[0]], None)).ok()?;
        let mut record = json(&answer.body);
        record["updated_at"] = Value::Null;
        Some(record)
    }

    fn same(&self, call: &Call, dry: Result<Answer, CallError>, real: Result<Answer, CallError>) {
        match (dry, real) {
            (Ok(dry), Ok(real)) => {
                assert_eq!(dry.status, real.status, "{}", shown(call));
                let (mut dry, mut real) = (self.translated(&json(&dry.body)), masked(&json(&real.body)));
                for body in [&mut dry, &mut real] {
                    body.as_object_mut().unwrap().remove("next_cursor");
                }
                // Whether there is more is only known when it was asked for: `has_more` may be one empty page too many.
                let more = |body: &mut Value| body.as_object_mut().unwrap().remove("has_more") == Some(true.into());
                let (dry_more, real_more) = (more(&mut dry), more(&mut real));
                assert!(dry_more || !real_more, "{}: {dry}", shown(call));
                assert_eq!(dry, real, "{}", shown(call));
            }
            (dry, real) => self.errors(call, dry.err(), real.err()),
        }
    }

    fn errors(&self, call: &Call, dry: Option<CallError>, real: Option<CallError>) {
        match (&dry, &real) {
            (Some(CallError::Api(dry)), Some(CallError::Api(real))) => {
                assert_eq!(
                    (dry.operation, dry.status, &dry.kind, &dry.code, &dry.field),
                    (real.operation, real.status, &real.kind, &real.code, &real.field),
                    "{}",
                    shown(call)
                );
                assert_eq!(self.real_text(&dry.message), real.message, "{}", shown(call));
            }
            (Some(CallError::Incomplete(dry)), Some(CallError::Incomplete(real))) => {
                assert_eq!((&dry.why, &dry.hint), (&real.why, &real.hint), "{}", shown(call));
            }
            _ => panic!("{}: in the dry run {dry:?}, really {real:?}", shown(call)),
        }
    }

    /// What the overlay said, with the real ids.
    fn translated(&self, value: &Value) -> Value {
        masked(&serde_json::from_str(&self.real_text(&value.to_string())).unwrap())
    }

    pub fn real_text(&self, text: &str) -> String {
        let (mut out, mut from) = (String::new(), 0);
        for place in places(text) {
            let Some(real) = self.real_ids.get(&text[place.clone()]) else { continue };
            out.push_str(&text[from..place.start]);
            out.push_str(real);
            from = place.end;
        }
        out + &text[from..]
    }
}

/// A call, short.
fn shown(call: &Call) -> String {
    let body = call.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    format!("{} {:?} {:?} {body}", call.operation.name, call.path, call.query)
}

/// Times that lie not before the test's now are this run's, whatever they are.
fn masked(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(masked).collect(),
        Value::Object(fields) => {
            let masked = fields.iter().map(|(name, value)| {
                let own = matches!(name.as_str(), "created_at" | "updated_at")
                    && value
                        .as_str()
                        .is_some_and(|time| time.parse::<jiff::Timestamp>().unwrap() >= NOW.parse().unwrap());
                (name.clone(), if own { "now".into() } else { masked(value) })
            });
            Value::Object(masked.collect())
        }
        other => other.clone(),
    }
}

/// Which of the three pools a record belongs into.
pub fn kind(row: &Value) -> usize {
    match row["object"].as_str() {
        Some("customer") => 0,
        Some("contact") => 1,
        _ => 2,
    }
}

/// Both forms of a record's id.
pub fn ids(row: &Value) -> (String, String) {
    (row["id"].as_str().unwrap().to_string(), row["display_id"].to_string())
}
