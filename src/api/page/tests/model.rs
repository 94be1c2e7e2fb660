//! A list on a server as the API notes describe it, for the walk's tests: newest first, strictly older than the cursor,
//! filters before the page is cut. Its own code for every rule.

use super::super::{Row, Walk, cursor};
use crate::api::{operation, request::Call};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is kept of a row.
#[derive(Clone, Debug)]
pub struct Kept {
    /// In milliseconds.
    pub at: i64,
    /// Its other fields.
    pub fields: Vec<(&'static str, &'static str)>,
}

/// Counts in milliseconds and shows `digits` of them.
#[derive(Clone, Debug)]
pub struct Server {
    pub rows: BTreeMap<String, Kept>,
    pub digits: usize,
    /// Pages are no larger than this, whatever the limit says.
    pub most: usize,
}

/// A time that has no other meaning.
pub const EPOCH: i64 = 1_700_000_000_000;

/// A walk over customers.
pub fn walk(query: &[(&'static str, &str)]) -> Walk {
    walk_over("list_customers", query)
}

/// A walk over the list of that name.
pub fn walk_over(name: &str, query: &[(&'static str, &str)]) -> Walk {
    let operation = operation(name).unwrap();
    let mut call = Call::new(operation, operation.path_params.iter().map(|_| "1".to_string()).collect());
    for (name, value) in query {
        call.set_query(name, value.to_string());
    }
    Walk::new(call)
}

/// A page of customers.
pub fn page(rows: &[(&str, &str)], next: Option<&str>) -> Vec<u8> {
    let row = |(id, at): &(&str, &str)| serde_json::json!({"id": id, "created_at": at, "status": "active"});
    envelope(rows.iter().map(row).collect(), next)
}

fn envelope(data: Vec<serde_json::Value>, next: Option<&str>) -> Vec<u8> {
    serde_json::json!({"object": "list", "data": data, "has_more": next.is_some(), "next_cursor": next})
        .to_string()
        .into_bytes()
}

pub fn ids(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

impl Server {
    /// Customers with these times and statuses.
    pub fn new(digits: usize, rows: impl IntoIterator<Item = (i64, &'static str)>) -> Server {
        let keep = |(n, (at, status))| (format!("c{n:05}"), Kept { at, fields: vec![("status", status)] });
        Server { rows: rows.into_iter().enumerate().map(keep).collect(), digits, most: 100 }
    }

    /// So many customers of one time.
    pub fn tied(count: usize, status: impl Fn(usize) -> &'static str) -> Server {
        Server::new(3, (0..count).map(|n| (EPOCH, status(n))))
    }

    /// So many onboardings of one time, with these fields.
    pub fn onboardings(count: usize, fields: impl Fn(usize) -> Vec<(&'static str, &'static str)>) -> Server {
        let keep = |n| (format!("o{n:05}"), Kept { at: EPOCH, fields: fields(n) });
        Server { rows: (0..count).map(keep).collect(), digits: 3, most: 100 }
    }

    fn shown(&self, at: i64) -> String {
        cursor::show(Timestamp::from_millisecond(at).unwrap(), self.digits)
    }

    /// The answer to a call.
    pub fn answer(&self, call: &Call) -> Vec<u8> {
        let limit = call.query("limit").unwrap().parse::<usize>().unwrap().min(self.most);
        let before = call.query("cursor").map(|cursor| cursor.parse::<Timestamp>().unwrap().as_millisecond());
        let meets = |row: &Kept, name: &str, wanted: &str| match (name, wanted) {
            // Derived, as the API notes say.
            ("state", "waiting") => row.field("waiting_on_customer") == Some("true"),
            _ => row.field(name) == Some(wanted),
        };
        let filters = || call.query.iter().filter(|(name, _)| !matches!(*name, "limit" | "cursor"));
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, row)| before.is_none_or(|before| row.at < before))
            .filter(|(_, row)| filters().all(|(name, wanted)| meets(row, name, wanted)))
            .collect();
        rows.sort_by_key(|(id, row)| (std::cmp::Reverse(row.at), (*id).clone()));
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().map(|(_, row)| self.shown(row.at)).filter(|_| more);
        envelope(rows.iter().map(|(id, row)| row.json(id, &self.shown(row.at))).collect(), next.as_deref())
    }
}

impl Kept {
    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&'static str> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn json(&self, id: &str, at: &str) -> serde_json::Value {
        let mut json = serde_json::json!({"id": id, "created_at": at});
        for (name, value) in &self.fields {
            json[*name] = if *value == "true" { true.into() } else { (*value).into() };
        }
        json
    }
}
