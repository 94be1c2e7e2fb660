//! Errors of a script: what is thrown to it, and what is said of one that nobody caught. Plain data; the source line and
//! the caret are added by whoever shows it.

use super::{builtins::output::shown, catalog::Callables, host::Raised, translate};
use crate::{
    api::error::{ApiError, BadAnswer, CUT, CallError, Incomplete, Refused},
    project::{FileError, FileErrorKind},
    session::{ConnectKind, SessionError},
    stop::Reason,
    text,
};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use std::sync::Arc;

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script or module, as it is named to people.
    pub source: String,
    pub line: usize,
    /// Counted in characters from 1.
    pub column: usize,
}

/// Where a function was called: what an error that it raises later says.
#[derive(Clone, Debug)]
pub struct Spot {
    pub source: Arc<str>,
    pub at: Position,
}

impl Spot {
    /// Where the function that `ctx` describes was called.
    pub fn of(ctx: &NativeCallContext) -> Spot {
        Spot { source: ctx.call_source().unwrap_or_default().into(), at: ctx.call_position() }
    }

    pub(super) fn place(&self) -> Option<Place> {
        translate::place(&self.source, self.at)
    }
}

/// A call on the way to the place of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// `` `helper` ``, or "a closure".
    pub name: String,
    pub called_at: Option<Place>,
}

/// What an error means for the run; the exit code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The script failed, or the API refused something that it did not catch.
    Script,
    /// The script could not be read or cannot be one; nothing ran.
    Syntax,
    /// What was asked for cannot be set up.
    Configuration,
    /// The key is missing, wrong or revoked.
    Key,
    /// Rows of a bulk call failed, as many as were not to be borne.
    Rows,
    /// It may work later without anybody changing anything.
    WillPass,
    /// Somebody was asked before the first write, and did not want it.
    Declined,
    /// Somebody asked to stop.
    Stopped(Reason),
}

/// An error that ended a script.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    /// The first line: lower case, names in back-ticks, no final period.
    pub message: String,
    pub place: Option<Place>,
    /// Innermost first.
    pub frames: Vec<Frame>,
    /// Details, such as an API error's status, code and request id.
    pub notes: Vec<String>,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

impl Fault {
    /// Why it was stopped, where somebody asked for it.
    pub fn stopped(&self) -> Option<Reason> {
        if let FaultKind::Stopped(reason) = self.kind { Some(reason) } else { None }
    }

    pub fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into(), place: None, frames: vec![], notes: vec![], hints: vec![] }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hints.push(hint.into());
        self
    }

    fn note(mut self, note: impl Into<String>) -> Fault {
        self.notes.push(note.into());
        self
    }

    /// The fault of an error that came out of the engine, in the script named `main`. `callables` are for suggestions.
    pub(super) fn of(error: &EvalAltResult, main: &str, callables: Callables<'_>) -> Fault {
        let (inner, place, frames) = translate::locate(error, main);
        let mut fault = match inner {
            EvalAltResult::ErrorRuntime(value, _) => uncaught(value),
            other => translate::fault(other, &frames, callables),
        };
        fault.place = place;
        fault.frames = frames;
        fault
    }
}

/// What an error of the session means to a script: something it may catch, or the end of the run.
pub(super) fn consequence(error: SessionError) -> Result<Thrown, Box<Fault>> {
    let ends = |kind, error: &CallError| Fault::new(kind, error.to_string());
    let error = match error {
        SessionError::Connect(error) => {
            let kind = match error.kind {
                ConnectKind::Key => FaultKind::Key,
                ConnectKind::Configuration => FaultKind::Configuration,
            };
            return Err(Box::new(Fault { hints: error.hints, ..Fault::new(kind, error.message) }));
        }
        // Not to be caught: a script that goes on after a guard has stopped it was not written for this guard.
        SessionError::Refusal(refusal) => {
            return Err(Box::new(Fault::new(FaultKind::Script, refusal.message).hint(refusal.hint)));
        }
        SessionError::Store(error) => {
            let kind = match () {
                () if error.is_declined() => FaultKind::Declined,
                () if error.will_pass => FaultKind::WillPass,
                () => FaultKind::Configuration,
            };
            return Err(Box::new(Fault::new(kind, error.message).hint(error.hint)));
        }
        // It can be put right, and the run goes on then.
        SessionError::Another(what) => {
            let message = format!("{} is not the same as when the run began", text::escape_control(&what));
            let hint = "put it back as it was; `onramp retry` begins the script anew with what is there now";
            return Err(Box::new(Fault::new(FaultKind::Configuration, message).hint(hint)));
        }
        SessionError::Diverged { number, was, now } => {
            let message = format!("the run went another way than before at step {number}, and was stopped");
            return Err(Box::new(
                Fault::new(FaultKind::Script, message)
                    .note(format!("before: {}", text::escape_control(&was)))
                    .note(format!("now:    {}", text::escape_control(&now)))
                    .hint("`onramp retry` begins the script anew; `onramp undo` takes back what it did"),
            ));
        }
        SessionError::Nested => {
            return Err(Box::new(
                Fault::new(FaultKind::Script, "a bulk call cannot be made inside the closure of another one")
                    .hint("make the second one after the first, with the rows that it gives back"),
            ));
        }
        SessionError::Call(error) => error,
    };
    Err(Box::new(match &error {
        CallError::Refused(refused) => return Ok(Thrown::refused(refused)),
        CallError::Api(api) => return Ok(Thrown::api(api)),
        CallError::BadAnswer(bad) => return Ok(Thrown::bad_answer(bad)),
        CallError::Incomplete(list) => return Ok(Thrown::incomplete(list)),
        CallError::Key(api) => key_fault(api),
        CallError::Network { attempts, waited, .. } => ends(FaultKind::WillPass, &error)
            .note(match waited {
                Some(waited) => {
                    let (tried, waited) = (text::plural(*attempts as usize, "time"), text::duration(*waited));
                    format!("tried {tried} within {waited}, for as long as `--max-wait` allows")
                }
                None => format!("tried {}", text::plural(*attempts as usize, "time")),
            })
            .hint("check the network and the base URL, then run it again"),
        CallError::Blocked { waited, max_wait, .. } => ends(FaultKind::WillPass, &error)
            .note(format!(
                "nothing could be sent for {}, and `--max-wait` allows {}",
                text::duration(*waited),
                text::duration(*max_wait)
            ))
            .hint("somebody else is using up the key's rate limit; run it again later, or raise `--max-wait`"),
        CallError::Stopped(reason) => ends(FaultKind::Stopped(*reason), &error),
    }))
}

