//! How the program behaves as a process: where scripts come from, what it says when it cannot begin, how it ends.

use crate::harness::{run, run_in_sandbox};

#[test]
fn a_script_comes_from_a_file_from_standard_input_or_from_the_command_line() {
    run(&["hello.rhai"]).file("hello.rhai", "print(1 + 1)").ran().assert_all(0, "2\n", "");
    run(&["-"]).stdin("print(1 + 1)").ran().assert_all(0, "2\n", "");
    run(&["-e", "print(1 + 1)"]).ran().assert_all(0, "2\n", "");
    run_in_sandbox(&["-e", "print(list_customers().count())"]).ran().assert_all(0, "120\n", "");
}
