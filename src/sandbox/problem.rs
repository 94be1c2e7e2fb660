//! The errors the API answers with: status, type, code, message and field, and the envelope they are sent in. Owns the
//! pairing of types with statuses; must not know which rule was broken or why.

use std::fmt::Display;

use serde_json::{Map, Value};

/// One refusal, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub status: u16,
    pub kind: &'static str,
    pub code: &'static str,
    pub message: String,
    pub field: Option<String>,
}

impl Problem {
    fn new(status: u16, kind: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code, message: message.into(), field: None }
    }

    /// 400 about one field of the body, the query or the headers.
    pub fn invalid(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        let mut problem = Self::new(400, "invalid_request_error", code, message);
        problem.field = Some(field.to_owned());
        problem
    }

    /// 400 about the body as a whole.
    pub fn unreadable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", code, message)
    }

    /// 401: no key, an unknown one or a revoked one.
    pub fn unauthenticated(code: &'static str, message: &str) -> Self {
        Self::new(401, "authentication_error", code, message)
    }

    /// 401 for a key that was taken back.
    pub fn revoked() -> Self {
        Self::unauthenticated("api_key_revoked", "This API key was revoked.")
    }

    /// 403: the key is right but may not write.
    pub fn forbidden() -> Self {
        Self::new(403, "permission_error", "insufficient_scope", "This API key may only read.")
    }

    /// 404 for a record; `code` is `customer_not_found` and the like.
    pub fn not_found(code: &'static str, message: String) -> Self {
        Self::new(404, "not_found", code, message)
    }

    /// 404 for a path that no operation has.
    pub fn no_such_path() -> Self {
        Self::new(404, "not_found", "not_found", "There is no such path.")
    }

    /// 405. The API notes give it no type of its own, so it is an invalid request.
    pub fn wrong_method() -> Self {
        Self::new(405, "invalid_request_error", "method_not_allowed", "This path does not take that method.")
    }

    /// 409 about a value that another record holds.
    pub fn taken(code: &'static str, field: &str, message: String) -> Self {
        let mut problem = Self::new(409, "conflict", code, message);
        problem.field = Some(field.to_owned());
        problem
    }

    /// 409 of idempotency.
    pub fn conflict(code: &'static str, message: &str) -> Self {
        Self::new(409, "conflict", code, message)
    }

    /// 429.
    pub fn rate_limited(retry_after: u64) -> Self {
        Self::new(429, "rate_limit_error", "rate_limited", format!("Too many requests. Retry after {retry_after} s."))
    }

    /// 500: the sandbox itself failed. The cause is shown, since this server has nothing to hide.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(500, "internal_error", "internal_error", format!("The sandbox failed: {cause}."))
    }

    /// The JSON text of the envelope.
    pub fn body(&self) -> String {
        let mut error = Map::new();
        error.insert("type".into(), self.kind.into());
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.as_str().into());
        if let Some(field) = &self.field {
            error.insert("field".into(), field.as_str().into());
        }
        let mut envelope = Map::new();
        envelope.insert("error".into(), Value::Object(error));
        Value::Object(envelope).to_string()
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
