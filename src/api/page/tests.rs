//! The walk against a model of the server, and against pages made by hand.

use super::*;
use crate::api::operation;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn walk(query: &[(&'static str, &str)]) -> Walk {
    let mut call = Call::new(operation("list_customers").unwrap(), Vec::new());
    for (name, value) in query {
        call.set_query(name, value.to_string());
    }
    Walk::new(call)
}

fn page(rows: &[(&str, &str)], next: Option<&str>) -> Vec<u8> {
    let data: Vec<_> = rows.iter().map(|(id, at)| serde_json::json!({"id": id, "created_at": at})).collect();
    serde_json::json!({"object": "list", "data": data, "has_more": next.is_some(), "next_cursor": next})
        .to_string()
        .into_bytes()
}

fn ids(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

fn cursor(walk: &Walk) -> Option<String> {
    walk.next()?.query("cursor").map(str::to_string)
}

/// A list on a server, newest first, that counts in milliseconds and shows `digits` of them.
struct Server {
    rows: BTreeMap<String, i64>,
    digits: usize,
}

impl Server {
    fn shown(&self, at: i64) -> String {
        cursor::show(Timestamp::from_millisecond(at).unwrap(), self.digits)
    }

    fn answer(&self, call: &Call) -> Vec<u8> {
        let limit: usize = call.query("limit").unwrap().parse().unwrap();
        let before = call.query("cursor").map(|cursor| cursor.parse::<Timestamp>().unwrap().as_millisecond());
        let mut rows: Vec<_> = self.rows.iter().filter(|(_, at)| before.is_none_or(|before| **at < before)).collect();
        rows.sort_by_key(|(id, at)| (std::cmp::Reverse(**at), (*id).clone()));
        let more = rows.len() > limit;
        rows.truncate(limit);
        let shown: Vec<_> = rows.iter().map(|(id, at)| (id.as_str(), self.shown(**at))).collect();
        let rows: Vec<_> = shown.iter().map(|(id, at)| (*id, at.as_str())).collect();
        page(&rows, rows.last().map(|(_, at)| *at).filter(|_| more))
    }
}

#[derive(Clone, Debug)]
enum Change {
    Insert(i64),
    Delete(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![(0..40_000_i64).prop_map(Change::Insert), any::<usize>().prop_map(Change::Delete)];
    prop::collection::vec(change, 0..4)
}

proptest! {
    #[test]
    fn each_row_that_stays_comes_exactly_once(
        times in prop::collection::vec(0..40_i64, 0..400),
        limit in prop_oneof![Just(100_u32), 1..=100_u32],
        (unit, digits) in prop_oneof![Just((1, 3)), Just((1000, 0)), Just((250, 0))],
        between in prop::collection::vec(changes(), 0..8),
    ) {
        // Forty possible times for up to 400 rows: ties everywhere, but hardly one that fills a page of 100. The server
        // may also count more finely than it shows.
        let mut server = Server {
            rows: times.iter().enumerate().map(|(n, at)| (format!("c{n:04}"), 1_700_000_000_000 + at * unit)).collect(),
            digits,
        };
        let mut stay: Vec<String> = server.rows.keys().cloned().collect();
        let mut walk = walk(&[("limit", &limit.to_string())]);
        let mut seen: Vec<String> = Vec::new();
        let mut pages = 0;
        let mut fresh = 0;
        while let Some(call) = walk.next() {
            match walk.accept(&server.answer(&call)) {
                Ok(rows) => seen.extend(ids(rows)),
                Err(WalkError::Tie { count, .. }) => {
                    prop_assert!(count >= 100, "{count}");
                    return Ok(());
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
            for change in between.get(pages).into_iter().flatten() {
                match change {
                    Change::Insert(at) => {
                        fresh += 1;
                        let at = 1_700_000_000_000 + at / 1000 * unit;
                        server.rows.insert(format!("new{fresh}"), at);
                    }
                    Change::Delete(nth) if !stay.is_empty() => {
                        let id = stay.swap_remove(nth % stay.len());
                        server.rows.remove(&id);
                    }
                    Change::Delete(_) => {}
                }
            }
            pages += 1;
            prop_assert!(pages < 2000, "a walk must end");
        }
        let once: HashSet<&String> = seen.iter().collect();
        prop_assert_eq!(once.len(), seen.len(), "a row came twice");
        for id in &stay {
            prop_assert!(once.contains(id), "{} was lost", id);
        }
    }

    #[test]
    fn without_ties_no_page_is_wasted(rows in 0..700_usize, seconds in any::<bool>()) {
        let unit = if seconds { 1000 } else { 1 };
        let server = Server {
            rows: (0..rows).map(|n| (format!("c{n:04}"), 1_700_000_000_000 + n as i64 * unit)).collect(),
            digits: if seconds { 0 } else { 3 },
        };
        let mut walk = walk(&[]);
        let (mut pages, mut seen) = (0, 0);
        while let Some(call) = walk.next() {
            seen += walk.accept(&server.answer(&call)).unwrap().len();
            pages += 1;
        }
        prop_assert_eq!(seen, rows);
        prop_assert!(pages <= rows.saturating_sub(1).div_ceil(99).max(1), "{} pages for {} rows", pages, rows);
    }
}

#[test]
fn a_cursor_at_the_last_row_moves_one_unit_and_another_goes_back_as_it_came() {
    let mut walk = walk(&[]);
    assert_eq!((walk.next().unwrap().query("limit"), cursor(&walk)), (Some("100"), None));
    let rows = [("a", "2024-01-15T09:30:02Z"), ("b", "2024-01-15T09:30:00Z")];
    assert_eq!(ids(walk.accept(&page(&rows, Some("2024-04-20T14:45:00Z"))).unwrap()), ["a", "b"]);
    assert_eq!(cursor(&walk).as_deref(), Some("2024-04-20T14:45:00Z"));
    let rows = [("b", "2024-01-15T09:30:00Z"), ("c", "2024-01-15T09:29:58Z")];
    assert_eq!(ids(walk.accept(&page(&rows, Some("2024-01-15T09:29:58.000Z"))).unwrap()), ["c"]);
    assert_eq!(cursor(&walk).as_deref(), Some("2024-01-15T09:29:58.001Z"));
    assert_eq!(ids(walk.accept(&page(&[("c", "2024-01-15T09:29:58Z")], None)).unwrap()), Vec::<String>::new());
    assert!(walk.next().is_none());
}

#[test]
fn the_finest_precision_shown_is_the_one_that_counts() {
    let mut walk = walk(&[]);
    let rows = [("a", "2024-01-15T09:30:00.250Z"), ("b", "2024-01-15T09:30:00Z")];
    walk.accept(&page(&rows, Some("2024-01-15T09:30:00Z"))).unwrap();
    assert_eq!(cursor(&walk).as_deref(), Some("2024-01-15T09:30:00.001Z"));
}

#[test]
fn has_more_decides_and_not_the_number_of_rows() {
    let mut walk = walk(&[("cursor", "2025-01-01T00:00:00Z")]);
    assert_eq!(cursor(&walk).as_deref(), Some("2025-01-01T00:00:00Z"));
    assert!(walk.accept(&page(&[], Some("2024-06-01T00:00:00Z"))).unwrap().is_empty());
    assert_eq!(cursor(&walk).as_deref(), Some("2024-06-01T00:00:00Z"));
    assert_eq!(ids(walk.accept(&page(&[("a", "2024-01-15T09:30:00Z")], None)).unwrap()), ["a"]);
    assert!(walk.next().is_none());
}

#[test]
fn times_that_cannot_be_read_leave_the_cursor_as_it_is() {
    let mut walk = walk(&[]);
    walk.accept(&page(&[("a", "soon")], Some("2024-06-01T00:00:00Z"))).unwrap();
    assert_eq!(cursor(&walk).as_deref(), Some("2024-06-01T00:00:00Z"));
    walk.accept(br#"{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"next_cursor":"x1"}"#).unwrap();
    assert_eq!(cursor(&walk).as_deref(), Some("x1"));
    walk.accept(br#"{"data":[{"id":"c"}],"has_more":true,"next_cursor":"x2"}"#).unwrap();
    let again = walk.accept(br#"{"data":[{"id":"d"}],"has_more":true,"next_cursor":"x1"}"#);
    assert_eq!(again.unwrap_err(), WalkError::Stuck { cursor: "x1".into() });
}

#[test]
fn a_cursor_that_does_not_move_ends_the_walk() {
    for next in ["2024-06-01T00:00:00Z", "2024-06-01T00:00:00.000Z", "2024-07-01T00:00:00Z"] {
        let mut walk = walk(&[("cursor", "2024-06-01T00:00:00Z")]);
        let stuck = walk.accept(&page(&[("a", "2024-01-15T09:30:00Z")], Some(next))).unwrap_err();
        assert_eq!(stuck, WalkError::Stuck { cursor: next.into() });
        assert!(walk.next().is_none());
    }
}

#[test]
fn a_small_page_full_of_one_time_is_asked_again_in_full_and_a_full_one_is_an_error() {
    let server =
        |ties: usize| Server { rows: (0..ties).map(|n| (format!("c{n:03}"), 1_700_000_000_000)).collect(), digits: 3 };
    let mut small = walk(&[("limit", "2")]);
    let mut seen = Vec::new();
    while let Some(call) = small.next() {
        seen.extend(ids(small.accept(&server(100).answer(&call)).unwrap()));
    }
    assert_eq!(seen.len(), 100);
    let mut full = walk(&[]);
    assert_eq!(full.accept(&server(101).answer(&full.next().unwrap())).unwrap().len(), 100);
    let tie = full.accept(&server(101).answer(&full.next().unwrap())).unwrap_err();
    assert_eq!(tie, WalkError::Tie { created_at: "2023-11-14T22:13:20.000Z".into(), count: 100 });
    assert!(tie.to_string().starts_with("100 rows were created at `2023-11-14T22:13:20.000Z`"));
}

#[test]
fn a_broken_page_says_how_it_is_broken() {
    for (body, how) in [
        ("[]", "it is not a JSON object"),
        ("{", "it is not a JSON object"),
        (r#"{"has_more":false}"#, "it has no `data` array"),
        (r#"{"data":7,"has_more":false}"#, "it has no `data` array"),
        (r#"{"data":[]}"#, "its `has_more` is not true or false"),
        (r#"{"data":[],"has_more":"no"}"#, "its `has_more` is not true or false"),
        (r#"{"data":[7],"has_more":false}"#, "row 1 is not an object"),
        (r#"{"data":[{"id":7}],"has_more":false}"#, "row 1 has no `id`"),
    ] {
        assert_eq!(walk(&[]).accept(body.as_bytes()).unwrap_err(), WalkError::Broken(how.into()), "{body}");
    }
    for next in ["null", "\"\"", "7"] {
        let body = format!(r#"{{"data":[],"has_more":true,"next_cursor":{next}}}"#);
        assert_eq!(walk(&[]).accept(body.as_bytes()).unwrap_err(), WalkError::NoCursor);
    }
}

#[test]
fn rows_keep_every_byte_the_server_sent() {
    let json = r#"{"id":"a","created_at":null, "new":[1.50,{"x":"\u00e9"}]}"#;
    let rows = walk(&[]).accept(format!(r#"{{"data":[{json}],"has_more":false}}"#).as_bytes()).unwrap();
    assert_eq!(rows[0].json.get(), json);
}
