//! Writes of which nobody knows whether they were carried out: the process ended, or the network did, before the answer
//! came. What the workspace shows now decides; where it does not, people do.

use super::{
    Session, SessionError,
    journal::Doubt,
    link::Link,
    write::{fields, object_of},
};
use crate::{
    api::{
        self,
        client::Answer,
        error::{ApiError, CallError},
        operation::{Effect, Operation},
        page::Walk,
        request::{Call, Request},
    },
    store::StoreError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// What to do with a write in doubt.
pub(super) enum Verdict {
    /// It was not carried out, or may be repeated: send it.
    Send,
    /// It was carried out; this is what its answer would have been.
    Done(Answer),
    /// Somebody else has changed the record meanwhile.
    Conflict(CallError),
}

/// An idempotency key is kept for 24 hours (API notes, "Idempotency"); a little less, because clocks differ.
const KEY_LIVES: SignedDuration = SignedDuration::from_mins(24 * 60 - 30);

/// Decides over a write in doubt by what the workspace shows.
pub(super) fn settle(session: &Session, call: &Call, doubt: &Doubt) -> Result<Verdict, SessionError> {
    match call.operation.effect {
        // Deleting twice gives the same answer.
        Effect::Delete | Effect::Read => Ok(Verdict::Send),
        Effect::Update => update(session, call, doubt),
        Effect::Create if !is_old(doubt.at, session.present()) => Ok(Verdict::Send),
        Effect::Create => create(session, call, doubt),
    }
}

/// The record as it is since a write in doubt, if that was carried out: nothing of one that was deleted. Asked of the
/// workspace, and no write is sent.
pub(super) fn was_carried_out(session: &Session, call: &Call, doubt: &Doubt) -> Result<Option<Vec<u8>>, SessionError> {
    let verdict = match call.operation.effect {
        Effect::Create => create(session, call, doubt)?,
        Effect::Update => update(session, call, doubt)?,
        Effect::Delete => return Ok(is_gone(session, call)?.then(Vec::new)),
        Effect::Read => return Ok(None),
    };
    Ok(if let Verdict::Done(answer) = verdict { Some(answer.body) } else { None })
}

/// Whether the record that a write is about is not there.
fn is_gone(session: &Session, call: &Call) -> Result<bool, SessionError> {
    let get = api::operation(&format!("get_{}", object_of(call.operation)));
    let (Some(get), Some(id)) = (get, call.path.last()) else { return Ok(false) };
    let request = Request::build(&Call::new(get, vec![id.clone()]), None).map_err(CallError::Refused)?;
    let link = session.link()?;
    match link.block_on(link.client().send(&request, get)) {
        Ok(_) => Ok(false),
        Err(CallError::Api(error)) if error.status == 404 => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether the service has forgotten the key of a create that was meant then.
pub(super) fn is_old(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) >= KEY_LIVES
}

fn update(session: &Session, call: &Call, doubt: &Doubt) -> Result<Verdict, SessionError> {
    let operation = call.operation;
    let object = operation.returns.object().name;
    let (Some(get), Some(id)) = (api::operation(&format!("get_{object}")), call.path.last()) else {
        return Ok(Verdict::Send);
    };
    let request = Request::build(&Call::new(get, vec![id.clone()]), None).map_err(CallError::Refused)?;
    let answer = match ask(session.link()?, &request, get) {
        Ok(answer) => answer,
        // It is gone: the update itself says so.
        Err(CallError::Api(error)) if error.status == 404 => return Ok(Verdict::Send),
        Err(error) => return Err(unseen(operation, error)),
    };
    let now: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let wanted = fields(Some(&doubt.body));
    if wanted.iter().all(|(name, value)| is_as_wanted(operation, name, value, now.get(name))) {
        return Ok(Verdict::Done(answer));
    }
    let Some(before) = &doubt.before else { return Ok(Verdict::Send) };
    let ours = before.iter().filter(|(name, _)| wanted.contains_key(*name));
    let mut ours = ours.map(|(name, value)| (name, value, now.get(name).unwrap_or(&Value::Null)));
    let other = ours.find(|(_, value, now)| value != now);
    Ok(match other {
        None => Verdict::Send,
        Some((name, value, _)) => Verdict::Conflict(conflict(operation, name, value, &wanted, &now)),
    })
}

/// Whether a field is what the update wanted it to be, written as the API writes it.
fn is_as_wanted(operation: &Operation, name: &str, wanted: &Value, now: Option<&Value>) -> bool {
    let now = now.unwrap_or(&Value::Null);
    if wanted == now {
        return true;
    }
    let (Value::String(wanted), Value::String(now)) = (wanted, now) else { return false };
    match operation.returns.object().field(name).map(|field| field.kind) {
        // E-mails come back in lower case, times perhaps with milliseconds (API notes, "Objects").
        Some(_) if name == "email" => wanted.to_lowercase() == *now,
        Some(api::operation::Kind::Timestamp) => {
            let time = |text: &str| text.parse::<Timestamp>().ok();
            time(wanted).is_some() && time(wanted) == time(now)
        }
        _ => false,
    }
}

fn conflict(
    operation: &'static Operation,
    name: &str,
    before: &Value,
    wanted: &Map<String, Value>,
    now: &Map<String, Value>,
) -> CallError {
    let message = format!(
        "nobody knows whether this write was carried out, and somebody has changed the record since: `{name}` was {before}, \
         should be {}, and is {}",
        wanted.get(name).unwrap_or(&Value::Null),
        now.get(name).unwrap_or(&Value::Null),
    );
    CallError::Api(Box::new(ApiError {
        operation: operation.name,
        status: 409,
        kind: "conflict".into(),
        code: Some("changed_meanwhile".into()),
        message,
        field: Some(name.to_string()),
        request_id: None,
        excerpt: None,
        attempts: 0,
    }))
}

/// The key is forgotten by now, so that sending again could create twice: what was created since then is looked at, newest
/// first.
fn create(session: &Session, call: &Call, doubt: &Doubt) -> Result<Verdict, SessionError> {
    let operation = call.operation;
    // The list of the same path shows what such creates have made; a nested one shows its siblings.
    let Some(list) = api::operations().find(|list| list.is_list() && list.path == operation.path) else {
        return Err(unsure(operation, "there is no list of such objects"));
    };
    let mut wanted = fields(Some(&doubt.body));
    if let Some(Value::String(id)) = wanted.get("customer_id") {
        // Objects show the canonical id, whichever form the call had.
        let id = canonical_customer(session, operation, id)?;
        wanted.insert("customer_id".into(), id.into());
    }
    // What this run has created under other numbers is not what is looked for.
    let known = session.recorder().map(|recorder| recorder.created()).transpose()?.unwrap_or_default();
    let mut since = None;
    let (mut alike, mut similar) = (Vec::new(), 0);
    let mut walk = Walk::new(Call::new(list, call.path.clone()));
    'pages: while let Some(page) = walk.next().map_err(|error| unsure(operation, &error.to_string()))? {
        let request = Request::build(&page, None).map_err(CallError::Refused)?;
        let answer = ask(session.link()?, &request, list).map_err(|error| unseen(operation, error))?;
        let since = *since.get_or_insert_with(|| begun(session, doubt, &answer));
        for row in walk.accept(&answer.body).map_err(|error| unsure(operation, &error.to_string()))? {
            let shown: Map<String, Value> = serde_json::from_str(row.json.get()).unwrap_or_default();
            let created =
                shown.get("created_at").and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
            if created.is_some_and(|at| at < since) {
                break 'pages;
            }
            if shown.get("id").and_then(Value::as_str).is_some_and(|id| known.contains(id)) {
                continue;
            }
            if wanted.iter().all(|(name, value)| is_as_wanted(operation, name, value, shown.get(name))) {
                alike.push(row);
            } else if operation.required.iter().all(|name| is_similar(wanted.get(*name), shown.get(*name))) {
                similar += 1;
            }
        }
    }
    match alike.as_slice() {
        [] if similar == 0 => Ok(Verdict::Send),
        [] => Err(unsure(operation, "something like it has been created since, and is not quite the same")),
        [row] => {
            let body = row.json.get().as_bytes().to_vec();
            Ok(Verdict::Done(Answer { status: 201, body, request_id: None, date: None }))
        }
        several => Err(unsure(operation, &format!("{} alike have been created since", several.len()))),
    }
}

/// From when on the write may have been carried out, by the server's clock.
fn begun(session: &Session, doubt: &Doubt, answer: &Answer) -> Timestamp {
    // Where no answer had told how far apart the clocks were then, it is taken that they were as they are now.
    let ahead = answer.date.map(|date| date.duration_since(session.present())).unwrap_or_default();
    let at = doubt.server.or_else(|| doubt.at.checked_add(ahead).ok()).unwrap_or(doubt.at);
    // A clock may have been set in between, and what the server notes is some time after what it was asked.
    at.min(doubt.at) - SignedDuration::from_mins(5)
}

/// The id of a customer as objects show it.
fn canonical_customer(session: &Session, operation: &Operation, id: &str) -> Result<String, SessionError> {
    let Some(get) = api::operation("get_customer") else { return Ok(id.to_string()) };
    let request = Request::build(&Call::new(get, vec![id.to_string()]), None).map_err(CallError::Refused)?;
    let answer = ask(session.link()?, &request, get).map_err(|error| unseen(operation, error))?;
    Ok(super::seen::id_of(&answer.body).unwrap_or_else(|| id.to_string()))
}

/// Looks at the workspace.
fn ask(link: &Link, request: &Request, operation: &'static Operation) -> Result<Answer, CallError> {
    link.block_on(link.client().send(request, operation))
}

/// The workspace could not be looked at. That is no answer to the write, so no script may catch it.
pub(super) fn unseen(operation: &Operation, error: CallError) -> SessionError {
    match error {
        CallError::Api(_) | CallError::BadAnswer(_) => unsure(operation, &error.to_string()),
        other => other.into(),
    }
}

/// Whether two values are the same but for what a server may make of one.
fn is_similar(wanted: Option<&Value>, now: Option<&Value>) -> bool {
    let folded = |value: &Value| match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        other => other.to_string(),
    };
    wanted.map(folded) == now.map(folded)
}

fn unsure(operation: &Operation, why: &str) -> SessionError {
    SessionError::Store(StoreError {
        message: format!("nobody knows whether `{}` was carried out when the run stopped: {why}", operation.name),
        hint: "look at the workspace; `onramp undo` takes back what the run did, `onramp retry` begins it anew".into(),
        will_pass: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_recognised_as_the_api_writes_it() {
        let operation = api::operation("update_onboarding").unwrap();
        let is = |name: &str, wanted: Value, now: Value| is_as_wanted(operation, name, &wanted, Some(&now));
        assert!(is("started_at", "2026-01-01T00:00:00Z".into(), "2026-01-01T00:00:00.000Z".into()));
        assert!(!is("started_at", "2026-01-01T00:00:00Z".into(), "2026-01-01T00:00:01Z".into()));
        assert!(!is("notes", "2026-01-01T00:00:00Z".into(), "2026-01-01T00:00:00.000Z".into()));
        assert!(is_as_wanted(operation, "notes", &Value::Null, None));
        let contact = api::operation("update_contact").unwrap();
        assert!(is_as_wanted(contact, "email", &"Ann@X.de".into(), Some(&"ann@x.de".into())));
    }
}
