//! `onramp schedule` and `onramp due`: what they say on both streams, of headers, of a ledger, and where there is none.

use crate::harness::{NOW, Onramp};
use onramp::{
    clock::Clock,
    run::judge_at,
    store::{
        Counts, Ended, NewRun, State, Store,
        due::{self, Ledger, LedgerError},
    },
    trigger::schedule::{Open, Plan, Runs, Scheduler, Wanted},
};
use rusqlite::Connection;
use std::{cell::Cell, path::Path};

/// A script with these lines in its header.
fn script(header: &str) -> String {
    let lines: String = header.lines().map(|line| format!("// {line}\n")).collect();
    format!("// /// onramp\n{lines}// ///\nprint(1);\n")
}

const DAILY: &str = "schedule = \"30 2 * * *\"\ntimezone = \"Europe/Berlin\"";

fn schedule(args: &[&str]) -> Onramp {
    Onramp::new(&["schedule"]).args(args)
}

#[test]
fn next_shows_the_wall_and_utc_and_why() {
    let next = |from, header| {
        schedule(&["next", "a.rhai", "--count", "2", "--from", from]).file("a.rhai", script(header)).ran()
    };
    next("2026-03-28T12:00:00Z", DAILY).assert_all(
        0,
        "a.rhai: 30 2 * * * in Europe/Berlin\n  \
         Sun 2026-03-29 03:00 CEST  2026-03-29T01:00:00Z  02:30 does not come on this day; this is the first moment after\n  \
         Mon 2026-03-30 02:30 CEST  2026-03-30T00:30:00Z\n",
        "",
    );
    next("2026-10-24T23:45:00Z", "schedule = \"30 * * * *\"\ntimezone = \"Europe/Berlin\"").assert_all(
        0,
        "a.rhai: 30 * * * * in Europe/Berlin\n  \
         Sun 2026-10-25 02:30 CEST  2026-10-25T00:30:00Z  02:30 comes twice on this day; this is the first\n  \
         Sun 2026-10-25 02:30 CET  2026-10-25T01:30:00Z  02:30 comes twice on this day; this is the second\n",
        "",
    );
    next("2026-05-26T12:00:00Z", "schedule = \"every 20s\"").assert_all(
        0,
        "a.rhai: every 20s in UTC\n  Tue 2026-05-26 12:00:20 UTC  2026-05-26T12:00:20Z\n  \
         Tue 2026-05-26 12:00:40 UTC  2026-05-26T12:00:40Z\n",
        "",
    );
}

