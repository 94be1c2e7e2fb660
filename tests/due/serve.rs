//! Due times of the real `onramp serve`, each second of several scripts, while it and its runs are killed, and while a script
//! is broken: the ledger, the runs and what they did in the sandbox are counted against each other.

use crate::harness::{Place, Served, run};
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

/// Creates a customer that is called after the due time.
fn every_second(name: &str) -> String {
    format!(
        "// /// onramp\n// schedule = \"every 1s\"\n// overlap = \"queue\"\n// allow = [\"create_customer\"]\n// ///\n\
         create_customer(#{{name: `{name} ${{run.scheduled_for}}`}});\n"
    )
}

/// A place with scripts in `s`, one for each name, and a sandbox without a rate limit.
fn place(names: &[&str]) -> (Place, Served) {
    let place = Place::new();
    fs::create_dir_all(place.work().join("s")).unwrap();
    for name in names {
        fs::write(place.work().join(format!("s/{name}.rhai")), every_second(name)).unwrap();
    }
    (place, Served::start(&["--customers", "0"]))
}

/// Kills the processes of runs that a server has started, by their parent's number.
#[cfg(target_os = "linux")]
fn kill_runs_of(server: u32) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<libc::pid_t>() else { continue };
        // `123 (name) S 42 …`: its state, and its parent. It may have ended.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if parent == Some(server) {
            // SAFETY: takes two numbers.
            unsafe { libc::kill(process, libc::SIGKILL) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn kill_runs_of(_: u32) {}

fn json(place: &Place, args: &[&str]) -> Vec<Value> {
    let ran = place.onramp(args).args(&["--output", "json"]).ran();
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
}

/// Holds the ledger, the runs and the customers against each other: each second from a script's first due time to its last
/// has one row; each row with a run has its own; each run that has ended left one customer, and any other at most one.
/// Gives how many due times there were, and how many runs.
#[track_caller]
fn hold(place: &Place, sandbox: &Served) -> (usize, usize) {
    let rows = json(place, &["due"]);
    let mut seconds: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut runs: BTreeMap<&str, String> = BTreeMap::new();
    for row in &rows {
        let (script, at) =
            (row["script"].as_str().unwrap(), row["utc"].as_str().unwrap().parse::<Timestamp>().unwrap());
        seconds.entry(script).or_default().push(at.as_second());
        assert_eq!(row["count"], 1, "{row}");
        if let Some(run) = row["run"].as_str() {
            let name = script.rsplit('/').next().unwrap().trim_end_matches(".rhai");
            assert_eq!(runs.insert(run, format!("{name} {at}")), None, "two due times have this run: {row}");
        }
    }
    for (script, seconds) in &seconds {
        assert!(seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{script}: {seconds:?}");
    }
    let kept = json(place, &["runs", "--limit", "100000"]);
    let ids = |of: &[Value]| of.iter().map(|run| run["id"].as_str().unwrap().to_string()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&kept), runs.keys().map(ToString::to_string).collect());
    let listed = sandbox.used_by(run(&["-e", "for c in list_customers() { print(c.name) }"])).ran();
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for line in listed.stdout.lines() {
        let (name, at) = line.split_once(' ').unwrap();
        let at: Timestamp = at.parse().unwrap();
        *effects.entry(format!("{name} {at}")).or_default() += 1;
    }
    for run in &kept {
        let due = &runs[run["id"].as_str().unwrap()];
        let done = effects.remove(due).unwrap_or(0);
        let good = if run["state"] == "done" { done == 1 } else { done <= 1 };
        assert!(good, "{done} customers for {due}: {run}");
    }
    assert!(effects.is_empty(), "of no run: {effects:?}");
    (rows.len(), kept.len())
}

#[test]
fn each_due_time_has_one_row_and_each_run_one_effect_however_often_the_server_and_its_runs_are_killed() {
    let (place, sandbox) = place(&["a", "b", "c", "d"]);
    let serve = || sandbox.used_by(place.onramp(&["serve", "s", "--jobs", "4"]));
    let mut rng = Rng::with_seed(2026);
    let mut begun = None;
    for round in 0.. {
        let running = serve().started();
        running.says(": done, 1 changed");
        if begun.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(8) {
            break;
        }
        // Somewhere in the next due times.
        for _ in 0..rng.u32(0..2_000_000) {
            std::hint::spin_loop();
        }
        let server = running.id();
        if round % 2 == 0 {
            kill_runs_of(server);
        }
        // Otherwise its runs go on without it.
        drop(running);
    }
    let last = serve().started();
    for name in ["a", "b", "c", "d"] {
        last.says(&format!("of `s/{name}.rhai`: done, 1 changed"));
    }
    last.interrupt();
    let ran = last.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    let (due, runs) = hold(&place, &sandbox);
    assert!(due >= 4 * 8 && runs >= 8, "{due} due times, {runs} runs");
}

#[test]
fn a_script_that_is_broken_for_a_moment_keeps_its_schedule_without_a_gap() {
    let (place, sandbox) = place(&["a"]);
    let file = place.work().join("s/a.rhai");
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    running.says(": done, 1 changed");
    fs::write(&file, format!("{}}}", every_second("a"))).unwrap();
    running.says("`s/a.rhai` is out of service until it is mended");
    fs::write(&file, format!("{}print(1);", every_second("a"))).unwrap();
    running.says("`s/a.rhai` has changed: every 1s");
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    // One version, from its beginning to its end.
    assert!(!ran.stderr.contains("has no schedule any more") && !ran.stderr.contains("counts from now on"), "{ran}");
    hold(&place, &sandbox);
}
