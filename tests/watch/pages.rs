//! What the pages show of watched folders is what the program does.

use super::{Inbox, SCRIPT, ends};
use crate::{docs::blocks, harness::Place};
use serde_json::Value;
use std::{fs, path::Path};

fn page(name: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    blocks(&fs::read_to_string(path).unwrap()).into_iter().map(|block| (block.language, block.text)).collect()
}

/// The only block of this language that holds this.
#[track_caller]
fn block(name: &str, language: &str, part: &str) -> String {
    let mut all = page(name).into_iter().filter(|(found, text)| found == language && text.contains(part));
    let (_, text) = all.next().unwrap_or_else(|| panic!("{name} has no {language} with {part}"));
    assert!(all.next().is_none(), "{name} has two");
    text
}

fn members(value: &Value) -> Vec<String> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().cloned().collect()
}

#[test]
#[cfg(unix)]
fn the_first_session_of_the_page_says_what_the_page_shows() {
    let text = block("triggers.md", "text", "onramp watch inbox");
    let place = Place::new();
    let scripts = place.work().join("scripts");
    fs::create_dir(&scripts).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/inbox_import.rhai");
    fs::copy(script, scripts.join("inbox_import.rhai")).unwrap();
    let mut expected = String::new();
    let mut found = String::new();
    for line in text.lines() {
        let Some(command) = line.strip_prefix("$ ") else {
            expected.push_str(line);
            expected.push('\n');
            continue;
        };
        let ran = match command.strip_prefix("onramp ") {
            Some(words) => place.onramp(&words.split(' ').collect::<Vec<_>>()).ran(),
            None => place.onramp(&[]).within(command).env("PATH", "/usr/bin:/bin").ran(),
        };
        ends(&ran, 0);
        found.push_str(&ran.stdout);
        found.push_str(&ran.stderr);
    }
    let listed = place.onramp(&["runs", "--output", "json"]).ran();
    let runs: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(found.replace(runs[0]["id"].as_str().unwrap(), "8c1f2ab"), expected);
}

#[test]
fn the_header_of_the_page_is_one() {
    let keys = block("triggers.md", "toml", "[watch]");
    let header: String = keys.lines().map(|line| format!("// {line}\n")).collect();
    let inbox = Inbox::new(&format!("// /// onramp\n{header}// ///\nprint(1);\n"));
    let ran = inbox.place.onramp(&["check", "a.rhai"]).ran();
    ends(&ran, 0);
}

#[test]
fn reports_and_notices_have_the_members_that_the_pages_show() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("orders.csv", "name,mrr\nA,1\n,2\n");
    let watch = inbox.watch(&["--notify-command", "sh -c 'cat > told'"]).env("PATH", "/usr/bin:/bin");
    ends(&watch.ran(), 4);
    let report = inbox.report("failed/orders.csv");
    let shown: Value = serde_json::from_str(&block("triggers.md", "json", "\"outcome\"")).unwrap();
    assert_eq!(members(&report), members(&shown));
    for name in ["counts", "exit_code", "message", "size", "outcome", "file"] {
        assert_eq!(report[name], shown[name], "{name}");
    }
    assert_eq!(members(&report["failures"][0]), members(&shown["failures"][0]));
    assert_eq!(report["failures"][0]["code"], shown["failures"][0]["code"]);
    let told: Value = serde_json::from_str(&fs::read_to_string(inbox.place.work().join("told")).unwrap()).unwrap();
    let shown: Value = serde_json::from_str(&block("deploy.md", "json", "\"notice\"")).unwrap();
    assert_eq!(members(&told), members(&shown));
    assert_eq!(members(&told["file"]), members(&shown["file"]));
    for name in ["version", "notice", "kind", "state", "trigger", "exit_code", "message", "counts", "scheduled_for"] {
        assert_eq!(told[name], shown[name], "{name}");
    }
}

#[test]
fn the_command_of_the_unit_file_is_understood() {
    let unit = block("deploy.md", "ini", "[Service]");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/onramp ")).unwrap();
    let place = Place::new();
    fs::create_dir(place.work().join("scripts")).unwrap();
    let ran = place.onramp(&line.split(' ').collect::<Vec<_>>()).ran();
    let missing = "error: the key file `/etc/onramp/key` cannot be read: there is no such file\n";
    ran.assert_all(3, "", missing);
}
