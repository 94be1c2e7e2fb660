//! Runs at work, from another terminal: `onramp status`, `pause`, `unpause`, `cancel`.

use super::{SANDBOX, json, ran, said, until};
use crate::harness::{Place, Running, Said, Served};

/// A run that has written once and reads on and on.
fn at_work(place: &Place) -> (Running, Said) {
    let script = "update_customer(101, #{mrr: 7}); log_info(\"begun\"); loop { get_health(); }";
    let running = place.onramp(&["run", "-e", script]).args(SANDBOX).started();
    running.says("begun");
    (running, said(place))
}

#[test]
fn a_run_is_held_goes_on_and_is_stopped_from_another_terminal() {
    let place = Place::new();
    let (running, runs) = at_work(&place);
    let id = runs.id(1);
    let status = || json(&place, &["status"])[0].clone();
    until("its first beat", || status()["counts"]["changed"].as_u64().filter(|count| *count == 1));
    assert_eq!(status()["state"], "running");
    runs.by(place.onramp(&["unpause", id]), 2, "", "error: the run `run0001` is not paused\n");
    let paused = "the run `run0001` is paused; `onramp unpause run0001` lets it go on\n";
    runs.by(place.onramp(&["pause", id]), 0, "", paused);
    running.says("lets it go on");
    runs.by(place.onramp(&["pause", id]), 0, "", paused);
    // Whatever was under way has come back at the second beat.
    let requests = || status()["counts"]["requests"].as_u64().unwrap();
    let held = until("no request any more", || Some(requests()).filter(|before| *before == requests()));
    assert_eq!(status()["state"], "paused");
    let table = place.onramp(&["status"]).ran();
    let row = runs.plain(&table.stdout);
    assert!(row.lines().nth(1).unwrap().starts_with("run0001  -e      0000-00-00 00:00:00  paused "), "{table}");
    runs.by(place.onramp(&["unpause", id]), 0, "", "the run `run0001` goes on\n");
    running.says("going on");
    until("more requests", || (requests() > held).then_some(()));
    let cancelled = "the run `run0001` is cancelled; `onramp resume run0001` goes on where it stopped\n";
    runs.by(place.onramp(&["cancel", id]), 0, "", cancelled);
    let ended = running.ended();
    runs.assert(
        &ended,
        130,
        "",
        "begun\npaused from another terminal; `onramp unpause run0001` lets it go on\ngoing on\n\
         cancelled from another terminal; stopping after what is in flight\nerror: cancelled\n\
         hint: `onramp resume run0001` goes on where it stopped; 1 change made so far\n",
    );
    runs.by(place.onramp(&["status"]), 0, "", "no run is at work\n");
    runs.by(place.onramp(&["cancel", id]), 0, "", "the run `run0001` is cancelled already\n");
    runs.by(
        place.onramp(&["pause", id]),
        2,
        "",
        "error: the run `run0001` is not at work: it is cancelled\nhint: `onramp resume run0001` goes on with it\n",
    );
    assert_eq!(json(&place, &["runs"])[0]["state"], "cancelled");
}

#[test]
fn a_run_that_is_held_can_be_stopped() {
    let place = Place::new();
    let (running, runs) = at_work(&place);
    assert_eq!(place.onramp(&["pause", runs.id(1)]).ran().code, Some(0));
    assert_eq!(place.onramp(&["cancel", runs.id(1)]).ran().code, Some(0));
    let ended = running.ended();
    assert!(ended.code == Some(130) && !ended.stderr.contains("going on"), "{ended}");
}

#[test]
fn a_run_that_has_ended_is_beyond_all_wishes() {
    let place = Place::new();
    ran(&place, "a.rhai", "update_customer(101, #{mrr: 7})");
    let runs = said(&place);
    for command in ["pause", "unpause", "cancel"] {
        runs.by(
            place.onramp(&[command, runs.id(1)]),
            2,
            "",
            "error: the run `run0001` is not at work: it is done\nhint: `onramp status` shows what is at work\n",
        );
    }
}