#[test]
fn next_as_json_has_utc_and_the_start_with_its_jitter() {
    let header = format!("{DAILY}\njitter = \"10m\"");
    let ran = schedule(&["next", "--output", "json", "--count=3", "--from=2026-03-28T12:00:00Z", "a.rhai"])
        .file("a.rhai", script(&header))
        .ran();
    let mut all: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    for due in all.as_array_mut().unwrap() {
        let time = |name: &str| due[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let delay = time("starts_at").duration_since(time("utc")).as_secs();
        assert!((1..=600).contains(&delay), "{due}");
        let start = time("starts_at").in_tz("Europe/Berlin").unwrap().strftime("%H:%M:%S").to_string();
        let reason = due["reason"].as_str().unwrap().replace(&format!("starts at {start} (jitter)"), "<jitter>");
        (due["starts_at"], due["reason"]) = (serde_json::Value::Null, reason.into());
    }
    let lines = schedule(&["next", "--output", "jsonl", "--count=3", "--from=2026-03-28T12:00:00Z", "a.rhai"]);
    let lines = lines.file("a.rhai", script(&header)).ran();
    let utc = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["utc"].clone();
    assert_eq!(
        lines.stdout.lines().map(utc).collect::<Vec<_>>(),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"],
        "{lines}"
    );
    let due = |local: &str, utc: &str, reason: &str| {
        serde_json::json!({
            "file": "a.rhai", "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "local": local, "utc": utc,
            "starts_at": null, "reason": reason,
        })
    };
    let gap = "02:30 does not come on this day; this is the first moment after; <jitter>";
    let expected = serde_json::json!([
        due("2026-03-29T03:00:00+02:00[Europe/Berlin]", "2026-03-29T01:00:00Z", gap),
        due("2026-03-30T02:30:00+02:00[Europe/Berlin]", "2026-03-30T00:30:00Z", "<jitter>"),
        due("2026-03-31T02:30:00+02:00[Europe/Berlin]", "2026-03-31T00:30:00Z", "<jitter>"),
    ]);
    assert_eq!(all, expected);
}

#[test]
fn without_a_file_the_scripts_of_the_project_are_found() {
    let args = ["next", "--count=1", "--from", NOW];
    let hourly = "schedule = \"every 1h\"";
    let lines = |names: &[&str]| {
        let line = |name: &&str| format!("{name}: every 1h in UTC\n  Tue 2026-05-26 13:00 UTC  2026-05-26T13:00:00Z\n");
        names.iter().map(line).collect::<String>()
    };
    let filled = |onramp: Onramp| {
        ["a.rhai", "scripts/b.rhai", "scripts/deep/c.rhai", ".hidden/d.rhai"]
            .iter()
            .fold(onramp, |onramp, name| onramp.file(name, script(hourly)))
            .file("scripts/plain.rhai", "print(1);")
            .file("scripts/words.txt", script(hourly))
    };
    filled(schedule(&args)).ran().assert_all(0, &lines(&["a.rhai", "scripts/b.rhai"]), "");
    let project = filled(schedule(&args)).file("onramp.toml", "");
    project.ran().assert_all(0, &lines(&["a.rhai", "scripts/b.rhai", "scripts/deep/c.rhai"]), "");
    schedule(&args).file("plain.rhai", "print(1);").ran().assert_all(0, "", "no script has a schedule here\n");
}

#[test]
fn what_cannot_be_used_is_told_and_the_others_are_shown() {
    schedule(&["next", "--count=1", "--from", NOW, "plain.rhai", "bad.rhai", "a.rhai", "none.rhai"])
        .file("plain.rhai", "print(1);")
        .file("bad.rhai", script("schedule = \"0 25 * * *\"\ntimezone = \"UTC\""))
        .file("a.rhai", script("schedule = \"every 1h\""))
        .ran()
        .assert_all(
            2,
            "a.rhai: every 1h in UTC\n  Tue 2026-05-26 13:00 UTC  2026-05-26T13:00:00Z\n",
            "error: the script `plain.rhai` has no schedule\n\
             hint: add for example `schedule = \"every 15m\"` to its header\n\
             error: there is no hour 25\n  --> bad.rhai:2:15\n    |\n  2 | // schedule = \"0 25 * * *\"\n    |               ^\n\
             hint: hours go from 0 to 23\n\
             error: the script `none.rhai` cannot be read: there is no such file\n\
             hint: check the path; it is relative to the present folder\n",
        );
}

#[test]
fn a_schedule_that_is_never_due_or_has_no_zone_is_refused_wherever_a_script_is_loaded() {
    let never = script("schedule = \"0 7 30 FEB *\"\ntimezone = \"UTC\"");
    let said = "error: the schedule `0 7 30 FEB *` is never due\n  --> a.rhai:2:15\n    |\n\
                \x20 2 | // schedule = \"0 7 30 FEB *\"\n    |               ^\n\
                hint: look at its day and its month: there is no such date in the next eight years\n";
    for args in [&["check", "a.rhai"][..], &["run", "a.rhai"], &["schedule", "next", "a.rhai"]] {
        let ran = Onramp::new(args).file("a.rhai", &never).ran();
        let rest = if args[0] == "check" { "1 error in 1 script\n" } else { "" };
        ran.assert_all(2, "", &format!("{said}{rest}"));
    }
    for (zone, hint) in [
        ("America/Denver", "add `timezone = \"America/Denver\"`, which is this machine's, or the one that is meant"),
        ("Nowhere/None", "add for example `timezone = \"Europe/Berlin\"`"),
    ] {
        let ran =
            Onramp::new(&["check", "a.rhai"]).env("TZ", zone).file("a.rhai", script("schedule = \"@daily\"")).ran();
        ran.assert_all(
            2,
            "",
            &format!(
                "error: a schedule needs a time zone\n  --> a.rhai:2:15\n    |\n  2 | // schedule = \"@daily\"\n    |               \
                 ^\nhint: {hint}\n1 error in 1 script\n"
            ),
        );
    }
}

#[test]
fn the_check_of_a_script_says_when_it_is_due_next() {
    Onramp::new(&["check", "a.rhai", "plain.rhai", "b.rhai", "--now", "2026-03-28T12:00:00Z"])
        .file("a.rhai", script(DAILY))
        .file("plain.rhai", "print(1);")
        .file("b.rhai", script("schedule = \"every 36h\""))
        .ran()
        .assert_all(
            0,
            "",
            "a.rhai: due next Sun 2026-03-29 03:00 CEST  2026-03-29T01:00:00Z  02:30 does not come on this day; this is the \
             first moment after\n\
             b.rhai: due next Sun 2026-03-29 00:00 UTC  2026-03-29T00:00:00Z\n\
             nothing to report in 3 scripts\n",
        );
}

#[test]
fn check_warns_of_what_cannot_be_done_in_time() {
    let a = script("schedule = \"every 1h\"\nmax_writes = 5000\ntimeout = \"30m\"\njitter = \"2h\"");
    let place = |column: &str| {
        format!("  --> a.rhai:2:15\n    |\n  2 | // schedule = \"every 1h\"\n    |               ^\n{column}")
    };
    let needs = "its 5000 writes need 1 h 24 min at 60/min";
    let ran = schedule(&["check", "a.rhai", "--now", NOW]).file("a.rhai", a).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.starts_with("a.rhai: Tue 2026-05-26 13:00 UTC  2026-05-26T13:00:00Z"), "{ran}");
    let expected = [
        format!("warning: the schedule leaves 1 h for a run, and {needs}\n"),
        place("hint: lower `max_writes`, run it less often, or name your rate with `--rate`\n"),
        format!("warning: a run is stopped after 30 min, its `timeout`, and {needs}\n"),
        place("hint: raise `timeout`, or lower `max_writes`\n"),
        "warning: its `jitter` of 2 h is longer than the 1 h between two due times\n".into(),
        place("hint: lower `jitter`: a run that has not started yet is in the way of the next one\n"),
        "3 warnings in 1 schedule\n".into(),
    ];
    assert_eq!(ran.stderr, expected.concat());
    let fast = schedule(&["check", "b.rhai", "--now", NOW, "--rate", "600/min"]);
    fast.file("b.rhai", script("schedule = \"every 1h\"\nmax_writes = 5000")).ran().assert_all(
        0,
        "b.rhai: Tue 2026-05-26 13:00 UTC  2026-05-26T13:00:00Z\n",
        "nothing to warn of in 1 schedule\n",
    );
}

