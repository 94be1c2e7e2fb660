//! Runs of scripts while the sandbox fails on purpose: what people see, and that nothing is done twice.

mod page;

use crate::harness::{Onramp, Served, run, run_in_sandbox};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Creates one customer and says how many of its name there are.
const CREATE: &str = r#"
create_customer(#{name: "Zed"});
print(list_customers().filter(|c| c.name == "Zed").count());
"#;

/// Changes four customers, one after the other.
const UPDATES: &str = r#"
for id in 101..105 {
    update_customer(id, #{mrr: 7});
    print(id);
}
"#;

fn bad_day(script: &str, faults: &[&str]) -> Onramp {
    let mut onramp = run_in_sandbox(&["script.rhai"]).file("script.rhai", script);
    for fault in faults {
        onramp = onramp.args(&["--sandbox-fault", fault]);
    }
    onramp
}

#[test]
fn what_passes_is_mended_and_nothing_is_made_twice() {
    let faults = [
        "create-customer:status=503@1-3",
        "create-customer:status=500@1",
        "create-customer:reset-before@1",
        "create-customer:reset-after@1-2",
        "create-customer:cut@1",
        "create-customer:empty@1",
        "create-customer:html@1",
        "create-customer:html=200@1",
        "create-customer:delay=50ms",
        "list-customers:cut@1",
    ];
    // Most of the time is the client's waiting before another attempt, so the runs wait side by side.
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || bad_day(CREATE, &[fault]).ran().assert_all(0, "1\n", ""));
        }
    });
}

