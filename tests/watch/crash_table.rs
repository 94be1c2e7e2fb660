//! A test for each row of the table in `docs/triggers.md`: what is killed, what is found, what happens.

use super::{Inbox, SCRIPT, THREE, ends};
use std::fs;

/// A watcher that died at this point, with one file of three rows.
fn died_at(point: &str) -> Inbox {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("orders.csv", THREE);
    let died = inbox.watch(&[]).env("ONRAMP_CRASH_AT", point).ran();
    assert_eq!(died.code, None, "{point}: {died}");
    inbox
}

/// The next watcher brings it to its end: each effect once, the file in one place, the report whole, and nothing of it changes
/// any more.
#[track_caller]
fn is_worked_through_once(inbox: &Inbox) {
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.lies(), ["done/orders.csv", "done/orders.csv.report.json"]);
    assert_eq!(inbox.made(), ["A", "B", "C"]);
    assert_eq!(inbox.runs().len(), 1);
    let report = inbox.report("done/orders.csv");
    assert_eq!((&report["outcome"], &report["counts"]["changed"]), (&"done".into(), &3.into()), "{report}");
    let read = || fs::read(inbox.path("done/orders.csv.report.json")).unwrap();
    let before = read();
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(read(), before);
}

#[test]
fn killed_before_it_was_claimed_the_file_is_looked_at_again() {
    let inbox = died_at("before_claim");
    assert_eq!((inbox.lies(), inbox.runs().len()), (vec!["orders.csv".to_string()], 0));
    is_worked_through_once(&inbox);
}

#[test]
fn killed_when_it_was_claimed_and_not_moved_it_meets_its_own_hash_and_goes_on() {
    let inbox = died_at("after_claim");
    assert_eq!((inbox.lies(), inbox.runs().len()), (vec!["orders.csv".to_string()], 1));
    is_worked_through_once(&inbox);
}

#[test]
fn killed_when_it_was_claimed_and_the_file_is_gone_the_run_is_withdrawn() {
    let inbox = died_at("after_claim");
    fs::remove_file(inbox.path("orders.csv")).unwrap();
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 4);
    assert!(ran.stderr.contains("`orders.csv`: withdrawn before its run"), "{ran}");
    assert_eq!(inbox.lies(), ["failed/orders.csv.report.json"]);
    assert_eq!(inbox.report("failed/orders.csv")["message"], "the file was withdrawn before the run started");
    assert_eq!(inbox.creates(), 0);
}

#[test]
fn killed_when_it_was_claimed_and_another_file_has_its_name_both_are_accounted_for() {
    let inbox = died_at("after_claim");
    inbox.drop_in("orders.csv", "name,mrr\nD,4\n");
    ends(&inbox.watch(&[]).ran(), 4);
    let all = ["done/orders.csv", "done/orders.csv.report.json", "failed/orders.csv.report.json"];
    assert_eq!((inbox.lies(), inbox.creates()), (all.map(String::from).to_vec(), 1));
}

#[test]
fn killed_when_it_was_moved_the_run_starts() {
    let inbox = died_at("after_take");
    assert!(inbox.lies()[0].starts_with("work/"), "{:?}", inbox.lies());
    assert_eq!(inbox.runs()[0]["state"], "queued");
    is_worked_through_once(&inbox);
}

#[test]
fn killed_when_its_run_was_handed_over_the_run_starts_or_goes_on() {
    is_worked_through_once(&died_at("after_wake"));
}

#[test]
#[cfg(target_os = "linux")]
fn killed_with_its_run_at_work_the_run_resumes_from_its_journal() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("orders.csv", THREE);
    let watcher = inbox.watch(&[]).started();
    // The workspace, and the first of the rows.
    assert!(inbox.sandbox.has_answered(2, || false));
    let children = watcher.children();
    assert_eq!(children.len(), 1);
    watcher.kill();
    for child in children {
        // SAFETY: takes two numbers. Its parent is gone, so the process may be as well.
        unsafe { libc::kill(child, libc::SIGKILL) };
    }
    is_worked_through_once(&inbox);
}

#[test]
fn killed_when_its_run_had_ended_the_file_is_put_in_its_place() {
    is_worked_through_once(&died_at("before_leave"));
}

#[test]
fn killed_when_the_report_was_written_and_the_file_not_moved_the_move_is_finished() {
    let inbox = died_at("after_report");
    let report = fs::read(inbox.path("done/orders.csv.report.json")).unwrap();
    assert!(!inbox.path("done/orders.csv").exists());
    is_worked_through_once(&inbox);
    assert_eq!(fs::read(inbox.path("done/orders.csv.report.json")).unwrap(), report, "the same again");
}

#[test]
fn killed_when_the_file_was_moved_and_its_row_does_not_know_nothing_is_left_to_do() {
    let inbox = died_at("after_move");
    assert!(inbox.path("done/orders.csv").exists());
    is_worked_through_once(&inbox);
}

#[test]
fn killed_before_the_move_and_another_file_has_its_place_neither_is_written_over() {
    let inbox = died_at("after_report");
    fs::write(inbox.path("done/orders.csv"), "somebody's own").unwrap();
    ends(&inbox.watch(&[]).ran(), 0);
    let all = ["done/orders-2.csv", "done/orders-2.csv.report.json", "done/orders.csv"];
    assert_eq!((inbox.lies(), inbox.creates()), (all.map(String::from).to_vec(), 3));
    assert_eq!(fs::read_to_string(inbox.path("done/orders.csv")).unwrap(), "somebody's own");
    assert_eq!(fs::read_to_string(inbox.path("done/orders-2.csv")).unwrap(), THREE);
}
