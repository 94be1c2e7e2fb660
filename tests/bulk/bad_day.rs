//! Each fault of the sandbox during bulk: what becomes of the row that it strikes, and of the others.

use super::Scene;
use std::thread;

const UPDATES: &str = r#"
let done = bulk_update_customers(list_customers(), |c| #{plan: `p${c.display_id}`}, #{in_flight: 2});
print(`${done.changed} ${done.failed}`);
for f in done.failures { print(`${f.code}: ${f.message}`); }
"#;

const CREATES: &str = r#"
let rows = [];
for n in 1..7 { rows.push(#{name: `Made ${n}`}); }
let done = bulk_create_customers(rows, |row| row, #{in_flight: 2});
print(`${done.changed} ${done.failed}`);
for f in done.failures { print(`${f.code}: ${f.message}`); }
"#;

const DELETES: &str = r#"
let rows = list_customers().map(|c| #{id: c.id, name: c.name}).to_array();
let done = bulk_delete_customers(rows, #{in_flight: 2});
print(`${done.changed} ${done.failed}`);
for f in done.failures { print(`${f.code}: ${f.message}`); }
"#;

const COUNT: &str = "print(list_customers().count())";
const CHANGED: &str = "print(list_customers().filter(|c| c.plan == `p${c.display_id}`).count())";
const MADE: &str = "print(list_customers().filter(|c| c.name.starts_with(\"Made \")).count())";

#[test]
fn what_passes_is_mended_in_every_row_and_nothing_is_made_twice() {
    let faults = [
        "status=408@2",
        "status=500@2",
        "status=502@2-3",
        "status=503@2-4",
        "status=504@2",
        "429@2",
        "429=1s@3",
        "429=1s@20%",
        "html@2",
        "html=200@2",
        "reset-before@2",
        "reset-after@2-3",
        "cut@2",
        "empty@2",
        "delay=30ms",
    ];
    // Most of the time is the client's waiting before another attempt, so the runs wait side by side.
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                let scene = Scene::new(UPDATES, &["--customers", "6", "--fault", &format!("update-customer:{fault}")]);
                scene.run(&[]).assert_all(0, "6 0\n", "");
                assert_eq!(scene.meanwhile(CHANGED), "6\n", "{fault}");
                let scene = Scene::new(CREATES, &["--fault", &format!("create-customer:{fault}")]);
                scene.run(&[]).assert_all(0, "6 0\n", "");
                assert_eq!(scene.meanwhile(MADE), "6\n", "{fault}");
                let scene = Scene::new(DELETES, &["--customers", "6", "--fault", &format!("delete-customer:{fault}")]);
                scene.run(&[]).assert_all(0, "6 0\n", "");
                assert_eq!(scene.meanwhile(COUNT), "0\n", "{fault}");
            });
        }
    });
}

#[test]
fn what_does_not_pass_is_that_rows_own_failure() {
    let told = |status: u16, code: &str| format!("{code}: The sandbox was told to answer {status} here.\n");
    let cases = [
        ("status=400@3", "5 1\n", told(400, "invalid_request_error"), "5\n"),
        ("status=403@3", "5 1\n", told(403, "permission_error"), "5\n"),
        ("status=404@3", "5 1\n", told(404, "not_found"), "5\n"),
        ("status=409@3", "5 1\n", told(409, "conflict"), "5\n"),
    ];
    // One at a time, so that the third request is the third row's.
    let [updates, creates, deletes] =
        [UPDATES, CREATES, DELETES].map(|script| script.replace("in_flight: 2", "in_flight: 1, label: |c| ()"));
    for (fault, counts, failures, changed) in cases {
        let scene = Scene::new(&updates, &["--customers", "6", "--fault", &format!("update-customer:{fault}")]);
        let expected = format!("{counts}{failures}");
        let (_, why) = failures.trim_end().split_once(": ").unwrap();
        let end = format!("error: 1 row failed; the others are done\n  row 3: {why}\n");
        scene.run(&[]).assert_all(4, &expected, &end);
        assert_eq!(scene.meanwhile(CHANGED), changed, "{fault}");
        let scene = Scene::new(&creates, &["--fault", &format!("create-customer:{fault}")]);
        scene.run(&[]).assert_all(4, &expected, &end);
        assert_eq!(scene.meanwhile(MADE), changed, "{fault}");
        let scene = Scene::new(&deletes, &["--customers", "6", "--fault", &format!("delete-customer:{fault}")]);
        scene.run(&[]).assert_all(4, &expected, &end);
        assert_eq!(scene.meanwhile(COUNT), "1\n", "{fault}");
    }
}

#[test]
fn an_answer_that_stays_bad_says_that_the_write_may_have_been_carried_out() {
    let one = UPDATES
        .replace("list_customers()", "list_customers().take(1)")
        .replace("in_flight", "label: |c| (), in_flight");
    let cases = [
        ("empty", "invalid_answer: the answer is empty; it may have been carried out\n", "1\n"),
        ("status=503", "internal_error: The sandbox was told to answer 503 here.\n", "0\n"),
    ];
    thread::scope(|scope| {
        for (fault, failure, changed) in cases {
            let one = one.as_str();
            scope.spawn(move || {
                let scene = Scene::new(one, &["--fault", &format!("update-customer:{fault}")]);
                let ran = scene.run(&[]);
                let (_, why) = failure.trim_end().split_once(": ").unwrap();
                let end = format!("error: 1 row failed; there are no others\n  row 1: {why}\n");
                ran.assert_all(4, &format!("0 1\n{failure}"), &end);
                assert_eq!(scene.meanwhile(CHANGED), changed, "{fault}");
            });
        }
    });
}
