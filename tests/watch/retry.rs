//! `retry`, `resume`, `cancel` and `undo` of runs that were made for files.

use super::{Inbox, SCRIPT, THREE, ends};
use crate::harness::Ran;
use std::fs;

const TELLS: &str = "\
// /// onramp
// allow = [\"create_customer\"]
// [params.file]
// type = \"file\"
// default = \"none\"
// ///
let rows = read_csv(run.event.path);
print(`${run.trigger} ${run.event.name} ${run.event.size} ${params.file == run.event.path}`);
for row in rows { create_customer(#{name: row.name}); }
";

fn onramp(inbox: &Inbox, args: &[&str]) -> Ran {
    inbox.sandbox.used_by(inbox.place.onramp(args)).ran()
}

fn id(inbox: &Inbox, nth: usize) -> String {
    let runs = inbox.runs();
    runs[runs.len() - nth]["id"].as_str().unwrap().to_string()
}

#[test]
fn a_retry_gets_the_file_where_it_lies_now() {
    let inbox = Inbox::new(TELLS);
    inbox.drop_in("a.csv", "name\nA\n");
    ends(&inbox.watch(&[]).ran(), 0);
    let first = id(&inbox, 1);
    onramp(&inbox, &["retry", &first]).assert_all(0, "watch a.csv 7 true\n", "");
    assert_eq!(inbox.creates(), 2);
    let again = id(&inbox, 2);
    let shown = onramp(&inbox, &["show", &again, "--output", "json"]);
    assert!(shown.stdout.contains(&format!("\"retry_of\": \"{first}\"")), "{shown}");
    // The retry of a retry has no file of its own, and finds it all the same.
    onramp(&inbox, &["retry", &again]).assert_all(0, "watch a.csv 7 true\n", "");
    fs::write(inbox.path("done/a.csv"), "name\nBoth\n").unwrap();
    let changed = "`a.csv` has changed since; it runs as it is now\n";
    onramp(&inbox, &["retry", &first]).assert_all(0, "watch a.csv 10 true\n", changed);
    fs::remove_file(inbox.path("done/a.csv")).unwrap();
    let folder = fs::canonicalize(inbox.path("")).unwrap();
    let (folder, gone) = (folder.display(), onramp(&inbox, &["retry", &first]));
    gone.assert_all(
        2,
        "",
        &format!(
            "error: the file of the run `{first}` is not at `{folder}/done/a.csv` any more\n\
             hint: put it back there, or drop it into `{folder}` again\n"
        ),
    );
}

#[test]
fn a_failed_run_is_made_once_more_for_its_file_in_failed() {
    let inbox = Inbox::new("if run.event.name == \"a.csv\" { print(read_text(run.event.path)); fail(\"no good\"); }\n");
    inbox.drop_in("a.csv", "x");
    ends(&inbox.watch(&[]).ran(), 4);
    let ran = onramp(&inbox, &["retry", &id(&inbox, 1)]);
    assert!(ran.code == Some(1) && ran.stdout == "x\n" && ran.stderr.contains("no good"), "{ran}");
    assert_eq!(inbox.lies(), ["failed/a.csv", "failed/a.csv.report.json"]);
}

#[test]
fn the_file_of_a_run_that_is_cancelled_goes_to_failed_and_may_come_again() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", THREE);
    let revoked = inbox.watch(&[]).env("PIVOTAL_API_KEY", "pivotal_nobodyKnowsThisKey000000").ran();
    ends(&revoked, 3);
    let run = id(&inbox, 1);
    onramp(&inbox, &["cancel", &run]).assert_all(
        0,
        "",
        &format!("the run `{run}` is cancelled; its file goes to `failed`, and `onramp retry {run}` finds it there\n"),
    );
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 4);
    assert!(ran.stderr.contains(&format!("`a.csv`: cancelled, now `failed/a.csv`, run `{run}`\n")), "{ran}");
    assert_eq!(inbox.lies(), ["failed/a.csv", "failed/a.csv.report.json"]);
    assert_eq!(inbox.report("failed/a.csv")["outcome"], "cancelled");
    onramp(&inbox, &["resume", &run]).assert_all(
        2,
        "",
        &format!(
            "error: the run `{run}` was cancelled, and its file was put into `failed/a.csv`\n\
             hint: `onramp retry {run}` runs the script anew for it, and so does dropping it in again\n"
        ),
    );
    inbox.drop_in("a.csv", THREE);
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.creates(), 3);
}

#[test]
fn what_was_taken_back_is_not_done() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", THREE);
    ends(&inbox.watch(&[]).ran(), 0);
    let undone = onramp(&inbox, &["undo", &id(&inbox, 1), "--yes"]);
    assert_eq!(undone.code, Some(0), "{undone}");
    inbox.drop_in("a.csv", THREE);
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!((inbox.creates(), inbox.report("done/a-2.csv")["outcome"].as_str()), (6, Some("done")));
}

#[test]
fn a_run_that_stopped_and_was_taken_back_is_closed_and_its_file_goes_to_failed() {
    let inbox = Inbox::against(TELLS, &["--customers", "1", "--fault", "create-customer:429=1s@2"]);
    inbox.drop_in("a.csv", THREE);
    ends(&inbox.watch(&["--max-wait", "100ms"]).ran(), 75);
    let run = id(&inbox, 1);
    let undone = onramp(&inbox, &["undo", &run, "--yes"]);
    assert_eq!((undone.code, inbox.made()), (Some(0), Vec::new()), "{undone}");
    let creates = inbox.creates();
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 4);
    assert!(ran.stderr.contains(&format!("`a.csv`: cancelled, now `failed/a.csv`, run `{run}`, 1 changed\n")), "{ran}");
    assert_eq!(
        (inbox.creates(), inbox.lies()),
        (creates, vec!["failed/a.csv".into(), "failed/a.csv.report.json".into()])
    );
    // Dropped in again it is a file like others.
    inbox.drop_in("a.csv", THREE);
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.made().len(), 3);
}
