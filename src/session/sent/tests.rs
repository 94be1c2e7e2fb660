//! Several writes that come back together, each with another end.

use super::*;
use crate::{
    api::{self, error::ApiError, request::Call},
    session::{
        Keeper, Workspace,
        journal::{Asked, Entry},
        seen::Part,
    },
    stop::Reason,
    store::{StoreError, journal::Journal},
};
use std::path::{Path, PathBuf};

const PAGE: &str = r#"{"object":"list","data":[{"object":"customer","id":"c1","display_id":1},{"object":"customer","id":"c2","display_id":2},{"object":"customer","id":"c3","display_id":3}],"has_more":false}"#;

struct At(PathBuf);

impl Keeper for At {
    fn begin(&self, _: &Workspace) -> Result<PathBuf, StoreError> {
        Ok(self.0.clone())
    }
}

/// A run that has read a page, and is about to write.
fn recorder(folder: &Path, shown: Shown<'_>) -> Recorder {
    let recorder = Recorder::new(folder, Box::new(At(folder.join("journal"))));
    let asked = Asked { operation: "list_customers".into(), target: "/customers?limit=100".into(), body: None };
    let answered = Answered { status: 200, request_id: None, date: None };
    let entry = Entry::Read { n: Number(1, 0, 0, 1), asked, at: Timestamp::UNIX_EPOCH, answered };
    recorder.append_all(&[Added { entry: &entry, body: PAGE.as_bytes(), shown }]).unwrap();
    let [id, slug, name, key_prefix] = ["w1", "acme", "Acme", "pk"].map(String::from);
    recorder.keep(Timestamp::UNIX_EPOCH, || Ok(Workspace { id, slug, name, key_prefix })).unwrap();
    recorder
}

fn prepared(row: u64, operation: &str, id: &str, intended: bool) -> Prepared {
    let operation = api::operation(operation).unwrap();
    let call = Call { body: operation.has_body().then(|| b"{}".to_vec()), ..Call::new(operation, vec![id.into()]) };
    let request = Request::build(&call, None).unwrap();
    let number = Number(2, row, 0, 0);
    let intent = intended.then_some(Entry::Again { n: number });
    Prepared { number, operation, request, intent, id: Some(id.into()) }
}

fn answer(body: &str) -> Result<Answer, CallError> {
    Ok(Answer { status: 200, body: body.into(), request_id: None, date: None })
}

fn denied() -> Result<Answer, CallError> {
    Err(CallError::Api(Box::new(ApiError {
        operation: "update_customer",
        status: 409,
        kind: "conflict".into(),
        code: None,
        message: "no".into(),
        field: None,
        request_id: None,
        excerpt: None,
        attempts: 1,
    })))
}

fn cut_off() -> Result<Answer, CallError> {
    Err(CallError::Network { operation: "update_customer", attempts: 3, cause: "gone".into(), waited: None })
}

fn stopped() -> Result<Answer, CallError> {
    Err(CallError::Stopped(Reason::Interrupt))
}

/// What stands in the journal behind the page and the mark of the attempt.
fn entered(folder: &Path) -> Vec<String> {
    let (_, frames) = Journal::look(&folder.join("journal")).unwrap();
    let head = |head: &[u8]| -> serde_json::Value { serde_json::from_slice(head).unwrap() };
    let heads = frames.iter().skip(2).map(|frame| head(&frame.head));
    heads.map(|head| format!("{} {}", head["kind"].as_str().unwrap(), head["n"][1])).collect()
}

#[test]
fn what_comes_back_together_is_entered_together_and_each_has_its_own_end() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path(), Shown::Unknown);
    let back = |row, operation, id, result, sent| {
        prepared(row, operation, id, true).returned(Timestamp::UNIX_EPOCH, result, sent)
    };
    let deleted = |id| answer(&format!(r#"{{"object":"deleted","id":"{id}","deleted":true}}"#));
    let outcomes = enter(
        Some(&recorder),
        vec![
            back(1, "delete_customer", "c1", deleted("c1"), true),
            back(2, "update_customer", "c3", denied(), true),
            back(3, "update_customer", "c3", cut_off(), true),
            back(4, "delete_customer", "c2", deleted("c2"), true),
            back(5, "update_customer", "c3", stopped(), false),
        ],
    );
    let words = |outcome: Result<Outcome, SessionError>| match outcome {
        Ok(Outcome::Changed(_)) => "changed",
        Ok(Outcome::Failed(_)) => "failed",
        Err(SessionError::Call(CallError::Network { .. })) => "cut off",
        Err(SessionError::Call(CallError::Stopped(_))) => "stopped",
        _ => "something else",
    };
    let outcomes: Vec<_> = outcomes.unwrap().into_iter().map(words).collect();
    assert_eq!(outcomes, ["changed", "failed", "cut off", "changed", "stopped"]);
    assert_eq!(entered(folder.path()), ["answer 1", "denied 2", "answer 4", "unsent 5"]);
    let known = ["c1", "c2", "c3"].map(|id| recorder.place("customer", id).is_some());
    assert_eq!(known, [false, false, true], "both that are gone are forgotten");
}

#[test]
fn what_cannot_be_written_has_no_outcome_and_what_is_not_to_be_written_has() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path(), Shown::Unknown);
    recorder.journal().end();
    let back = |row, result| prepared(row, "update_customer", "c1", true).returned(Timestamp::UNIX_EPOCH, result, true);
    let all = enter(Some(&recorder), vec![back(1, answer("{}")), back(2, answer("{}"))]);
    assert!(matches!(all, Err(SessionError::Store(_))), "{all:?}");
    let none = enter(Some(&recorder), vec![back(3, cut_off())]).unwrap();
    assert!(matches!(none[..], [Err(SessionError::Call(CallError::Network { .. }))]), "{none:?}");
    assert!(entered(folder.path()).is_empty());
}

#[test]
fn a_write_in_doubt_stays_so_where_it_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path(), Shown::Unknown);
    for (row, intended) in [(1, false), (2, true)] {
        prepared(row, "update_customer", "c1", intended).take_back(&recorder).unwrap();
        let back = prepared(row + 2, "update_customer", "c1", intended);
        let outcome = back.returned(Timestamp::UNIX_EPOCH, stopped(), false).record(Some(&recorder));
        assert!(matches!(outcome, Err(SessionError::Call(CallError::Stopped(_)))), "{outcome:?}");
    }
    assert_eq!(entered(folder.path()), ["unsent 2", "unsent 4"]);
}

#[test]
fn the_rows_of_a_page_that_whoever_read_it_has_found_are_those_of_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let second = &PAGE[PAGE.find(r#"{"object":"customer","id":"c2""#).unwrap()..];
    let second = &second[..=second.find('}').unwrap()];
    let recorder = recorder(folder.path(), Shown::Rows(&[Part::of(second.as_bytes(), PAGE.as_bytes())]));
    let known = ["c1", "2", "c3"].map(|id| recorder.place("customer", id).is_some());
    assert_eq!(known, [false, true, false]);
    let snapshot = recorder.snapshot("customer", "c2").unwrap().unwrap();
    assert_eq!(snapshot.json, second.as_bytes());
}
