//! `onramp check`: a corpus of wrong scripts with all that is said of them, a corpus of right ones of which nothing is
//! said, and the forms in which it is said.

use crate::harness::{Onramp, bless_or_compare, files, run_in_sandbox};
use onramp::{api::operations, script::builtins::builtins};
use std::{ffi::OsString, fs, path::PathBuf};

fn check(args: &[&str]) -> Onramp {
    Onramp::new(&["check"]).args(args)
}

#[test]
fn everything_wrong_is_told_in_one_go() {
    let scripts = files("tests/check/wrong", "rhai");
    let mut wrong = Vec::new();
    for script in &scripts {
        let name = script.file_name().unwrap().to_str().unwrap();
        let ran = check(&[name]).file(name, fs::read(script).unwrap()).ran();
        assert_eq!(ran.stdout, "", "{ran}");
        let found = format!("exit {}\n{}", ran.code.unwrap(), ran.stderr);
        wrong.extend(bless_or_compare(&script.with_extension("err"), &found).err());
    }
    let names = |files: &[PathBuf]| files.iter().map(|f| f.file_stem().unwrap().to_owned()).collect::<Vec<OsString>>();
    assert_eq!(names(&files("tests/check/wrong", "err")), names(&scripts), "one .err for each script");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn nothing_is_said_of_a_right_script() {
    let mut scripts = files("tests/check/right", "rhai");
    scripts.extend(files("scripts", "rhai"));
    let mut wrong = Vec::new();
    for script in scripts {
        let path = script.to_str().unwrap();
        let ran = check(&[path]).ran();
        // When a scheduled script is due next depends on the day.
        let said: String = ran.stderr.lines().filter(|line| !line.contains(": due next ")).collect();
        if (ran.code, said.as_str()) != (Some(0), "nothing to report in 1 script") {
            wrong.push(format!("{path}: {ran}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn nothing_is_said_of_the_examples_of_operations_and_functions() {
    let mut command = check(&[]);
    for (name, example) in
        operations().map(|o| (o.name, o.example)).chain(builtins().map(|builtin| (builtin.name, builtin.example)))
    {
        let file = format!("{name}.rhai");
        command = command.file(&file, example).args(&[&file]);
    }
    let ran = command.ran();
    assert!(ran.code == Some(0) && ran.stderr.starts_with("nothing to report in "), "{ran}");
}

#[test]
fn a_script_with_an_error_does_not_start() {
    let ran = run_in_sandbox(&["late.rhai"]).file("late.rhai", "print(\"began\");\nif false { nope(); }").ran();
    ran.assert_all(
        2,
        "",
        "error: there is no function `nope`\n  --> late.rhai:2:12\n    |\n  2 | if false { nope(); }\n    |            ^\n\
         the script was not started because of 1 error\n",
    );
    let unchecked = run_in_sandbox(&["--no-check", "late.rhai"]).file("late.rhai", "print(1); if false { nope(); }");
    unchecked.ran().assert_all(0, "1\n", "");
}

#[test]
fn a_warning_stops_nothing() {
    let script = "let go_on = false;\nif go_on { update_customer(1, #{status: \"sleepy\"}); }\nprint(1);";
    let ran = run_in_sandbox(&["warned.rhai"]).file("warned.rhai", script).ran();
    assert!(ran.code == Some(0) && ran.stdout == "1\n" && ran.stderr.starts_with("warning: "), "{ran}");
    assert_eq!(check(&["warned.rhai"]).file("warned.rhai", script).ran().code, Some(0));
}

#[test]
fn all_files_are_looked_at_even_if_one_cannot_be_read() {
    let ran = check(&["missing.rhai", "folder", "a.rhai", "b.rhai"])
        .file("folder/x", "")
        .file("a.rhai", "one();")
        .file("b.rhai", "two();")
        .ran();
    assert_eq!(ran.code, Some(2), "{ran}");
    for part in [
        "the script `missing.rhai` cannot be read: there is no such file",
        "the script `folder` cannot be read: it is a folder",
        "there is no function `one`\n  --> a.rhai:1:1",
        "there is no function `two`\n  --> b.rhai:1:1",
        "4 errors in 4 scripts\n",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{ran}");
    }
}

#[test]
fn modules_are_looked_at_where_they_are() {
    let ran = check(&["main.rhai"])
        .file(
            "main.rhai",
            "import \"lib/dates\" as dates;\nprint(dates::tomorow());\ndates::tomorrow(1);\ndates::hidden();\n\
             import \"lib/none\" as none;\ntomorrow();",
        )
        .file("lib/dates.rhai", "import \"lib/deep\" as deep;\nfn tomorrow() { nope() }\nprivate fn hidden() { 1 }")
        .file("lib/deep.rhai", "fn f() { update_customer(1, #{stauts: 1}) }")
        .ran();
    let told: Vec<&str> =
        ran.stderr.lines().filter(|l| ["error", "  -->", "hint"].iter().any(|s| l.starts_with(s))).collect();
    let expected = "\
error: the module `dates` has no function `tomorow`
  --> main.rhai:2:14
hint: did you mean `dates::tomorrow`?
error: `tomorrow` takes 0 arguments, not 1
  --> main.rhai:3:8
hint: call it as `dates::tomorrow()`
error: the function `hidden` of the module `dates` is private
  --> main.rhai:4:8
hint: remove `private` before `fn hidden` in `lib/dates.rhai`
error: there is no module `lib/none`
  --> main.rhai:5:8
hint: modules are found from the script's folder: this one would be `lib/none.rhai` there
error: there is no function `tomorrow`
  --> main.rhai:6:1
hint: it is in a module: write `dates::tomorrow(…)`
error: there is no function `nope`
  --> lib/dates.rhai:2:17
error: `update_customer`: it has no field `stauts`
  --> lib/deep.rhai:1:31
hint: did you mean `status`?";
    assert_eq!(told.join("\n"), expected, "{ran}");
    assert_eq!(ran.code, Some(2));
}

#[test]
fn editors_get_json() {
    let script = "get_customr(1);\nupdate_customer(1, #{status: \"x\"});";
    let ran = check(&["--output", "json", "a.rhai", "none.rhai"]).file("a.rhai", script).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""), "{ran}");
    let all: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = serde_json::json!([
        {
            "file": "none.rhai", "line": null, "column": null, "severity": "error",
            "message": "the script `none.rhai` cannot be read: there is no such file",
            "hints": ["check the path; it is relative to the present folder"],
        },
        {
            "file": "a.rhai", "line": 1, "column": 1, "severity": "error",
            "message": "there is no function `get_customr`", "hints": ["did you mean `get_customer`?"],
        },
        {
            "file": "a.rhai", "line": 2, "column": 30, "severity": "warning",
            "message": "`update_customer`: `status` has no known value `x`",
            "hints": ["use `onboarding`, `active`, `at_risk`, `churned` or `archived`"],
        },
    ]);
    assert_eq!(all, expected);
    let lines = check(&["--output", "jsonl", "a.rhai"]).file("a.rhai", script).ran();
    assert_eq!(lines.stdout.lines().count(), 2, "{lines}");
    let silent = check(&["--output", "json", "a.rhai"]).file("a.rhai", "print(1)").ran();
    silent.assert_all(0, "[]\n", "");
}

#[test]
fn control_characters_of_a_script_are_shown_and_not_obeyed() {
    let ran = check(&["a.rhai"]).file("a.rhai", "update_customer(1, #{\"\\x1b[31m\": 1}); let a = '\u{1b}';").ran();
    assert!(!ran.stderr.contains('\u{1b}') && ran.stderr.contains("\\u{1b}"), "{ran}");
}

#[test]
fn modules_that_import_each_other_are_found_before_they_do() {
    let ran = check(&["main.rhai"])
        .file("main.rhai", "import \"a\" as a;\na::f();")
        .file("a.rhai", "import \"b\" as b;\nfn f() { b::g() }")
        .file("b.rhai", "import \"a\" as a;\nfn g() { 1 }")
        .ran();
    ran.assert_all(
        2,
        "",
        "error: the modules import each other in a circle: `a.rhai` → `b.rhai` → `a.rhai`\n  --> b.rhai:1:8\n    |\n  \
         1 | import \"a\" as a;\n    |        ^\nhint: put what both of them need into a module of its own\n1 error in 1 script\n",
    );
    let late = check(&["main.rhai"])
        .file("main.rhai", "import \"a\" as a;\na::f();")
        .file("a.rhai", "import \"b\" as b;\nfn f() { b::g(2) }")
        .file("b.rhai", "fn g(n) { if n == 0 { return 0; } import \"a\" as a; a::f() }")
        .ran();
    late.assert_all(0, "", "nothing to report in 1 script\n");
}

#[test]
fn of_very_many_findings_the_first_are_shown() {
    let ran = check(&["a.rhai"]).file("a.rhai", "nope();\n".repeat(2000)).ran();
    assert_eq!((ran.code, ran.stderr.matches("error: ").count()), (Some(2), 100), "{ran}");
    assert!(
        ran.stderr.ends_with("and 1900 more, which `onramp check --output jsonl` shows\n2000 errors in 1 script\n")
    );
}