#[test]
fn check_warns_of_schedules_that_meet() {
    let daily = |time: &str, more: &str| script(&format!("schedule = \"{time} * * *\"\ntimezone = \"UTC\"\n{more}"));
    let place = |name: &str, text: &str| {
        format!("  --> {name}:2:15\n    |\n  2 | // schedule = \"{text} * * *\"\n    |               ^\n")
    };
    let hint = "hint: move one of them: both share the rate; `jitter` spreads starts a little\n";
    schedule(&["check", "--now", NOW])
        .file("a.rhai", daily("0 7", "max_writes = 1800"))
        .file("b.rhai", daily("29 7", "allow = []\nmax_writes = 9000"))
        .file("c.rhai", daily("0 7", "allow = []"))
        .file("d.rhai", daily("31 7", "max_writes = 10"))
        .ran()
        .assert_all(
            0,
            "a.rhai: Wed 2026-05-27 07:00 UTC  2026-05-27T07:00:00Z\n\
             b.rhai: Wed 2026-05-27 07:29 UTC  2026-05-27T07:29:00Z\n\
             c.rhai: Wed 2026-05-27 07:00 UTC  2026-05-27T07:00:00Z\n\
             d.rhai: Wed 2026-05-27 07:31 UTC  2026-05-27T07:31:00Z\n",
            &format!(
                "warning: `b.rhai` starts at 2026-05-27T07:29:00Z, while `a.rhai` may be at work: its 1800 writes need 30 min\n\
                 {}{hint}warning: `a.rhai` and `c.rhai` both start at 2026-05-27T07:00:00Z\n{}{hint}2 warnings in 4 schedules\n",
                place("b.rhai", "29 7"),
                place("c.rhai", "0 7"),
            ),
        );
}

