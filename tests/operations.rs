//! All operations through the real program, against a sandbox in another process.

use crate::harness::{Served, bless_or_compare, run};
use onramp::api::operations;
use std::path::Path;

const SCRIPT: &str = include_str!("data/all_operations.rhai");

#[test]
fn the_script_names_every_operation() {
    for operation in operations() {
        assert!(SCRIPT.contains(&format!("{}(", operation.name)), "{}", operation.name);
    }
}

#[test]
fn a_script_calls_all_operations_of_a_sandbox_in_another_process() {
    let sandbox = Served::start(&["--customers", "12"]);
    // It hands operations what they must refuse, and catches it.
    let ran = sandbox.used_by(run(&["--no-check", "all.rhai"])).file("all.rhai", SCRIPT).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/all_operations.out");
    bless_or_compare(&expected, &ran.stdout).unwrap_or_else(|why| panic!("{why}"));
}
