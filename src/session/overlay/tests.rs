//! What the property test over the sandbox cannot reach: servers that answer in other ways than the sandbox, and what the
//! entries of a plan say.

use super::*;
use crate::{
    api::operation,
    session::plan::{Change, ListFilter, Undo},
};
use std::cell::RefCell;

fn call(name: &str, path: &[&str], query: &[(&'static str, &str)], body: Option<&str>) -> Call {
    let mut call = Call::new(operation(name).unwrap(), path.iter().map(|id| id.to_string()).collect());
    query.iter().for_each(|(name, value)| call.set_query(name, value.to_string()));
    call.body = body.map(|body| body.as_bytes().to_vec());
    call
}

/// A service that gives these answers one after the other, and what it was asked.
struct Told {
    answers: RefCell<Vec<String>>,
    asked: RefCell<Vec<String>>,
}

impl Told {
    fn new(answers: &[&str]) -> Told {
        let answers = answers.iter().rev().map(|text| text.to_string()).collect();
        Told { answers: RefCell::new(answers), asked: RefCell::default() }
    }

    fn send(&self, call: &Call) -> Result<Answer, CallError> {
        self.asked.borrow_mut().push(Request::build(call, None).unwrap().target);
        let body = self.answers.borrow_mut().pop().unwrap_or_else(|| panic!("nobody expected {call:?}"));
        match body.strip_prefix("404 ") {
            Some(id) => Err(problem::Problem::missing(Kind::of(call.operation).unwrap(), id).of(call.operation.name)),
            None => Ok(answered(200, body)),
        }
    }
}

fn overlay() -> Overlay {
    Overlay::new(Clock::Fixed("2026-05-26T12:00:00Z".parse().unwrap()))
}

fn customer(id: &str, display: i64, created: &str, more: &str) -> String {
    format!(
        r#"{{"object":"customer","id":"{id}","display_id":{display},"name":"{id} Ltd","slug":"{id}","status":"active","created_at":"{created}","updated_at":"2026-02-01T00:00:00Z"{more}}}"#
    )
}

fn page(rows: &[String], next: Option<&str>) -> String {
    let more = next.is_some();
    let next = next.map_or("null".to_string(), |next| format!("\"{next}\""));
    format!(r#"{{"object":"list","data":[{}],"has_more":{more},"next_cursor":{next}}}"#, rows.join(","))
}

fn ids(answer: &Answer) -> Vec<String> {
    let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_string()).collect()
}

#[test]
fn an_entry_says_what_was_and_what_will_be() {
    let mut overlay = overlay();
    let rows = [
        customer("a", 101, "2026-01-02T00:00:00Z", r#","plan":null,"future":[1]"#),
        customer("b", 102, "2026-01-01T00:00:00Z", ""),
    ];
    let told = Told::new(&[&page(&rows, None)]);
    let live = |call: &Call| told.send(call);
    overlay.call(&call("list_customers", &[], &[("status", "active"), ("limit", "2")], None), &live).unwrap();
    let update = call("update_customer", &["0101"], &[], Some(r#"{"plan":"pro","name":"a Ltd"}"#));
    let (answer, wrote) = overlay.call(&update, &live).unwrap();
    assert_eq!(wrote, Wrote::Entry(1));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains(r#""plan":"pro","future":[1]"#), "what nobody knows stays: {text}");
    assert_eq!(overlay.call(&update, &live).unwrap().1, Wrote::Nothing);
    overlay.call(&call("delete_customer", &["b"], &[], None), &live).unwrap();
    assert_eq!(overlay.call(&call("delete_customer", &["102"], &[], None), &live).unwrap().1, Wrote::Nothing);
    assert_eq!(*overlay.unchanged(), BTreeMap::from([("update_customer", 1), ("delete_customer", 1)]));

    let [update, delete] = overlay.entries() else { panic!("{:?}", overlay.entries()) };
    let exact = |text: &str| Some(serde_json::from_str(text).unwrap());
    assert_eq!(update.path, ["0101"]);
    assert_eq!(update.body.as_deref(), Some(r#"{"plan":"pro","name":"a Ltd"}"#));
    assert_eq!(update.changes, [Change { field: "plan".into(), before: exact("null"), after: exact(r#""pro""#) }]);
    assert_eq!((update.record.id.as_str(), update.record.display_id), ("a", Some(101)));
    assert_eq!((update.record.label.as_deref(), update.undo), (Some("a Ltd"), Undo::Yes));
    let query = BTreeMap::from([("status".to_string(), "active".to_string())]);
    let filter = ListFilter { operation: "list_customers".into(), path: vec![], query };
    assert_eq!((&update.from, &delete.from), (&Some(filter.clone()), &Some(filter)));
    assert_eq!(update.seen_updated_at.as_deref(), Some("2026-02-01T00:00:00Z"));
    assert_eq!((delete.undo, delete.changes.len()), (Undo::NewId, 3), "{:?}", delete.changes);
    assert_eq!(told.asked.borrow().len(), 1);
}

#[test]
fn what_follows_from_a_write_is_a_change_and_what_cannot_go_back_is_marked() {
    let mut overlay = overlay();
    let onboarding = |id: &str| {
        format!(
            r#"{{"object":"onboarding","id":"{id}","display_id":7,"customer_id":"a","phase":"launch","state":"active","waiting_on_customer":false,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}}"#
        )
    };
    let told = Told::new(&[&customer("a", 101, "2026-01-02T00:00:00Z", ""), &onboarding("o")]);
    let live = |call: &Call| told.send(call);
    overlay.call(&call("get_customer", &["a"], &[], None), &live).unwrap();
    for body in [r#"{"waiting_on_customer":true}"#, r#"{"phase":"completed"}"#] {
        overlay.call(&call("update_onboarding", &["o"], &[], Some(body)), &live).unwrap();
    }
    let fields = |entry: &Entry| entry.changes.iter().map(|change| change.field.clone()).collect::<Vec<_>>();
    let [waiting, completed] = overlay.entries() else { panic!("{:?}", overlay.entries()) };
    assert_eq!((fields(waiting), waiting.undo), (vec!["state".to_string(), "waiting_on_customer".into()], Undo::Yes));
    assert_eq!((fields(completed), completed.undo), (vec!["phase".to_string()], Undo::No));
    assert_eq!(waiting.record.label.as_deref(), Some("a Ltd"), "an onboarding goes by its customer's name");
}

#[test]
fn a_cursor_that_is_no_time_is_the_services_own() {
    let mut overlay = overlay();
    let row = |id: &str, display| customer(id, display, &format!("2026-01-{:02}T00:00:00Z", display - 100), "");
    let rows = [row("d", 104), row("b", 102)];
    let told = Told::new(&[&row("e", 105), &row("c", 103), &page(&rows, None)]);
    let live = |call: &Call| told.send(call);
    for id in ["e", "c"] {
        overlay.call(&call("update_customer", &[id], &[], Some(r#"{"status":"churned"}"#)), &live).unwrap();
    }
    let (answer, _) = overlay.call(&call("list_customers", &[], &[("cursor", "tok-1")], None), &live).unwrap();
    assert_eq!(ids(&answer), ["d", "c", "b"], "what is newer than the page's first row belongs to the page before");
    assert_eq!(told.asked.borrow()[2], "/customers?cursor=tok-1&limit=100");
}

#[test]
fn rows_out_of_order_come_once() {
    let mut overlay = overlay();
    let row = |id: &str, day: i64| customer(id, 100 + day, &format!("2026-01-{day:02}T00:00:00Z"), "");
    let rows = [row("a", 9), row("b", 3), row("c", 7), row("d", 2)];
    let told = Told::new(&[&row("x", 8), &row("y", 5), &row("z", 1), &page(&rows, None)]);
    let live = |call: &Call| told.send(call);
    for id in ["x", "y", "z"] {
        overlay.call(&call("update_customer", &[id], &[], Some(r#"{"plan":"p"}"#)), &live).unwrap();
    }
    let (answer, _) = overlay.call(&call("list_customers", &[], &[], None), &live).unwrap();
    assert_eq!(ids(&answer), ["a", "x", "y", "b", "c", "d", "z"]);
}

#[test]
fn the_filter_for_waiting_asks_for_the_flag() {
    let query = Query::of(&call("list_onboardings", &[], &[("state", "waiting")], None), Kind::Onboarding);
    let meets = |json: &str| query.meets(&row::Facts::of(Kind::Onboarding, json).unwrap());
    assert!(meets(r#"{"id":"o","state":"paused","waiting_on_customer":true}"#));
    assert!(!meets(r#"{"id":"o","state":"waiting","waiting_on_customer":false}"#));
}

#[test]
fn a_record_that_is_gone_meanwhile_is_missing_for_the_write_too() {
    let mut overlay = overlay();
    let told = Told::new(&[&customer("a", 101, "2026-01-02T00:00:00Z", ""), "404 a", "404 a"]);
    let live = |call: &Call| told.send(call);
    let get = call("get_customer", &["a"], &[], None);
    overlay.call(&get, &live).unwrap();
    overlay.call(&get, &live).unwrap_err();
    let update = overlay.call(&call("update_customer", &["101"], &[], Some("{}")), &live).unwrap_err();
    let CallError::Api(error) = update else { panic!("{update}") };
    assert_eq!((error.operation, error.code.as_deref()), ("update_customer", Some("customer_not_found")));
    assert!(overlay.entries().is_empty());
}

#[test]
fn calls_that_cannot_be_made_are_refused_before_anything_is_asked() {
    let mut overlay = overlay();
    let live = |call: &Call| panic!("{call:?}");
    for bad in [call("get_customer", &[""], &[], None), call("update_customer", &["a"], &[], None)] {
        assert!(matches!(overlay.call(&bad, &live), Err(CallError::Refused(_))));
    }
}

#[test]
fn an_overlay_may_be_shared_by_threads() {
    fn shared<T: Send>() {}
    shared::<Overlay>();
}