fn key_fault(error: &ApiError) -> Fault {
    let said = match (error.code.as_deref(), error.message.as_str()) {
        (Some("api_key_revoked"), _) => "the API key has been revoked".to_string(),
        (_, "") => "the service does not accept the API key".to_string(),
        (_, words) => {
            format!("the service does not accept the API key: {}", text::escape_control(without_period(words)))
        }
    };
    let mut fault = Fault::new(FaultKind::Key, said);
    fault.notes = details(error);
    fault.hint(
        "make a new key in Pivotal's settings and put it into `PIVOTAL_API_KEY`, or name a file with `--key-file`",
    )
}

/// The server's words as the end of one of our lines.
fn without_period(words: &str) -> &str {
    words.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(words)
}

fn details(error: &ApiError) -> Vec<String> {
    let mut parts = vec![format!("status {}", error.status), format!("type {}", text::escape_control(&error.kind))];
    for (name, value) in [("code", &error.code), ("field", &error.field), ("request id", &error.request_id)] {
        if let Some(value) = value {
            parts.push(format!("{name} {}", text::escape_control(value)));
        }
    }
    let mut notes = vec![parts.join(", ")];
    if let Some(excerpt) = error.excerpt.as_deref().filter(|text| !text.is_empty()) {
        notes.push(format!("the answer began: {}", text::escape_control(excerpt)));
    }
    if error.attempts > 1 {
        notes.push(format!("tried {} times", error.attempts));
    }
    notes
}

/// What a script throws or is thrown: an object map with `type` and `message`, and for an error of the API with
/// `operation`, `status`, `code`, `field` and `request_id`.
#[derive(Clone, Debug)]
pub struct Thrown {
    fields: Map,
    unknown_name: bool,
}

impl Thrown {
    /// An error of a host function. `kind` is its `type`.
    pub fn new(kind: &str, function: &str, message: String) -> Thrown {
        let mut fields = Map::new();
        fields.insert("type".into(), kind.into());
        fields.insert("operation".into(), function.into());
        fields.insert("message".into(), message.into());
        for absent in ["status", "code", "field", "request_id"] {
            fields.insert(absent.into(), Dynamic::UNIT);
        }
        Thrown { fields, unknown_name: false }
    }

    /// An error that is about no function.
    pub fn general(kind: &str, message: String) -> Thrown {
        let mut thrown = Thrown::new(kind, "", message);
        thrown.fields.insert("operation".into(), Dynamic::UNIT);
        thrown
    }

    /// Arguments that a function cannot take; nothing was sent.
    pub fn argument(function: &str, field: Option<&str>, message: String) -> Thrown {
        Thrown::new("invalid_argument", function, message).with("field", field.map(str::to_string))
    }

    /// Of a name that the operation does not have: the mistake is the script's, whatever the data.
    pub fn unknown_name(mut self) -> Thrown {
        self.unknown_name = true;
        self
    }

    /// Whether it is about a name that the operation does not have.
    pub fn is_unknown_field(&self) -> bool {
        self.unknown_name
    }

    /// With advice for the person who reads it.
    pub fn hint(self, hint: String) -> Thrown {
        self.with("hint", Some(hint))
    }

