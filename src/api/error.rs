//! What can go wrong with a call, by consequence. Data only: wording for people is made by whoever shows it, and
//! nothing here holds the key.

use crate::stop::Reason;
use std::{fmt, time::Duration};

/// A call that brought no good answer.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The arguments cannot make a request; nothing was sent.
    Refused(Refused),
    /// The API said no. Scripts can catch it.
    Api(Box<ApiError>),
    /// 401: the key is wrong or revoked. Ends the run.
    Key(Box<ApiError>),
    /// An answer that is not what the API promises: no JSON, another object, cut off, too large, a redirect.
    BadAnswer(Box<BadAnswer>),
    /// A list that cannot be walked to its end without losing rows. Scripts can catch it.
    Incomplete(Incomplete),
    /// No answer in any attempt. Ends the run; it can be resumed. `waited`: for how long nothing came back to anybody, where
    /// that was waited for.
    Network { operation: &'static str, attempts: u32, cause: String, waited: Option<Duration> },
    /// Nothing could be sent for longer than `--max-wait` because of 429s. Ends the run; it can be resumed.
    Blocked { operation: &'static str, waited: Duration, max_wait: Duration },
    /// Somebody asked to stop before there was an answer.
    Stopped(Reason),
}

/// Arguments that cannot make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub operation: &'static str,
    /// The field or parameter at fault.
    pub field: Option<String>,
    /// What is wrong, for example "`id` is empty".
    pub message: String,
    /// What to do, in the imperative.
    pub hint: Option<String>,
}

/// An error answer of the API (API notes, "Errors").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The operation's script name.
    pub operation: &'static str,
    pub status: u16,
    /// `not_found`, `conflict`…; made from the status where the answer has none.
    pub kind: String,
    pub code: Option<String>,
    /// The server's words; empty where it said nothing in its own format.
    pub message: String,
    /// The body field or parameter that the server names.
    pub field: Option<String>,
    pub request_id: Option<String>,
    /// The first characters of an answer that was not in the API's error format.
    pub excerpt: Option<String>,
    /// How often the call was tried.
    pub attempts: u32,
}

impl ApiError {
    /// Whether the same call may succeed later without anybody changing anything (408, 429, 5xx).
    pub fn will_pass(&self) -> bool {
        self.status == 408 || self.status == 429 || self.status >= 500
    }
}

/// The `type` that goes with a status (API notes, "Errors").
pub fn kind_of_status(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found",
        409 => "conflict",
        429 => "rate_limit_error",
        500.. => "internal_error",
        _ => "invalid_request_error",
    }
}

/// An answer that is not what the API promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadAnswer {
    pub operation: &'static str,
    pub status: u16,
    /// What is wrong with it, for example "the answer is not JSON".
    pub why: String,
    /// Its first characters, with the key taken out; empty where there were none.
    pub excerpt: String,
    pub request_id: Option<String>,
    pub attempts: u32,
    /// Whether the connection was closed in the middle of it: that is the network's doing, and passes.
    pub cut: bool,
}

/// The `code` of an answer that was cut.
pub const CUT: &str = "connection_closed";

/// A list that cannot be walked to its end. All answers were good ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    pub operation: &'static str,
    /// What is in the way.
    pub why: String,
    /// What to do, in the imperative.
    pub hint: Option<String>,
}

impl fmt::Display for CallError {
    /// One line, for logs. The full account for people is made by the script host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Refused(refused) => write!(f, "`{}`: {}", refused.operation, refused.message),
            CallError::Api(e) | CallError::Key(e) if e.message.is_empty() => {
                write!(f, "`{}` failed with status {}", e.operation, e.status)
            }
            CallError::Api(e) | CallError::Key(e) => write!(f, "`{}` failed: {}", e.operation, e.message),
            CallError::BadAnswer(e) => write!(f, "`{}` got status {}, but {}", e.operation, e.status, e.why),
            CallError::Incomplete(list) => write!(f, "`{}`: {}", list.operation, list.why),
            CallError::Network { operation, cause, .. } => write!(f, "`{operation}` got no answer: {cause}"),
            CallError::Blocked { operation, .. } => write!(f, "`{operation}` was held back by the rate limit"),
            CallError::Stopped(Reason::Interrupt) => f.write_str("interrupted"),
            CallError::Stopped(Reason::Timeout) => f.write_str("the time for the whole run is over"),
            CallError::Stopped(Reason::Cancelled) => f.write_str("cancelled"),
            CallError::Stopped(Reason::Enough) => f.write_str("as many rows as were wanted are done"),
            CallError::Stopped(Reason::OutputClosed) => f.write_str("standard output was closed"),
        }
    }
}

impl std::error::Error for CallError {}
