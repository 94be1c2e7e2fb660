//! A script's header on the command line: its help, its params, its arguments, its environment, and the flags around them.

use crate::harness::{Onramp, Ran, run, run_in_sandbox};

const SCRIPT: &str = r#"// /// onramp
// description = "Looks at waiting onboardings"
// allow = ["update_onboarding.state"]
// max_writes = 200
// workspace = "sandbox"
//
// [params.min_days]
// type = "integer"
// default = 14
// help = "How long they may wait"
//
// [params.share]
// type = "float"
//
// [params.apply]
// type = "bool"
//
// [params.colour]
// type = "enum"
// values = ["red", "blue"]
//
// [params.since]
// type = "date"
//
// [params.note]
// type = "string"
// ///
print(`${params} ${args}`);
"#;

/// Runs [`SCRIPT`] with these words around its name.
fn with(before: &[&str], after: &[&str]) -> Ran {
    run(&["--now", crate::harness::NOW]).args(before).args(&["a.rhai"]).args(after).file("a.rhai", SCRIPT).ran()
}

/// What it prints with these params set and these arguments.
fn shown(changes: &[(&str, &str)], args: &str) -> String {
    let names = ["apply", "colour", "min_days", "note", "share", "since"];
    let value = |name: &&str| changes.iter().find(|(changed, _)| changed == name).map(|(_, value)| *value);
    let default = |name: &str| match name {
        "apply" => "false",
        "min_days" => "14",
        _ => "()",
    };
    let entries: Vec<String> =
        names.iter().map(|name| format!("\"{name}\": {}", value(name).unwrap_or(default(name)))).collect();
    format!("#{{{}}} {args}\n", entries.join(", "))
}

#[test]
fn params_stand_before_or_behind_the_script_in_both_forms() {
    with(&[], &[]).assert_all(0, &shown(&[], "[]"), "");
    for (before, after) in [
        (&[][..], &["--min-days", "30"][..]),
        (&[], &["--min-days=30"]),
        (&[], &["--min_days", "30"]),
        (&["--min-days", "30"], &[]),
        (&["--min-days=30"], &["--sandbox"]),
        (&["--sandbox", "--min-days", "30", "-v"], &[]),
    ] {
        with(before, after).assert_all(0, &shown(&[("min_days", "30")], "[]"), "");
    }
}

#[test]
fn each_type_of_param_becomes_its_value() {
    for (words, name, value) in [
        (&["--min-days", "-3"][..], "min_days", "-3"),
        (&["--share", "0.5"], "share", "0.5"),
        (&["--apply"], "apply", "true"),
        (&["--apply=true"], "apply", "true"),
        (&["--apply=false"], "apply", "false"),
        (&["--colour", "red"], "colour", "\"red\""),
        (&["--since", "2026-02-28"], "since", "2026-02-28T00:00:00Z"),
        (&["--note", ""], "note", "\"\""),
        (&["--note=--apply"], "note", "\"--apply\""),
    ] {
        with(&[], words).assert_all(0, &shown(&[(name, value)], "[]"), "");
    }
}

