//! `onramp retry`.

use super::{json, ran, said, script};
use crate::harness::Place;
use std::fs;

const PLAN: &str = "// /// onramp\n// [params.plan]\n// type = \"string\"\n// ///\n\
                    update_customer(101, #{plan: params.plan}); print(`${params.plan} ${args}`);\n";

#[test]
fn a_run_is_made_once_more_with_its_params_wherever_one_is() {
    let place = Place::new();
    assert_eq!(script(&place, "a.rhai", PLAN).args(&["--plan", "gold", "x"]).ran().code, Some(0));
    let runs = said(&place);
    let elsewhere = place.work().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let retried = place.onramp(&["retry", runs.id(1)]).within("cd elsewhere; exec \"$0\" \"$@\"").ran();
    retried.assert_all(0, "gold [\"x\"]\n", "");
    let again = json(&place, &["show", said(&place).id(2)]);
    assert_eq!((&again["retry_of"], &again["counts"]["unchanged"]), (&runs.id(1).into(), &1.into()));
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn a_script_that_changed_runs_as_it_is_now_and_one_that_is_gone_as_it_was() {
    let place = Place::new();
    assert_eq!(script(&place, "a.rhai", PLAN).args(&["--plan", "gold"]).ran().code, Some(0));
    let runs = said(&place);
    fs::write(place.work().join("a.rhai"), format!("{PLAN}print(\"more\");")).unwrap();
    place.onramp(&["retry", runs.id(1)]).ran().assert_all(
        0,
        "gold []\nmore\n",
        "`a.rhai` has changed since; it runs as it is now\n",
    );
    fs::remove_file(place.work().join("a.rhai")).unwrap();
    place.onramp(&["retry", runs.id(1)]).ran().assert_all(
        0,
        "gold []\n",
        "`a.rhai` cannot be read any more; it runs as it was\n",
    );
}

#[test]
fn what_is_wrong_with_the_script_by_now_is_told_before_it_starts() {
    let place = Place::new();
    ran(&place, "a.rhai", "update_customer(101, #{plan: \"gold\"});");
    let runs = said(&place);
    fs::write(place.work().join("a.rhai"), "update_custmer(101, #{});").unwrap();
    let retried = place.onramp(&["retry", runs.id(1)]).ran();
    assert!(retried.code == Some(2) && retried.stderr.contains("there is no function `update_custmer`"), "{retried}");
    assert_eq!(json(&place, &["runs"]).as_array().map(Vec::len), Some(1));
    fs::remove_dir_all(place.work().join("gone")).unwrap_err();
}

#[test]
fn text_from_the_command_line_and_from_standard_input_runs_again() {
    let place = Place::new();
    let sandbox = ["--sandbox", "--sandbox-data", "s.db"];
    let code = "update_customer(101, #{plan: \"gold\"}); print(1);";
    place.onramp(&["run", "-"]).args(&sandbox).stdin(code).ran().assert_all(0, "1\n", "");
    place.onramp(&["run", "-e", code]).args(&sandbox).ran().assert_all(0, "1\n", "");
    let runs = said(&place);
    for nth in [1, 2] {
        place.onramp(&["retry", runs.id(nth)]).ran().assert_all(0, "1\n", "");
    }
}
