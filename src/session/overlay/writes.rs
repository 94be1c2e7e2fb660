//! Creates, updates and deletes that are answered as the service would and sent nowhere. Owns their order: who is found
//! first, what is checked next, what is kept. How an entry looks is in `entries`.

use super::{
    Live, Numbers, Overlay, Wrote, answered, check,
    fields::{Fields, raw},
    kind::Kind,
    problem::Problem,
    row::{self, Facts},
    rules, slug,
    table::Row,
};
use crate::{
    api::{client::Answer, error::CallError, operation::Effect, request::Call},
    session::plan::provisional,
};
use jiff::{SignedDuration, Timestamp};

/// What a write did, besides its answer.
pub(super) type Written = Result<(Answer, Wrote), CallError>;

impl Overlay {
    pub(super) fn write(&mut self, call: &Call, kind: Kind, live: Live<'_>) -> Written {
        match call.operation.effect {
            Effect::Create => self.create(call, kind, live),
            Effect::Update => self.update(call, kind, live),
            Effect::Delete | Effect::Read => self.delete(call, kind, live),
        }
    }

    fn create(&mut self, call: &Call, kind: Kind, live: Live<'_>) -> Written {
        let name = call.operation.name;
        let body = call.body.as_deref().unwrap_or_default();
        // The one in the path is looked for before the body is read, the one in the body after.
        let parent = match call.path.first() {
            Some(id) => Some(self.resolve(Kind::Customer, id.trim(), name, live)?),
            None => None,
        };
        let sent = check::body(call.operation, body).map_err(|problem| problem.of(name))?;
        let parent = match sent.iter().find(|(field, _)| *field == "customer_id") {
            Some((_, id)) => {
                let id: String = serde_json::from_str(id.get()).unwrap_or_default();
                Some(self.resolve(Kind::Customer, &id, name, live)?)
            }
            None => parent,
        };
        let (id, display) = self.next_ids(kind);
        let mut record = rules::blank(kind, &id, display, parent.as_deref());
        let slug_sent = sent.iter().any(|(field, _)| *field == "slug");
        rules::apply(kind, &mut record, sent);
        if kind == Kind::Customer && !slug_sent {
            let base = slug::from_name(&record.text("name").unwrap_or_default());
            record.put("slug", slug::free(base, |slug| self.holder(kind, slug).is_some()));
        }
        self.check_unique(kind, &record, None).map_err(|problem| problem.of(name))?;
        let now = self.now_after_all();
        record.set("created_at", raw(check::with_millis(now)));
        record.set("updated_at", raw(check::with_millis(now)));
        let json = record.to_text();
        let row = self.row(kind, &json);
        let position = self.record(call, kind, None, Some(&record), &row);
        self.made.insert(id, position);
        self.made.insert(display.to_string(), position);
        self.numbers.counts[kind as usize] += 1;
        self.numbers.displays += 1;
        self.table_mut(kind).put(row);
        Ok((answered(201, json), Wrote::Entry(position)))
    }

    fn update(&mut self, call: &Call, kind: Kind, live: Live<'_>) -> Written {
        let name = call.operation.name;
        let id = self.resolve(kind, call.path[0].trim(), name, live)?;
        let current = self.current(kind, &id);
        let before = parsed(call, &current.json)?;
        let mut record = before.clone();
        let sent = check::body(call.operation, call.body.as_deref().unwrap_or_default());
        let changed = rules::apply(kind, &mut record, sent.map_err(|problem| problem.of(name))?);
        if !changed {
            *self.unchanged.entry(name).or_default() += 1;
            return Ok((answered(200, current.json), Wrote::Nothing));
        }
        self.check_unique(kind, &record, Some(&id)).map_err(|problem| problem.of(name))?;
        record.put("updated_at", check::with_millis(self.clock.now().max(self.newest)));
        let json = record.to_text();
        let mut row = self.row(kind, &json);
        (row.from, row.seen_updated_at) = (current.from, current.seen_updated_at);
        let position = self.record(call, kind, Some(&before), Some(&record), &row);
        self.seen.take(kind, &id);
        self.table_mut(kind).put(row);
        Ok((answered(200, json), Wrote::Entry(position)))
    }

