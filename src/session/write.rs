//! One write, from the call to what is to be done for it: what is recorded is not sent again, what would change nothing is not
//! sent at all, and what somebody else has changed is left alone. Sends nothing itself.

use super::{
    Number, Session, SessionError, doubt,
    journal::{Asked, Doubt, Entry, Recorded, Recorder, Told, digest},
    overlay::Wrote,
    sent::{Prepared, Returned},
};
use crate::api::{
    client::Answer,
    error::CallError,
    operation::{Effect, Operation},
    request::{Call, Request},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What became of a write.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The API carried it out.
    Changed(Answer),
    /// It would have changed nothing, and was not sent: the object as it is.
    Unchanged(Answer),
    /// Left alone: somebody else has changed the record since it was read. The text says what.
    Left(String),
    /// The API refused it, or what it answered is no answer.
    Failed(CallError),
}

/// What is to be done for a write.
pub(super) enum Ready {
    /// Nothing any more.
    Done(Outcome),
    Send(Box<Prepared>),
}

/// How a write is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner<'a> {
    /// What people call the record.
    pub label: Option<&'a str>,
    /// Sent although somebody else has changed the record since it was read.
    pub overwrite: bool,
    /// Of a row: its record is looked at again where it was read too long ago.
    pub look_again: bool,
    /// A delete that must not take others' records with it.
    pub spares_others: bool,
    /// The idempotency key of a create, where it does not follow from the run.
    pub key: Option<&'a str>,
    /// When a create was first meant, where that may be long ago, and another process may have made it.
    pub meant_at: Option<Timestamp>,
}

impl Session {
    /// Finds out what is to be done for a write. `link` is asked for only where something has to be sent.
    pub(super) fn prepare(&self, number: Number, call: &Call, manner: Manner<'_>) -> Result<Ready, SessionError> {
        if let Some(planned) = self.plan(call)? {
            return match planned {
                Ok((answer, Wrote::Nothing)) => Ok(Ready::Done(Outcome::Unchanged(answer))),
                Ok((answer, _)) => Ok(Ready::Done(Outcome::Changed(answer))),
                Err(SessionError::Call(error @ (CallError::Api(_) | CallError::BadAnswer(_)))) => {
                    Ok(Ready::Done(Outcome::Failed(error)))
                }
                Err(error) => Err(error),
            };
        }
        let operation = call.operation;
        let key = manner.key.map_or_else(|| self.idempotency_key(number), str::to_string);
        let request = Request::build(call, Some(&key)).map_err(CallError::Refused)?;
        // What a rule forbids needs no key.
        self.capability.permit(call).map_err(SessionError::Refusal)?;
        let id = (operation.effect != Effect::Create).then(|| call.path.last().cloned()).flatten();
        let count = || self.capability.count(operation.name).map_err(SessionError::Refusal);
        let plain = |request, intent| {
            count()?;
            Ok(Ready::Send(Box::new(Prepared { number, operation, request, intent, id: id.clone() })))
        };
        let Some(recorder) = self.recorder() else { return plain(request, None) };
        let recorder = recorder.as_ref();
        let asked = Asked::of(&request);
        match recorder.past(number)? {
            None => {}
            Some(Recorded::Doubt(told)) => {
                same(number, &told.asked, &asked)?;
                count()?;
                self.keep(recorder)?;
                return self.settle(number, call, request, manner, &told);
            }
            Some(recorded) => {
                if let Recorded::Answered(_, result) = &recorded {
                    count()?;
                    if let Err(told) = result {
                        recorder.tell(number, told);
                    }
                }
                return recorded_outcome(number, recorded, &asked).map(Ready::Done);
            }
        }
        self.keep(recorder)?;
        if let Some(at) = manner.meant_at.filter(|at| doubt::is_old(*at, self.present())) {
            let body = request.body.clone().unwrap_or_default();
            let told = Doubt { asked: asked.clone(), body, key: Some(key), at, server: None, before: None };
            if let doubt::Verdict::Done(answer) = doubt::settle(self, call, &told)? {
                let object = answer.body.clone();
                recorder.append(&Entry::Unchanged { n: number, asked }, &object)?;
                return Ok(Ready::Done(Outcome::Unchanged(answer)));
            }
        }
        let snapshot = match (&id, operation.effect) {
            (Some(id), Effect::Update | Effect::Delete) => match self.look(recorder, operation, id) {
                Err(SessionError::Call(error)) if Told::of(&error).is_some() => {
                    return self.refuse(recorder, number, asked, error);
                }
                looked => looked?,
            },
            _ => None,
        };
        let body = fields(request.body.as_deref());
        let mut before = None;
        if let (Some(id), Some(snapshot), Effect::Update) = (&id, &snapshot, operation.effect) {
            let mut current = None;
            let stale = !snapshot.is_fresh(self.present());
            if stale && manner.look_again {
                current = match self.look_at_page(recorder, operation, snapshot, id) {
                    Ok(current) => current,
                    // Nobody knows what would be overwritten.
                    Err(SessionError::Call(error)) if Told::of(&error).is_some() => {
                        return self.refuse(recorder, number, asked, error);
                    }
                    Err(error) => return Err(error),
                };
            }
            let known = current.as_ref().unwrap_or(snapshot);
            let now = known.fields_of(&body);
            // Others than the one for which the page was looked at again may have moved, too.
            if manner.look_again
                && !manner.overwrite
                && let Some(read) = recorder.as_read(object_of(operation), id)?
                && let Some(moved) = moved(&body, &read.fields_of(&body), &now)
            {
                recorder.append(&Entry::Left { n: number, asked, why: moved.clone() }, b"")?;
                return Ok(Ready::Done(Outcome::Left(moved)));
            }
            let certain = !stale || current.is_some();
            if certain && body.iter().all(|(name, value)| now.get(name) == Some(value)) {
                recorder.append(&Entry::Unchanged { n: number, asked }, &known.json)?;
                if let Some(told) = &self.unsent {
                    told(&request);
                }
                return Ok(Ready::Done(Outcome::Unchanged(quiet(known.json.clone()))));
            }
            let value = |name: &String| (name.clone(), now.get(name).cloned().unwrap_or_default());
            before = Some(body.keys().map(value).collect());
        }
        let looks_below = self.reads_before_it_writes || manner.spares_others;
        if let (Some(snapshot), Effect::Delete, true) = (&snapshot, operation.effect, looks_below) {
            let id = snapshot.id().unwrap_or_default();
            match self.keep_children(recorder, number, operation, &id, false) {
                // Nobody knows what would be lost.
                Err(SessionError::Call(error)) if Told::of(&error).is_some() => {
                    return self.refuse(recorder, number, asked, error);
                }
                kept => {
                    if let Some(why) = kept?.filter(|_| manner.spares_others) {
                        recorder.append(&Entry::Left { n: number, asked, why: why.clone() }, b"")?;
                        return Ok(Ready::Done(Outcome::Left(why)));
                    }
                }
            }
        }
        let intent = Entry::Intent {
            n: number,
            asked,
            key: request.idempotency_key.clone(),
            at: self.present(),
            server: recorder.by_the_server(self.present()),
            before,
            label: manner.label.map(str::to_string),
        };
        plain(request, Some(intent))
    }

