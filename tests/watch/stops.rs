//! Runs that stop for a reason that passes, or for their key: the file stays, and what follows waits.

use super::{Inbox, SCRIPT, THREE, ends};
use crate::harness::Running;
use std::fs;

const WRONG: &str = "pivotal_nobodyKnowsThisKey000000";

#[test]
fn a_run_that_stops_for_a_reason_that_passes_keeps_its_file_and_holds_up_the_folder() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", THREE);
    inbox.drop_in("b.csv", "name,mrr\nD,4\n");
    let revoked = inbox.watch(&[]).env("PIVOTAL_API_KEY", "pivotal_nobodyKnowsThisKey000000").ran();
    ends(&revoked, 3);
    assert!(revoked.stderr.contains("is paused, because run"), "{revoked}");
    assert_eq!(inbox.lies().iter().filter(|file| file.starts_with("work/")).count(), 2, "{revoked}");
    // How it stopped then says nothing about the attempt that is made now.
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.creates(), 4);
    let all = ["done/a.csv", "done/a.csv.report.json", "done/b.csv", "done/b.csv.report.json"];
    assert_eq!(inbox.lies(), all);
}

#[test]
fn a_run_that_stops_twice_in_the_same_way_is_said_twice() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", THREE);
    for round in 0..3 {
        let ran = inbox.watch(&[]).env("PIVOTAL_API_KEY", WRONG).ran();
        ends(&ran, 3);
        assert_eq!(ran.stderr.matches("is paused, because run").count(), 1, "round {round}: {ran}");
    }
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.creates(), 3);
}

#[test]
#[cfg(unix)]
fn a_run_whose_key_cannot_be_used_any_more_keeps_its_file() {
    let inbox = Inbox::new(SCRIPT);
    let key = inbox.place.work().join("key");
    let only_for = |mode| fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    fs::write(&key, "pivotal_sandbox_key").unwrap();
    only_for(0o600);
    inbox.drop_in("a.csv", THREE);
    assert_eq!(inbox.watch(&["--key-file", "key"]).env("ONRAMP_CRASH_AT", "after_take").ran().code, None);
    // The watcher has another one; the run was made for this file.
    only_for(0o644);
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 3);
    assert!(ran.stderr.contains("stopped: the key file `key` can be read by others\n"), "{ran}");
    assert!(inbox.lies()[0].starts_with("work/"), "{ran}");
    only_for(0o600);
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.creates(), 3);
}

#[test]
fn a_run_whose_process_cannot_begin_has_failed_and_says_why() {
    let inbox = Inbox::new(SCRIPT);
    let elsewhere = inbox.place.work().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    inbox.drop_in("a.csv", THREE);
    let words = ["watch", "../in", "--run", "../a.rhai", "--settle", "50ms", "--once"];
    let there = inbox.place.onramp(&words).within("cd elsewhere; exec \"$0\" \"$@\"").env("PATH", "/usr/bin:/bin");
    let died = inbox.sandbox.used_by(there).env("ONRAMP_CRASH_AT", "after_take").ran();
    assert_eq!(inbox.runs().len(), 1, "{died}");
    fs::remove_dir(&elsewhere).unwrap();
    ends(&inbox.watch(&[]).ran(), 4);
    let report = inbox.report("failed/a.csv");
    let message = report["message"].as_str().unwrap();
    assert!(
        message.contains("elsewhere` of the run `") && message.ends_with("cannot be used: there is no such file"),
        "{report}"
    );
    assert_eq!(report["exit_code"], 2);
}

#[test]
fn the_retries_of_a_script_are_made_before_its_folder_is_held_up() {
    let script = SCRIPT.replace("// ///\nbulk", "// retries = 1\n// ///\nbulk");
    // It does not wait as long as it is told to, and the next attempt need not.
    let inbox = Inbox::against(&script, &["--customers", "1", "--fault", "create-customer:429=2s@1"]);
    inbox.drop_in("a.csv", "name\nA\n");
    let ran = inbox.watch(&["--max-wait", "1s"]).ran();
    ends(&ran, 0);
    assert!(ran.stderr.contains("it is tried again at ") && !ran.stderr.contains("is paused"), "{ran}");
    assert_eq!((inbox.made(), inbox.lies().len()), (vec!["A".to_string()], 2), "{ran}");
}

