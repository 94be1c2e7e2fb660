//! What a dry run shows, and where it puts what its script writes.

use super::Scene;
use onramp::session::plan::read;
use std::fs;

#[test]
fn a_dry_run_can_give_its_plan_as_the_document_itself() {
    let scene = Scene::new(&[]);
    let script = "print(\"to people\"); update_customer(101, #{mrr: 1}); update_customer(101, #{mrr: 1});";
    let ran = scene.onramp(&["run", "-e", script, "--dry-run", "--output", "json", "--save", "plan.json"]);
    let said = "to people\nthe plan is in `plan.json`: `onramp apply plan.json` makes exactly these changes\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), said), "{ran}");
    assert_eq!(ran.stdout, scene.read("plan.json"));
    let plan = read(&ran.stdout).unwrap();
    assert_eq!((plan.entries.len(), plan.totals.unchanged, plan.version), (1, 1, 1));
    assert_eq!(scene.onramp(&["plan", "show", "plan.json", "--output", "json"]).stdout, ran.stdout);
    assert_eq!(scene.writes(), 0);
}

#[test]
fn each_write_says_that_it_was_not_sent() {
    let scene = Scene::new(&["--rate", "600/min"]);
    let ran = scene.planned("update_customer(101, #{mrr: 1}); delete_customer(102); update_customer(103, #{});");
    let shown = ran.stdout;
    assert!(
        shown.starts_with("NOT SENT: what follows is only planned\n\nupdate_customer: 1 write\n  NOT SENT "),
        "{shown}"
    );
    assert!(shown.contains("\ndelete_customer: 1 write\n! NOT SENT "), "{shown}");
    assert!(
        shown.ends_with(
            "\n2 writes: 0 creates, 1 update, 1 delete\n1 other write would change nothing and will not be sent\n\
             1 write cannot be undone as it was, marked with !\n\
             applying it takes about 7 requests: 2 writes, 3 reads to see that nothing has moved, 2 reads to keep what vanishes \
             with what is deleted\nat 600/min that is within one window\n"
        ),
        "{shown}"
    );
    // Who approves it reads which workspace it is for; that it was not sent may no longer be so.
    let approved = scene.onramp(&["plan", "show", "plan.json"]).stdout;
    assert!(approved.starts_with("a plan for the workspace `sandbox` (org_sandbox), made 20"), "{approved}");
    assert!(approved.lines().next().unwrap().ends_with("Z by `-e`") && !approved.contains("NOT SENT"), "{approved}");
}

#[test]
fn what_is_shown_is_cut_after_twenty_records_and_all_of_it_can_be_had() {
    let scene = Scene::new(&[]);
    let script = "bulk_update_customers(list_customers().take(25), #{plan: \"care\"});";
    let short = scene.onramp(&["run", "-e", script, "--dry-run"]).stdout;
    assert_eq!(short.matches("    plan: ").count(), 20, "{short}");
    assert!(short.contains("\n  … and 5 (`--all` shows all)\n"), "{short}");
    let all = scene.onramp(&["run", "-e", script, "--dry-run", "--all"]).stdout;
    assert!(all.matches("    plan: ").count() == 25 && !all.contains('…'), "{all}");
}

#[test]
fn how_a_plan_is_shown_is_said_of_a_dry_run_alone() {
    let scene = Scene::new(&[]);
    for (flags, shown) in [(&["--output", "json"][..], "--output json"), (&["--all"], "--all")] {
        let ran = scene.onramp(&[&["run", "-e", "print(1); update_customer(101, #{mrr: 1});"], flags].concat());
        ran.assert_all(
            2,
            "",
            &format!(
                "error: `{shown}` shows a plan, and only a dry run makes one\n\
                 hint: add `--dry-run`; for rows that another program reads, use `write_json` or `write_csv` in the script\n"
            ),
        );
    }
    assert_eq!(scene.writes(), 0);
}

#[test]
fn a_dry_run_that_fails_makes_no_plan_and_says_so() {
    let scene = Scene::new(&[]);
    let script = "update_customer(101, #{mrr: 1}); write_text(\"note.txt\", \"x\"); fail(\"enough\");";
    let ran = scene.onramp(&["run", "-e", script, "--dry-run", "--save", "plan.json"]);
    assert_eq!((ran.code, ran.stdout.as_str(), scene.writes()), (Some(1), "", 0), "{ran}");
    let begins =
        "NOT SENT: the dry run has not come to its end, and there is no plan\nthe files that the script wrote are in `";
    assert!(ran.stderr.starts_with(begins) && ran.stderr.contains("\nerror: enough\n"), "{ran}");
    assert!(!scene.place.work().join("plan.json").exists());
}

