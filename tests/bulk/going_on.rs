//! How a run goes on that did not come to its end, and when it does not.

use super::{Scene, ago};
use std::fs;

/// Changes every customer.
const UPDATES: &str = r#"
let done = bulk_update_customers(list_customers(), |c| #{plan: `p${c.display_id}`}, #{in_flight: 4});
print(`${done.changed} ${done.unchanged} ${done.failed}`);
"#;

/// How many customers have the plan that `UPDATES` gives them.
const CHANGED: &str = "print(list_customers().filter(|c| c.plan == `p${c.display_id}`).count())";

#[test]
fn of_two_that_go_on_at_once_one_is_refused() {
    let scene = Scene::new(UPDATES, &["--customers", "20", "--fault", "update-customer:delay=100ms"]);
    let ran = scene.run(&["--first", "1"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let (id, sent) = (scene.id(), scene.served.asked());
    let mut first = scene.served.used_by(scene.place.onramp(&["resume", "--last"])).started();
    assert!(scene.served.has_answered(sent + 2, || first.has_ended()));
    let second = scene.served.used_by(scene.place.onramp(&["resume", &id])).ran();
    second.assert_all(
        2,
        "",
        &format!(
            "error: the run `{id}` is at work in another process\n\
             hint: see it with `onramp status`; `onramp cancel {id}` stops it\n"
        ),
    );
    first.ended().assert_all(0, "20 0 0\n", "");
    assert_eq!(scene.count("PATCH", ""), 20);
}

#[test]
fn a_full_disk_stops_the_run_before_a_write_that_it_could_not_keep() {
    let scene = Scene::new(UPDATES, &[]);
    // Files may not grow beyond this, which the system says in its own way.
    let full = "trap '' XFSZ; ulimit -f 145; exec \"$0\" \"$@\"";
    // At a rate at which intents are made safe in groups of twenty.
    let run = scene.place.onramp(&["run", "script.rhai", "--rate", "60000/min"]).within(full);
    let ran = scene.served.used_by(run).ran();
    assert_eq!(ran.code, Some(75), "{ran}");
    let (state, id) = (scene.place.state(), scene.id());
    // Where it is noticed, at the writes or at a page of the list, depends on how large the files are by then.
    let first = format!("error: runs cannot be kept in `{}`: the disk is full\n  --> script.rhai:2:", state.display());
    let way_on = format!(
        "hint: make room on it, or name another folder with `ONRAMP_STATE_DIR`\nhint: `onramp resume {id}` goes on where it stopped; "
    );
    assert!(ran.stderr.starts_with(&first) && ran.stderr.contains(&way_on), "{ran}");
    // No write has gone out whose intent is not in the journal.
    let journal = fs::read(state.join("runs").join(&id).join("journal")).unwrap();
    let intents = String::from_utf8_lossy(&journal).matches("\"kind\":\"intent\"").count();
    let sent = scene.count("PATCH", "");
    assert!(0 < sent && sent <= intents && intents < 120, "{sent} sent, {intents} kept");
    scene.resume().assert_all(0, "120 0 0\n", "");
    assert!(scene.count("PATCH", "") <= 124);
    assert_eq!(scene.meanwhile(CHANGED), "120\n");
}

#[test]
fn a_revoked_key_ends_the_run_with_3_and_it_goes_on_with_another_key() {
    let scene = Scene::new(UPDATES, &["--customers", "20", "--fault", "update-customer:revoke@8"]);
    let ran = scene.run(&[]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let hint = format!("hint: `onramp resume {}` goes on where it stopped; ", scene.id());
    assert!(ran.stderr.contains("error: the API key has been revoked\n") && ran.stderr.contains(&hint), "{ran}");
    // What the service turned away for its key was certainly not carried out.
    let shown = scene.place.onramp(&["show", &scene.id()]).ran();
    assert!(shown.stdout.contains("\nchanged\n") && !shown.stdout.contains("in doubt"), "{shown}");
    assert_eq!(scene.resume().code, Some(3), "the key is still revoked");
    let resume = scene.place.onramp(&["resume", "--last"]);
    let ran = scene.served.used_by(resume).env("PIVOTAL_API_KEY", onramp::sandbox::TEST_KEY).ran();
    ran.assert_all(0, "20 0 0\n", "");
}

#[test]
fn what_earlier_attempts_have_changed_counts_from_the_first_moment_on() {
    // More than one page of the list, so that an attempt may stop before it comes to where the last one stood.
    let script = UPDATES.replace("in_flight: 4", "in_flight: 1");
    let scene = Scene::new(&script, &["--customers", "130", "--fault", "update-customer:revoke@121"]);
    let ran = scene.run(&[]);
    let way_on = format!("hint: `onramp resume {}` goes on where it stopped; 120 changes made so far\n", scene.id());
    assert!(ran.code == Some(3) && ran.stderr.ends_with(&way_on), "{ran}");
    let again = scene.resume();
    assert!(again.code == Some(3) && again.stderr.ends_with(&way_on), "{again}");
    let runs = scene.place.onramp(&["runs"]).ran();
    assert!(runs.stdout.contains("  120 changed  "), "{runs}");
}

#[test]
fn a_key_that_is_revoked_ends_creates_and_deletes_as_well() {
    let deletes = "let rows = list_customers().pluck(\"id\");
        let done = bulk_delete_customers(rows, #{in_flight: 2}); print(`${done.changed} ${done.failed}`);
        print(list_customers().count());";
    let creates = "let rows = []; for n in 1..13 { rows.push(#{name: `Made ${n}`}); }
        let done = bulk_create_customers(rows, |row| row, #{in_flight: 2}); print(`${done.changed} ${done.failed}`);
        print(list_customers().filter(|c| c.name.starts_with(\"Made \")).count());";
    for (script, fault, end) in
        [(deletes, "delete-customer:revoke@5", "12 0\n0\n"), (creates, "create-customer:revoke@5", "12 0\n12\n")]
    {
        let scene = Scene::new(script, &["--customers", "12", "--fault", fault]);
        let ran = scene.run(&[]);
        assert_eq!(ran.code, Some(3), "{ran}");
        let hint = format!("hint: `onramp resume {}` goes on where it stopped; ", scene.id());
        assert!(ran.stderr.contains("error: the API key has been revoked\n") && ran.stderr.contains(&hint), "{ran}");
        let resume = scene.served.used_by(scene.place.onramp(&["resume", "--last"]));
        resume.env("PIVOTAL_API_KEY", onramp::sandbox::TEST_KEY).ran().assert_all(0, end, "");
    }
}

#[test]
fn a_network_that_is_gone_ends_the_run_with_75_and_it_goes_on() {
    let scene = Scene::new(
        &UPDATES.replace("in_flight: 4", "in_flight: 1"),
        &["--customers", "12", "--fault", "update-customer:reset-before@7-11"],
    );
    let ran = scene.run(&["--max-wait", "1ms"]);
    assert_eq!(ran.code, Some(75), "{ran}");
    assert!(ran.stderr.contains("got no answer"), "{ran}");
    scene.resume().assert_all(0, "12 0 0\n", "");
    assert_eq!(scene.meanwhile(CHANGED), "12\n");
}

#[test]
fn a_rate_limit_that_others_use_up_ends_the_run_with_75_and_it_goes_on() {
    let scene = Scene::new(UPDATES, &["--customers", "12", "--fault", "update-customer:429=3s@6"]);
    let mut ran = scene.run(&["--max-wait", "1s"]);
    assert_eq!(ran.code, Some(75), "{ran}");
    // What waited for the limit was certainly not carried out.
    let shown = scene.place.onramp(&["show", &scene.id()]).ran();
    assert!(shown.stdout.starts_with("run ") && !shown.stdout.contains("in doubt"), "{shown}");
    // Processes share what they know of the limit, so nothing goes out before it is over.
    while ran.code == Some(75) {
        ran = scene.resume();
    }
    ran.assert_all(0, "12 0 0\n", "");
    assert_eq!(scene.meanwhile(CHANGED), "12\n");
}

#[test]
fn an_error_that_ended_a_run_is_asked_for_again_and_one_that_was_caught_is_not() {
    let script = r#"
try { get_customer(101) } catch (e) { print(`caught ${e.status}`); create_customer(#{name: "Instead"}); }
print(get_customer(102).display_id);
"#;
    let scene =
        Scene::new(script, &["--fault", "get-customer:status=500@1-5", "--fault", "get-customer:reset-before@6-10"]);
    let ran = scene.run(&["--max-wait", "1ms"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(75), "caught 500\n"), "{ran}");
    scene.resume().assert_all(0, "caught 500\n102\n", "");
    assert_eq!(scene.count("POST", ""), 1);
}

/// Creates six customers, one after the other.
fn creates(name: &str) -> String {
    format!("for n in 1..7 {{ create_customer(#{{name: {name}, mrr: 7}}); }}\nprint(\"made\");\n")
}

/// A run of them that died at this point a day and an hour ago.
fn a_day_ago(name: &str, point: &str) -> Scene {
    let scene = Scene::new(&creates(name), &[]);
    let begun = ago(25.0);
    let onramp = scene.served.used_by(scene.place.onramp(&["run", "script.rhai", "--now", &begun]));
    let ran = onramp.env("ONRAMP_CRASH_AT", point).ran();
    assert_eq!(ran.code, None, "{ran}");
    scene.let_pass(&begun, 25.0);
    scene
}

#[test]
#[cfg(debug_assertions)]
fn a_create_beyond_the_life_of_its_key_is_looked_for_before_it_is_sent_again() {
    for name in ["`Made ${n}`", "\"Made\""] {
        let scene = a_day_ago(name, "before_answer_stored:3");
        assert_eq!(scene.count("POST", ""), 3, "the third was carried out");
        scene.resume().assert_all(0, "made\n", "");
        assert_eq!(scene.count("POST", ""), 6, "{name}: it was found, and not sent again");
        assert_eq!(scene.meanwhile("print(list_customers().filter(|c| c.mrr == 7).count())"), "6\n");
        let scene = a_day_ago(name, "after_intent:3");
        assert_eq!(scene.count("POST", ""), 2, "the third was not carried out");
        scene.resume().assert_all(0, "made\n", "");
        assert_eq!(scene.count("POST", ""), 6, "{name}: it was not found, and sent");
        assert_eq!(scene.meanwhile("print(list_customers().filter(|c| c.mrr == 7).count())"), "6\n");
    }
}

#[test]
#[cfg(debug_assertions)]
fn where_nobody_can_tell_whether_it_was_carried_out_people_are_asked() {
    let scene = a_day_ago("`Made ${n}`", "after_intent:3");
    scene.meanwhile("create_customer(#{name: \"made  3\", mrr: 8})");
    let sent = scene.count("POST", "");
    let ran = scene.resume();
    assert_eq!(ran.code, Some(75), "{ran}");
    assert!(
        ran.stderr.starts_with(
            "error: nobody knows whether `create_customer` was carried out when the run stopped: \
             something like it has been created since, and is not quite the same\n"
        ),
        "{ran}"
    );
    assert_eq!(scene.count("POST", ""), sent);
}
