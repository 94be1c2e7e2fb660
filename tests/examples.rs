//! The examples of the descriptors, each in the real program against a sandbox of its own.

use crate::harness::run_in_sandbox;
use onramp::{api::operations, script::builtins::builtins};

/// Runs all examples; what failed comes at the end, so that one run tells all of it.
fn run_all<'a>(examples: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut wrong = Vec::new();
    for (name, example) in examples {
        let ran = run_in_sandbox(&["--sandbox-customers", "12", "-e", example]).ran();
        let log = ["debug", "log_info", "log_warn", "log_error"].contains(&name);
        if ran.code != Some(0) || ran.stderr.is_empty() == log {
            wrong.push(format!("the example of `{name}`: {ran}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_example_of_every_operation_runs() {
    run_all(operations().map(|operation| (operation.name, operation.example)));
}

#[test]
fn the_example_of_every_host_function_runs_and_calls_it() {
    for builtin in builtins() {
        assert!(builtin.example.contains(&format!("{}(", builtin.name)), "{}", builtin.name);
    }
    run_all(builtins().map(|builtin| (builtin.name, builtin.example)));
}
