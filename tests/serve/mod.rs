//! `onramp serve` with the real program: due times and folders, and processes that are killed.

mod left;
mod scan;
mod schedules;
#[cfg(target_os = "linux")]
mod service;

use crate::harness::{Onramp, Place, Served};
use serde_json::Value;
use std::{collections::HashSet, fs};

/// Scripts in `s`, and a workspace.
fn served(scripts: &[(&str, &str)]) -> (Place, Served) {
    let place = Place::new();
    fs::create_dir_all(place.work().join("s/inbox")).unwrap();
    for (name, text) in scripts {
        fs::write(place.work().join("s").join(name), text).unwrap();
    }
    (place, Served::start(&["--customers", "1"]))
}

const EVERY: &str = "\
// /// onramp
// schedule = \"every 1s\"
// allow = [\"create_customer\"]
// ///
create_customer(#{name: `due ${run.scheduled_for}`});
";

#[test]
fn every_due_time_has_one_run_and_one_effect_however_often_the_server_is_killed() {
    let (place, sandbox) = served(&[("tick.rhai", EVERY)]);
    let serve = || sandbox.used_by(place.onramp(&["serve", "s"]));
    for _ in 0..3 {
        let running = serve().started();
        running.says(": done, 1 changed");
        // Dropped, it is killed, and nothing is asked.
        drop(running);
    }
    let last = serve().started();
    last.says(": done, 1 changed");
    last.interrupt();
    let ran = last.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    let due = place.onramp(&["due", "--output", "json"]).ran();
    let due: Vec<Value> = serde_json::from_str(&due.stdout).unwrap_or_else(|_| panic!("{due}"));
    let runs: HashSet<&str> = due.iter().filter_map(|row| row["run"].as_str()).collect();
    assert!(runs.len() >= 4, "{due:?}");
    assert_eq!(due.iter().filter(|row| row["outcome"] == "run").count(), runs.len(), "{due:?}");
    let listed = place.onramp(&["runs", "--output", "json"]).ran();
    let listed: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed}"));
    assert_eq!(listed.iter().map(|run| run["id"].as_str().unwrap()).collect::<HashSet<_>>(), runs);
    let ended = |run: &&Value| run["state"] == "done";
    let open = listed.len() - listed.iter().filter(ended).count();
    assert!(open <= 1, "the one that was asked to stop: {listed:?}");
    let creates = sandbox.count("POST", "/api/v1/customers");
    assert!((runs.len() - open..=runs.len()).contains(&creates), "{creates} of {}", runs.len());
}

#[test]
fn it_says_what_it_will_do_and_works_on_folders_while_broken_scripts_are_out_of_service() {
    let inbox = "\
// /// onramp
// [watch]
// folder = \"inbox\"
// settle = \"50ms\"
// ///
print(run.event.name);
";
    let nowhere = "// /// onramp\n// [watch]\n// pattern = \"*.csv\"\n// ///\nprint(1);\n";
    let (place, sandbox) =
        served(&[("in.rhai", inbox), ("b.rhai", "fn("), ("c.rhai", nowhere), ("d.rhai", "print(1)")]);
    fs::write(place.work().join("s/inbox/a.csv"), "x\n").unwrap();
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    running.says("`inbox/a.csv`: done");
    let second = sandbox.used_by(place.onramp(&["serve", "s"])).ran();
    assert_eq!(second.code, Some(2), "{second}");
    assert!(second.stderr.starts_with("error: another process serves with the state folder `"), "{second}");
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    for part in [
        "warning: `s/b.rhai` is out of service until it is mended\n",
        "error: `s/c.rhai` does not say which folder it watches\nhint: add `folder = \"inbox\"` under `[watch]`\n",
        "serving 1 script of `s`; Ctrl-C ends it\n  s/in.rhai  files of `inbox`\n",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{ran}");
    }
    assert!(place.work().join("s/inbox/done/a.csv.report.json").exists());
}

#[test]
fn it_serves_no_folder_that_is_not_there_and_no_clock_that_stands() {
    Onramp::new(&["serve", "nowhere", "--sandbox"]).ran().assert_all(
        2,
        "",
        "error: the folder `nowhere` cannot be read: there is no such file\nhint: name the folder that the scripts lie in\n",
    );
    let ran = Onramp::new(&["serve", "--sandbox", "--now", "2026-05-26T12:00:00Z"]).ran();
    ran.assert_all(2, "", "error: `--now` cannot be given: due times need a clock that goes on\nhint: leave it out\n");
}