#[test]
fn where_no_store_is_nothing_is_invented() {
    let onramp = |args: &[&str]| {
        Onramp::new(args).file("a.rhai", script("schedule = \"every 1h\"")).env("ONRAMP_STATE_DIR", "/none")
    };
    let said = "nothing was started by a schedule so far: the store `/none/onramp.db` knows of no due time\n";
    onramp(&["schedule", "list", "--now", NOW]).ran().assert_all(
        0,
        "a.rhai: every 1h in UTC\n  next      Tue 2026-05-26 13:00 UTC  2026-05-26T13:00:00Z\n",
        said,
    );
    onramp(&["due"]).ran().assert_all(0, "", said);
    onramp(&["due", "--output", "json"]).ran().assert_all(0, "[]\n", said);
    let ran = onramp(&["schedule", "reset", "a.rhai"]).ran();
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.starts_with("error: the store knows no schedule of `/"), "{ran}");
    onramp(&["due", "--since", "soon"]).ran().assert_all(
        2,
        "",
        "error: invalid value 'soon' for '--since <TIME>': `soon` is not a duration; write for example `300ms`, `2s`, `10m`, \
         `24h` or `7d`\n\nFor more information, try '--help'.\n",
    );
}

/// Runs that end as soon as they begin, but for the last one while `busy`.
#[derive(Default)]
struct Numbered {
    count: Cell<u32>,
    busy: Cell<bool>,
}

impl Runs for Numbered {
    type Error = LedgerError;

    fn open(&self, _: &str) -> Result<Vec<Open>, LedgerError> {
        let last = Open { id: format!("r{}", self.count.get()), running: true };
        Ok(if self.busy.get() { vec![last] } else { Vec::new() })
    }

    fn queue(&self, _: &Wanted<'_>) -> Result<String, LedgerError> {
        self.count.set(self.count.get() + 1);
        Ok(format!("r{}", self.count.get()))
    }
}

/// Makes the store of a state folder, with what becomes of a script in `folder` at these instants: whether a run is open,
/// and the time at which somebody looks.
fn live(folder: &Path, name: &str, text: &str, begin: &str, ticks: &[(bool, &str)]) {
    std::fs::create_dir_all(folder.join("state")).unwrap();
    let db = Connection::open(folder.join("state/onramp.db")).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    due::prepare(&db).unwrap();
    let (ledger, runs, mut scheduler) = (Ledger::new(&db), Numbered::default(), Scheduler::default());
    let root = std::fs::canonicalize(folder).unwrap();
    let (header, _) = judge_at(text, &[], None, &Clock::System).unwrap();
    let plan = Plan::of(root.join(name).to_str().unwrap(), &header.triggers).unwrap();
    scheduler.adopt(ledger, &root, vec![plan], &[], begin.parse().unwrap()).unwrap();
    for (busy, now) in ticks {
        runs.busy.set(*busy);
        scheduler.tick(ledger, &runs, now.parse().unwrap()).unwrap();
    }
}

/// `onramp` beside a store in which `a.rhai`, due at 02:30 in Berlin, was run, skipped and missed.
fn lived(args: &[&str]) -> Onramp {
    lived_by(Onramp::new(args), "a.rhai")
}

/// The same with another name for the script.
pub fn lived_by(onramp: Onramp, name: &str) -> Onramp {
    let text = script(&format!("{DAILY}\nmissed = \"skip\""));
    let onramp = onramp.file(name, &text);
    let ticks = [(false, "2026-05-23T00:30:05Z"), (true, "2026-05-24T00:30:02Z"), (false, "2026-05-26T09:00:00Z")];
    live(onramp.folder(), name, &text, "2026-05-22T12:00:00Z", &ticks);
    let state = onramp.path("state");
    onramp.env("ONRAMP_STATE_DIR", state.to_str().unwrap())
}

