//! Whose rows a list is about: all customers', one's, or nobody's. Reads a customer only where rows that this run has
//! touched may be his.

use super::{Live, Overlay, kind::Kind, problem::Problem, query::Query};
use crate::api::error::CallError;
use std::sync::Arc;

/// The customer that a list is about.
pub(super) enum Customer {
    /// No one: it is about all.
    All,
    /// One that the service knows, by the canonical id.
    Known(Arc<str>),
    /// One that this run has made.
    Made(Arc<str>),
    /// One whose canonical id does not matter, because no row of the kind was touched.
    Untouched,
    /// One who is not there, which a filter may ask for.
    Nobody,
}

impl Overlay {
    /// The customer of a list, read where that is needed to tell its rows from others'.
    pub(super) fn customer_of(&mut self, query: &Query, live: Live<'_>) -> Result<Customer, CallError> {
        let Some(id) = &query.customer else { return Ok(Customer::All) };
        let customers = self.table(Kind::Customer);
        if let Some(row) = customers.find(id) {
            if row.deleted {
                return if query.customer_is_filter {
                    Ok(Customer::Nobody)
                } else {
                    Err(Problem::missing(Kind::Customer, id).of(query.operation.name))
                };
            }
            let id = row.facts.id.clone();
            return Ok(if self.is_made(&id) { Customer::Made(id) } else { Customer::Known(id) });
        }
        if self.table(query.kind).is_empty() && !self.is_made(id) {
            return Ok(Customer::Untouched);
        }
        match self.resolve(Kind::Customer, id, query.operation.name, live) {
            Ok(id) => Ok(Customer::Known(id)),
            Err(CallError::Api(error)) if error.status == 404 && query.customer_is_filter => Ok(Customer::Nobody),
            Err(error) => Err(error),
        }
    }
}
