//! The six operations on onboardings. Owns their fields and how `waiting_on_customer` and `state` follow each other; must
//! not change customers. Phases may be set in any order, `completed` may be left again, and no date is set along with
//! them: the API notes have no rule.

use rusqlite::types::Value;

use super::{begin, find, finish, page, store};
use crate::sandbox::gate::{Call, Reply};
use crate::sandbox::problem::Problem;
use crate::sandbox::record::Record;
use crate::sandbox::rows::{Gone, Table};
use crate::sandbox::validate::{self, Field, Kind, LONG_TEXT, Purpose, Sent, TEXT};

const PHASES: &[&str] =
    &["before_getting_started", "program_design", "review", "program_buildout", "internal_qa", "launch", "completed"];
const STATES: &[&str] = &["active", "paused", "at_risk", "waiting"];

const CUSTOMER: Field = Field::required("customer_id", Kind::Name(TEXT));
const FIELDS: &[Field] = &[
    Field::open("template_id", Kind::Text(TEXT)),
    Field::filled("phase", Kind::Choice(PHASES)),
    Field::filled("state", Kind::Choice(STATES)),
    Field::open("started_at", Kind::Time),
    Field::open("completed_at", Kind::Time),
    Field::open("target_launch_date", Kind::Time),
    Field::open("csm_id", Kind::Text(TEXT)),
    Field::open("se_id", Kind::Text(TEXT)),
    Field::open("designer_id", Kind::Text(TEXT)),
    Field::open("product_ops_id", Kind::Text(TEXT)),
    Field::open("notes", Kind::Text(LONG_TEXT)),
    Field::open("waiting_on_customer", Kind::Flag),
];

/// `GET /onboardings`. A `customer_id` that nobody has is a filter nothing meets: an empty list, not a 404.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut conditions = Vec::new();
    match call.param("state").map(|state| validate::choice("state", state, STATES)).transpose()? {
        // Derived, as the notes say: it asks for the flag and not for the state's own text.
        Some("waiting") => conditions.push(("waiting", Value::Integer(1))),
        Some(state) => conditions.push(("state", Value::Text(state.to_owned()))),
        None => {}
    }
    if let Some(phase) = call.param("phase") {
        let phase = validate::choice("phase", phase, PHASES)?;
        conditions.push(("phase", Value::Text(phase.to_owned())));
    }
    if let Some(id) = call.param("customer_id") {
        let customer = Table::Customers.find(call.db, id)?.filter(|c| c.gone == Gone::No);
        // No customer has number 0, so this one finds nothing.
        conditions.push(("customer", Value::Integer(customer.map_or(0, |c| c.display_id))));
    }
    page(call, Table::Onboardings, &conditions)
}

/// `GET /customers/{id}/onboardings`
pub(super) fn list_of_customer(call: &Call<'_>) -> Result<Reply, Problem> {
    let customer = find(call, Table::Customers, call.id)?;
    page(call, Table::Onboardings, &[("customer", Value::Integer(customer.display_id))])
}

/// `POST /onboardings`
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Problem> {
    let customer = validate::body(call.body, &[CUSTOMER], Purpose::Create)?;
    let sent = validate::body(call.body, FIELDS, Purpose::Create)?;
    let customer: String = match customer.first() {
        Some((_, id)) => serde_json::from_str(id.get())?,
        None => String::new(),
    };
    let customer = find(call, Table::Customers, &customer)?;
    let (display_id, mut record) = begin(call, Table::Onboardings)?;
    record.put("customer_id", &customer.id);
    for field in FIELDS {
        record.put(field.name, ());
    }
    record.put("phase", "before_getting_started");
    record.put("state", "active");
    record.put("waiting_on_customer", false);
    apply(&mut record, sent);
    finish(call, Table::Onboardings, display_id, Some(customer.display_id), record)
}

/// `GET /onboardings/{id}`
pub(super) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(find(call, Table::Onboardings, call.id)?.json))
}

/// `PATCH /onboardings/{id}`. `customer_id` is for creates only; here it is ignored like any unknown field.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let found = find(call, Table::Onboardings, call.id)?;
    let mut record = found.record()?;
    let changed = apply(&mut record, validate::body(call.body, FIELDS, Purpose::Update)?);
    store(call, Table::Onboardings, found, record, changed)
}

/// `DELETE /onboardings/{id}`
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    super::delete(call, Table::Onboardings)
}

/// Sets what was sent and brings flag and state together, so that `waiting` never says two things. The flag decides where
/// it was sent: true makes the state `waiting`, false turns `waiting` back into `active`. Where only the state was sent,
/// the flag follows it. (The notes give the first of these; the others keep `state=waiting`, which asks for the flag,
/// true to what is shown.)
fn apply(record: &mut Record, sent: Sent) -> bool {
    let flag_sent = sent.iter().any(|(name, _)| *name == "waiting_on_customer");
    let before = (record.text("state"), record.flag("waiting_on_customer"));
    let mut changed = false;
    for (name, value) in sent {
        let apart = name == "state" || name == "waiting_on_customer";
        changed |= record.set(name, value) && !apart;
    }
    let waiting = record.text("state").as_deref() == Some("waiting");
    match (flag_sent, record.flag("waiting_on_customer")) {
        (true, true) => record.put("state", "waiting"),
        (true, false) if waiting => record.put("state", "active"),
        (true, false) => false,
        (false, _) => record.put("waiting_on_customer", waiting),
    };
    changed | (before != (record.text("state"), record.flag("waiting_on_customer")))
}
