//! The refusals of the service, made here: the same status, type, code, field and words as far as they are known. Must
//! not know which rule was broken or why.

use super::kind::Kind;
use crate::api::error::{ApiError, CallError, kind_of_status};

/// One refusal, not yet tied to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub field: Option<String>,
}

impl Problem {
    /// 400 about one field of the body or the query.
    pub fn invalid(code: &'static str, field: &str, message: impl Into<String>) -> Problem {
        Problem { status: 400, code, message: message.into(), field: Some(field.into()) }
    }

    /// 400 about the body as a whole.
    pub fn unreadable(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status: 400, code, message: message.into(), field: None }
    }

    /// 400 about a value of a wrong kind: "`mrr` must be an integer."
    pub fn wrong_type(field: &str, must: &str) -> Problem {
        Problem::invalid("invalid_type", field, format!("`{field}` must {must}."))
    }

    /// 404 about a record.
    pub fn missing(kind: Kind, id: &str) -> Problem {
        let message = format!("There is no {} `{id}`.", kind.name());
        Problem { status: 404, code: kind.missing(), message, field: None }
    }

    /// 409 about a slug that another customer has.
    pub fn slug_taken(slug: &str) -> Problem {
        let message = format!("The slug `{slug}` is taken.");
        Problem { status: 409, code: "slug_taken", message, field: Some("slug".into()) }
    }

    /// 409 about an e-mail address that another contact of the customer has.
    pub fn email_taken(email: &str) -> Problem {
        let message = format!("Another contact of this customer has the e-mail address `{email}`.");
        Problem { status: 409, code: "email_taken", message, field: Some("email".into()) }
    }

    /// The error that the call brings.
    pub fn of(self, operation: &'static str) -> CallError {
        CallError::Api(Box::new(ApiError {
            operation,
            status: self.status,
            kind: kind_of_status(self.status).into(),
            code: Some(self.code.into()),
            message: self.message,
            field: self.field,
            request_id: None,
            excerpt: None,
            attempts: 1,
        }))
    }
}