    fn delete(&mut self, call: &Call, kind: Kind, live: Live<'_>) -> Written {
        let name = call.operation.name;
        let id = call.path[0].trim();
        if let Some(row) = self.table(kind).find(id).filter(|row| row.deleted) {
            let body = deleted(&row.facts);
            *self.unchanged.entry(name).or_default() += 1;
            return Ok((answered(200, body), Wrote::Nothing));
        }
        let id = self.resolve(kind, id, name, live)?;
        let current = self.current(kind, &id);
        let before = parsed(call, &current.json)?;
        let mut row = self.row(kind, &current.json);
        (row.deleted, row.from, row.seen_updated_at) = (true, current.from, current.seen_updated_at);
        let position = self.record(call, kind, Some(&before), None, &row);
        let body = deleted(&row.facts);
        self.customers_deleted |= kind == Kind::Customer;
        self.seen.take(kind, &id);
        self.table_mut(kind).put(row);
        Ok((answered(200, body), Wrote::Entry(position)))
    }

    /// A row of the overlay that holds this record, as one that came from no list.
    fn row(&self, kind: Kind, json: &str) -> Row {
        let facts = Facts::of(kind, json).expect("a record that was read or made here has an `id`");
        Row { facts, json: json.into(), deleted: false, from: None, seen_updated_at: None }
    }

    /// An error where another record that the run knows of has what must be unique.
    fn check_unique(&self, kind: Kind, record: &Fields, own: Option<&str>) -> Result<(), Problem> {
        let text = |name: &str| record.text(name).unwrap_or_default();
        let (value, problem): (String, fn(&str) -> Problem) = match kind {
            Kind::Customer => (text("slug"), Problem::slug_taken),
            Kind::Contact => (row::email(&text("customer_id"), &text("email")), Problem::email_taken),
            Kind::Onboarding => return Ok(()),
        };
        match self.holder(kind, &value) {
            Some(holder) if Some(holder) != own => Err(problem(&text(kind.unique().unwrap_or_default()))),
            _ => Ok(()),
        }
    }

    /// Who holds what must be unique, as far as the run has seen.
    fn holder(&self, kind: Kind, value: &str) -> Option<&str> {
        self.table(kind).holder(value).or_else(|| self.seen.holder(kind, value)).map(|id| &**id)
    }

    fn next_ids(&self, kind: Kind) -> (String, i64) {
        let Numbers { counts, displays, .. } = self.numbers;
        (provisional::id(kind.name(), counts[kind as usize] + 1), provisional::DISPLAY + displays + 1)
    }

    /// A time for a new record: after all that were seen, so that it comes first, and a millisecond after the last one
    /// made, because a dry run is faster than any service and rows of one time are hard to walk over.
    fn now_after_all(&mut self) -> Timestamp {
        let next = self.newest.checked_add(SignedDuration::from_millis(1)).unwrap_or(self.newest);
        self.newest = self.clock.now().max(next);
        self.newest
    }
}

/// A record that can be changed.
fn parsed(call: &Call, json: &str) -> Result<Fields, CallError> {
    Fields::parse(json).map_err(|_| {
        Problem { status: 500, code: "internal_error", message: "The record cannot be read.".into(), field: None }
            .of(call.operation.name)
    })
}

fn deleted(facts: &Facts) -> String {
    #[derive(serde::Serialize)]
    struct Deleted<'a> {
        object: &'a str,
        id: &'a str,
        display_id: Option<i64>,
        deleted: bool,
    }
    let body = Deleted { object: "deleted", id: &facts.id, display_id: facts.display, deleted: true };
    serde_json::to_string(&body).expect("ids always have a JSON form")
}
