//! Watched folders with the real program: what is dropped in is worked through once, whatever dies in between.

mod caps;
mod crash_table;
mod disks;
mod kills;
mod live;
mod notify;
mod odd;
mod pages;
mod retry;
mod stops;

use crate::harness::{Onramp, Place, Ran, Served};
use serde_json::Value;
use std::{fs, path::PathBuf};

const SCRIPT: &str = "\
// /// onramp
// allow = [\"create_customer\"]
// ///
bulk_create_customers(read_csv(run.event.path), |row| #{name: row.name});
";

/// A folder `in`, a script `a.rhai`, and a workspace.
struct Inbox {
    place: Place,
    sandbox: Served,
}

impl Inbox {
    fn new(script: &str) -> Inbox {
        Inbox::against(script, &["--customers", "1"])
    }

    /// The same, with a workspace of these arguments.
    fn against(script: &str, sandbox: &[&str]) -> Inbox {
        let place = Place::new();
        fs::create_dir(place.work().join("in")).unwrap();
        fs::write(place.work().join("a.rhai"), script).unwrap();
        Inbox { place, sandbox: Served::start(sandbox) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.work().join("in").join(name)
    }

    fn drop_in(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn watch(&self, args: &[&str]) -> Onramp {
        let words = ["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--rescan", "200ms", "--once"];
        self.sandbox.used_by(self.place.onramp(&words).args(args))
    }

    /// What lies in the folder, by path, without the worker's own lock and empty folders.
    fn lies(&self) -> Vec<String> {
        let (mut folders, mut files) = (vec![self.path("")], Vec::new());
        while let Some(folder) = folders.pop() {
            // What is at work may go meanwhile.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.path("")).unwrap().to_str().unwrap().to_string());
                }
            }
        }
        files.retain(|file| file != "work/lock");
        files.sort();
        files
    }

    fn report(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.path(&format!("{name}.report.json"))).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn creates(&self) -> usize {
        self.sandbox.count("POST", "/api/v1/customers")
    }

    /// The names of the customers that were made, however often they were asked for.
    fn made(&self) -> Vec<String> {
        let script = "for c in list_customers() { print(c.name); }";
        let ran = self.sandbox.used_by(Place::new().onramp(&["run", "-e", script])).ran();
        ends(&ran, 0);
        // The workspace began with one.
        let mut names: Vec<String> = ran.stdout.lines().map(String::from).collect();
        names.pop();
        names.sort();
        names
    }

    fn runs(&self) -> Vec<Value> {
        let listed = self.place.onramp(&["runs", "--limit", "100000", "--output", "json"]).ran();
        serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed}"))
    }
}

#[track_caller]
fn ends(ran: &Ran, code: i32) {
    assert_eq!(ran.code, Some(code), "{ran}");
}

const THREE: &str = "name,mrr\nA,1\nB,2\nC,3\n";

#[test]
fn what_is_done_is_not_run_again_and_nothing_is_written_over() {
    let inbox = Inbox::new(SCRIPT);
    for round in 0..2 {
        inbox.drop_in("orders.csv", THREE);
        ends(&inbox.watch(&[]).ran(), 0);
        assert_eq!(inbox.creates(), 3, "round {round}");
    }
    let (first, second) = (inbox.report("done/orders.csv"), inbox.report("done/orders-2.csv"));
    assert_eq!((&second["outcome"], &second["first_run"]), (&"duplicate".into(), &first["run"]));
    inbox.drop_in("orders.csv", THREE);
    ends(&inbox.watch(&["--again"]).ran(), 0);
    assert_eq!((inbox.creates(), inbox.report("done/orders-3.csv")["outcome"].as_str()), (6, Some("done")));
    inbox.drop_in("other.csv", THREE);
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.creates(), 9, "another name is another file");
}

#[test]
fn rows_that_failed_come_back_as_a_file_that_can_be_dropped_in_again() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("orders.csv", "name,mrr\nA,1\n,2\n");
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 4);
    let all = ["failed/orders.csv", "failed/orders.csv.failed.csv", "failed/orders.csv.report.json"];
    assert_eq!(inbox.lies(), all, "{ran}");
    let report = inbox.report("failed/orders.csv");
    assert_eq!((&report["exit_code"], &report["counts"]["changed"]), (&4.into(), &1.into()), "{report}");
    assert_eq!(report["failures"][0]["row"], 2, "{report}");
    let rows = fs::read_to_string(inbox.path("failed/orders.csv.failed.csv")).unwrap();
    assert_eq!(rows.lines().count(), 2, "{rows}");
    let mended = rows.replacen("\n,2,", "\nMended,2,", 1);
    assert_ne!(mended, rows);
    inbox.drop_in("mended.csv", &mended);
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 0);
    assert_eq!(inbox.report("done/mended.csv")["counts"]["changed"], 1, "{ran}");
}

#[test]
fn a_script_that_fails_sends_its_file_to_failed_with_what_it_said() {
    let inbox = Inbox::new("log_info(`at ${run.event.name}`);\nfail(\"no good\");\n");
    inbox.drop_in("a.csv", "x\n");
    ends(&inbox.watch(&[]).ran(), 4);
    let report = inbox.report("failed/a.csv");
    assert_eq!((&report["exit_code"], &report["message"]), (&1.into(), &"no good".into()), "{report}");
    assert_eq!(report["log"][0]["text"], "at a.csv");
    let details = ["  --> a.rhai:2:1", "    |", "  2 | fail(\"no good\");", "    | ^"];
    assert_eq!(report["details"], serde_json::json!(details), "{report}");
}

#[test]
fn a_folder_that_is_not_there_or_is_watched_already_is_said() {
    let place = Place::new();
    fs::write(place.work().join("a.rhai"), SCRIPT).unwrap();
    place.onramp(&["watch", "in", "--run", "a.rhai", "--sandbox"]).ran().assert_all(
        2,
        "",
        "error: the folder `in` cannot be watched: there is no such file\nhint: make the folder first\n",
    );
    fs::create_dir(place.work().join("in")).unwrap();
    let first = place.onramp(&["watch", "in", "--run", "a.rhai", "--sandbox"]).started();
    first.says("watching `in`");
    let ran = place.onramp(&["watch", "in", "--run", "a.rhai", "--sandbox"]).ran();
    ends(&ran, 2);
    assert!(ran.stderr.starts_with("error: another process works on the folder `"), "{ran}");
    first.interrupt();
    ends(&first.ended(), 0);
}

#[test]
fn a_second_watcher_leaves_the_runs_of_the_first_alone() {
    let place = Place::new();
    let script =
        "// /// onramp\n// allow = [\"create_customer\"]\n// ///\nsleep(\"1s\"); create_customer(#{name: \"A\"});";
    fs::create_dir(place.work().join("in")).unwrap();
    fs::write(place.work().join("a.rhai"), script).unwrap();
    fs::write(place.work().join("in/a.csv"), "x").unwrap();
    let watch = || place.onramp(&["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--sandbox"]);
    let first = watch().started();
    first.says("`a.csv`: taken");
    let second = watch().ran();
    ends(&second, 2);
    assert!(second.stderr.starts_with("error: another process works on the folder `"), "{second}");
    first.says("`a.csv`: done, now `done/a.csv`");
    first.interrupt();
    ends(&first.ended(), 0);
}
