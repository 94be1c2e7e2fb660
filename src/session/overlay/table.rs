//! The records of one kind that the run has changed, made or deleted, found by either id, by place and by customer.
//! Memory grows with these alone. Decides nothing.

use super::{
    From,
    row::{Facts, Place, display},
};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

/// A record as the run left it.
#[derive(Debug)]
pub(super) struct Row {
    pub facts: Facts,
    /// The whole record.
    pub json: Box<str>,
    pub deleted: bool,
    /// The list it came from, and its `updated_at` then.
    pub from: Option<From>,
    pub seen_updated_at: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: HashMap<Arc<str>, Row>,
    displays: HashMap<i64, Arc<str>>,
    /// Those that are there, in the order of lists.
    order: BTreeSet<Place>,
    /// The same for each customer; one that ever had a row here keeps its place.
    customers: HashMap<Arc<str>, BTreeSet<Place>>,
    /// Who holds what no other may have.
    unique: HashMap<String, Arc<str>>,
}

impl Table {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a row of this customer was ever touched.
    pub fn has_customer(&self, customer: &str) -> bool {
        self.customers.contains_key(customer)
    }

    /// The row with this canonical id.
    pub fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id)
    }

    /// The row with either form of its id.
    pub fn find(&self, id: &str) -> Option<&Row> {
        match display(id) {
            Some(display) => self.rows.get(self.displays.get(&display)?),
            None => self.rows.get(id),
        }
    }

    /// Who holds a value that no two may have.
    pub fn holder(&self, unique: &str) -> Option<&Arc<str>> {
        self.unique.get(unique)
    }

    /// Puts a row in, in the place of the one that had its id.
    pub fn put(&mut self, row: Row) {
        let id = row.facts.id.clone();
        if let Some(old) = self.rows.remove(&id) {
            self.order.remove(&old.facts.place);
            if let Some(places) = old.facts.customer.as_ref().and_then(|customer| self.customers.get_mut(customer)) {
                places.remove(&old.facts.place);
            }
            if let Some(unique) = &old.facts.unique
                && self.unique.get(unique) == Some(&id)
            {
                self.unique.remove(unique);
            }
        }
        if let Some(display) = row.facts.display {
            self.displays.insert(display, id.clone());
        }
        let places = row.facts.customer.clone().map(|customer| self.customers.entry(customer).or_default());
        if !row.deleted {
            self.order.insert(row.facts.place.clone());
            if let Some(places) = places {
                places.insert(row.facts.place.clone());
            }
            if let Some(unique) = &row.facts.unique {
                self.unique.insert(unique.clone(), id.clone());
            }
        }
        self.rows.insert(id, row);
    }

    /// The rows between two places, in order; of one customer where one is given.
    pub fn between<'t>(
        &'t self,
        customer: Option<&str>,
        from: &Bound<Place>,
        to: &Bound<Place>,
    ) -> impl Iterator<Item = &'t Row> + use<'t> {
        let places = match customer {
            Some(customer) => self.customers.get(customer),
            None => Some(&self.order),
        };
        // A list out of order would make a range that ends before it begins.
        let empty = match (from, to) {
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            _ => false,
        };
        let range = places.filter(|_| !empty).map(|places| places.range((from.clone(), to.clone())));
        range.into_iter().flatten().filter_map(|(.., id)| self.rows.get(id))
    }
}
