//! Runs that stop for a reason that passes, or for their key: the file stays, and what follows waits.

use super::{Inbox, SCRIPT, THREE, ends};
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
    assert!(ran.stderr.contains("it is tried again at "), "{ran}");
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
