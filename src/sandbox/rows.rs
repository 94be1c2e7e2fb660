//! What is asked of the three tables of records: find one, cut a page, add, change, delete. Owns the SQL; must not know
//! any rule of the API beyond "newest first", "strictly older than" and what is gone.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::record::Record;

/// One kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Customers,
    Contacts,
    Onboardings,
}

/// Whether a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    No,
    Deleted,
    /// Its customer was deleted, it was not.
    WithCustomer,
}

/// One record as it is kept.
#[derive(Debug)]
pub(super) struct Found {
    pub display_id: i64,
    pub id: String,
    /// The `display_id` of its customer; of a customer, its own.
    pub customer: i64,
    pub gone: Gone,
    pub json: String,
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub rows: Vec<String>,
    pub has_more: bool,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Table::Customers => "customers",
            Table::Contacts => "contacts",
            Table::Onboardings => "onboardings",
        }
    }

    /// What an object of this kind calls itself.
    pub fn object(self) -> &'static str {
        match self {
            Table::Customers => "customer",
            Table::Contacts => "contact",
            Table::Onboardings => "onboarding",
        }
    }

    /// The `display_id` that comes next. Rows are never removed, so the largest is the last one given.
    pub fn next_display_id(self, db: &Connection) -> rusqlite::Result<i64> {
        let sql = format!("SELECT max(display_id) FROM {}", self.name());
        let last: Option<i64> = db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        Ok(last.map_or(self.first_display_id(), |last| last + 1))
    }

    /// Where the numbers of this kind begin.
    pub fn first_display_id(self) -> i64 {
        if self == Table::Customers { 101 } else { 1 }
    }

    /// Finds a record by either form of its id, gone or not. Text of digits only is a `display_id`.
    pub fn find(self, db: &Connection, id: &str) -> rusqlite::Result<Option<Found>> {
        let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let (column, value) = match id.parse::<i64>() {
            Ok(number) if digits => ("display_id", Value::Integer(number)),
            _ => ("id", Value::Text(id.to_owned())),
        };
        let sql = format!("SELECT display_id, id, customer, gone, json FROM {} WHERE {column} = ?1", self.name());
        db.prepare_cached(&sql)?.query_row([value], found).optional()
    }

    /// The newest records that meet all conditions (`column = value`) and are strictly older than `before_ms`.
    pub fn page(
        self,
        db: &Connection,
        conditions: &[(&'static str, Value)],
        before_ms: Option<i64>,
        limit: usize,
    ) -> rusqlite::Result<Page> {
        let mut values: Vec<Value> = conditions.iter().map(|(_, value)| value.clone()).collect();
        values.extend(before_ms.map(Value::Integer));
        // One more than the page holds tells whether there is a next one.
        values.push(Value::Integer(limit as i64 + 1));
        let sql = self.page_sql(conditions.iter().map(|(column, _)| *column), before_ms.is_some());
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows: Vec<String> =
            statement.query_map(params_from_iter(values), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Page { rows, has_more })
    }

    fn page_sql(self, columns: impl Iterator<Item = &'static str>, before: bool) -> String {
        let mut sql = format!("SELECT json FROM {} WHERE gone = 0", self.name());
        for column in columns {
            sql.push_str(&format!(" AND {column} = ?"));
        }
        if before {
            sql.push_str(" AND created_ms < ?");
        }
        sql.push_str(" ORDER BY created_ms DESC, display_id DESC LIMIT ?");
        sql
    }

    /// Adds a record. `customer` is the `display_id` of its customer; customers have none.
    pub fn insert(
        self,
        db: &Connection,
        display_id: i64,
        id: &str,
        created_ms: i64,
        customer: Option<i64>,
        json: &str,
    ) -> rusqlite::Result<()> {
        match self {
            Table::Customers => db
                .prepare_cached("INSERT INTO customers (display_id, id, created_ms, json) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![display_id, id, created_ms, json])?,
            Table::Contacts => db
                .prepare_cached(
                    "INSERT INTO contacts (display_id, id, created_ms, json, customer) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![display_id, id, created_ms, json, customer])?,
            Table::Onboardings => db
                .prepare_cached(
                    "INSERT INTO onboardings (display_id, id, created_ms, json, customer) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![display_id, id, created_ms, json, customer])?,
        };
        Ok(())
    }

    /// Replaces a record's object.
    pub fn update(self, db: &Connection, display_id: i64, json: &str) -> rusqlite::Result<()> {
        let sql = format!("UPDATE {} SET json = ?2 WHERE display_id = ?1", self.name());
        db.prepare_cached(&sql)?.execute(params![display_id, json])?;
        Ok(())
    }

    /// Deletes a record softly. With a customer go its contacts and onboardings.
    pub fn delete(self, db: &Connection, display_id: i64) -> rusqlite::Result<()> {
        let sql = format!("UPDATE {} SET gone = 1 WHERE display_id = ?1", self.name());
        db.prepare_cached(&sql)?.execute([display_id])?;
        if self == Table::Customers {
            for child in [Table::Contacts, Table::Onboardings] {
                let sql = format!("UPDATE {} SET gone = 2 WHERE customer = ?1 AND gone = 0", child.name());
                db.prepare_cached(&sql)?.execute([display_id])?;
            }
        }
        Ok(())
    }
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        display_id: row.get(0)?,
        id: row.get(1)?,
        customer: row.get(2)?,
        gone: match row.get::<_, i64>(3)? {
            0 => Gone::No,
            1 => Gone::Deleted,
            _ => Gone::WithCustomer,
        },
        json: row.get(4)?,
    })
}

impl Found {
    /// The object, to be changed.
    pub fn record(&self) -> serde_json::Result<Record> {
        Record::parse(&self.json)
    }
}

/// The customer that holds a slug.
pub(super) fn slug_holder(db: &Connection, slug: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT display_id FROM customers WHERE slug = ?1 AND gone = 0")?
        .query_row([slug], |row| row.get(0))
        .optional()
}

/// The contact of this customer that holds an e-mail address.
pub(super) fn email_holder(db: &Connection, customer: i64, email: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT display_id FROM contacts WHERE customer = ?1 AND email = ?2 AND gone = 0")?
        .query_row(params![customer, email], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_sorted_or_read_from_a_whole_table() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("tables.sql")).unwrap();
        db.execute_batch(include_str!("indexes.sql")).unwrap();
        let lists: &[(Table, &[&'static str])] = &[
            (Table::Customers, &[]),
            (Table::Customers, &["status"]),
            (Table::Contacts, &["customer"]),
            (Table::Onboardings, &[]),
            (Table::Onboardings, &["customer"]),
            (Table::Onboardings, &["state"]),
            (Table::Onboardings, &["phase"]),
            (Table::Onboardings, &["waiting"]),
            (Table::Onboardings, &["state", "phase"]),
            (Table::Onboardings, &["waiting", "phase", "customer"]),
        ];
        for (table, columns) in lists {
            for before in [false, true] {
                let sql = table.page_sql(columns.iter().copied(), before);
                let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let values = vec![Value::Integer(1); columns.len() + usize::from(before) + 1];
                let plan: Vec<String> = statement
                    .query_map(params_from_iter(values), |row| row.get(3))
                    .unwrap()
                    .collect::<rusqlite::Result<_>>()
                    .unwrap();
                let plan = plan.join("; ");
                assert!(plan.contains("USING INDEX") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
            }
        }
    }
}
