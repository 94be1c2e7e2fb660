//! Schedules that `onramp serve` takes over: of scripts that are links, from a clock that was wrong, and from a store that
//! cannot be used for a while.

use super::{EVERY, served};
use crate::harness::{PATIENCE, Place, Served};
use rusqlite::Connection;
use serde_json::Value;
use std::{collections::BTreeMap, fs, time::Instant};

fn store(place: &Place) -> Connection {
    Connection::open(place.state().join("onramp.db")).unwrap()
}

#[cfg(unix)]
#[test]
fn scripts_that_are_links_are_followed_by_their_own_names_also_after_a_restart() {
    let (place, sandbox) = served(&[]);
    fs::create_dir(place.work().join("versions")).unwrap();
    fs::write(place.work().join("versions/one.rhai"), EVERY).unwrap();
    for name in ["a", "b"] {
        std::os::unix::fs::symlink("../versions/one.rhai", place.work().join(format!("s/{name}.rhai"))).unwrap();
    }
    for _ in 0..2 {
        let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
        for name in ["a", "b"] {
            running.says(&format!("of `s/{name}.rhai`: done, 1 changed"));
        }
        running.interrupt();
        let ran = running.ended();
        assert!(ran.code == Some(0) && !ran.stderr.contains("warning"), "{ran}");
    }
    let due = place.onramp(&["due", "--output", "json"]).ran();
    let due: Vec<Value> = serde_json::from_str(&due.stdout).unwrap_or_else(|_| panic!("{due}"));
    let mut seconds: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for row in &due {
        let at: jiff::Timestamp = row["utc"].as_str().unwrap().parse().unwrap();
        seconds.entry(row["script"].as_str().unwrap()).or_default().push(at.as_second());
    }
    let names: Vec<&str> = seconds.keys().map(|script| script.rsplit_once("/s/").unwrap().1).collect();
    assert_eq!(names, ["a.rhai", "b.rhai"]);
    for seconds in seconds.values() {
        assert!(seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{due:?}");
    }
    let ran = place.onramp(&["due", "--script", "s/b.rhai", "--outcome", "run"]).ran();
    assert!(ran.code == Some(0) && ran.stdout.lines().count() >= 2, "{ran}");
}

#[test]
fn schedules_are_taken_over_as_soon_as_the_store_can_be_used() {
    let (place, sandbox) = served(&[]);
    let serve = || sandbox.used_by(place.onramp(&["serve", "s"]));
    let running = serve().started();
    running.says("serving 0 scripts of `s`; Ctrl-C ends it\nhint: no script in it says when it runs; name the folder that they lie in\n");
    running.interrupt();
    running.ended();
    let db = store(&place);
    db.execute_batch("CREATE TRIGGER no BEFORE INSERT ON schedule BEGIN SELECT raise(ABORT, 'not now'); END").unwrap();
    fs::write(place.work().join("s/a.rhai"), EVERY).unwrap();
    let running = serve().started();
    running.says("warning: the due times cannot be accounted for: not now\n");
    running.says("  s/a.rhai  every 1s\n");
    db.execute_batch("DROP TRIGGER no").unwrap();
    running.says("of `s/a.rhai`: done, 1 changed");
    running.interrupt();
    let ran = running.ended();
    assert_eq!((ran.code, ran.stderr.matches("warning").count()), (Some(0), 1), "{ran}");
}

#[test]
fn a_clock_that_was_wrong_is_told_of_at_the_start_and_in_the_list() {
    let daily = "// /// onramp\n// schedule = \"@daily\"\n// timezone = \"UTC\"\n// ///\nprint(1);\n";
    let (place, sandbox) = served(&[("a.rhai", daily)]);
    let serve = |said: &[&str]| {
        let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
        said.iter().for_each(|said| running.says(said));
        running.interrupt();
        let ran = running.ended();
        assert_eq!(ran.code, Some(0), "{ran}");
    };
    let ahead = |hours: &str| {
        let sql = "UPDATE schedule SET accounted_to = unixepoch('now', ?1)";
        assert_eq!(store(&place).execute(sql, [hours]).unwrap(), 1);
    };
    serve(&["  s/a.rhai  @daily in UTC\n"]);
    ahead("+30 minutes");
    serve(&["the clock went back by "]);
    ahead("+90 minutes");
    let script = fs::canonicalize(place.work()).unwrap().join("s/a.rhai");
    serve(&[
        &format!("error: the schedule of `{}` is stopped: it is accounted for up to ", script.display()),
        &format!("hint: set the clock, or run `onramp schedule reset {}`\n", script.display()),
    ]);
    store(&place).execute("UPDATE schedule SET accounted_to = unixepoch('2026-05-27T09:00:00')", []).unwrap();
    let list = |args: &[&str]| place.onramp(&["schedule", "list", "s/a.rhai", "--now=2026-05-26T12:00:00Z"]).args(args);
    list(&[]).ran().assert_all(
        0,
        "s/a.rhai: @daily in UTC\n  next      Wed 2026-05-27 00:00 UTC  2026-05-27T00:00:00Z\n  \
         stopped   accounted for up to 2026-05-27T09:00:00Z; set the clock, or run `onramp schedule reset s/a.rhai`\n",
        "",
    );
    let listed: Value = serde_json::from_str(&list(&["--output", "json"]).ran().stdout).unwrap();
    assert_eq!(listed[0]["accounted_to"], "2026-05-27T09:00:00Z", "{listed}");
}

#[test]
fn a_run_that_is_to_be_tried_again_is_still_there_for_the_due_times_until_then() {
    let retries = EVERY.replace("// allow", "// retries = 1\n// allow");
    let (place, _) = served(&[("a.rhai", &retries)]);
    // It does not wait as long as it is told to, and the next attempt need not.
    let sandbox = Served::start(&["--customers", "1", "--fault", "create-customer:429=2s@1"]);
    let running = sandbox.used_by(place.onramp(&["serve", "s", "--max-wait", "1s"])).started();
    running.says("it is tried again at ");
    running.says(": done, 1 changed");
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    let due = place.onramp(&["due", "--output", "json"]).ran();
    let due: Vec<Value> = serde_json::from_str(&due.stdout).unwrap_or_else(|_| panic!("{due}"));
    let first = due[0]["run"].as_str().unwrap();
    let skipped = due[1..].iter().take_while(|row| row["outcome"] == "skipped").collect::<Vec<_>>();
    let waits = format!("run `{first}` was still waiting");
    assert!(skipped.iter().any(|row| row["reason"] == waits.as_str()), "{due:?}");
    assert!(skipped.iter().all(|row| row["reason"].as_str().unwrap().contains(first)), "{due:?}");
}

#[test]
fn a_run_that_died_in_somebodys_hands_is_taken_up_and_holds_up_no_later_due_time() {
    let (place, sandbox) = served(&[("a.rhai", EVERY)]);
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    running.says("of `s/a.rhai`: done, 1 changed");
    let db = store(&place);
    let states = |id: &str| -> (String, i64) {
        let sql = "SELECT state, (SELECT count(*) FROM run AS later WHERE later.created_at > run.created_at
                AND later.state = 'done') FROM run WHERE id = ?1";
        db.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let sql = "SELECT id FROM run WHERE state = 'done' ORDER BY created_at LIMIT 1";
    let id: String = db.query_row(sql, [], |row| row.get(0)).unwrap();
    // As a process leaves it that was killed.
    let died = "UPDATE run SET state = 'running', exit_code = NULL, ended_at = NULL, epoch = epoch + 1 WHERE id = ?1";
    assert_eq!(db.execute(died, [&id]).unwrap(), 1);
    let before = states(&id).1;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (state, later) = states(&id);
        if state == "done" && later >= before + 2 {
            break;
        }
        assert!(Instant::now() < deadline, "{state}, {later} later ones");
        std::thread::yield_now();
    }
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
}
