//! Finding the record that a call is about: as the run left it, as the run saw it, or as the service has it now. Sends
//! reads only.

use super::{From, Live, Overlay, answered, kind::Kind, problem::Problem, row::Facts};
use crate::api::{
    client::Answer,
    error::{BadAnswer, CallError},
    request::Call,
};
use std::sync::Arc;

/// A record before a write.
pub(super) struct Current {
    pub json: String,
    pub from: Option<From>,
    pub seen_updated_at: Option<String>,
}

impl Overlay {
    /// Answers an operation that reads one record.
    pub(super) fn get(&mut self, call: &Call, kind: Kind, live: Live<'_>) -> Result<Answer, CallError> {
        let name = call.operation.name;
        let id = call.path[0].trim();
        if self.table(kind).find(id).is_some() || self.is_made(id) {
            let id = self.resolve(kind, id, name, live)?;
            return Ok(answered(200, self.json(kind, &id)));
        }
        let answer = self.ask(call, live).inspect_err(|error| {
            if matches!(error, CallError::Api(error) if error.status == 404)
                && let Some(known) = self.seen.find(kind, id).map(|(known, _)| known.clone())
            {
                self.seen.take(kind, &known);
            }
        })?;
        let facts = facts(kind, call, &answer)?;
        // The service may know it by yet another id.
        if let Some(row) = self.table(kind).get(&facts.id) {
            let gone = row.deleted || self.hidden(row.facts.customer.as_deref());
            return if gone {
                Err(Problem::missing(kind, id).of(name))
            } else {
                Ok(answered(200, row.json.to_string()))
            };
        }
        if self.hidden(facts.customer.as_deref()) {
            return Err(Problem::missing(kind, id).of(name));
        }
        self.keep(kind, &facts, &answer.body, None);
        Ok(answer)
    }

    /// The canonical id of a record that is there, by either form of its id. One that the run has not seen is read.
    pub(super) fn resolve(
        &mut self,
        kind: Kind,
        id: &str,
        operation: &'static str,
        live: Live<'_>,
    ) -> Result<Arc<str>, CallError> {
        let missing = || Err(Problem::missing(kind, id).of(operation));
        if let Some(row) = self.table(kind).find(id) {
            let gone = row.deleted || self.hidden(row.facts.customer.as_deref());
            return if gone { missing() } else { Ok(row.facts.id.clone()) };
        }
        // Made by this run, but as another kind: the service must never be asked about it.
        if self.is_made(id) {
            return missing();
        }
        if let Some((known, sight)) = self.seen.find(kind, id) {
            let known = known.clone();
            let customer = Facts::of(kind, &sight.json).and_then(|facts| facts.customer);
            return if self.hidden(customer.as_deref()) { missing() } else { Ok(known) };
        }
        let get = Call::new(kind.get(), vec![id.to_string()]);
        let answer = self.ask(&get, live).map_err(|error| match error {
            // The service would say the same of the write.
            CallError::Api(mut error) if error.status == 404 => {
                error.operation = operation;
                CallError::Api(error)
            }
            other => other,
        })?;
        let facts = facts(kind, &get, &answer)?;
        if let Some(row) = self.table(kind).get(&facts.id) {
            let gone = row.deleted || self.hidden(row.facts.customer.as_deref());
            return if gone { missing() } else { Ok(row.facts.id.clone()) };
        }
        if self.hidden(facts.customer.as_deref()) {
            return missing();
        }
        self.keep(kind, &facts, &answer.body, None);
        Ok(facts.id)
    }

    /// A record that [`Overlay::resolve`] has found.
    pub(super) fn current(&self, kind: Kind, id: &str) -> Current {
        if let Some(row) = self.table(kind).get(id) {
            let (from, seen_updated_at) = (row.from.clone(), row.seen_updated_at.clone());
            return Current { json: row.json.to_string(), from, seen_updated_at };
        }
        let (_, sight) = self.seen.find(kind, id).expect("a record that was found stays until another is read");
        let seen_updated_at = Facts::of(kind, &sight.json).and_then(|facts| facts.updated_at);
        Current { json: sight.json.to_string(), from: sight.from.clone(), seen_updated_at }
    }

    pub(super) fn json(&self, kind: Kind, id: &str) -> String {
        self.current(kind, id).json
    }

    /// Keeps a row that was read, unless the run has touched it.
    pub(super) fn remember(&mut self, kind: Kind, json: &str, from: Option<From>) {
        let Some(facts) = Facts::of(kind, json) else { return };
        if self.table(kind).get(&facts.id).is_none() && !self.hidden(facts.customer.as_deref()) {
            self.keep(kind, &facts, json.as_bytes(), from);
        }
    }

    fn keep(&mut self, kind: Kind, facts: &Facts, json: &[u8], from: Option<From>) {
        self.newest = self.newest.max(facts.time());
        if let Ok(json) = std::str::from_utf8(json) {
            self.seen.put(kind, facts, json, from);
        }
    }

    /// Whether a record of this customer went with it.
    pub(super) fn hidden(&self, customer: Option<&str>) -> bool {
        self.customers_deleted
            && customer.is_some_and(|id| self.table(Kind::Customer).get(id).is_some_and(|row| row.deleted))
    }

    /// Sends a read, and counts it.
    pub(super) fn ask(&mut self, call: &Call, live: Live<'_>) -> Result<Answer, CallError> {
        debug_assert!(!call.operation.effect.writes(), "a dry run sends no writes");
        self.reads += 1;
        live(call)
    }
}

/// What an answer says of the record it holds.
fn facts(kind: Kind, call: &Call, answer: &Answer) -> Result<Facts, CallError> {
    let facts = std::str::from_utf8(&answer.body).ok().and_then(|json| Facts::of(kind, json));
    facts.ok_or_else(|| {
        CallError::BadAnswer(Box::new(BadAnswer {
            operation: call.operation.name,
            status: answer.status,
            why: "the answer has no `id`".into(),
            excerpt: String::new(),
            request_id: answer.request_id.clone(),
            attempts: 1,
            cut: false,
        }))
    })
}
