//! `onramp watch` at a real terminal: what waits, runs and has ended, and below what is said.
#![cfg(unix)]

use super::{Inbox, ends};
use crate::harness::{
    Ran,
    terminal::{CTRL_C, Terminal},
};

const SCRIPT: &str = "\
// /// onramp
// allow = [\"update_customer\"]
// ///
bulk_update_customers(read_csv(run.event.path), #{plan: \"new\"}, #{in_flight: 1});
";

fn rows(ids: std::ops::Range<u32>) -> String {
    ids.fold("id\n".to_string(), |text, id| format!("{text}{id}\n"))
}

#[test]
fn a_terminal_shows_what_waits_runs_is_done_and_failed() {
    let inbox = Inbox::against(SCRIPT, &["--rate", "600/min", "--fault", "update-customer:429=30s@9"]);
    inbox.drop_in("a.csv", "nothing\nx\n");
    inbox.drop_in("b.csv", &rows(101..113));
    inbox.drop_in("c.csv", &rows(101..102));
    let words = ["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--rescan", "200ms"];
    let watch = inbox.sandbox.used_by(inbox.place.onramp(&words)).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(watch, 120);
    let screen = terminal.until("the bulk call", |screen| screen.contains("8/12"));
    let mut lines = screen.lines();
    assert_eq!(lines.next().map(str::trim_end), Some("watching `in`; Ctrl-C ends it"));
    let failed = lines.next().unwrap();
    assert!(failed.starts_with("warning: `a.csv`: failed, now `failed/a.csv`, run `"), "{screen}");
    // The emulator takes lines that fill its width for one.
    let view = lines.collect::<Vec<_>>().join(" ");
    let (head, lane) = view.split_once("  b.csv  ").unwrap_or_else(|| panic!("{screen}"));
    assert_eq!(head.trim_end(), "1 waiting  1 running  0 done  1 failed");
    assert!(lane.starts_with("update_customer  [=============       ]  8/12  8 changed"), "{screen}");
    terminal.types(CTRL_C);
    let (code, screen, raw, _) = terminal.ended();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!raw.contains("\u{1b}[3"), "no colour was wanted: {raw:?}");
    assert!(!screen.contains("update_customer") && !screen.contains("taken"), "{screen}");
    let last = screen.trim_end().lines().last().unwrap();
    assert!(last.starts_with("hint: `onramp resume "), "{screen}");
}

#[test]
fn elsewhere_each_step_of_a_file_is_a_line() {
    let inbox = Inbox::against(SCRIPT, &[]);
    inbox.drop_in("a.csv", &rows(101..103));
    let ran: Ran = inbox.watch(&[]).ran();
    ends(&ran, 0);
    let run = inbox.runs()[0]["id"].as_str().unwrap().to_string();
    ran.assert_all(
        0,
        "",
        &format!("`a.csv`: taken, run `{run}`\n`a.csv`: done, now `done/a.csv`, run `{run}`, 2 changed\n"),
    );
}

#[test]
fn with_v_the_requests_of_each_run_are_lines_behind_its_id() {
    let inbox = Inbox::against(SCRIPT, &[]);
    inbox.drop_in("a.csv", &rows(101..102));
    let ran: Ran = inbox.watch(&["-v"]).ran();
    ends(&ran, 0);
    let run = inbox.runs()[0]["id"].as_str().unwrap().to_string();
    let said: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_prefix(&format!("{run}: "))).collect();
    assert!(said.iter().any(|line| line.starts_with("PATCH /customers/101: 200, ")), "{ran}");
    assert_eq!(said.len(), ran.stderr.lines().count() - 2, "{ran}");
}
