//! The walk against a model of the server, and against pages made by hand.

mod model;
mod splits;

use super::*;
use model::{Server, ids, page, walk};
use proptest::prelude::*;

fn cursor(walk: &Walk) -> Option<String> {
    walk.next().ok()??.query("cursor").map(str::to_string)
}

proptest! {
    #[test]
    fn without_ties_no_page_is_wasted(rows in 0..700_usize, seconds in any::<bool>()) {
        let unit = if seconds { 1000 } else { 1 };
        let times = (0..rows).map(|n| (1_700_000_000_000 + n as i64 * unit, "active"));
        let server = Server::new(if seconds { 0 } else { 3 }, times);
        let mut walk = walk(&[]);
        let (mut pages, mut seen) = (0, 0);
        while let Some(call) = walk.next().unwrap() {
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
    assert_eq!((walk.next().unwrap().unwrap().query("limit"), cursor(&walk)), (Some("100"), None));
    let rows = [("a", "2024-01-15T09:30:02Z"), ("b", "2024-01-15T09:30:00Z")];
    assert_eq!(ids(walk.accept(&page(&rows, Some("2024-04-20T14:45:00Z"))).unwrap()), ["a", "b"]);
    assert_eq!(cursor(&walk).as_deref(), Some("2024-04-20T14:45:00Z"));
    let rows = [("b", "2024-01-15T09:30:00Z"), ("c", "2024-01-15T09:29:58Z")];
    assert_eq!(ids(walk.accept(&page(&rows, Some("2024-01-15T09:29:58.000Z"))).unwrap()), ["c"]);
    assert_eq!(cursor(&walk).as_deref(), Some("2024-01-15T09:29:58.001Z"));
    assert_eq!(ids(walk.accept(&page(&[("c", "2024-01-15T09:29:58Z")], None)).unwrap()), Vec::<String>::new());
    assert!(walk.next().unwrap().is_none());
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
    assert!(walk.next().unwrap().is_none());
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
        assert_eq!(walk.next().unwrap_err(), stuck);
    }
}

#[test]
fn a_small_page_full_of_one_time_is_asked_again_in_full() {
    let server = Server::tied(100, |_| "active");
    let mut small = walk(&[("limit", "2")]);
    let mut seen = Vec::new();
    while let Some(call) = small.next().unwrap() {
        seen.extend(ids(small.accept(&server.answer(&call)).unwrap()));
    }
    assert_eq!(seen.len(), 100);
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
