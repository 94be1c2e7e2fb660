//! `onramp runs` and `onramp runs prune`.

use super::{SANDBOX, json, ran, said, script};
use crate::harness::{NOW, Place};
use std::fs;

const ONE_CHANGE: &str = "update_customer(101, #{mrr: get_customer(101).mrr + 1});";

#[test]
fn where_nothing_is_kept_there_is_nothing_to_show() {
    let place = Place::new();
    place.onramp(&["runs"]).ran().assert_all(0, "", "no run has been kept yet\n");
    place.onramp(&["runs", "--output", "json"]).ran().assert_all(0, "[]\n", "");
    place.onramp(&["runs", "--output", "jsonl"]).ran().assert_all(0, "", "");
    place.onramp(&["runs", "prune", "--older-than", "1d"]).ran().assert_all(
        0,
        "",
        "no run ended more than 1 day ago\n",
    );
    assert!(!place.state().exists(), "looking makes no folder");
}

#[test]
fn a_run_that_only_reads_is_not_kept() {
    let place = Place::new();
    ran(&place, "a.rhai", "print(get_customer(101).name)");
    assert!(!place.state().exists());
}

#[test]
fn runs_are_listed_the_newest_first_with_what_they_did() {
    let place = Place::new();
    ran(&place, "scripts/a.rhai", ONE_CHANGE);
    assert_eq!(script(&place, "b.rhai", "delete_contact(1); exit(1)").ran().code, Some(1));
    ran(&place, "c.rhai", "update_customer(101, #{name: get_customer(101).name});");
    let runs = said(&place);
    let head = "run      begun                script          workspace  state   outcome      exit\n";
    let a = "run0001  0000-00-00 00:00:00  scripts/a.rhai  sandbox    done    1 changed       0\n";
    let b = "run0002  0000-00-00 00:00:00  b.rhai          sandbox    failed  1 changed       1\n";
    let c = "run0003  0000-00-00 00:00:00  c.rhai          sandbox    done    1 unchanged     0\n";
    runs.by(place.onramp(&["runs"]), 0, &[head, c, b, a].concat(), "");
    runs.by(place.onramp(&["runs", "--since", "1d"]), 0, &[head, c, b, a].concat(), "");
    runs.by(place.onramp(&["runs", "--since", "0s"]), 0, "", "no such run has been kept\n");
    runs.by(place.onramp(&["runs", "--state", "cancelled"]), 0, "", "no such run has been kept\n");
    let ids = |args: &[&str]| {
        let found = json(&place, &[&["runs"], args].concat());
        let ids = found.as_array().unwrap().iter().map(|run| runs.plain(run["id"].as_str().unwrap()));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&["--limit", "1"]), ["run0003"]);
    assert_eq!(ids(&["--state", "done", "--limit", "1"]), ["run0003"]);
    assert_eq!(ids(&["--script", "scripts/a.rhai"]), ["run0001"]);
    assert_eq!(ids(&["--script", "a.rhai"]), ["run0001"]);
    assert_eq!(ids(&["--script", ".rhai"]), [""; 0], "a part of a name is not the script");
    let lines = place.onramp(&["runs", "--output", "jsonl"]).ran().stdout;
    assert_eq!(lines.lines().count(), 3);
}

#[test]
fn times_and_numbers_that_make_no_sense_are_wrong_usage() {
    let place = Place::new();
    for args in [&["runs", "--since", "soon"][..], &["runs", "--state", "tired"], &["runs", "prune"]] {
        assert_eq!(place.onramp(args).ran().code, Some(2), "{args:?}");
    }
    let ran = place.onramp(&["runs", "prune", "--older-than", "90"]).ran();
    assert!(
        ran.stderr.contains("`90` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`"),
        "{ran}"
    );
}

#[test]
fn pruning_really_deletes_what_is_old_and_says_how_many() {
    let place = Place::new();
    let old = script(&place, "old.rhai", &format!("log_info(\"Quixotic\"); {ONE_CHANGE} // Zanzibar"));
    assert_eq!(old.args(&["--now", NOW]).ran().code, Some(0));
    ran(&place, "new.rhai", ONE_CHANGE);
    let runs = said(&place);
    // What was gathered from its journal has to go too.
    assert_eq!(json(&place, &["history", "customer", "101"]).as_array().map(Vec::len), Some(2));
    let folder = place.state().join("runs").join(runs.id(1));
    assert!(folder.join("journal").exists() && folder.join("log").exists());
    let prune = |time: &str| place.onramp(&["runs", "prune", "--older-than", time]);
    runs.by(prune("3650d"), 0, "", "no run ended more than 3650 days ago\n");
    runs.by(prune("90d"), 0, "", "1 run deleted, with all that was kept of them\n");
    assert!(!folder.exists());
    for name in fs::read_dir(place.state()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(&name).unwrap()).into_owned();
        assert!(!text.contains("Zanzibar") && !text.contains("old.rhai"), "{} still has it", name.display());
    }
    runs.by(
        place.onramp(&["show", runs.id(1)]),
        2,
        "",
        "error: there is no run `run0001`\nhint: `onramp runs` lists them\n",
    );
    assert_eq!(json(&place, &["history", "customer", "101"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_call_that_writes_is_kept_and_one_that_reads_is_not() {
    let place = Place::new();
    let call = |args: &[&str]| place.onramp(&["call"]).args(args).args(SANDBOX).ran();
    assert_eq!(call(&["get_customer", "id=101"]).code, Some(0));
    assert_eq!(call(&["update_customer", "id=101", "plan=gold", "--read-only"]).code, Some(1));
    assert!(!place.state().exists());
    assert_eq!(call(&["update_customer", "id=101", "plan=gold"]).code, Some(0));
    assert_eq!(call(&["update_customer", "id=987654", "plan=gold"]).code, Some(1));
    let runs = said(&place);
    runs.by(
        place.onramp(&["runs"]),
        0,
        "run      begun                script                workspace  state   outcome    exit\n\
         run0002  0000-00-00 00:00:00  call update_customer  sandbox    failed                1\n\
         run0001  0000-00-00 00:00:00  call update_customer  sandbox    done    1 changed     0\n",
        "",
    );
    assert_eq!(json(&place, &["show", runs.id(1)])["kind"], "call");
    let retried = place.onramp(&["retry", runs.id(1)]).ran();
    assert_eq!(retried.code, Some(0), "{retried}");
    let again = json(&place, &["show", said(&place).id(3)]);
    assert_eq!((&again["retry_of"], &again["counts"]["unchanged"]), (&runs.id(1).into(), &1.into()));
}
