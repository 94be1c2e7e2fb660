//! Every function of the host: the example that its help shows runs against a sandbox.

use crate::harness::run_in_sandbox;
use onramp::script::builtins::builtins;
use std::fmt::Write;

#[test]
fn every_example_of_a_function_runs() {
    let mut script = String::new();
    for builtin in builtins() {
        // A closure for each, so that what one example defines is not seen by the next.
        let example = builtin.example;
        writeln!(script, "try {{ (|| {{ {example} }}).call() }} catch (e) {{ print(\"{}: \" + e); }}", builtin.name)
            .unwrap();
        assert!(example.contains(builtin.name), "the example of `{}` does not show it", builtin.name);
        assert!(!builtin.summary.ends_with('.') && !builtin.signatures.is_empty(), "{}", builtin.name);
    }
    let ran = run_in_sandbox(&["examples.rhai"]).file("examples.rhai", &script).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    for builtin in builtins() {
        assert!(!ran.stdout.contains(&format!("{}: ", builtin.name)), "{}\n{ran}", builtin.name);
    }
}
