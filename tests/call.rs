//! `onramp call`, `functions` and `completions`: the API and the catalogue without a script.

use crate::harness::{NOW, Onramp};

fn call(args: &[&str]) -> Onramp {
    Onramp::new(&["call"]).args(args).args(&["--sandbox", "--now", NOW])
}

#[test]
fn an_answer_is_shown_as_the_service_sent_it() {
    let ran = call(&["get_customer", "id=101"]).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stdout.starts_with("{\n  \"object\": \"customer\",\n  \"id\": \""), "{ran}");
    assert!(ran.stdout.ends_with("\n}\n"), "{ran}");
    let page = call(&["list-customers", "limit=2"]).ran();
    let page: serde_json::Value = serde_json::from_str(&page.stdout).unwrap();
    assert_eq!((page["object"].as_str(), page["data"].as_array().map(Vec::len)), (Some("list"), Some(2)));
}

#[test]
fn arguments_are_converted_by_the_kinds_of_the_table() {
    let ran =
        call(&["update_customer", "id=101", "mrr=5", "name=7", "domain:=null", "metadata:={\"a\": [1, 2.50]}"]).ran();
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    assert_eq!(answer["mrr"], 5);
    assert_eq!(answer["name"], "7");
    assert_eq!(answer["domain"], serde_json::Value::Null);
    assert_eq!(answer["metadata"], serde_json::json!({"a": [1, 2.5]}));
    assert!(call(&["list_customer_contacts", "customer_id=101"]).ran().stdout.contains("\"contact\""));
}

#[test]
fn a_list_is_walked_to_its_end_as_lines() {
    let ran = call(&["list_customers", "--all"]).ran();
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 120), "{ran}");
    for line in ran.stdout.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["object"], "customer");
    }
}

#[test]
fn what_is_wrong_is_told_without_a_place() {
    for (args, code, said) in [
        (&["get_custmer"][..], 2, "error: there is no operation `get_custmer`\nhint: did you mean `get_customer`?\n"),
        (
            &["get_customer", "101"],
            2,
            "error: the argument `101` has no name\nhint: write it as `key=value` or `key:=JSON`\n",
        ),
        (
            &["get_customer"],
            2,
            "error: `get_customer`: `id` is missing\nhint: add `id=…`\nhint: see `onramp functions get_customer`\n",
        ),
        (
            &["update_customer", "id=1", "stauts=active"],
            2,
            "error: `update_customer`: it has no argument `stauts`\nhint: did you mean `status`?\n\
             hint: see `onramp functions update_customer`\n",
        ),
        (&["get_customer", "id=101", "--all"], 2, "error: `get_customer` is not a list\nhint: leave out `--all`\n"),
        (
            &["get_customer", "id=987654"],
            1,
            "error: `get_customer` failed: There is no customer `987654`\n  status 404, type not_found, \
             code customer_not_found, request id req_00000001\n",
        ),
    ] {
        call(args).ran().assert_all(code, "", said);
    }
    let keyless = Onramp::new(&["call", "get_me"]).ran();
    assert_eq!(keyless.code, Some(3), "{keyless}");
}

#[test]
fn the_workspace_of_the_project_file_and_read_only_hold_for_a_call() {
    let ran = call(&["list_customers", "limit=1"]).file("onramp.toml", "workspace = \"sandbox\"").ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    for (file, said) in [
        (
            "workspace = \"acme\"",
            "error: only the workspace `acme` may be used here, and the key belongs to `sandbox`\n",
        ),
        ("workspce = \"acme\"", "error: a project file has no key `workspce`\n"),
    ] {
        let ran = call(&["delete_customer", "id=101"]).file("onramp.toml", file).ran();
        assert!(ran.code == Some(2) && ran.stderr.starts_with(said), "{ran}");
    }
    let ran = call(&["delete_customer", "id=101", "--read-only"]).ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: `delete_customer` was not sent: the run is read-only\n"), "{ran}");
    assert_eq!(call(&["get_customer", "id=101", "--read-only"]).ran().code, Some(0));
}

#[test]
fn the_catalogue_tells_everything_about_a_function() {
    let all = Onramp::new(&["functions"]).ran();
    assert_eq!(all.code, Some(0), "{all}");
    for part in ["Customers\n", "  update_onboarding(id, fields) ", "  rows.where(", "The standard library\n"] {
        assert!(all.stdout.contains(part), "{part}\n{all}");
    }
    let one = Onramp::new(&["functions", "create_customer"]).ran();
    assert!(one.stdout.starts_with("create_customer(fields)\ncreates\n\nMakes a customer\n"), "{one}");
    for part in ["required; a string", "`onboarding`, `active`", "conflict", "Example\n  create_customer("] {
        assert!(one.stdout.contains(part), "{part}\n{one}");
    }
    Onramp::new(&["functions", "list_custmers"]).ran().assert_all(
        2,
        "",
        "error: there is no function `list_custmers`\nhint: did you mean `list_customers`?\n",
    );
    let json = Onramp::new(&["functions", "--output", "json"]).ran();
    let all: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let entry = all.as_array().unwrap().iter().find(|entry| entry["name"] == "update_contact").unwrap();
    assert_eq!((&entry["effect"], &entry["domain"]), (&"updates".into(), &"Contacts".into()));
    assert_eq!(entry["fields"][0]["name"], "name");
}

#[test]
fn a_name_of_several_kinds_of_values_says_what_it_does_with_each() {
    Onramp::new(&["functions", "len"]).ran().assert_all(
        0,
        "\
len
with 1 value, the one before the dot included

Number of elements in the array
Return the length of the BLOB
Return the length of the string, in number of characters
Return the number of properties in the object map
",
        "",
    );
}

#[test]
fn every_name_of_the_catalogue_has_an_entry() {
    let json = Onramp::new(&["functions", "--output", "json"]).ran();
    let all: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).unwrap();
    assert!(all.len() > 100);
    for entry in all.iter().filter(|entry| entry["domain"] != "The standard library") {
        let ran = Onramp::new(&["functions", entry["name"].as_str().unwrap()]).ran();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    }
}

#[test]
fn completions_are_scripts_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = Onramp::new(&["completions", shell]).ran();
        assert!(ran.code == Some(0) && ran.stdout.contains("sandbox-seed") && ran.stderr.is_empty(), "{ran}");
    }
    let bash = Onramp::new(&["completions", "bash"]).ran();
    assert!(bash.stdout.contains("_onramp()"), "{bash}");
}

#[test]
fn a_bulk_verb_shows_its_fields_options_and_result() {
    let shown = Onramp::new(&["functions", "bulk_update_contacts"]).ran();
    for part in
        ["\nFields\n  name ", "\nOptions\n  id ", "\n  stop_after_failures ", "\nResult\n  ok ", "\n  retry_rows "]
    {
        assert!(shown.stdout.contains(part), "{part:?}\n{shown}");
    }
    let json = Onramp::new(&["functions", "bulk_delete_contacts", "--output", "json"]).ran();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["options"][1]["name"], "in_flight");
    assert_eq!(json["result"][0]["name"], "ok");
    assert!(json.get("fields").is_none(), "a delete has none");
}