    fn with(mut self, name: &str, value: Option<String>) -> Thrown {
        self.fields.insert(name.into(), value.map_or(Dynamic::UNIT, Dynamic::from));
        self
    }

    fn status(mut self, status: u16) -> Thrown {
        self.fields.insert("status".into(), i64::from(status).into());
        self
    }

    fn refused(refused: &Refused) -> Thrown {
        Thrown::argument(refused.operation, refused.field.as_deref(), refused.message.clone())
            .with("hint", refused.hint.clone())
    }

    fn api(error: &ApiError) -> Thrown {
        let message = if error.message.is_empty() { format!("status {}", error.status) } else { error.message.clone() };
        let mut thrown = Thrown::new(&error.kind, error.operation, message)
            .status(error.status)
            .with("code", error.code.clone())
            .with("field", error.field.clone())
            .with("request_id", error.request_id.clone());
        thrown.fields.insert("notes".into(), notes(details(error)));
        thrown
    }

    fn bad_answer(bad: &BadAnswer) -> Thrown {
        let mut about = vec![format!("status {}", bad.status)];
        if let Some(id) = &bad.request_id {
            about[0].push_str(&format!(", request id {}", text::escape_control(id)));
        }
        if !bad.excerpt.is_empty() {
            about.push(format!("the answer began: {}", text::escape_control(&bad.excerpt)));
        }
        if bad.attempts > 1 {
            about.push(format!("tried {} times", bad.attempts));
        }
        let hint = match bad.request_id {
            // No other service gives answers such an id.
            Some(_) => "run it again; if it stays so, tell Pivotal's support the request id",
            None => "check that the base URL is the one of the Pivotal API",
        };
        let mut thrown = Thrown::new("invalid_answer", bad.operation, bad.why.clone())
            .status(bad.status)
            .with("request_id", bad.request_id.clone())
            .with("code", bad.cut.then(|| CUT.to_string()))
            .hint(hint.into());
        thrown.fields.insert("notes".into(), notes(about));
        thrown
    }

    fn incomplete(list: &Incomplete) -> Thrown {
        Thrown::new("incomplete_list", list.operation, list.why.clone()).with("hint", list.hint.clone())
    }

    /// A file or a module that cannot be read or written.
    pub(super) fn file(function: &str, error: &FileError) -> Thrown {
        let kind = match error.kind {
            FileErrorKind::Missing => "file_not_found",
            FileErrorKind::Refused => "file_refused",
            FileErrorKind::System => "file_error",
        };
        Thrown::new(kind, function, error.message.clone()).with("hint", error.hint.clone())
    }

    /// Its `message`.
    pub(super) fn message(&self) -> String {
        self.fields["message"].to_string()
    }

    /// The advice that goes with it.
    pub(super) fn advice(&self) -> Option<String> {
        self.fields.get("hint").filter(|hint| !hint.is_unit()).map(ToString::to_string)
    }

    /// As people see it where there is no script to catch it.
    pub(super) fn into_fault(self) -> Fault {
        uncaught(&self.fields.into())
    }

    /// Throws it.
    pub fn raise(self, at: Position) -> Raised {
        Box::new(EvalAltResult::ErrorRuntime(self.fields.into(), at))
    }
}

fn notes(lines: Vec<String>) -> Dynamic {
    lines.into_iter().map(Dynamic::from).collect::<rhai::Array>().into()
}

/// A thrown value that nobody caught.
fn uncaught(value: &Dynamic) -> Fault {
    let Some(map) = value.read_lock::<Map>() else {
        let said = match value.flatten_clone().into_string() {
            Ok(text) if !text.is_empty() => text,
            _ if value.is_unit() || value.is_string() => "the script threw an error without a message".into(),
            _ => format!("the script threw {}", shown(value)),
        };
        return Fault::new(FaultKind::Script, text::escape_block(&said));
    };
    let field = |name: &str| map.get(name).and_then(|v| v.clone().into_string().ok());
    let Some(message) = field("message") else {
        return Fault::new(FaultKind::Script, format!("the script threw {}", text::escape_control(&shown(value))));
    };
    let message = text::escape_block(&message);
    let status = map.get("status").and_then(|status| status.as_int().ok());
    let message = match field("operation") {
        Some(name) if status.is_some() => format!("`{name}` failed: {}", without_period(&message)),
        Some(name) => format!("`{name}`: {message}"),
        None => message.into_owned(),
    };
    let passes = matches!(status, Some(408 | 429 | 500..)) || field("code").as_deref() == Some(CUT);
    let mut fault = Fault::new(if passes { FaultKind::WillPass } else { FaultKind::Script }, message);
    if let Some(lines) = map.get("notes").and_then(|notes| notes.read_lock::<rhai::Array>()) {
        fault.notes = lines.iter().filter_map(|line| line.clone().into_string().ok()).collect();
    }
    fault.hints.extend(field("hint"));
    fault
}
