//! docs/repl.md: its sessions are run at a terminal, and look as the page shows them.

use crate::{
    docs::blocks,
    harness::{
        NOW, Onramp, bless_or_compare,
        terminal::{ENTER, Terminal},
    },
};
use std::{fs, path::Path};

const PROMPT: &str = "sandbox ›";

/// What is typed in a session, statement by statement: what follows a prompt, with the lines that go on with it.
fn typed(session: &str) -> Vec<String> {
    let mut typed: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in session.lines() {
        if let Some(text) = line.strip_prefix(PROMPT) {
            typed.push(text.trim_start().to_string());
        } else if goes_on && let Some(last) = typed.last_mut() {
            last.push('\n');
            last.push_str(line);
        } else {
            continue;
        }
        let last = typed.last().map_or("", String::as_str);
        goes_on = last.matches('{').count() > last.matches('}').count();
    }
    typed
}

/// The session as the screen shows it, without what it begins with.
fn ran(lines: &[String]) -> String {
    let onramp = Onramp::new(&["repl", "--sandbox", "--now", NOW]).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 100);
    terminal.prompts(PROMPT);
    let (last, before) = lines.split_last().unwrap();
    for (at, line) in before.iter().enumerate() {
        terminal.types(&line.replace('\n', ENTER));
        terminal.types(ENTER);
        terminal.until("another prompt", |screen| {
            let prompts = screen.lines().filter(|line| line.starts_with(PROMPT)).count();
            prompts == at + 2 && screen.lines().next_back().is_some_and(|line| line.trim_end() == PROMPT)
        });
    }
    terminal.types(last);
    terminal.types(ENTER);
    let (code, screen, ..) = terminal.ended();
    assert_eq!(code, Some(0), "{screen}");
    let lines = screen.lines().skip_while(|line| !line.starts_with(PROMPT));
    lines.map(|line| line.trim_end().to_string() + "\n").collect()
}

#[test]
fn every_session_of_the_page_looks_as_the_page_shows_it() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/repl.md");
    let text = fs::read_to_string(&page).unwrap();
    let mut blessed = text.clone();
    let sessions: Vec<String> =
        blocks(&text).into_iter().filter(|block| block.language == "session").map(|block| block.text).collect();
    assert!(!sessions.is_empty());
    for session in sessions {
        blessed = blessed.replace(&session, &ran(&typed(&session)));
    }
    bless_or_compare(&page, &blessed).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn the_page_names_every_command() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/repl.md")).unwrap();
    let help = Onramp::new(&["repl", "--sandbox"]).stdin(":help\n").ran().stdout;
    for line in help.lines().filter(|line| line.starts_with(':')) {
        let name = line.split_whitespace().next().unwrap();
        assert!(page.contains(&format!("`{name}")), "{name}");
    }
}