#[test]
fn rows_that_would_be_refused_are_told_and_are_not_in_the_plan() {
    let scene = Scene::new(&[]);
    let script = "bulk_update_customers([#{id: \"nobody\"}, #{id: \"101\"}], #{plan: \"x\"});";
    let ran = scene.onramp(&["run", "-e", script, "--dry-run"]);
    assert!(ran.code == Some(4) && ran.stdout.contains("\n1 write: 0 creates, 1 update, 0 deletes\n"), "{ran}");
    let said = "error: 1 row failed, and is not in the plan\n  row 1: There is no customer `nobody`.\n";
    assert_eq!(ran.stderr, said, "{ran}");
}

#[test]
fn a_dry_run_of_the_first_rows_plans_those() {
    let scene = Scene::new(&[]);
    let script = "bulk_update_customers(list_customers(), #{plan: \"x\"}); print(\"never\");";
    let ran = scene.onramp(&["run", "-e", script, "--dry-run", "--first", "2", "--save", "plan.json"]);
    let said = "the plan is in `plan.json`: `onramp apply plan.json` makes exactly these changes\n\
                these are the first rows; a dry run without `--first` shows all of them\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), said), "{ran}");
    assert!(ran.stdout.starts_with("NOT SENT") && ran.stdout.contains("\n2 writes: "), "{ran}");
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    assert_eq!(scene.writes(), 2);
}

#[test]
fn files_that_the_script_writes_go_to_a_folder_that_is_named_and_are_read_from_there() {
    let scene = Scene::new(&[]);
    fs::create_dir_all(scene.place.work().join("out/deep")).unwrap();
    for (name, text) in [("note.txt", "old"), ("out/deep/report.csv", "old\n"), ("log.txt", "one\n")] {
        scene.write(name, text);
    }
    let ran = scene.planned(
        "write_text(\"note.txt\", \"new\");
         write_text(\"log.txt\", read_text(\"log.txt\") + \"two\\n\");
         write_json(\"out/data.json\", #{a: 1});
         bulk_update_customers(list_customers().take(2), #{plan: \"care\"}, #{report: \"out/deep/report.csv\"});
         print(read_text(\"note.txt\") + read_text(\"log.txt\") + read_csv(\"out/deep/report.csv\").len());",
    );
    assert!(ran.stdout.starts_with("newone\ntwo\n2\n"), "{ran}");
    let named = ran.stderr.split_once("the files that the script wrote are in `").unwrap().1;
    let (folder, rest) = named.split_once('`').unwrap();
    assert_eq!(rest, ", and not in their places\n");
    let preview = |name: &str| fs::read_to_string(format!("{folder}/{name}")).unwrap();
    assert_eq!((preview("note.txt").as_str(), preview("log.txt").as_str()), ("new", "one\ntwo\n"));
    assert!(preview("out/data.json").contains("\"a\"") && preview("out/deep/report.csv").lines().count() == 3);
    assert_eq!((scene.read("note.txt"), scene.read("log.txt")), ("old".into(), "one\n".into()));
    assert_eq!(scene.read("out/deep/report.csv"), "old\n");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700);
    }
    assert!(!scene.place.work().join("out/data.json").exists());
    let left: Vec<_> = fs::read_dir(scene.place.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
    let pruned = scene.onramp(&["runs", "prune", "--older-than", "0ms"]);
    let said = "the files of 1 dry run deleted\nno run ended more than 0 ms ago\n";
    assert_eq!((pruned.code, pruned.stderr.as_str()), (Some(0), said), "{pruned}");
    assert!(!std::path::Path::new(folder).exists());
    // What could not be written in earnest fails in the dry run.
    let ran = scene.onramp(&["run", "-e", "write_text(\"nowhere/note.txt\", \"x\");", "--dry-run"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no folder `nowhere`"), "{ran}");
}

#[test]
fn a_table_and_a_page_are_files_and_leave_nothing_for_another_form() {
    let scene = Scene::new(&[]);
    scene.planned("update_customer(101, #{plan: \"x\"});");
    for form in ["--csv", "--html"] {
        let ran = scene.onramp(&["plan", "show", "plan.json", form, "plan.out", "--output", "json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
        assert!(
            ran.stderr.starts_with(&format!("error: the argument '{form} <FILE>' cannot be used with '--output")),
            "{ran}"
        );
        assert!(!scene.place.work().join("plan.out").exists());
    }
}
