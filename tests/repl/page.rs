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

/// The end of a question.
const ASKED: &str = " [y/N] ";

/// Something that is typed in a session.
enum Typed {
    /// At the prompt, with the lines that go on with it.
    Line(String),
    /// What follows a question.
    Answer { question: String, answer: String },
}

/// What is typed in a session, in its order.
fn typed(session: &str) -> Vec<Typed> {
    let mut typed: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for line in session.lines() {
        if let Some(text) = line.strip_prefix(PROMPT) {
            typed.push(Typed::Line(text.trim_start().to_string()));
        } else if goes_on && let Some(Typed::Line(last)) = typed.last_mut() {
            last.push('\n');
            last.push_str(line);
        } else if let Some((question, answer)) = line.split_once(ASKED) {
            let question = format!("{question}{}", ASKED.trim_end());
            typed.push(Typed::Answer { question, answer: answer.to_string() });
        }
        if let Some(Typed::Line(last)) = typed.last() {
            goes_on = last.matches('{').count() > last.matches('}').count();
        }
    }
    typed
}

/// The session as the screen shows it, without what it begins with.
fn ran(session: &[Typed]) -> String {
    let onramp = Onramp::new(&["repl", "--sandbox", "--now", NOW]).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 100);
    let mut lines = 1;
    for (at, typed) in session.iter().enumerate() {
        match typed {
            Typed::Line(text) => {
                terminal.until("another prompt", |screen| {
                    let prompts = screen.lines().filter(|line| line.starts_with(PROMPT)).count();
                    prompts == lines && screen.lines().next_back().is_some_and(|line| line.trim_end() == PROMPT)
                });
                lines += 1;
                terminal.types(text.replace('\n', ENTER));
            }
            Typed::Answer { question, answer } => {
                let asked =
                    |typed: &&Typed| matches!(typed, Typed::Answer { question: other, .. } if other == question);
                let times = session[..=at].iter().filter(asked).count();
                terminal.until(question, |screen| screen.matches(question.as_str()).count() == times);
                terminal.types(answer);
            }
        }
        terminal.types(ENTER);
    }
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
