//! How a fault is written: `[OPERATION:]FAULT[@WHEN]`. Owns the words and their meaning, reading and showing them; must
//! not know how a fault is carried out. [`super::parse`] reads, this file says what there is.

use std::fmt;
use std::time::Duration;

/// What the command line says of the language; `--help` shows it.
pub const HELP: &str = "\
Make the sandbox fail on purpose; may be given several times. A fault is written `[OPERATION:]FAULT[@WHEN]`.

FAULT, where the request is not carried out:
  status=503       this status, 400 to 599, with an error of the API
  429, 429=3s      the rate limit is used up; `Retry-After` is 1 s, or as given
  html, html=200   a proxy's web page with status 502, or as given
  reset-before     the connection is reset at once
  revoke           the key is revoked from this request on
FAULT, where it is carried out all the same:
  reset-after      the connection is reset instead of an answer
  cut              the connection ends in the middle of the answer
  empty            the answer has no body
  delay=2s         the answer comes that much later

OPERATION is an id such as `update-customer`; every operation unless given, or `*`.

WHEN counts the requests to OPERATION, repeated ones included; each of them unless given:
  @3               the third
  @1-3             the first three
  @3-              from the third on
  @10%             a share, which follows from the seed

Examples: 'status=503@1-3'  'create-customer:reset-after@1'  '429=2s@5%'  'revoke@20'";

/// One fault: what happens, to which requests, and when.
///
/// Read from text with [`str::parse`]; its [`Display`](fmt::Display) is a text that reads as the same fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The id of the only operation it is for; `None` for every one.
    pub(super) operation: Option<&'static str>,
    pub(super) kind: Kind,
    pub(super) when: When,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    /// It is answered with this status and not carried out.
    Status(u16),
    /// 429 with so many seconds of `Retry-After`; not carried out and not counted.
    RateLimited(u64),
    /// A proxy's web page with this status; the service never sees the request.
    Html(u16),
    /// The connection is reset; the service never sees the request.
    ResetBefore,
    /// From this request on its key is a revoked one.
    Revoke,
    /// It is carried out, then the connection is reset.
    ResetAfter,
    /// It is carried out, and the connection ends in the middle of the answer.
    Cut,
    /// It is carried out, and the answer has no body.
    Empty,
    /// It is carried out, and the answer comes so much later.
    Delay(Duration),
}

/// Which of the requests to its operations a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// From the first of these numbers to the second; both count from 1, and without the second there is no end.
    Numbers(u64, Option<u64>),
    /// So many in a hundred, 1 to 100.
    Share(u8),
}

impl Fault {
    /// Whether requests to this operation count for the fault. Where no key is needed there is none to revoke.
    pub(super) fn is_for(&self, operation: &str) -> bool {
        match self.operation {
            Some(only) => only == operation,
            None => self.kind != Kind::Revoke || operation != super::KEYLESS,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation {
            write!(f, "{operation}:")?;
        }
        write!(f, "{}", self.kind)?;
        match self.when {
            When::Always => Ok(()),
            When::Numbers(from, Some(to)) if from == to => write!(f, "@{from}"),
            When::Numbers(from, Some(to)) => write!(f, "@{from}-{to}"),
            When::Numbers(from, None) => write!(f, "@{from}-"),
            When::Share(percent) => write!(f, "@{percent}%"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kind::Status(status) => write!(f, "status={status}"),
            Kind::RateLimited(seconds) => write!(f, "429={seconds}s"),
            Kind::Html(status) => write!(f, "html={status}"),
            Kind::ResetBefore => f.write_str("reset-before"),
            Kind::Revoke => f.write_str("revoke"),
            Kind::ResetAfter => f.write_str("reset-after"),
            Kind::Cut => f.write_str("cut"),
            Kind::Empty => f.write_str("empty"),
            Kind::Delay(time) if time.subsec_millis() == 0 => write!(f, "delay={}s", time.as_secs()),
            Kind::Delay(time) => write!(f, "delay={}ms", time.as_millis()),
        }
    }
}