#[test]
fn due_says_what_became_of_every_due_time() {
    lived(&["due", "--now", NOW]).ran().assert_all(
        0,
        "2026-05-23T00:30:00Z  Sat 2026-05-23 02:30:00 CEST  a.rhai  run r1\n\
         2026-05-24T00:30:00Z  Sun 2026-05-24 02:30:00 CEST  a.rhai  skipped: run `r1` was still running\n\
         2026-05-25T00:30:00Z  Mon 2026-05-25 02:30:00 CEST  a.rhai  missed: nothing was there to start it, and `missed` is \
         `skip`\n\
         2026-05-26T00:30:00Z  Tue 2026-05-26 02:30:00 CEST  a.rhai  missed: nothing was there to start it, and `missed` is \
         `skip`\n",
        "4 due times since 2026-05-19T12:00:00Z: 1 run, 1 skipped, 2 missed\n",
    );
    lived(&["due", "--now", NOW, "--outcome", "skipped", "--outcome", "run"]).ran().assert_all(
        0,
        "2026-05-23T00:30:00Z  Sat 2026-05-23 02:30:00 CEST  a.rhai  run r1\n\
         2026-05-24T00:30:00Z  Sun 2026-05-24 02:30:00 CEST  a.rhai  skipped: run `r1` was still running\n",
        "2 due times since 2026-05-19T12:00:00Z: 1 run, 1 skipped, 0 missed\n",
    );
    let ran = lived(&["due", "--now", NOW, "--since=60h", "--script=a.rhai", "--output=json"]).ran();
    let all: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, ran.stderr.as_str(), all.len()), (Some(0), "", 3), "{ran}");
    let script = all[0]["script"].as_str().unwrap();
    assert!(script.ends_with("/a.rhai"), "{script}");
    let expected = serde_json::json!({
        "script": script, "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "utc": "2026-05-24T00:30:00Z",
        "local": "2026-05-24T02:30:00", "until": null, "count": 1, "outcome": "skipped",
        "reason": "run `r1` was still running", "run": null,
    });
    assert_eq!(all[0], expected);
    let ran = lived(&["due", "--script", "b.rhai"]).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(
        ran.stderr.starts_with("error: the store knows no schedule of `/") && ran.stderr.contains("did you mean"),
        "{ran}"
    );
}

