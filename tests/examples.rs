//! The examples of the descriptors, each in the real program against a sandbox of its own, and what they say.

use crate::harness::{Ran, run_in_sandbox};
use onramp::{api::operations, script::builtins::builtins};
use std::{collections::BTreeMap, sync::OnceLock};

/// What the example of each name said: its lines on both streams, then the value it gave behind `=>`. Fails the test
/// where an example fails; what failed comes at the end, so that one run tells all of it.
pub fn results() -> &'static BTreeMap<&'static str, String> {
    static RESULTS: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let (mut results, mut wrong) = (BTreeMap::new(), Vec::new());
        let operations = operations().map(|operation| (operation.name, operation.example));
        for (name, example) in operations.chain(builtins().map(|builtin| (builtin.name, builtin.example))) {
            // In an array a value stands as script text, whatever it is, and on one line.
            let ran = run_in_sandbox(&["-e", &format!("let value = {{ {example} }};\nprint(`=>${{[value]}}`)")]).ran();
            let logs = ["debug", "log_info", "log_warn", "log_error"].contains(&name);
            if ran.code != Some(0) || ran.stderr.is_empty() == logs {
                wrong.push(format!("the example of `{name}`: {ran}"));
            }
            results.insert(name, said(&ran));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        results
    })
}

fn said(ran: &Ran) -> String {
    let mut lines = Vec::new();
    for line in ran.stdout.lines().chain(ran.stderr.lines()) {
        match line.strip_prefix("=>[").and_then(|line| line.strip_suffix(']')) {
            Some("()") => {}
            Some(value) => lines.push(format!("=> {value}")),
            None => lines.push(line.to_string()),
        }
    }
    lines.join("\n")
}

#[test]
fn every_example_runs_and_is_no_riddle() {
    for (name, said) in results() {
        // A list that nobody walked, for example, says nothing about what is in it.
        assert!(!said.contains("=> <"), "the example of `{name}` shows {said}");
        // Whoever needs more shortens the example, so that it stays one that runs as it is shown.
        assert!(said.chars().count() <= 400, "the example of `{name}` says too much: {said}");
    }
}

#[test]
fn the_example_of_every_host_function_calls_it() {
    for builtin in builtins() {
        assert!(builtin.example.contains(&format!("{}(", builtin.name)), "{}", builtin.name);
    }
}