#[test]
fn without_retries_the_folder_is_held_up_and_the_next_start_goes_on() {
    let inbox = Inbox::against(SCRIPT, &["--customers", "1", "--fault", "create-customer:429=2s@1"]);
    inbox.drop_in("a.csv", "name\nA\n");
    let ran = inbox.watch(&["--max-wait", "1s"]).ran();
    ends(&ran, 75);
    assert!(ran.stderr.contains("is paused, because run `"), "{ran}");
    let goes_on = (0..10).map(|_| inbox.watch(&["--max-wait", "1s"]).ran()).find(|ran| ran.code != Some(75));
    ends(&goes_on.expect("the service opens its gate again"), 0);
    assert_eq!((inbox.made(), inbox.lies().len()), (vec!["A".to_string()], 2));
}

const WAITS: &str = "\
// /// onramp
// allow = [\"create_customer\"]
// ///
create_customer(#{name: run.event.name});
loop { try { read_text(\"go\"); break; } catch { sleep(\"20ms\"); } }
";

/// A watcher that is paused by a run whose key was wrong, and somebody who has gone on with that run and is half-way.
#[cfg(unix)]
fn in_hands() -> (Inbox, Running, Running) {
    let inbox = Inbox::new(WAITS);
    let key = inbox.place.work().join("key");
    fs::write(&key, WRONG).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    inbox.drop_in("a.csv", "x");
    let words = "watch in --run a.rhai --settle 50ms --rescan 100ms --key-file key".split(' ').collect::<Vec<_>>();
    let watching = inbox.sandbox.used_by(inbox.place.onramp(&words)).started();
    watching.says("goes on with it, and then so does the folder\n");
    fs::write(&key, "pivotal_sandbox_key").unwrap();
    let run = inbox.runs()[0]["id"].as_str().unwrap().to_string();
    let by_hand = inbox.sandbox.used_by(inbox.place.onramp(&["resume", &run])).started();
    by_hand.until(|| inbox.creates() == 1);
    (inbox, watching, by_hand)
}

#[test]
#[cfg(unix)]
fn a_run_that_dies_in_the_hands_of_who_went_on_with_it_holds_up_nothing_for_ever() {
    let (inbox, watching, by_hand) = in_hands();
    by_hand.kill();
    watching.says("` goes on\n");
    inbox.drop_in("b.csv", "y");
    fs::write(inbox.place.work().join("go"), "").unwrap();
    watching.says("`a.csv`: done, now `done/a.csv`");
    watching.says("`b.csv`: done, now `done/b.csv`");
    watching.interrupt();
    ends(&watching.ended(), 0);
    assert_eq!(inbox.made(), ["a.csv", "b.csv"]);
}

#[test]
#[cfg(unix)]
fn a_run_that_is_interrupted_by_who_went_on_with_it_still_holds_up_the_folder() {
    let (inbox, watching, by_hand) = in_hands();
    inbox.drop_in("b.csv", "y");
    by_hand.interrupt();
    ends(&by_hand.ended(), 130);
    let run = inbox.runs()[0]["id"].as_str().unwrap().to_string();
    fs::write(inbox.place.work().join("go"), "").unwrap();
    ends(&inbox.sandbox.used_by(inbox.place.onramp(&["resume", &run])).ran(), 0);
    watching.says("`b.csv`: done, now `done/b.csv`");
    watching.interrupt();
    let ran = watching.ended();
    ends(&ran, 0);
    let lines: Vec<&str> = ran.stderr.lines().map(|line| line.split(", run `").next().unwrap()).collect();
    let folder = fs::canonicalize(inbox.path("")).unwrap().display().to_string();
    let goes_on = format!("`{folder}` goes on");
    let all = ["`a.csv`: done, now `done/a.csv`", &goes_on, "`b.csv`: taken", "`b.csv`: done, now `done/b.csv`"];
    assert_eq!(lines[4..8], all, "nothing of `b.csv` before: {ran}");
}