#[test]
fn with_old_runs_go_the_due_times_of_then_that_have_no_run_any_more() {
    let left = |before: &str, kept: bool| {
        let onramp = lived(&["due", "--now", NOW]);
        let store = Store::open(&onramp.path("state")).unwrap();
        if kept {
            let run = NewRun { id: "r1".into(), job: "{}".into(), mode: "live".into(), ..NewRun::default() };
            store.add(&run, State::Queued, "2026-05-23T00:30:00Z".parse().unwrap()).unwrap();
        }
        assert_eq!(store.prune(before.parse().unwrap()).unwrap(), [""; 0]);
        let ran = onramp.ran();
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout.lines().map(|line| line[..10].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(left("2026-05-25T00:30:00Z", false), ["2026-05-25", "2026-05-26"]);
    assert_eq!(left("2026-08-01T00:00:00Z", false), ["2026-05-26"]);
    assert_eq!(left("2026-05-25T00:30:01Z", true), ["2026-05-23", "2026-05-26"]);
}

#[test]
fn list_shows_what_came_last_and_what_comes_next() {
    lived(&["schedule", "list", "--now", NOW]).ran().assert_all(
        0,
        "a.rhai: 30 2 * * * in Europe/Berlin\n  \
         next      Wed 2026-05-27 02:30 CEST  2026-05-27T00:30:00Z\n  \
         last run  Sat 2026-05-23 02:30 CEST  2026-05-23T00:30:00Z  run r1: no record is kept\n  \
         last due  Tue 2026-05-26 02:30 CEST  2026-05-26T00:30:00Z  missed: nothing was there to start it, and `missed` is \
         `skip`\n",
        "",
    );
    let ran = lived(&["schedule", "list", "--now", NOW, "--output", "json"]).ran();
    let all: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = serde_json::json!([{
        "file": "a.rhai", "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "next": "2026-05-27T00:30:00Z",
        "accounted_to": "2026-05-26T09:00:00Z", "last_due": "2026-05-26T00:30:00Z", "last_outcome": "missed",
        "last_reason": "nothing was there to start it, and `missed` is `skip`",
        "last_run_due": "2026-05-23T00:30:00Z", "last_run": "r1", "last_run_state": null, "last_run_ended_at": null,
        "last_run_message": null,
    }]);
    assert_eq!(all, expected);
}

#[test]
fn list_shows_what_became_of_the_last_run() {
    let at = |text: &str| text.parse().unwrap();
    let line = |ended: Option<Ended<'_>>, became: &str| {
        let onramp = lived(&["schedule", "list", "--now", NOW]);
        let store = Store::open(&onramp.path("state")).unwrap();
        let run = NewRun { id: "r1".into(), job: "{}".into(), mode: "live".into(), ..NewRun::default() };
        store.add(&run, State::Queued, at("2026-05-23T00:30:00Z")).unwrap();
        if let Some(ended) = ended {
            let epoch = store.begin("r1", 0, "me", at("2026-05-23T00:30:01Z")).unwrap().unwrap();
            assert!(store.end("r1", epoch, &ended, at("2026-05-23T00:30:09.5Z")).unwrap());
        }
        let ran = onramp.ran();
        let line = format!("  last run  Sat 2026-05-23 02:30 CEST  2026-05-23T00:30:00Z  run r1: {became}\n");
        assert!(ran.stdout.contains(&line) && ran.stderr.is_empty(), "{line}{ran}");
    };
    let counts = Counts { changed: 3, ..Counts::default() };
    let ended = |state, exit_code, message, counts| Some(Ended { state, exit_code, message, counts });
    line(None, "queued");
    line(ended(State::Done, 0, None, counts), "done Sat 2026-05-23 02:30:09 CEST, 3 changed");
    let failed = ended(State::Failed, 1, Some("a division by zero"), Counts::default());
    line(failed, "failed Sat 2026-05-23 02:30:09 CEST: a division by zero");
    let stopped = ended(State::Running, 75, Some("the service is away"), counts);
    line(stopped, "stopped Sat 2026-05-23 02:30:09 CEST, 3 changed: the service is away");
}

#[test]
fn reset_lets_a_schedule_go_on_that_a_wrong_clock_had_moved_ahead() {
    let onramp = lived(&["schedule", "reset", "a.rhai", "--now", "2026-05-26T06:00:00Z"]);
    let script = onramp.path("a.rhai").canonicalize().unwrap();
    onramp.ran().assert_all(
        0,
        "",
        &format!(
            "the schedule `30 2 * * *` of `{}` was accounted for up to 2026-05-26T09:00:00Z; it goes on from \
             2026-05-26T06:00:00Z\n",
            script.display()
        ),
    );
    let onramp = lived(&["schedule", "reset", "a.rhai", "--now", NOW]);
    let script = onramp.path("a.rhai").canonicalize().unwrap();
    onramp.ran().assert_all(
        0,
        "",
        &format!(
            "the schedule `30 2 * * *` of `{}` is accounted for up to 2026-05-26T09:00:00Z, which is not ahead; nothing was \
             changed\n",
            script.display()
        ),
    );
}

#[test]
fn a_store_that_is_none_is_told() {
    let onramp = Onramp::new(&["due"]).file("state/onramp.db", "words");
    let state = onramp.path("state");
    let ran = onramp.env("ONRAMP_STATE_DIR", state.to_str().unwrap()).ran();
    ran.assert_all(
        2,
        "",
        &format!(
            "error: the store `{}` cannot be used: it is damaged\nhint: look at the file, or name another folder with \
             `ONRAMP_STATE_DIR`\n",
            state.join("onramp.db").display()
        ),
    );
}
