//! Times as scripts use them, through the real program and with a fixed clock.

use crate::harness::{NOW, run};

fn said(code: &str) -> String {
    let ran = run(&["--now", NOW, "-e", code]).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    ran.stdout
}

#[test]
fn a_fixed_clock_makes_every_form_reproducible() {
    for (code, wanted) in [
        ("now()", "2026-05-26T12:00:00Z"),
        ("today()", "2026-05-26T00:00:00Z"),
        ("today().weekday", "tuesday"),
        ("now().zone", "UTC"),
        ("now().in_zone(\"europe/berlin\")", "2026-05-26T14:00:00+02:00"),
        ("now().in_zone(\"Europe/Berlin\").start_of_day()", "2026-05-26T00:00:00+02:00"),
        ("parse_time(\"2026-05-26\", \"Europe/Berlin\").in_zone(\"UTC\")", "2026-05-25T22:00:00Z"),
        ("now() + days(3) - hours(2)", "2026-05-29T10:00:00Z"),
        ("today() + weeks(1) + minutes(5) + seconds(1)", "2026-06-02T00:05:01Z"),
        ("(now() - parse_time(\"2026-05-01\")).days", "25"),
        ("now() - parse_time(\"2026-05-01\")", "25 days 12 h"),
        ("now() - parse_time(\"2026-05-01\") > days(14)", "true"),
        ("-days(2) + hours(1) * 3", "-1 day 21 h"),
        ("parse_time(\"2026-01-31\").add_months(1).date", "2026-02-28"),
        ("days_between(today(), parse_time(\"2026-06-01\"))", "6"),
        ("now().format(\"%a %-d %b %Y, %H:%M\")", "Tue 26 May 2026, 12:00"),
        ("[now().year, now().month, now().day, now().hour, now().minute, now().second]", "[2026, 5, 26, 12, 0, 0]"),
        ("now() == () || () == now()", "false"),
        ("now() == now().in_zone(\"Asia/Tokyo\")", "true"),
    ] {
        assert_eq!(said(&format!("print({code});")), format!("{wanted}\n"), "{code}");
    }
    let json =
        "write_json(\"t.json\", [now().in_zone(\"Asia/Tokyo\"), days(3) + hours(1)]); print(read_json(\"t.json\"));";
    assert_eq!(said(json), "[\"2026-05-26T12:00:00Z\", \"P3DT1H\"]\n");
}

#[test]
fn what_would_be_silently_false_is_an_error() {
    for (code, message, hint) in [
        ("now() > \"2026-05-01\"", "a time cannot be compared with a string", "parse_time"),
        ("\"2026-05-01\" == now()", "a time cannot be compared with a string", "parse_time"),
        ("now() - today() > 1", "a span of time cannot be compared with an integer", ".days"),
    ] {
        let ran = run(&["-e", &format!("if {code} {{ print(1); }}")]).ran();
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
        assert!(ran.stderr.contains(message) && ran.stderr.contains(hint), "{ran}");
    }
}

#[test]
fn errors_of_times_say_what_to_do() {
    for (code, message, hint) in [
        ("parse_time(\"26.05.2026\")", "`26.05.2026` is not a time", "write it as"),
        ("now().in_zone(\"Europe/Berln\")", "there is no time zone `Europe/Berln`", "did you mean `Europe/Berlin`?"),
        ("now().in_zone(\"here\")", "there is no time zone `here`", "name it by a place"),
        ("now() + days(9999999999)", "beyond the years", ""),
        ("now().format(\"%!\")", "is not a pattern for times", "write for example"),
        ("now() + 3", "`+` cannot be used with a time and an integer", ""),
    ] {
        let ran = run(&["-e", code]).ran();
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(message) && ran.stderr.contains(hint), "{ran}");
    }
}