#[test]
fn a_429_is_waited_for() {
    let began = Instant::now();
    bad_day(CREATE, &["create-customer:429=1s@1"]).ran().assert_all(0, "1\n", "");
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn the_launch_report_is_the_same_on_a_bad_day() {
    let report = include_str!("../../scripts/launch_report.rhai");
    let faults = ["list-customers:cut@1", "list-onboardings:reset-after@1", "get-me:html@1", "delay=5ms"];
    bad_day(report, &faults).ran().assert_all(0, include_str!("../scripts/launch_report.out"), "");
}

#[test]
fn a_key_that_is_revoked_on_the_way_ends_the_run_with_3() {
    bad_day(UPDATES, &["update-customer:revoke@3"]).ran().assert_all(
        3,
        "101\n102\n",
        "\
error: the API key has been revoked
  --> script.rhai:3:5
    |
  3 |     update_customer(id, #{mrr: 7});
    |     ^
  status 401, type authentication_error, code api_key_revoked, request id req_00000007
hint: make a new key in Pivotal's settings and put it into `PIVOTAL_API_KEY`, or name a file with `--key-file`
hint: look at the workspace before you run the script again: 2 changes had been made by then
",
    );
}

#[test]
fn a_web_page_in_place_of_answers_ends_the_run_with_1() {
    bad_day(UPDATES, &["update-customer:html=200@2-"]).ran().assert_all(
        1,
        "101\n",
        r"error: `update_customer` failed: the answer is a web page, not JSON
  --> script.rhai:3:5
    |
  3 |     update_customer(id, #{mrr: 7});
    |     ^
  status 200
  the answer began: <html>\r\n<head><title>200 OK</title></head>\r\n<body>\r\n<center><h1>200 OK</h1></center>\r\n<hr><center>a proxy</center>\r\n</body>\r\n</html>
  tried 5 times
hint: check that the base URL is the one of the Pivotal API
hint: look at the workspace before you run the script again: 1 change had been made by then
",
    );
}

#[test]
fn answers_of_the_service_that_stay_empty_are_not_blamed_on_the_base_url() {
    bad_day("get_customer(101)", &["get-customer:empty"]).ran().assert_all(
        1,
        "",
        "\
error: `get_customer` failed: the answer is empty
  --> script.rhai:1:1
    |
  1 | get_customer(101)
    | ^
  status 200, request id req_00000005
  tried 5 times
hint: run it again; if it stays so, tell Pivotal's support the request id
",
    );
}

#[test]
fn answers_that_stay_cut_are_the_networks_and_end_the_run_with_75() {
    let script =
        "try { get_customer(101); } catch (e) { print(`${e.type} ${e.code} ${e.status}`); }\nget_customer(101)";
    bad_day(script, &["get-customer:cut"]).ran().assert_all(
        75,
        "invalid_answer connection_closed 200\n",
        "\
error: `get_customer` failed: the connection was closed in the middle of the answer
  --> script.rhai:2:1
    |
  2 | get_customer(101)
    | ^
  status 200, request id req_00000010
  the answer began: {\"object\":\"customer\",\"id\":\"clx9f8g7h6j5k4l3m2n1\",\"display_id\":101,\"name\":\"Acme Corporation\",\"slug\":\"acme-corp\",\"domain\":\"acmecorp.com\",\"status\":\"active\",\"plan\":\"enterprise\",\"mrr\":125000,\"monthly_order…
  tried 5 times
hint: run it again; if it stays so, tell Pivotal's support the request id
",
    );
}

#[test]
fn a_network_that_comes_back_is_waited_for_and_only_that_is_said() {
    let ran = bad_day(CREATE, &["list-customers:reset-before@1-6"]).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{ran}");
    assert!(
        lines[0].starts_with("warning: nothing comes back from the service (") && lines[0].contains("10 min"),
        "{ran}"
    );
    assert!(lines[1].starts_with("the service answers again, after "), "{ran}");
}

#[test]
fn a_service_that_stays_down_ends_the_run_with_75() {
    bad_day(UPDATES, &["update-customer:status=500"]).ran().assert_all(
        75,
        "",
        "\
error: `update_customer` failed: The sandbox was told to answer 500 here
  --> script.rhai:3:5
    |
  3 |     update_customer(id, #{mrr: 7});
    |     ^
  status 500, type internal_error, code internal_error, request id req_00000007
  tried 5 times
",
    );
}

#[test]
fn a_network_that_stays_away_ends_the_run_with_75() {
    bad_day(CREATE, &["list-customers:reset-before"]).args(&["--max-wait", "1ms"]).ran().assert_all(
        75,
        "",
        "\
error: `list_customers` got no answer: the connection was closed before the answer came
  --> script.rhai:3:7
    |
  3 | print(list_customers().filter(|c| c.name == \"Zed\").count());
    |       ^
  tried 5 times
hint: check the network and the base URL, then run it again
hint: look at the workspace before you run the script again: 1 change had been made by then
",
    );
}

#[test]
fn a_script_can_catch_what_is_about_one_record() {
    let script = r#"
for id in 101..105 {
    try { update_customer(id, #{mrr: 7}); print(id); } catch (e) { print(`${id}: ${e.status} ${e.type}`); }
}
"#;
    bad_day(script, &["update-customer:status=404@3"]).ran().assert_all(0, "101\n102\n103: 404 not_found\n104\n", "");
}

#[test]
fn a_text_that_is_no_fault_is_wrong_usage() {
    for (spec, why) in [
        ("updte-customer:cut", "there is no operation `updte-customer`; did you mean `update-customer`?"),
        ("cut@0", "`@0` does not say when; write for example `@3`, `@1-3`, `@3-` or `@10%`, counted from 1"),
    ] {
        let said = |flag: &str| {
            format!("error: invalid value '{spec}' for '{flag} <SPEC>': {why}\n\nFor more information, try '--help'.\n")
        };
        run_in_sandbox(&["-e", "1", "--sandbox-fault", spec]).ran().assert_all(2, "", &said("--sandbox-fault"));
        Onramp::new(&["sandbox", "--fault", spec]).ran().assert_all(2, "", &said("--fault"));
    }
}

#[test]
fn a_fault_without_a_sandbox_is_wrong_usage() {
    let ran = run(&["-e", "1", "--sandbox-fault", "cut"]).ran();
    assert!(ran.code == Some(2) && ran.stderr.contains("--sandbox"), "{ran}");
}

#[test]
fn the_help_of_both_commands_explains_how_a_fault_is_written() {
    for command in ["run", "sandbox"] {
        let help = Onramp::new(&[command, "--help"]).ran();
        for text in ["[OPERATION:]FAULT[@WHEN]", "reset-before     the connection", "Examples: 'status=503@1-3'"] {
            assert!(help.stdout.contains(text), "{help}");
        }
    }
}

#[test]
fn a_sandbox_of_its_own_fails_on_purpose_too() {
    let served = Served::start(&["--fault", "get-me:status=404@1"]);
    let script = "try { get_me(); } catch (e) { print(e.message); } print(get_me().object);";
    let ran = served.used_by(run(&["-e", script])).ran();
    ran.assert_all(0, "The sandbox was told to answer 404 here.\nme\n", "");
}
