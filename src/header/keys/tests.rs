//! Headers right and wrong, key by key.

use crate::header::{Header, Missed, Overlap, Param, Type, Value};
use proptest::prelude::*;
use std::time::Duration;

fn script(toml: &str) -> String {
    let lines: String = toml.lines().map(|line| format!("// {line}\n")).collect();
    format!("// /// onramp\n{lines}// ///\nprint(1);\n")
}

fn parse(toml: &str) -> Result<Header, Vec<String>> {
    let flags = ["sandbox", "key-file", "help"].map(String::from);
    Header::parse(&script(toml), &flags).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_header_says_what_it_says() {
    let header = parse(
        r#"description = "Wake onboardings"
schedule = "0 7 * * MON-FRI"
timezone = "Europe/Berlin"
allow = ["update_onboarding.state"]
max_writes = 200
workspace = "acme"
env = ["TEAM"]
timeout = "10m"
max_run_time = "90s"
max_memory = "64MiB"
overlap = "skip"
missed = "once"
missed_window = "6h"
jitter = "5m"
retries = 3
events = ["customer.updated"]

[watch]
pattern = "*.csv"
settle = "2s"
dedupe = "content"

[params.days]
type = "integer"
default = 14
help = "How long"

[params.apply]
type = "bool"

[params.since]
type = "date"
default = 2026-05-26

[params.colour]
type = "enum"
values = ["red", "blue"]
required = true"#,
    )
    .unwrap();
    assert_eq!(header.max_writes, Some(200));
    assert_eq!(header.timeout, Some(Duration::from_secs(600)));
    assert_eq!(header.max_memory, Some(64 << 20));
    let allow = &header.allow.as_ref().unwrap()[0];
    assert_eq!((allow.value.as_str(), allow.line, allow.column), ("update_onboarding.state", 5, 13));
    let param = |name: &str, kind, default| Param { name: name.into(), kind, default, required: false, help: None };
    let colour = Type::Enum(vec!["red".into(), "blue".into()]);
    assert_eq!(
        header.params,
        [
            Param { help: Some("How long".into()), ..param("days", Type::Integer, Some(Value::Integer(14))) },
            param("apply", Type::Bool, Some(Value::Bool(false))),
            param("since", Type::Date, Some(Value::Date("2026-05-26".into()))),
            Param { required: true, ..param("colour", colour, None) },
        ]
    );
    assert_eq!(header.triggers.schedule.unwrap().value.text(), "0 7 * * MON-FRI");
    assert_eq!((header.triggers.overlap, header.triggers.missed), (Some(Overlap::Skip), Some(Missed::Once)));
    let watch = header.triggers.watch.unwrap();
    assert_eq!(watch.settle, Some(Duration::from_secs(2)));
    assert_eq!(watch.patterns.iter().map(|at| at.value.as_str()).collect::<Vec<_>>(), ["*.csv"]);
}

#[test]
fn each_mistake_is_told_at_its_place_in_the_script() {
    for (toml, told) in [
        ("descripton = \"x\"", "2:4: there is no header key `descripton`"),
        ("max_writes = \"5\"", "2:17: `max_writes` takes a whole number, not a text"),
        ("max_writes = -5", "2:17: `max_writes` cannot be -5"),
        ("timeout = 10", "2:14: `timeout` takes a duration in quotes, not a whole number"),
        (
            "timeout = \"soon\"",
            "2:14: `timeout`: `soon` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`",
        ),
        (
            "max_memory = \"lots\"",
            "2:17: `max_memory`: `lots` is not a size; write for example `512KiB`, `256MiB` or `1GiB`",
        ),
        ("allow = \"x\"", "2:12: `allow` takes a list of texts, not a text"),
        ("allow = [\"x\", 5]", "2:18: `allow` takes a list of texts, not a whole number"),
        ("allow = [\"x\", \"x\"]", "2:18: `allow` names `x` twice"),
        ("env = [\"PIVOTAL_API_KEY\"]", "2:11: `PIVOTAL_API_KEY` may not be read by a script"),
        ("env = [\"onramp_x\"]", "2:11: `onramp_x` may not be read by a script"),
        ("env = [\"A=B\"]", "2:11: `A=B` cannot be the name of an environment variable"),
        ("schedule = \"@dayly\"\ntimezone = \"UTC\"", "2:15: there is no schedule `@dayly`"),
        (
            "schedule = \"0 0 7 * * *\"\ntimezone = \"UTC\"",
            "2:15: `0 0 7 * * *` has six fields; seconds are not supported",
        ),
        ("schedule = \"0 7 * *\"\ntimezone = \"UTC\"", "2:15: `0 7 * *` has 4 fields, not five"),
        ("schedule = \"61 7 * * *\"\ntimezone = \"UTC\"", "2:15: there is no minute 61"),
        (
            "schedule = \"every 15\"",
            "2:15: `15` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`",
        ),
        ("schedule = \"@daily\"\ntimezone = \"\"", "3:15: `timezone` is empty"),
        ("timezone = \"\"", "2:15: `timezone` is the schedule's, and there is none"),
        ("timezone = \"UTC\"", "2:15: `timezone` is the schedule's, and there is none"),
        ("overlap = \"queue\"", "2:14: `overlap` is the schedule's, and there is none"),
        ("missed = \"all\"", "2:13: `missed` is the schedule's, and there is none"),
        ("missed_window = \"2h\"", "2:20: `missed_window` is the schedule's, and there is none"),
        ("jitter = \"5m\"\n[watch]\nfolder = \"in\"", "2:13: `jitter` is the schedule's, and there is none"),
        (
            "schedule = \"every 1h\"\nmissed = \"skip\"\nmissed_window = \"2h\"",
            "4:20: `missed_window` says what is made up for, and `missed` is `skip`",
        ),
        ("overlap = \"skipp\"", "2:14: `overlap` cannot be `skipp`"),
        ("retries = 1000", "2:14: `retries` is at most 100"),
        ("watch = 5", "2:12: `watch` is a table, not a whole number"),
        ("[watch]\npattern = \"[a\"", "3:14: `watch.pattern` cannot be `[a`: invalid range pattern"),
        ("[watch]\npattern = [\"*.csv\", \"[a\"]", "3:24: `watch.pattern` cannot be `[a`: invalid range pattern"),
        ("[watch]\npattern = [\"\"]", "3:15: `watch.pattern` holds an empty text"),
        ("[watch]\npattern = 3", "3:14: `watch.pattern` takes a text in quotes, not a whole number"),
        ("[watch]\nsetle = \"2s\"", "3:4: there is no header key `watch.setle`"),
        (
            "[params.days]\ntype = \"integer\"\ndefault = \"x\"",
            "4:14: the default of `days` is `x`; it takes a whole number",
        ),
        ("[params.days]\ntype = \"enum\"", "3:11: the enum `days` has no values"),
        ("[params.days]\ntype = \"enum\"\nvalues = []", "3:11: the enum `days` has no values"),
        (
            "[params.c]\ntype = \"enum\"\nvalues = [\"a\"]\ndefault = \"b\"",
            "5:14: the default of `c` is `b`; it takes `a`",
        ),
        ("[params.days]\ntype = \"integer\"\nvalues = [\"a\"]", "4:4: only an enum has values, and `days` is none"),
        ("[params.days]\ntype = \"number\"", "3:11: `params.days.type` cannot be `number`"),
        ("[params.days]\nhelp = \"x\"", "2:12: the param `days` has no type"),
        ("[params.days]\ntyp = \"integer\"", "2:12: the param `days` has no type"),
        (
            "[params.key_file]\ntype = \"file\"",
            "2:12: the param `key_file` is named like a flag of onramp, `--key-file`",
        ),
        ("[params.help]\ntype = \"file\"", "2:12: the param `help` is named like a flag of onramp, `--help`"),
        ("[params.a-b]\ntype = \"file\"", "2:12: `a-b` cannot be the name of a param"),
        ("[params.a]\ntype = \"file\"\nrequired = true\ndefault = \"x\"", "4:15: `a` is required and has a default"),
        ("params = 5", "2:13: `params` is a table, not a whole number"),
        ("a b = 5", "2:6: the header is no TOML"),
    ] {
        let problems = parse(toml).expect_err(toml);
        assert!(problems[0].starts_with(told), "{toml}\n  told: {problems:?}\n  wanted: {told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problems = parse("retries = -1\ndescripton = \"x\"\n[params.a]\ntyp = \"x\"").unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn each_key_of_the_list_is_understood() {
    for key in super::KEYS {
        let problems = parse(&format!("{key} = [[1]]")).expect_err(key);
        assert!(!problems[0].contains("no header key"), "{problems:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Header::parse(&text, &[]);
        let _ = Header::parse(&script(&text), &[]);
    }

    #[test]
    fn no_near_miss_makes_it_panic(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("// /// onramp".to_string()), Just("// ///".to_string()), Just("// [params.é]".to_string()),
                Just("// type = \"enum\"".to_string()), Just("// [watch]".to_string()), Just("/*".to_string()),
                Just("\u{feff}#!x".to_string()), Just("//\t[params.a]\r".to_string()),
                "// [a-z_]{0,12} = [\\[{\"'0-9a-z.\\]}-]{0,8}", "[ \t/]{0,6}[ -~é]{0,6}",
            ], 0..12),
    ) {
        let text = lines.join("\n");
        if let Err(problems) = Header::parse(&text, &["days".to_string()]) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.line >= 1 && problem.line <= lines.len() && problem.column >= 1, "{problem}");
            }
        }
    }
}
