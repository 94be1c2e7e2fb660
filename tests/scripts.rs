//! Every example script against a sandbox, its standard output held against `tests/scripts/NAME.out`.

use crate::harness::{Served, bless_or_compare, files, run, run_in_sandbox};
use std::{fs, path::Path};

#[test]
fn every_example_script_prints_what_it_printed_before() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let scripts = files("scripts", "rhai");
    let mut wrong = Vec::new();
    for script in &scripts {
        let ran = run_in_sandbox(&[script.to_str().unwrap()]).ran();
        if (ran.code, ran.stderr.as_str()) != (Some(0), "") {
            wrong.push(ran.to_string());
        }
        let file = expected.join(script.file_name().unwrap()).with_extension("out");
        wrong.extend(bless_or_compare(&file, &ran.stdout).err());
    }
    let names =
        |files: &[std::path::PathBuf]| files.iter().map(|f| f.file_stem().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&files("tests/scripts", "out")), names(&scripts), "one .out for each script");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_import_that_runs_again_creates_nothing() {
    let sandbox = Served::start(&["--customers", "12"]);
    let import = || sandbox.used_by(run(&[&script("import_customers.rhai"), "--file", "mine.csv"]));
    let csv = "name,domain,plan,mrr\nNew One,new.example,starter,100\nNo Domain,,starter,\n";
    let first = import().file("mine.csv", csv).ran();
    let left_out = "warning: No Domain: left out, because it has no domain\n";
    first.assert_all(0, "new.example: created New One\n1 created, 1 left as they are\n", left_out);
    let second = import().file("mine.csv", csv).ran();
    second.assert_all(0, "new.example: already there as New One\n0 created, 2 left as they are\n", left_out);
}

#[test]
fn untidy_contacts_are_reported_and_corrected_only_when_asked() {
    let sandbox = Served::start(&["--customers", "12"]);
    let make = "create_customer_contact(101, #{name: \"  ADA   KING \", email: \"a@b.example\"});\n\
                create_customer_contact(102, #{name: \"=Grace  Hopper\", email: \"a@b.example\"});";
    assert_eq!(sandbox.used_by(run(&["-e", make])).ran().code, Some(0));
    let tidy = |flag: &str| {
        let ran = sandbox.used_by(run(&[&script("tidy_contacts.rhai"), "--report=found.csv", flag])).ran();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
        fs::read_to_string(ran.folder().join("found.csv")).unwrap()
    };
    let report = tidy("--fix=false");
    assert!(report.contains(",untidy name,\"  ADA   KING \",Ada King\r\n"), "{report}");
    assert!(report.contains(",untidy name,'=Grace  Hopper,'=Grace Hopper\r\n"), "{report}");
    assert_eq!(tidy("--fix"), report);
    let left = tidy("--fix");
    assert_eq!(left.lines().count(), 2, "{left}");
    assert!(left.contains("e-mail stands twice,a@b.example,also at "), "{left}");
}

#[test]
fn rows_of_a_csv_are_changed_by_domain_or_by_id_and_those_that_failed_can_be_run_again() {
    let sandbox = Served::start(&["--customers", "12"]);
    let update = |args: &[&str]| {
        let flags = ["--file=mine.csv", "--report=done.csv"];
        sandbox.used_by(run(&[&script("bulk_update_from_csv.rhai")]).args(&flags).args(args))
    };
    let names = "let all = list_customers().where(#{status: \"active\"}).take(2).to_array();\n\
                 for c in all { print(c.domain); }\nfor c in all { print(c.display_id); }";
    let found = sandbox.used_by(run(&["-e", names])).ran().stdout;
    let found: Vec<&str> = found.lines().collect();
    let csv = format!("domain,plan,mrr\n{},gold,1\n nobody.example,gold,1\n{},gold,-2\n", found[0], found[1]);
    let first = update(&[]).file("mine.csv", &csv).ran();
    let missing = "warning:  nobody.example: no customer has this domain\n";
    let end = format!("error: 1 row failed; the others are done\n  row 2, {}: `mrr` must be at least 0.\n", found[1]);
    let said = "1 changed, 0 as they were, 0 left out, 1 failed\n";
    first.assert_all(4, said, &format!("{missing}{end}"));
    let report = fs::read_to_string(first.folder().join("done.csv")).unwrap();
    let csv = csv.replace("-2", "2");
    let again = update(&["--rows", "done.csv"]).file("mine.csv", &csv).file("done.csv", &report).ran();
    again.assert_all(0, "1 changed, 0 as they were, 0 left out, 0 failed\n", missing);
    let by_id = format!("display_id,plan,mrr\n{},gold,1\n{},,\n", found[2], found[3]);
    let third = update(&[]).file("mine.csv", by_id).ran();
    third.assert_all(0, "0 changed, 1 as they were, 1 left out, 0 failed\n", "");
}

#[test]
fn the_churn_sweep_changes_customers_only_when_asked() {
    let sandbox = Served::start(&[]);
    let sweep = |flag: &str| sandbox.used_by(run(&[&script("churn_sweep.rhai"), flag])).ran();
    let listed = sweep("--apply=false");
    assert!(listed.stdout.ends_with("run it with --apply to mark them as churned\n"), "{listed}");
    let count = listed.stdout.split(' ').next().unwrap();
    assert_ne!(count, "0");
    let marked = sweep("--apply");
    assert!(marked.stdout.ends_with(&format!("{count} are marked as churned, 0 failed\n")), "{marked}");
    sweep("--apply").assert_all(0, "0 customers at risk have not moved for 60 days or longer\n", "");
}

fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name).display().to_string()
}
