//! Which rows a list call is about, and which page of them. PURE; reads no record.

use super::{
    check::{choice, timestamp},
    kind::Kind,
    problem::Problem,
    row::Facts,
};
use crate::{
    api::{
        operation::{Kind as Values, Operation},
        request::Call,
    },
    session::plan::ListFilter,
};
use jiff::Timestamp;
use std::sync::Arc;

/// The size of a page whose call does not say one (API notes, "Pagination").
const LIMIT: usize = 25;

/// A list call, read.
#[derive(Debug)]
pub(super) struct Query {
    pub operation: &'static Operation,
    pub kind: Kind,
    /// The list without place and page size.
    pub filter: Arc<ListFilter>,
    /// The customer as the call names it, in the path or as a filter.
    pub customer: Option<String>,
    /// Whether the customer is a filter, which nobody need meet, and not part of the path.
    pub customer_is_filter: bool,
}

/// The page that is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    pub limit: usize,
    pub cursor: Cursor,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// At the newest row.
    Top,
    /// At the first row that is older.
    Below(Timestamp),
    /// Where the service says: it is no time.
    Opaque,
}

impl Query {
    pub fn of(call: &Call, kind: Kind) -> Query {
        let query = call.query.iter().filter(|(name, _)| !matches!(*name, "limit" | "cursor"));
        let filter = ListFilter {
            operation: call.operation.name.into(),
            path: call.path.iter().map(|id| id.trim().to_string()).collect(),
            query: query.map(|(name, value)| ((*name).to_string(), value.clone())).collect(),
        };
        let asked = call.query("customer_id").map(|id| id.trim().to_string());
        let customer_is_filter = asked.is_some();
        let customer = asked.or_else(|| filter.path.first().cloned());
        Query { operation: call.operation, kind, filter: Arc::new(filter), customer, customer_is_filter }
    }

    /// Whether a record meets the filters, but for the customer's.
    pub fn meets(&self, facts: &Facts) -> bool {
        self.filter.query.iter().all(|(name, wanted)| match (name.as_str(), wanted.as_str()) {
            ("status", wanted) => facts.status.as_deref() == Some(wanted),
            ("phase", wanted) => facts.phase.as_deref() == Some(wanted),
            // Derived: it asks for the flag and not for the state's own text.
            ("state", "waiting") => facts.waiting,
            ("state", wanted) => facts.state.as_deref() == Some(wanted),
            _ => true,
        })
    }

    /// Checks the filters as the service would.
    pub fn check(&self) -> Result<(), Problem> {
        // The order in which the service finds fault: state before phase.
        for param in self.operation.query.iter() {
            if let (Values::Enum(words), Some(value)) = (param.kind, self.filter.query.get(param.name)) {
                choice(param.name, value, words)?;
            }
        }
        Ok(())
    }
}

impl Wanted {
    /// The page that a call asks for; an error where the service would not give one. A cursor that is no time may be the
    /// service's own.
    pub fn of(call: &Call) -> Result<Wanted, Problem> {
        let limit = limit(call.query("limit"))?;
        let cursor = match call.query("cursor") {
            None => Cursor::Top,
            Some(text) => timestamp(text).map_or(Cursor::Opaque, Cursor::Below),
        };
        Ok(Wanted { limit, cursor })
    }

    /// The same page, where there is no service that could have given a cursor that is no time.
    pub fn without_the_service(self) -> Result<Wanted, Problem> {
        match self.cursor {
            Cursor::Opaque => {
                Err(Problem::invalid("invalid_string", "cursor", "`cursor` must be an ISO 8601 timestamp."))
            }
            _ => Ok(self),
        }
    }
}

fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(LIMIT) };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::wrong_type("limit", "be an integer"));
    }
    if digits.len() < text.len() || digits.bytes().all(|byte| byte == b'0') {
        return Err(Problem::invalid("too_small", "limit", "`limit` must be at least 1."));
    }
    match text.parse() {
        Ok(limit) if limit <= 100 => Ok(limit),
        _ => Err(Problem::invalid("too_big", "limit", "`limit` must be at most 100.")),
    }
}