#[test]
fn the_other_words_are_the_arguments() {
    with(&[], &["x", "--apply", "y", "--", "--z"]).assert_all(
        0,
        &shown(&[("apply", "true")], r#"["x", "y", "--z"]"#),
        "",
    );
    run(&["-e", "print(args)", "x", "y"]).ran().assert_all(0, "[\"x\", \"y\"]\n", "");
}

#[test]
fn a_text_that_is_no_file_has_a_header_too() {
    run(&["-", "--min-days=3", "--now", crate::harness::NOW]).stdin(SCRIPT).ran().assert_all(
        0,
        &shown(&[("min_days", "3")], "[]"),
        "",
    );
    let text = "// /// onramp\n// [params.n]\n// type = \"integer\"\n// ///\nprint(params.n + 1)";
    run(&["--n", "2", "-e", text]).ran().assert_all(0, "3\n", "");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_runs() {
    for (words, said) in [
        (&["--min-days", "soon"][..], "error: the param `min_days` cannot be `soon`; it takes a whole number\n"),
        (&["--share", "nan"], "error: the param `share` cannot be `nan`; it takes a number\n"),
        (&["--apply=yes"], "error: the param `apply` cannot be `yes`; it takes `true` or `false`\n"),
        (
            &["--colour", "rde"],
            "error: the param `colour` cannot be `rde`; it takes `red` or `blue`\nhint: did you mean `red`?\n",
        ),
        (
            &["--since", "2026-02-30"],
            "error: the param `since` cannot be `2026-02-30`; it takes a date such as `2026-05-26`\n",
        ),
        (
            &["--min-dayz", "3"],
            "error: `--min-dayz` is neither a param of `a.rhai` nor a flag of onramp\nhint: did you mean `--min-days`?\n",
        ),
        (
            &["--sandbax"],
            "error: `--sandbax` is neither a param of `a.rhai` nor a flag of onramp\nhint: did you mean `--sandbox`?\n",
        ),
    ] {
        with(&[], words).assert_all(2, "", said);
    }
    let required = SCRIPT.replace("\"date\"", "\"date\"\n// required = true");
    run(&["a.rhai"]).file("a.rhai", required).ran().assert_all(
        2,
        "",
        "error: the param `since` is missing\nhint: add `--since DATE`; it takes a date such as `2026-05-26`\n",
    );
    assert_eq!(with(&[], &["--min-days"]).code, Some(2));
    assert_eq!(with(&[], &["--min-days=1", "--min-days=2"]).code, Some(2));
    let ran = run(&["--apply", "x", "a.rhai"]).file("a.rhai", SCRIPT).ran();
    assert!(ran.code == Some(2) && ran.stderr.contains("it is not clear which of the words is the script"), "{ran}");
}

#[test]
fn help_is_the_scripts_own() {
    let ran = with(&[], &["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stdout.starts_with("Looks at waiting onboardings\n\nUsage: onramp run a.rhai [PARAMS]"), "{ran}");
    for part in [
        "--min-days <INTEGER>  How long they may wait [default: 14]",
        "--apply[=<BOOL>]",
        "--colour <red|blue>",
        "--since <DATE>",
        "it may change: update_onboarding.state, at most 200 writes in a run",
        "it is for the workspace sandbox only",
        "--sandbox",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
    assert!(!ran.stdout.contains("--eval") && !ran.stdout.contains("When it runs"), "{ran}");
    let due = "// /// onramp\n// schedule = \"0 7 * * MON\"\n// timezone = \"Europe/Berlin\"\n// [watch]\n// folder = \"in\"\n// ///\n";
    let ran = run(&["--help", "c.rhai"]).file("c.rhai", due).ran();
    let when = "When it runs under `onramp serve`:\n  0 7 * * MON in Europe/Berlin, files of `in`\n\nFlags of onramp";
    assert!(ran.code == Some(0) && ran.stdout.contains(when), "{ran}");
    let ran = run(&["--help", "b.rhai"]).file("b.rhai", "print(1)").ran();
    assert!(ran.code == Some(0) && ran.stdout.contains("it may change everything"), "{ran}");
    let ran = run(&["--help"]).ran();
    assert!(ran.code == Some(0) && ran.stdout.starts_with("Run a script"), "{ran}");
}

#[test]
fn params_args_and_run_are_seen_everywhere_and_cannot_be_changed() {
    let script = r#"// /// onramp
// [params.n]
// type = "integer"
// default = 1
// ///
import "lib/m" as m;
fn plain() { params.n + args.len() }
fn closed() { [1, 2].map(|x| x + params.n + args.len()) }
let stored = || || [run.trigger, run.scheduled_for, run.event, run.dry_run, run.id.len() > 5];
print(`${plain()} ${closed()} ${stored.call().call()} ${m::seen()}`);
fn own(args, params) { args + params }
print(`${own(1, 2)} ${[5].map(|run| run)}`);
let mine = params;
mine.n = 7;
print(`${mine.n} ${params.n}`);
try { args.push("x"); } catch { print("args stay as they are"); }
"#;
    run(&["a.rhai", "word"])
        .file("a.rhai", script)
        .file("lib/m.rhai", "fn seen() { [1].map(|x| x + params.n + args.len()) }")
        .ran()
        .assert_all(0, "2 [3, 4] [\"manual\", (), (), false, true] [3]\n3 [5]\n7 1\nargs stay as they are\n", "");
}

#[test]
fn an_environment_value_is_read_and_never_shown() {
    let script = "// /// onramp\n// env = [\"TEAM_TOKEN\"]\n// ///\nlet t = env(\"TEAM_TOKEN\");\nprint(t.len());\nprint(t);\nprint(#{t: t});\nlog_info(t);\nthrow t;";
    let ran = run(&["a.rhai"]).file("a.rhai", script).env("TEAM_TOKEN", "say \"hush\"\nnow").ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.starts_with("14\n[redacted]\n"), "{ran}");
    for stream in [&ran.stdout, &ran.stderr] {
        assert!(!stream.contains("hush"), "{ran}");
    }
}

#[test]
fn a_variable_of_onramps_own_is_refused_without_a_detour() {
    for name in ["PIVOTAL_API_KEY", "onramp_x"] {
        let ran = run(&["-e", &format!("env(\"{name}\")")]).env(name, "hush").ran();
        let said = format!("`{name}` may not be read by a script\n");
        assert!(ran.code == Some(1) && ran.stderr.contains(&said) && !ran.stderr.contains("env = ["), "{ran}");
    }
    let ran = run(&["-e", "env(\"TEAM\")"]).ran();
    assert!(ran.stderr.contains("hint: add it there: `env = [\"TEAM\"]`"), "{ran}");
}

#[test]
fn a_file_named_on_the_command_line_may_be_read_wherever_it_lies() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("rows.txt");
    std::fs::write(&file, "one").unwrap();
    let script = "// /// onramp\n// [params.file]\n// type = \"file\"\n// ///\nprint(read_text(params.file));";
    let path = file.to_str().unwrap();
    run(&["a.rhai", "--file", path]).file("a.rhai", script).ran().assert_all(0, "one\n", "");
    let ran = run(&["a.rhai", "--file", "nowhere/rows.txt"]).file("a.rhai", script).ran();
    let said = "error: the param `file` cannot be `nowhere/rows.txt`: there is no such file\n";
    ran.assert_all(2, "", said);
    // A default was written by whoever wrote the script, and grants nothing.
    let default = script.replace("\"file\"\n", &format!("\"file\"\n// default = \"{path}\"\n"));
    assert_eq!(run(&["a.rhai"]).file("a.rhai", default).ran().code, Some(1));
}

#[test]
fn a_shebang_is_no_part_of_the_script() {
    run(&["a.rhai"]).file("a.rhai", "#!/usr/bin/env onramp\nprint(1);").ran().assert_all(0, "1\n", "");
}

fn guarded(header: &str, code: &str) -> Onramp {
    let header: String = header.lines().map(|line| format!("// {line}\n")).collect();
    run_in_sandbox(&["a.rhai"]).file("a.rhai", format!("// /// onramp\n{header}// ///\n{code}"))
}

#[test]
fn read_only_lets_no_write_pass_and_every_read() {
    let ran = guarded("", "print(list_customers().count()); try { delete_customer(1); } catch { print(\"caught\"); }")
        .args(&["--read-only"])
        .ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "120\n"), "{ran}");
    assert!(ran.stderr.starts_with("error: `delete_customer` was not sent: the run is read-only\n"), "{ran}");
}

#[test]
fn a_module_cannot_do_more_than_the_script() {
    let module = "// /// onramp\n// allow = [\"delete_customer\"]\n// ///\nfn wipe() { try { delete_customer(101); } catch { print(\"caught\"); } }";
    let ran = guarded("allow = []", "import \"m\" as m; m::wipe();").file("m.rhai", module).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("--> m.rhai:4:19"), "{ran}");
}

