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

fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name).display().to_string()
}
