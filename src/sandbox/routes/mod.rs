//! The 18 operations and the paths they are under. Owns that table and what the resources have in common: find, cut a
//! page, change, delete. Must not check keys, limits or idempotency, which every request has passed before.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::routing::{MethodFilter, on};
use rusqlite::types::Value;

use super::gate::{Call, Operation, Reply, Shared, Target};
use super::problem::Problem;
use super::record::{Record, raw};
use super::rows::{Found, Gone, Table};
use super::validate;
use super::{ident, times};

mod contacts;
mod customers;
mod meta;
mod onboardings;

/// Operation id, method, path and code. The one that needs no key stands first, by itself.
type Route = (&'static str, MethodFilter, &'static str, Operation);

const OPEN: Route = ("get-health", MethodFilter::GET, "/health", meta::get_health);

const GUARDED: &[Route] = &[
    ("get-me", MethodFilter::GET, "/me", meta::get_me),
    ("list-customers", MethodFilter::GET, "/customers", customers::list),
    ("create-customer", MethodFilter::POST, "/customers", customers::create),
    ("get-customer", MethodFilter::GET, "/customers/{id}", customers::get),
    ("update-customer", MethodFilter::PATCH, "/customers/{id}", customers::update),
    ("delete-customer", MethodFilter::DELETE, "/customers/{id}", customers::delete),
    ("list-customer-contacts", MethodFilter::GET, "/customers/{id}/contacts", contacts::list),
    ("create-customer-contact", MethodFilter::POST, "/customers/{id}/contacts", contacts::create),
    ("get-contact", MethodFilter::GET, "/contacts/{id}", contacts::get),
    ("update-contact", MethodFilter::PATCH, "/contacts/{id}", contacts::update),
    ("delete-contact", MethodFilter::DELETE, "/contacts/{id}", contacts::delete),
    ("list-onboardings", MethodFilter::GET, "/onboardings", onboardings::list),
    ("create-onboarding", MethodFilter::POST, "/onboardings", onboardings::create),
    ("list-customer-onboardings", MethodFilter::GET, "/customers/{id}/onboardings", onboardings::list_of_customer),
    ("get-onboarding", MethodFilter::GET, "/onboardings/{id}", onboardings::get),
    ("update-onboarding", MethodFilter::PATCH, "/onboardings/{id}", onboardings::update),
    ("delete-onboarding", MethodFilter::DELETE, "/onboardings/{id}", onboardings::delete),
];

/// The ids of all operations.
pub(super) fn operation_ids() -> impl Iterator<Item = &'static str> {
    std::iter::once(&OPEN).chain(GUARDED).map(|route| route.0)
}

/// What the path holds; an error where it cannot be decoded, which no id can be.
type Params = Result<RawPathParams, RawPathParamsRejection>;

/// The router of the whole API.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    let open = (OPEN.1, OPEN.2, Target::Open(OPEN.0, OPEN.3));
    let guarded = GUARDED.iter().map(|&(id, method, path, code)| (method, path, Target::Guarded(id, code)));
    for (method, path, target) in std::iter::once(open).chain(guarded) {
        let handler = move |State(shared): State<Arc<Shared>>, params: Params, request: Request| {
            let id =
                params.map_or_else(|_| Some("\u{fffd}".to_owned()), |p| p.iter().next().map(|(_, id)| id.to_owned()));
            // The router takes `//` for an id; the API has none that is empty.
            let target = if id.as_deref() == Some("") { Target::NoSuchPath } else { target };
            shared.pass(target, id.unwrap_or_default(), request)
        };
        router = router.route(&format!("/api/v1{path}"), on(method, handler));
    }
    router
        .method_not_allowed_fallback(|State(shared): State<Arc<Shared>>, request: Request| {
            shared.pass(Target::WrongMethod, String::new(), request)
        })
        .fallback(|State(shared): State<Arc<Shared>>, request: Request| {
            shared.pass(Target::NoSuchPath, String::new(), request)
        })
        .with_state(shared)
}

fn missing(table: Table, id: &str) -> Problem {
    let code = match table {
        Table::Customers => "customer_not_found",
        Table::Contacts => "contact_not_found",
        Table::Onboardings => "onboarding_not_found",
    };
    Problem::not_found(code, format!("There is no {} `{id}`.", table.object()))
}

/// A record that is there, by either form of its id.
fn find(call: &Call<'_>, table: Table, id: &str) -> Result<Found, Problem> {
    match table.find(call.db, id)? {
        Some(found) if found.gone == Gone::No => Ok(found),
        _ => Err(missing(table, id)),
    }
}

/// The page of a list that the query asks for.
fn page(call: &Call<'_>, table: Table, conditions: &[(&'static str, Value)]) -> Result<Reply, Problem> {
    let limit = validate::limit(call.param("limit"))?;
    let before = validate::cursor(call.param("cursor"))?;
    let page = table.page(call.db, conditions, before, limit)?;
    // The rows that share the last one's `created_at` beyond this page are lost to a client that passes the cursor on:
    // so is the API.
    let next_cursor = match page.rows.last() {
        Some(last) if page.has_more => Record::parse(last)?.text("created_at"),
        _ => None,
    };
    Ok(Reply::ok(format!(
        r#"{{"object":"list","data":[{}],"has_more":{},"next_cursor":{}}}"#,
        page.rows.join(","),
        page.has_more,
        raw(next_cursor)
    )))
}

/// The first fields of a new record, and its number.
fn begin(call: &Call<'_>, table: Table) -> Result<(i64, Record), Problem> {
    let display_id = table.next_display_id(call.db)?;
    let mut record = Record::default();
    record.put("object", table.object());
    record.put("id", ident::cuid(call.seed, table.object(), display_id));
    record.put("display_id", display_id);
    Ok((display_id, record))
}

/// Dates a new record and stores it.
fn finish(
    call: &Call<'_>,
    table: Table,
    display_id: i64,
    customer: Option<i64>,
    mut record: Record,
) -> Result<Reply, Problem> {
    let now = times::whole_millis(call.now);
    record.put("created_at", times::with_millis(now));
    record.put("updated_at", times::with_millis(now));
    let id = record.text("id").unwrap_or_default();
    let json = record.to_text()?;
    table.insert(call.db, display_id, &id, now.as_millisecond(), customer, &json)?;
    Ok(Reply::created(json))
}

/// Stores a changed record. One that was sent what it already holds keeps its `updated_at`.
fn store(call: &Call<'_>, table: Table, found: Found, mut record: Record, changed: bool) -> Result<Reply, Problem> {
    if !changed {
        return Ok(Reply::ok(found.json));
    }
    record.put("updated_at", times::with_millis(call.now));
    let json = record.to_text()?;
    table.update(call.db, found.display_id, &json)?;
    Ok(Reply::ok(json))
}

/// Deletes a record. A second time gives the same body; a child that went with its customer was never deleted itself, so
/// it is as unknown as to every other operation.
fn delete(call: &Call<'_>, table: Table) -> Result<Reply, Problem> {
    let found = table.find(call.db, call.id)?.ok_or_else(|| missing(table, call.id))?;
    match found.gone {
        Gone::No => table.delete(call.db, found.display_id)?,
        Gone::Deleted => {}
        Gone::WithCustomer => return Err(missing(table, call.id)),
    }
    let mut body = Record::default();
    body.put("object", "deleted");
    body.put("id", found.id);
    body.put("display_id", found.display_id);
    body.put("deleted", true);
    Ok(Reply::ok(body.to_text()?))
}