#[test]
fn a_run_whose_process_is_gone_is_shown_as_stopped_and_can_be_cancelled() {
    let place = Place::new();
    let (running, runs) = at_work(&place);
    running.kill();
    assert_eq!(json(&place, &["runs"])[0]["state"], "stopped");
    assert_eq!(json(&place, &["runs", "--state", "running"]), serde_json::json!([]));
    assert_eq!(json(&place, &["runs", "--state", "stopped"]).as_array().map(Vec::len), Some(1));
    runs.by(place.onramp(&["status"]), 0, "", "no run is at work\n");
    runs.by(
        place.onramp(&["pause", runs.id(1)]),
        2,
        "",
        "error: the run `run0001` is not at work: it stopped before its end\nhint: `onramp resume run0001` goes on with it\n",
    );
    let cancelled = "the run `run0001` is cancelled; `onramp resume run0001` goes on where it stopped\n";
    runs.by(place.onramp(&["cancel", runs.id(1)]), 0, "", cancelled);
    assert_eq!(json(&place, &["runs"])[0]["state"], "cancelled");
}

#[test]
fn a_live_run_is_neither_resumed_nor_retried_nor_pruned() {
    let place = Place::new();
    let (running, runs) = at_work(&place);
    let refused = "error: the run `run0001` is at work in another process\n\
                   hint: see it with `onramp status`; `onramp cancel run0001` stops it\n";
    runs.by(place.onramp(&["resume", runs.id(1)]), 2, "", refused);
    runs.by(place.onramp(&["retry", runs.id(1)]), 2, "", refused);
    let none = "error: there is no run that stopped before its end\nhint: `onramp runs` lists all of them\n";
    runs.by(place.onramp(&["resume", "--last"]), 2, "", none);
    runs.by(place.onramp(&["runs", "prune", "--older-than", "0s"]), 0, "", "no run ended more than 0 ms ago\n");
    running.interrupt();
    assert_eq!(running.ended().code, Some(130));
    assert_eq!(json(&place, &["runs"])[0]["state"], "stopped");
}

#[test]
fn status_tells_the_limit_that_the_service_told() {
    let place = Place::new();
    let served = Served::start(&["--rate", "1000/min"]);
    let script = "update_customer(101, #{mrr: 7}); log_info(\"begun\"); loop { get_health(); }";
    let running = served.used_by(place.onramp(&["run", "-e", script])).started();
    running.says("begun");
    until("the limit", || json(&place, &["status"])[0]["limit_per_minute"].as_u64().filter(|limit| *limit == 1000));
    running.interrupt();
    assert_eq!(running.ended().code, Some(130));
}

#[test]
fn a_bulk_call_tells_how_far_it_is_and_goes_on_after_it_was_cancelled() {
    let place = Place::new();
    // Half of the rows fit into the first window, so that the rest has to wait.
    let served = Served::start(&["--rate", "60/2s"]);
    let script = "let done = bulk_update_customers(list_customers().to_array(), |c| #{monthly_orders: 77777});
        print(`${done.ok} of ${done.rows.count()}`);";
    let running = served.used_by(place.onramp(&["run", "--rate", "60/2s", "-e", script])).started();
    let bulk = until("a bulk call with an end in sight", || {
        let status = json(&place, &["status"])[0].clone();
        (status["bulk"]["done"].as_u64() > Some(0) && status["seconds_left"].is_u64()).then_some(status)
    });
    assert_eq!((&bulk["bulk"]["operation"], &bulk["bulk"]["total"]), (&"update_customer".into(), &120.into()));
    assert_eq!(bulk["limit_per_minute"], 1800);
    let runs = said(&place);
    assert_eq!(place.onramp(&["cancel", runs.id(1)]).ran().code, Some(0));
    let cancelled = running.ended();
    assert!(cancelled.code == Some(130) && cancelled.stdout.is_empty(), "{cancelled}");
    let resumed = served.used_by(place.onramp(&["resume", runs.id(1)])).ran();
    assert_eq!((resumed.code, resumed.stdout.as_str()), (Some(0), "120 of 120\n"), "{resumed}");
    let shown = json(&place, &["show", runs.id(1)]);
    let changes = shown["changes"].as_array().unwrap();
    let mut ids: Vec<&str> = changes.iter().map(|change| change["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((changes.len(), ids.len()), (120, 120), "each of them once");
}
