//! One page of a list as it would be after the writes so far: the service's rows without those that were touched, and the
//! touched ones at their places. Sends only what the page needs.
//!
//! What must hold, whoever walks: over pages of any size, each row comes once, in order, and none is lost (`tests/dry_run`).

use super::{
    From, Live, Overlay, answered,
    query::{Cursor, Query, Wanted},
    row::{Place, before},
    source::Source,
    whose::Customer,
};
use crate::api::{client::Answer, error::CallError, request::Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::ops::Bound;

/// How many lists are remembered in the middle of a walk.
const SOURCES: usize = 4;

impl Overlay {
    /// The page that the call asks for.
    pub(super) fn page(&mut self, call: &Call, query: &Query, live: Live<'_>) -> Result<Answer, CallError> {
        let customer = self.customer_of(query, live)?;
        let wanted = Wanted::of(call);
        if matches!(customer, Customer::Nobody | Customer::Made(_)) {
            let checked = query.check().and(wanted).and_then(Wanted::without_the_service);
            let wanted = checked.map_err(|problem| problem.of(query.operation.name))?;
            return match &customer {
                Customer::Made(id) => self.merged(query, &wanted, Some(id), &mut None, live),
                _ => Ok(answered(200, list(&[], false, None))),
            };
        }
        let table = self.table(query.kind);
        let (id, touched) = match &customer {
            Customer::Untouched => (None, false),
            Customer::Known(id) => (Some(&**id), table.has_customer(id)),
            _ => (None, !table.is_empty() || (query.kind.has_customer() && self.customers_deleted)),
        };
        match wanted {
            Ok(wanted) if touched => {
                let mut source = Some(self.source(call, query, &wanted.cursor));
                self.merged(query, &wanted, id, &mut source, live)
            }
            // What the service refuses it refuses in its own words.
            _ => self.passed_on(call, query, live),
        }
    }

    /// The service's own page, as it came.
    fn passed_on(&mut self, call: &Call, query: &Query, live: Live<'_>) -> Result<Answer, CallError> {
        #[derive(serde::Deserialize)]
        struct Page<'a> {
            #[serde(borrow)]
            data: Vec<&'a RawValue>,
        }
        let answer = self.ask(call, live)?;
        // What is wrong with a page is for whoever walks to say.
        if let Ok(page) = serde_json::from_slice::<Page<'_>>(&answer.body) {
            if call.query("cursor").is_none() {
                self.depths.remove(&query.filter);
            }
            for row in page.data {
                let from = self.next_row(query);
                self.remember(query.kind, row.get(), Some(from));
            }
        }
        Ok(answer)
    }

    /// The place of the next row that is read of a list.
    fn next_row(&mut self, query: &Query) -> From {
        let depth = self.depths.entry(query.filter.clone()).or_default();
        *depth += 1;
        (query.filter.clone(), *depth)
    }

    /// The rows of the service from a cursor on, those at hand first.
    fn source(&mut self, call: &Call, query: &Query, cursor: &Cursor) -> Source {
        match self.sources.iter().position(|source| source.is_of(query) && source.reaches(cursor)) {
            Some(at) => self.sources.remove(at),
            None => Source::new(call, query, cursor),
        }
    }

    fn merged(
        &mut self,
        query: &Query,
        wanted: &Wanted,
        customer: Option<&str>,
        source: &mut Option<Source>,
        live: Live<'_>,
    ) -> Result<Answer, CallError> {
        let mut out: Vec<String> = Vec::with_capacity(wanted.limit);
        let mut last: Option<(Timestamp, Option<String>)> = None;
        let mut more = false;
        let mut at = 0;
        // From where on touched rows belong to this page. A cursor that is no time says it with its first row.
        let mut from: Option<Bound<Place>> = match &wanted.cursor {
            Cursor::Top => Some(Bound::Unbounded),
            Cursor::Below(time) => {
                let below = time.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(*time);
                Some(Bound::Included(before(below)))
            }
            Cursor::Opaque => None,
        };
        'page: loop {
            // The service's next row that is as it was.
            let next = loop {
                let Some(source) = source.as_mut() else { break None };
                if let Some(row) = source.rows.get(at) {
                    let first = Bound::Included(before(row.facts.time()));
                    let from = from.get_or_insert(first);
                    let above = matches!(from, Bound::Included(from) if row.facts.place < *from);
                    let touched = self.table(query.kind).get(&row.facts.id).is_some();
                    if !above && !touched && !self.hidden(row.facts.customer.as_deref()) {
                        break Some(row);
                    }
                    at += 1;
                    continue;
                }
                match source.next()? {
                    None => break None,
                    // There may be more, and whoever wants to know asks for it.
                    Some(_) if out.len() == wanted.limit => {
                        more = true;
                        break 'page;
                    }
                    Some(call) => {
                        if call.query("cursor").is_none() {
                            self.depths.remove(&query.filter);
                        }
                        let answer = self.ask(&call, live)?;
                        let begin = source.accept(query, &answer)?;
                        for row in source.rows.iter().skip(begin) {
                            let from = self.next_row(query);
                            self.remember(query.kind, row.json.get(), Some(from));
                        }
                    }
                }
            };
            let to = next.map_or(Bound::Unbounded, |row| Bound::Excluded(row.facts.place.clone()));
            let begin = from.clone().unwrap_or(Bound::Unbounded);
            for row in self.table(query.kind).between(customer, &begin, &to) {
                if self.hidden(row.facts.customer.as_deref()) || !query.meets(&row.facts) {
                    continue;
                }
                if out.len() == wanted.limit {
                    more = true;
                    break 'page;
                }
                out.push(row.json.to_string());
                last = Some((row.facts.time(), row.facts.created_at.clone()));
            }
            let Some(row) = next else { break };
            if out.len() == wanted.limit {
                more = true;
                break;
            }
            out.push(row.json.get().to_string());
            last = Some((row.facts.time(), row.facts.created_at.clone()));
            // A row out of order must not bring touched rows a second time.
            let place = Bound::Excluded(row.facts.place.clone());
            if !matches!(from.as_ref(), Some(Bound::Included(from) | Bound::Excluded(from)) if *from > row.facts.place)
            {
                from = Some(place);
            }
            at += 1;
        }
        if let (true, Some((time, _)), Some(mut source)) = (more, &last, source.take()) {
            source.trim(*time);
            self.sources.retain(|other| !other.is_of(query));
            self.sources.push(source);
            if self.sources.len() > SOURCES {
                self.sources.remove(0);
            }
        }
        let next = last.and_then(|(_, text)| text).filter(|_| more);
        Ok(answered(200, list(&out, more, next.as_deref())))
    }
}

fn list(rows: &[String], has_more: bool, next_cursor: Option<&str>) -> String {
    let next = serde_json::to_string(&next_cursor).expect("a text always has a JSON form");
    format!(r#"{{"object":"list","data":[{}],"has_more":{has_more},"next_cursor":{next}}}"#, rows.join(","))
}