    /// Gives the run its place in the store before its first write.
    pub(super) fn keep(&self, recorder: &Recorder) -> Result<(), SessionError> {
        recorder.keep(self.present(), || self.workspace())
    }

    /// A write that is not sent, because what it needs to know first was refused.
    fn refuse(
        &self,
        recorder: &Recorder,
        number: Number,
        asked: Asked,
        error: CallError,
    ) -> Result<Ready, SessionError> {
        if let Some(told) = Told::of(&error) {
            recorder.append(&Entry::Refused { n: number, asked, error: told }, b"")?;
        }
        Ok(Ready::Done(Outcome::Failed(error)))
    }

    /// What to do with a write of which nobody knows whether it was carried out.
    fn settle(
        &self,
        number: Number,
        call: &Call,
        request: Request,
        manner: Manner<'_>,
        told: &Doubt,
    ) -> Result<Ready, SessionError> {
        let operation = call.operation;
        let id = (operation.effect != Effect::Create).then(|| call.path.last().cloned()).flatten();
        // The same bytes under the same key, so that the server knows them again.
        let request = Request { idempotency_key: told.key.clone(), body: request.body, ..request };
        match doubt::settle(self, call, told)? {
            doubt::Verdict::Send => {
                if let Some(why) = self.look_below_again(number, call, manner, told)? {
                    return Ok(Ready::Done(Outcome::Left(why)));
                }
                Ok(Ready::Send(Box::new(Prepared { number, operation, request, intent: None, id })))
            }
            doubt::Verdict::Done(answer) => {
                let outcome = self.record(number, operation, id.as_deref(), Ok(answer))?;
                Ok(Ready::Done(outcome))
            }
            doubt::Verdict::Conflict(error) => Ok(Ready::Done(self.record(number, operation, None, Err(error))?)),
        }
    }

