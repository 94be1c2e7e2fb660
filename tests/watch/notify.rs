//! `--notify-command`: who is told of what, and what that command gets to see.

use super::{Inbox, SCRIPT, THREE, ends};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// A command that appends what it is told to one file, and its environment to another.
fn teller(inbox: &Inbox) -> (String, PathBuf) {
    let path = inbox.place.work().join("tell me.sh");
    fs::write(&path, "#!/bin/sh\ncat >> told.jsonl\necho \"$# $1\" >> args\nenv > env\n").unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    (format!("'{}' \"two words\"", path.display()), inbox.place.work().join("told.jsonl"))
}

fn told(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_failed_run_is_told_as_json_without_a_shell_and_without_our_secrets() {
    let inbox = Inbox::new("fail(\"no `good`\");");
    let (command, path) = teller(&inbox);
    inbox.drop_in("a.csv", "x");
    let watch =
        inbox.watch(&["--notify-command", &command]).env("PATH", "/usr/bin:/bin").env("NOTIFY_SOCKET", "/nowhere");
    // Somebody has put the key into another variable as well.
    let ran = watch.env("TOKEN", "pivotal_sandbox_key").env("MINE", "kept").ran();
    ends(&ran, 4);
    let folder = fs::canonicalize(inbox.path("")).unwrap().display().to_string();
    let [told] = &told(&path)[..] else { panic!("{ran}") };
    let run = &inbox.runs()[0];
    for name in ["id", "script", "trigger", "created_at", "ended_at", "counts"] {
        assert_eq!(told[name], run[name], "{name}: {told}");
    }
    let expected = serde_json::json!({
        "version": 1, "notice": "failed", "state": "failed", "exit_code": 1, "message": "no `good`", "scheduled_for": null,
        "file": {
            "name": "a.csv", "folder": folder, "path": format!("{folder}/failed/a.csv"),
            "report": format!("{folder}/failed/a.csv.report.json"),
        },
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}: {told}");
    }
    assert_eq!(fs::read_to_string(inbox.place.work().join("args")).unwrap(), "1 two words\n");
    let env = fs::read_to_string(inbox.place.work().join("env")).unwrap();
    assert!(env.contains("MINE=kept\n"), "{env}");
    for hidden in ["PIVOTAL_", "ONRAMP_", "pivotal_", "NOTIFY_SOCKET"] {
        assert!(!env.contains(hidden), "{hidden}: {env}");
    }
}

#[test]
fn what_is_refused_and_what_stops_is_told_too_and_what_is_done_is_not() {
    let inbox = Inbox::new(SCRIPT);
    let (command, path) = teller(&inbox);
    let command = ["--max-rows", "3", "--notify-command", &command];
    inbox.drop_in("good.csv", THREE);
    inbox.drop_in("long.csv", &format!("{THREE}D,4\n"));
    ends(&inbox.watch(&command).env("PATH", "/usr/bin:/bin").ran(), 4);
    let notices = |told: &[Value]| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_string();
        told.iter().map(|told| (text(&told["file"]["name"]), text(&told["notice"]))).collect()
    };
    assert_eq!(notices(&told(&path)), [("long.csv".into(), "refused".into())]);
    inbox.drop_in("b.csv", "name\nB\n");
    let watch = inbox.watch(&command).env("PATH", "/usr/bin:/bin");
    ends(&watch.env("PIVOTAL_API_KEY", "pivotal_nobodyKnowsThisKey000000").ran(), 3);
    let told = told(&path);
    assert_eq!(notices(&told[1..]), [("b.csv".into(), "stopped".into())]);
    assert_eq!((&told[1]["exit_code"], &told[1]["state"]), (&3.into(), &"stopped".into()), "{told:?}");
}

#[test]
fn a_command_that_fails_is_a_warning_and_the_run_does_not_notice() {
    let inbox = Inbox::new("fail(\"no good\");");
    for (at, (command, warning)) in [
        ("sh -c 'echo well >&2; exit 7'", "warning: the notify command `sh` ended with exit code 7: well\n"),
        ("nowhere/at-all", "warning: the notify command `nowhere/at-all` cannot be started: there is no such file\n"),
        ("true", ""),
    ]
    .into_iter()
    .enumerate()
    {
        inbox.drop_in(&format!("{at}.csv"), "x");
        let ran = inbox.watch(&["--notify-command", command]).env("PATH", "/usr/bin:/bin").ran();
        ends(&ran, 4);
        assert!(ran.stderr.ends_with(warning) && ran.stderr.matches("notify").count() == usize::from(at < 2), "{ran}");
        assert_eq!(inbox.report(&format!("failed/{at}.csv"))["exit_code"], 1);
    }
}

#[test]
fn it_comes_from_the_environment_too_and_never_from_a_file_that_travels_with_scripts() {
    let inbox = Inbox::new("fail(\"no good\");");
    let (command, path) = teller(&inbox);
    inbox.drop_in("a.csv", "x");
    let watch = inbox.watch(&[]).env("PATH", "/usr/bin:/bin");
    ends(&watch.env("ONRAMP_NOTIFY_COMMAND", &command).ran(), 4);
    assert_eq!(told(&path).len(), 1);
    let broken = inbox.watch(&[]).env("ONRAMP_NOTIFY_COMMAND", "tell 'me").ran();
    broken.assert_all(
        2,
        "",
        "error: the command in `ONRAMP_NOTIFY_COMMAND` has a quote without an end\n\
         hint: write it as in a shell: `mail-team --subject 'a run failed'`\n",
    );
    fs::write(inbox.place.work().join("b.rhai"), "// /// onramp\n// notify_command = \"tell\"\n// ///\n").unwrap();
    let ran = inbox.place.onramp(&["check", "b.rhai"]).ran();
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no header key `notify_command`"), "{ran}");
}
