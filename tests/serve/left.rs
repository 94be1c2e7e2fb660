//! Folders that no script watches any more: what was taken from them comes to its end all the same.

use super::{scan::inbox, served};
use crate::harness::{Place, Running, Served};
use std::fs;

/// Makes a customer, waits until there is a file `go`, and makes another one.
const SLOW: &str = "\
create_customer(#{name: \"first\"});
loop { try { read_text(\"go\"); break; } catch { sleep(\"20ms\"); } }
create_customer(#{name: \"second\"});";

fn slow(folder: &str) -> String {
    inbox(folder, SLOW).replace("// [watch]", "// allow = [\"create_customer\"]\n// [watch]")
}

/// A server whose run for a file in `s/inbox` has made its first customer, with another file behind it.
fn half_way(place: &Place, sandbox: &Served) -> Running {
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    for name in ["a.csv", "b.csv"] {
        fs::write(place.work().join("s/inbox").join(name), name).unwrap();
    }
    running.until(|| sandbox.count("POST", "/customers") == 1);
    running.says("`inbox/b.csv`: taken");
    running
}

fn goes_on(place: &Place, files: &str) -> String {
    let folder = fs::canonicalize(place.work().join("s/inbox")).unwrap();
    format!("`{}` is not watched; what was taken from it goes on: {files}\n", folder.display())
}

#[test]
fn a_script_that_watches_another_folder_leaves_nothing_half_way_in_its_old_one() {
    let (place, sandbox) = served(&[("in.rhai", &slow("inbox"))]);
    let at = |name: &str| place.work().join("s").join(name);
    fs::create_dir(at("new")).unwrap();
    let running = half_way(&place, &sandbox);
    fs::write(at("in.rhai"), slow("new")).unwrap();
    running.says("`s/in.rhai` has changed: files of `new`\n");
    running.says(&goes_on(&place, "2 files"));
    fs::write(at("go"), "").unwrap();
    fs::write(at("inbox/c.csv"), "c").unwrap();
    running.says("inbox/a.csv`: done, now `/");
    running.says("inbox/done/b.csv`, run `");
    fs::write(at("new/d.csv"), "d").unwrap();
    running.says("`new/d.csv`: done, now `new/done/d.csv`");
    running.interrupt();
    let ran = running.ended();
    assert_eq!((ran.code, sandbox.count("POST", "/customers")), (Some(0), 6), "{ran}");
    assert!(at("inbox/c.csv").exists(), "nobody watches for it: {ran}");
    assert!(at("inbox/done/b.csv.report.json").exists(), "{ran}");
}

#[test]
fn a_server_that_was_killed_finishes_at_the_next_start_what_it_took_for_a_script_that_is_gone() {
    let (place, sandbox) = served(&[("in.rhai", &slow("inbox"))]);
    // Dropped, it is killed, and nothing is asked.
    drop(half_way(&place, &sandbox));
    fs::remove_file(place.work().join("s/in.rhai")).unwrap();
    fs::write(place.work().join("s/go"), "").unwrap();
    let next = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    next.says(&goes_on(&place, "2 files"));
    next.says("inbox/done/b.csv`, run `");
    next.interrupt();
    let ran = next.ended();
    assert_eq!((ran.code, sandbox.count("POST", "/customers")), (Some(0), 4), "{ran}");
}

#[test]
fn a_folder_that_went_with_its_script_is_said_once_and_finished_when_it_is_back() {
    let (place, sandbox) = served(&[("in.rhai", &slow("inbox"))]);
    drop(half_way(&place, &sandbox));
    let at = |name: &str| fs::canonicalize(place.work()).unwrap().join("s").join(name);
    fs::remove_file(at("in.rhai")).unwrap();
    fs::rename(at("inbox"), at("away")).unwrap();
    fs::write(at("go"), "").unwrap();
    let next = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    next.says(&format!(
        "error: the folder `{}` cannot be worked on: there is no such file\n\
         hint: make it writable, with `work`, `done` and `failed` on the same disk\n\
         warning: what was taken from that folder waits: 2 files\nserving 0 scripts of `s`",
        at("inbox").display()
    ));
    fs::rename(at("away"), at("inbox")).unwrap();
    next.says(&goes_on(&place, "2 files"));
    next.says("inbox/done/b.csv`, run `");
    next.interrupt();
    let ran = next.ended();
    assert_eq!((ran.code, ran.stderr.matches("cannot be worked on").count()), (Some(0), 1), "{ran}");
}
