//! The five operations on contacts. Owns their fields and that an e-mail address is unique within its customer; must not
//! change customers. Any number of contacts may be primary: the API notes have no rule.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{begin, find, finish, page, store};
use crate::sandbox::gate::{Call, Reply};
use crate::sandbox::problem::Problem;
use crate::sandbox::record::Record;
use crate::sandbox::rows::{self, Table};
use crate::sandbox::validate::{self, Field, Kind, Purpose, TEXT};

const FIELDS: &[Field] = &[
    Field::required("name", Kind::Name(TEXT)),
    Field::required("email", Kind::Email),
    Field::open("title", Kind::Text(TEXT)),
    Field::open("is_primary", Kind::Flag),
    Field::open("labels", Kind::Labels),
];

/// `GET /customers/{id}/contacts`
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let customer = find(call, Table::Customers, call.id)?;
    page(call, Table::Contacts, &[("customer", Value::Integer(customer.display_id))])
}

/// `POST /customers/{id}/contacts`
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let customer = find(call, Table::Customers, call.id)?;
    let sent = validate::body(call.body, FIELDS, Purpose::Create)?;
    let (display_id, mut record) = begin(call, Table::Contacts)?;
    record.put("customer_id", &customer.id);
    for field in FIELDS {
        record.put(field.name, ());
    }
    record.put("is_primary", false);
    record.put("labels", Vec::<String>::new());
    for (name, value) in sent {
        record.set(name, value);
    }
    check_email(call.db, customer.display_id, &record, None)?;
    finish(call, Table::Contacts, display_id, Some(customer.display_id), record)
}

/// `GET /contacts/{id}`
pub(super) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(find(call, Table::Contacts, call.id)?.json))
}

/// `PATCH /contacts/{id}`
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let found = find(call, Table::Contacts, call.id)?;
    let mut record = found.record()?;
    let mut changed = false;
    for (name, value) in validate::body(call.body, FIELDS, Purpose::Update)? {
        changed |= record.set(name, value);
    }
    check_email(call.db, found.customer, &record, Some(found.display_id))?;
    store(call, Table::Contacts, found, record, changed)
}

/// `DELETE /contacts/{id}`
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    super::delete(call, Table::Contacts)
}

fn check_email(db: &Connection, customer: i64, record: &Record, own: Option<i64>) -> Result<(), Problem> {
    let email = record.text("email").unwrap_or_default();
    match rows::email_holder(db, customer, &email)? {
        Some(holder) if Some(holder) != own => Err(Problem::taken(
            "email_taken",
            "email",
            format!("Another contact of this customer has the e-mail address `{email}`."),
        )),
        _ => Ok(()),
    }
}
