//! `onramp serve` as a service: what it tells its manager, how it stops, what it deletes, and who may see its key.

use super::served;
use crate::harness::{Onramp, Place, Running, Served};
use serde_json::Value;
use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    time::Duration,
};

const SLOW: &str = "\
// /// onramp
// allow = [\"create_customer\"]
// [watch]
// folder = \"inbox\"
// settle = \"50ms\"
// ///
create_customer(#{name: \"first\"});
log_info(\"half\");
sleep(\"1s\");
create_customer(#{name: \"second\"});
";

fn inbox() -> (Place, Served) {
    let (place, sandbox) = served(&[("in.rhai", SLOW)]);
    fs::write(place.work().join("s/inbox/a.csv"), "x\n").unwrap();
    (place, sandbox)
}

/// A server whose run has made its first customer.
fn half_way(place: &Place, sandbox: &Served, args: &[&str]) -> Running {
    let running = sandbox.used_by(place.onramp(&["serve", "s"]).args(args)).started();
    running.until(|| sandbox.count("POST", "/customers") == 1);
    running
}

fn stdout(onramp: Onramp) -> String {
    let ran = onramp.ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.stdout
}

fn run_of(place: &Place) -> Value {
    let listed: Value = serde_json::from_str(&stdout(place.onramp(&["runs", "--output", "json"]))).unwrap();
    listed[0].clone()
}

#[test]
fn the_manager_hears_when_it_is_ready_and_when_it_stops() {
    let (place, sandbox) = served(&[("in.rhai", SLOW)]);
    let path = place.work().join("socket");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let hears = || {
        let mut bytes = [0; 256];
        let count = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    };
    let serve = sandbox.used_by(place.onramp(&["serve", "s"])).env("NOTIFY_SOCKET", path.to_str().unwrap());
    let running = serve.started();
    assert_eq!(hears(), "READY=1");
    running.terminate();
    assert_eq!(hears(), "STOPPING=1");
    let ran = running.ended();
    assert!(ran.code == Some(0) && ran.stderr.ends_with("stopped\n"), "{ran}");
}

#[test]
fn a_run_at_work_may_end_within_the_grace_and_no_other_begins() {
    let (place, sandbox) = inbox();
    let running = half_way(&place, &sandbox, &[]);
    fs::write(place.work().join("s/inbox/b.csv"), "y\n").unwrap();
    running.terminate();
    let ran = running.ended();
    assert_eq!((ran.code, sandbox.count("POST", "/customers")), (Some(0), 2), "{ran}");
    assert!(place.work().join("s/inbox/done/a.csv.report.json").exists(), "{ran}");
    assert!(place.work().join("s/inbox/b.csv").exists(), "{ran}");
}

#[test]
fn what_does_not_end_within_the_grace_is_stopped_and_goes_on_at_the_next_start() {
    let (place, sandbox) = inbox();
    let running = half_way(&place, &sandbox, &["--grace", "0s"]);
    running.terminate();
    let ran = running.ended();
    assert_eq!((ran.code, sandbox.count("POST", "/customers")), (Some(0), 1), "{ran}");
    assert_eq!(run_of(&place)["state"], "stopped", "{ran}");
    let next = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    next.says("`inbox/a.csv`: done, now `inbox/done/a.csv`");
    next.interrupt();
    assert_eq!(next.ended().code, Some(0));
    assert_eq!(sandbox.count("POST", "/customers"), 2);
}

#[test]
fn its_runs_are_seen_followed_and_cancelled_from_another_terminal() {
    let sandbox = Served::start(&["--customers", "1", "--fault", "create-customer:429=1h@2"]);
    let (place, _) = inbox();
    let running = half_way(&place, &sandbox, &["--max-wait", "2h"]);
    let id = run_of(&place)["id"].as_str().unwrap().to_string();
    // It says how far it is twice a second.
    running.until(|| stdout(place.onramp(&["status"])).contains(&id));
    let mut follow = place.onramp(&["logs", "-f", &id]).started();
    assert!(follow.line().contains("half"));
    running.until(|| sandbox.count("POST", "/customers") == 2);
    let cancelled = place.onramp(&["cancel", &id]).ran();
    let said =
        format!("the run `{id}` is cancelled; its file goes to `failed`, and `onramp retry {id}` finds it there\n");
    cancelled.assert_all(0, "", &said);
    running.says("`inbox/a.csv`: cancelled, now `inbox/failed/a.csv`");
    assert_eq!(follow.ended().code, Some(0));
    running.interrupt();
    assert_eq!(running.ended().code, Some(0));
}

#[test]
fn old_runs_are_deleted_and_a_file_that_was_done_stays_known() {
    let (place, sandbox) = inbox();
    let first = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    first.says("`inbox/a.csv`: done");
    first.interrupt();
    assert_eq!(first.ended().code, Some(0));
    let id = run_of(&place)["id"].as_str().unwrap().to_string();
    let second = sandbox.used_by(place.onramp(&["serve", "s", "--keep", "1ms"])).started();
    second.says("1 run of more than 1 ms ago deleted\n");
    fs::write(place.work().join("s/inbox/a.csv"), "x\n").unwrap();
    second.says("`inbox/a.csv`: duplicate, now `inbox/done/a-2.csv`");
    second.interrupt();
    assert_eq!(second.ended().code, Some(0));
    assert!(!place.state().join("runs").join(&id).exists());
    let report = fs::read_to_string(place.work().join("s/inbox/done/a-2.csv.report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["first_run"], id.as_str());
    assert_eq!(sandbox.count("POST", "/customers"), 2);
    let wrong = place.onramp(&["serve", "s", "--keep", "never"]).ran();
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("write for example `90d`, or `forever`"), "{wrong}");
}

#[test]
fn the_key_is_no_more_exposed_in_a_run_than_in_the_server() {
    let (place, sandbox) = inbox();
    let key = place.work().join("key");
    fs::write(&key, "pivotal_sandbox_key").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    for (args, in_environment) in [(&["--key-file", "key"][..], false), (&[], true)] {
        let mut serve = sandbox.used_by(place.onramp(&["serve", "s"]).args(args));
        if !in_environment {
            serve.command().env_remove("PIVOTAL_API_KEY");
        }
        let before = sandbox.count("POST", "/customers");
        fs::write(place.work().join("s/inbox/b.csv"), if in_environment { "b\n" } else { "a\n" }).unwrap();
        let running = serve.started();
        running.until(|| sandbox.count("POST", "/customers") == before + 1 && !running.children().is_empty());
        for child in running.children() {
            let (environ, words) = (format!("/proc/{child}/environ"), format!("/proc/{child}/cmdline"));
            let mode = fs::metadata(&environ).map(|about| about.permissions().mode() & 0o777);
            assert!(mode.is_ok_and(|mode| mode == 0o400), "its owner alone reads it");
            let read = |path: &str| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            assert_eq!(read(&environ).contains("pivotal_"), in_environment);
            assert!(!read(&words).contains("pivotal_"));
        }
        running.says("`inbox/b.csv`: done");
        running.interrupt();
        assert_eq!(running.ended().code, Some(0));
    }
}
