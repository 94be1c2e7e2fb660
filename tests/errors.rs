//! What is said of a script that fails: each `tests/errors/NAME.rhai` is run against a sandbox, its exit code and the
//! whole of its standard error held against `NAME.err`.

use crate::harness::{bless_or_compare, files, run_in_sandbox};
use std::{ffi::OsString, fs, path::PathBuf};

#[test]
fn every_error_is_told_as_it_was_before() {
    let scripts = files("tests/errors", "rhai");
    let mut wrong = Vec::new();
    for script in &scripts {
        let name = script.file_name().unwrap().to_str().unwrap();
        let ran = run_in_sandbox(&["--no-check", name]).file(name, fs::read(script).unwrap()).ran();
        let found = format!("exit {}\n{}", ran.code.map_or("by a signal".into(), |code| code.to_string()), ran.stderr);
        wrong.extend(bless_or_compare(&script.with_extension("err"), &found).err());
    }
    let names = |files: &[PathBuf]| files.iter().map(|f| f.file_stem().unwrap().to_owned()).collect::<Vec<OsString>>();
    assert_eq!(names(&files("tests/errors", "err")), names(&scripts), "one .err for each script");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_error_keeps_to_the_rules_for_errors() {
    for file in files("tests/errors", "err") {
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.display();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("exit "), "{shown}");
        let first = lines.next().unwrap_or_else(|| panic!("{shown} says nothing"));
        let said = first.strip_prefix("error: ").unwrap_or_else(|| panic!("{shown}: {first}"));
        assert!(!said.starts_with(char::is_uppercase), "{shown} begins with a capital: {first}");
        let said: Vec<&str> = text.lines().filter(|line| !line.contains(" | ")).collect();
        for rust in ["::", "Dynamic", "i64", "f64", "Immutable", "FnPtr", "Some(", "None", "Err(", "anon$", "get$"] {
            assert!(!said.iter().any(|line| line.contains(rust)), "{shown} shows `{rust}`:\n{text}");
        }
        for hint in text.lines().filter_map(|line| line.strip_prefix("hint: ")) {
            assert!(!hint.starts_with(char::is_uppercase) && !hint.ends_with('.'), "{shown}: {hint}");
        }
        // The engine raises this one without a position.
        let placeless = file.file_stem().is_some_and(|name| name == "closure_uses_its_receiver");
        assert!(placeless || text.contains("\n  --> ") && text.contains('^'), "{shown} shows no place:\n{text}");
    }
}
