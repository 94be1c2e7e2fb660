//! How far a bulk call is, at a real terminal: a line that changes, stays below what is said, and goes with the call.

use crate::harness::{
    NOW, Place, Served,
    terminal::{CTRL_C, Terminal},
};
use std::fs;

/// Twelve rows.
const ARRAY: &str = "let rows = []; for id in 101..113 { rows.push(#{id: id}); } rows";

/// The ninth write is refused for so long.
fn at_terminal(columns: u16, wait: &str) -> (Served, Terminal) {
    of_rows(ARRAY, columns, wait)
}

/// The same for these rows.
fn of_rows(rows: &str, columns: u16, wait: &str) -> (Served, Terminal) {
    let script = format!(
        "print(\"begun\"); let rows = {{ {rows} }};\nbulk_update_customers(rows, #{{plan: \"new\"}}, #{{in_flight: 1}});\nprint(\"done\");\n"
    );
    let served = Served::start(&["--rate", "600/min", "--fault", &format!("update-customer:429={wait}@9")]);
    let place = Place::new();
    fs::write(place.work().join("script.rhai"), script).unwrap();
    let onramp = served.used_by(place.onramp(&["run", "--yes", "--now", NOW, "script.rhai"])).env("NO_COLOR", "1");
    (served, Terminal::start(onramp, columns))
}

#[test]
fn the_line_stands_below_what_is_said_and_goes_with_the_call() {
    let (_served, terminal) = at_terminal(120, "1s");
    let screen = terminal.shows("8/12");
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let ["begun", bar] = lines[..] else { panic!("{screen}") };
    let (front, back) = bar.split_once("8 changed").unwrap();
    assert_eq!(front, "update_customer  [=============       ]  8/12  ");
    assert!(back.contains("/600 requests a minute  ") && back.ends_with(" left"), "{screen}");
    let (code, screen, raw, _) = terminal.ended();
    assert_eq!((code, screen.trim_end()), (Some(0), "begun\ndone"));
    assert!(!raw.contains("\u{1b}[3"), "no colour was wanted: {raw:?}");
}

#[test]
fn what_is_said_meanwhile_is_whole() {
    let (_served, mut terminal) = at_terminal(120, "30s");
    terminal.shows("again in");
    let screen = terminal.shows("8/12");
    let waits = screen.lines().nth(1).unwrap();
    assert!(waits.starts_with("PATCH /customers/") && waits.contains("again in 30"), "{screen}");
    terminal.types(CTRL_C);
    let (code, screen, _, _) = terminal.ended();
    assert_eq!(code, Some(130), "{screen}");
    for line in [waits, "stopping after what is in flight; Ctrl-C again stops at once\n", "error: interrupted\n"] {
        assert!(screen.contains(line), "{screen}");
    }
}

#[test]
fn a_narrow_terminal_gets_one_line_all_the_same() {
    let (_served, terminal) = at_terminal(40, "1s");
    let screen = terminal.shows("8/12");
    let lines: Vec<&str> = screen.lines().collect();
    let [_, bar] = lines[..] else { panic!("{screen}") };
    assert!(bar.starts_with("update_customer  8/12  ") && bar.trim_end().ends_with(" left"), "{screen}");
}

#[test]
fn a_list_has_a_total_as_soon_as_its_last_page_is_there_or_enough_of_it() {
    for (rows, done) in [
        ("list_customers().take(12)", "8/12"),
        ("list_customers(#{status: \"onboarding\"}).map(|c| c.id).skip(2)", "8/50"),
        ("list_customers().hold().take(200)", "8/120"),
        // Nobody knows how many there are: the first page is not the last one, or a closure decides.
        ("list_customers()", "8 rows"),
        ("list_customers().take(12).filter(|c| c.id != \"\")", "8 rows"),
    ] {
        let (_served, terminal) = of_rows(rows, 120, "1s");
        let screen = terminal.shows(done);
        let bar = screen.lines().nth(1).unwrap_or_default().trim_end();
        assert_eq!(
            (bar.contains('['), bar.ends_with(" left")),
            (done.contains('/'), done.contains('/')),
            "{rows}: {screen}"
        );
    }
}
