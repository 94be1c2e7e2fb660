//! The sessions about schedules in docs/triggers.md: each command is given, and says what the page shows.

use crate::{
    docs::blocks,
    harness::{NOW, Onramp, files},
    readme::{Step, steps},
    schedule::lived_by,
};
use onramp::store::{Counts, Ended, NewRun, State, Store};
use std::{fs, path::Path};

/// The run of the page, and what the ledger of the test calls it.
const RUN: (&str, &str) = ("8c1f2ab", "r1");

/// When a run starts with its jitter follows from where the script lies.
fn without_jitter(line: &str) -> String {
    let known = "starts at ";
    match line.split_once(known) {
        Some((before, after)) => format!("{before}{known}HH:MM:SS{}", &after["HH:MM:SS".len()..]),
        None => line.into(),
    }
}

/// A store in which the script of the page was run once, and did something.
fn lived(command: &str) -> Onramp {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let onramp = lived_by(Onramp::new(&words).args(&["--now", NOW]), "report.rhai");
    let at = |text: &str| text.parse().unwrap();
    let store = Store::open(&onramp.path("state")).unwrap();
    let run = NewRun { id: RUN.1.into(), job: "{}".into(), mode: "live".into(), ..NewRun::default() };
    store.add(&run, State::Queued, at("2026-05-23T00:30:00Z")).unwrap();
    let epoch = store.begin(RUN.1, 0, "me", at("2026-05-23T00:30:01Z")).unwrap().unwrap();
    let counts = Counts { changed: 12, ..Counts::default() };
    let ended = Ended { state: State::Done, exit_code: 0, message: None, counts };
    assert!(store.end(RUN.1, epoch, &ended, at("2026-05-24T00:31:40Z")).unwrap());
    onramp
}

/// Serves all scripts of the repository, as the page says.
fn serves(Step { command, shown }: &Step) {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let mut onramp = Onramp::new(&words).file("scripts/inbox/before.csv", "");
    for script in files("scripts", "rhai") {
        let name = script.file_name().unwrap().to_str().unwrap();
        onramp = onramp.file(&format!("scripts/{name}"), fs::read_to_string(&script).unwrap());
    }
    fs::remove_file(onramp.path("scripts/inbox/before.csv")).unwrap();
    let running = onramp.started();
    running.says(shown.last().unwrap());
    running.interrupt();
    let ran = running.ended();
    let shown = shown.join("\n") + "\n";
    assert!(ran.code == Some(0) && ran.stderr.starts_with(&shown), "{shown}{ran}");
}

fn holds(step: &Step) {
    let Step { command, shown } = step;
    if command.starts_with("onramp serve ") {
        return serves(step);
    }
    let ran = if command.contains(" next ") {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let script = words.iter().find(|word| word.ends_with(".rhai")).unwrap();
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).unwrap();
        Onramp::new(&words).file(script, text).ran()
    } else {
        lived(command).ran()
    };
    let said = format!("{}{}", ran.stdout, ran.stderr).replace(RUN.1, RUN.0);
    let plain = |lines: Vec<&str>| lines.into_iter().filter(|line| !line.is_empty()).map(without_jitter).collect();
    let (said, shown): (Vec<String>, Vec<String>) =
        (plain(said.lines().collect()), plain(shown.iter().map(String::as_str).collect()));
    assert_eq!(said, shown, "{command}");
}

#[test]
fn the_sessions_about_schedules_say_what_the_page_shows() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/triggers.md")).unwrap();
    let sessions = blocks(&page).into_iter().filter(|block| block.language == "console");
    let all: Vec<Step> = sessions.flat_map(|block| steps(&block)).collect();
    let ours = |step: &&Step| {
        ["onramp schedule ", "onramp due ", "onramp serve "].iter().any(|begin| step.command.starts_with(begin))
    };
    let ours: Vec<&Step> = all.iter().filter(ours).collect();
    assert!(ours.len() >= 4, "{} commands", ours.len());
    ours.into_iter().for_each(holds);
}
