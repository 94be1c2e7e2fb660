//! Why a call of a script brought nothing. What that means for the run and for people is decided elsewhere.

use super::{ConnectError, Number, Refusal};
use crate::{api::error::CallError, store::StoreError};
use std::fmt;

/// Why a call brought nothing: it could not be made, it may not be made, or there is no connection to make it over.
#[derive(Debug)]
pub enum SessionError {
    Connect(ConnectError),
    Refusal(Refusal),
    Call(CallError),
    /// What has to be kept cannot be.
    Store(StoreError),
    /// A bulk call inside the closure of another one.
    Nested,
    /// Something outside of the run that a resumed one has to find as it was, and does not. The text names it.
    Another(String),
    /// A resumed run does something else than the journal holds at this number.
    Diverged {
        number: Number,
        was: String,
        now: String,
    },
}

impl From<CallError> for SessionError {
    fn from(error: CallError) -> Self {
        SessionError::Call(error)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Connect(error) => f.write_str(&error.message),
            SessionError::Refusal(refusal) => refusal.fmt(f),
            SessionError::Call(error) => error.fmt(f),
            SessionError::Store(error) => error.fmt(f),
            SessionError::Nested => f.write_str("a bulk call cannot be made inside the closure of another one"),
            SessionError::Another(what) => write!(f, "{what} is not the same as when the run began"),
            SessionError::Diverged { number, .. } => write!(f, "the run went another way at step {number}"),
        }
    }
}

impl std::error::Error for SessionError {}