#[test]
fn exactly_as_many_writes_as_allowed_are_sent() {
    let ran = guarded("max_writes = 3", "for c in list_customers() { update_customer(c, #{plan: \"pro\"}); }")
        .args(&["-v"])
        .ran();
    assert_eq!((ran.code, ran.stderr.matches("PATCH /").count()), (Some(1), 3), "{ran}");
}

#[test]
fn the_workspace_is_asked_for_once_and_only_where_it_is_demanded() {
    for (header, asked) in [("workspace = \"sandbox\"", 1), ("workspace = \"org_sandbox\"", 1), ("", 0)] {
        let ran = guarded(header, "print(list_customers().first() != ()); get_health();").args(&["-v"]).ran();
        assert_eq!((ran.code, ran.stderr.matches("GET /me").count()), (Some(0), asked), "{ran}");
    }
    let ran = guarded("workspace = \"acme\"", "update_customer(1, #{plan: \"pro\"});").args(&["-v"]).ran();
    assert_eq!((ran.code, ran.stderr.matches("PATCH").count()), (Some(2), 0), "{ran}");
}

#[test]
fn the_workspace_of_the_project_file_holds_for_its_scripts() {
    let code = "update_customer(101, #{plan: \"pro\"});";
    let with = |file: &str, header: &str| guarded(header, code).file("onramp.toml", file).args(&["-v"]).ran();
    for (file, header, ended, written) in [
        ("workspace = \"sandbox\"", "", 0, 1),
        ("workspace = \"sandbox\"", "workspace = \"sandbox\"", 0, 1),
        ("workspace = \"acme\"", "", 2, 0),
        ("workspace = \"acme\"", "workspace = \"sandbox\"", 2, 0),
        ("workspce = \"sandbox\"", "", 2, 0),
    ] {
        let ran = with(file, header);
        assert_eq!((ran.code, ran.stderr.matches("PATCH").count()), (Some(ended), written), "{ran}");
    }
    let ran = with("workspace = sandbox", "alow = []");
    for part in ["there is no header key `alow`", "the project file is no TOML", "/onramp.toml:1:13\n"] {
        assert!(ran.code == Some(2) && ran.stderr.contains(part), "{part}\n{ran}");
    }
    let ran = Onramp::new(&["check", "a.rhai"]).file("a.rhai", "print(1);").file("onramp.toml", "x = 1").ran();
    assert!(ran.code == Some(2) && ran.stderr.contains("/onramp.toml:1:1\n"), "{ran}");
}

#[test]
fn the_example_with_a_header_moves_what_it_lists() {
    let script = std::fs::read_to_string("scripts/stalled_onboardings.rhai").unwrap();
    let ran = run_in_sandbox(&["a.rhai", "--days", "150", "--apply", "-v"]).file("a.rhai", script).ran();
    assert!(ran.code == Some(0) && ran.stdout.ends_with("3 are at risk now\n"), "{ran}");
    assert_eq!(ran.stderr.matches("PATCH /onboardings/").count(), 3, "{ran}");
}
