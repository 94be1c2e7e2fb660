//! The five operations on customers. Owns their fields and the rules of slugs; must not touch contacts and onboardings,
//! which the tables take along when a customer is deleted.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{begin, find, finish, page, store};
use crate::sandbox::gate::{Call, Reply};
use crate::sandbox::ident;
use crate::sandbox::problem::Problem;
use crate::sandbox::record::{Record, raw};
use crate::sandbox::rows::{self, Table};
use crate::sandbox::validate::{self, Field, Kind, Purpose, TEXT};

const STATUSES: &[&str] = &["onboarding", "active", "at_risk", "churned", "archived"];

const FIELDS: &[Field] = &[
    Field::required("name", Kind::Name(TEXT)),
    Field::filled("slug", Kind::Name(TEXT)),
    Field::open("domain", Kind::Text(TEXT)),
    Field::filled("status", Kind::Choice(STATUSES)),
    Field::open("plan", Kind::Text(TEXT)),
    Field::open("mrr", Kind::Count),
    Field::open("monthly_orders", Kind::Count),
    Field::open("hubspot_company_id", Kind::Text(TEXT)),
    Field::open("hubspot_deal_id", Kind::Text(TEXT)),
    Field::open("stripe_customer_id", Kind::Text(TEXT)),
    Field::open("intercom_company_id", Kind::Text(TEXT)),
    Field::open("slack_channel_id", Kind::Text(TEXT)),
    Field::open("metadata", Kind::Object),
];

/// `GET /customers`
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut conditions = Vec::new();
    if let Some(status) = call.param("status") {
        let status = validate::choice("status", status, STATUSES)?;
        conditions.push(("status", Value::Text(status.to_owned())));
    }
    page(call, Table::Customers, &conditions)
}

/// `POST /customers`. A status that is not sent is `onboarding`: the notes give no default, and that is where a customer
/// begins.
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let sent = validate::body(call.body, FIELDS, Purpose::Create)?;
    let (display_id, mut record) = begin(call, Table::Customers)?;
    for field in FIELDS {
        record.put(field.name, ());
    }
    record.put("status", "onboarding");
    let slug_sent = sent.iter().any(|(name, _)| *name == "slug");
    for (name, value) in sent {
        record.set(name, value);
    }
    if slug_sent {
        check_slug(call.db, &record, None)?;
    } else {
        let name = record.text("name").unwrap_or_default();
        record.put("slug", free_slug(call.db, &ident::slug(&name))?);
    }
    finish(call, Table::Customers, display_id, None, record)
}

/// `GET /customers/{id}`
pub(super) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(find(call, Table::Customers, call.id)?.json))
}

/// `PATCH /customers/{id}`. A new name leaves the slug as it is.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let found = find(call, Table::Customers, call.id)?;
    let mut record = found.record()?;
    let mut changed = false;
    for (name, value) in validate::body(call.body, FIELDS, Purpose::Update)? {
        // A field the record does not have reads as null, so setting it to null changes nothing.
        let absent = record.raw(name).is_none() && value.get() == raw(()).get();
        changed |= !absent && record.set(name, value);
    }
    check_slug(call.db, &record, Some(found.display_id))?;
    store(call, Table::Customers, found, record, changed)
}

/// `DELETE /customers/{id}`
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    super::delete(call, Table::Customers)
}

fn check_slug(db: &Connection, record: &Record, own: Option<i64>) -> Result<(), Problem> {
    let slug = record.text("slug").unwrap_or_default();
    match rows::slug_holder(db, &slug)? {
        Some(holder) if Some(holder) != own => {
            Err(Problem::taken("slug_taken", "slug", format!("The slug `{slug}` is taken.")))
        }
        _ => Ok(()),
    }
}

/// The slug itself, or with `-2`, `-3`… where it is taken. Doubles its steps and then halves them, because an import of
/// thousands of customers of one name would otherwise ask thousands of times for each; among more than two of a name it
/// may pass over a number that a deleted customer freed.
fn free_slug(db: &Connection, base: &str) -> Result<String, Problem> {
    let taken = |n: u64| -> Result<bool, Problem> { Ok(rows::slug_holder(db, &numbered(base, n))?.is_some()) };
    if !taken(1)? {
        return Ok(base.to_owned());
    }
    let (mut low, mut high) = (1, 2);
    while taken(high)? {
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if taken(middle)? { low = middle } else { high = middle }
    }
    Ok(numbered(base, high))
}

fn numbered(base: &str, n: u64) -> String {
    if n == 1 { base.to_owned() } else { format!("{base}-{n}") }
}