    /// Looks once more at what would vanish with a record whose delete is in doubt: others may have added to it since. Why it is
    /// left alone, where they have and it is to be.
    fn look_below_again(
        &self,
        number: Number,
        call: &Call,
        manner: Manner<'_>,
        told: &Doubt,
    ) -> Result<Option<String>, SessionError> {
        let operation = call.operation;
        let looks_below = self.reads_before_it_writes || manner.spares_others;
        let (Some(recorder), Some(id)) = (self.recorder(), call.path.last()) else { return Ok(None) };
        if operation.effect != Effect::Delete || !looks_below {
            return Ok(None);
        }
        let kept = match self.keep_children(&recorder, number, operation, id, true) {
            Err(SessionError::Call(error)) => return Err(doubt::unseen(operation, error)),
            kept => kept?,
        };
        let Some(why) = kept.filter(|_| manner.spares_others) else { return Ok(None) };
        recorder.append(&Entry::Left { n: number, asked: told.asked.clone(), why: why.clone() }, b"")?;
        Ok(Some(why))
    }

    fn record(
        &self,
        number: Number,
        operation: &'static Operation,
        id: Option<&str>,
        result: Result<Answer, CallError>,
    ) -> Result<Outcome, SessionError> {
        let id = id.map(str::to_string);
        let returned = Returned { number, operation, id, at: self.present(), result, unsent: false };
        returned.record(self.recorder().as_deref())
    }
}

/// What is recorded of a call under its number, if it is the same call.
fn recorded_outcome(number: Number, recorded: Recorded, asked: &Asked) -> Result<Outcome, SessionError> {
    match recorded {
        Recorded::Answered(was, result) => {
            same(number, &was, asked)?;
            Ok(match result {
                Ok(answer) => Outcome::Changed(answer),
                Err(told) => Outcome::Failed(told.error(&was.operation)),
            })
        }
        Recorded::Unchanged(was, object) => {
            same(number, &was, asked)?;
            Ok(Outcome::Unchanged(quiet(object)))
        }
        Recorded::Left(was, why) => {
            same(number, &was, asked)?;
            Ok(Outcome::Left(why))
        }
        Recorded::Doubt(_) => unreachable!("a doubt is settled before this"),
        Recorded::Observed { what, name, .. } => Err(diverged(number, &format!("{what} `{name}`"), &shown(asked))),
    }
}

/// An error if the journal holds another call at this number.
pub(super) fn same(number: Number, was: &Asked, now: &Asked) -> Result<(), SessionError> {
    if was == now { Ok(()) } else { Err(diverged(number, &shown(was), &shown(now))) }
}

pub(super) fn diverged(number: Number, was: &str, now: &str) -> SessionError {
    SessionError::Diverged { number, was: was.to_string(), now: now.to_string() }
}

pub(super) fn shown(asked: &Asked) -> String {
    let body = asked.body.as_deref().map_or(String::new(), |hash| format!(", body {}", &hash[..hash.len().min(12)]));
    format!("`{}` {}{body}", asked.operation, asked.target)
}

/// The kind of object that a write is about. The answer to a delete does not say.
pub(super) fn object_of(operation: &Operation) -> &str {
    match operation.effect {
        Effect::Delete => operation.name.trim_start_matches("delete_"),
        _ => operation.returns.object().name,
    }
}

/// An answer that was not asked for.
fn quiet(body: Vec<u8>) -> Answer {
    Answer { status: 200, body, request_id: None, date: None }
}

/// The fields of a body. Bodies are made by onramp itself, so one that is no object has no fields.
pub(super) fn fields(body: Option<&[u8]>) -> Map<String, Value> {
    body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

/// Which of the fields to be set is another one by now, for people.
fn moved(body: &Map<String, Value>, before: &Map<String, Value>, now: &Map<String, Value>) -> Option<String> {
    let differs = |name: &&String| before.get(*name).unwrap_or(&Value::Null) != now.get(*name).unwrap_or(&Value::Null);
    let name = body.keys().find(differs)?;
    let show = |object: &Map<String, Value>| object.get(name).unwrap_or(&Value::Null).to_string();
    Some(format!("`{name}` was {} when it was read, and is {} now", show(before), show(now)))
}

/// A digest that tells one value from another without showing it.
pub(super) fn hash(bytes: &[u8]) -> String {
    digest(bytes)
}
