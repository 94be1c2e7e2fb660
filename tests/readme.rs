//! The README's sessions held against the program: each command is given, and says what the page shows. A line `…` stands
//! for lines that are left out there.

use crate::{
    docs::{Block, blocks},
    harness::{Place, Ran, Said, Served},
};
use std::{fs, path::Path};

/// When the launch report of the page was made.
const REPORTED: &str = "2026-11-23T08:00:00Z";

/// One command of a session and what the page shows of it.
pub struct Step {
    pub command: String,
    pub shown: Vec<String>,
}

fn page() -> Vec<Block> {
    blocks(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap())
}

/// The commands of a session.
pub fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.into(), shown: Vec::new() }),
            (None, Some(step)) => step.shown.push(line.into()),
            (None, None) => panic!("{line:?} stands before the first command"),
        }
    }
    steps
}

/// Whether the lines are those that are shown, with any others for each `…`.
fn fits(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((gap, rest)) if gap.trim() == "…" => (0..=lines.len()).any(|at| fits(rest, &lines[at..])),
        Some((line, rest)) => lines.first() == Some(&line.as_str()) && fits(rest, &lines[1..]),
    }
}

#[track_caller]
fn hold(command: &str, shown: &[String], said: &str) {
    // Sessions that follow each other have an empty line between them.
    let end = shown.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    assert!(fits(&shown[..end], &said.lines().collect::<Vec<_>>()), "README.md, `{command}`: it says\n{said}");
}

/// A row of `onramp runs` without what a run that was killed had last said of itself: twice a second it does.
fn without_standing(row: &str) -> &str {
    row.find("  stopped  ").map_or(row, |at| &row[..at + "  stopped".len()])
}

/// A reader with a workspace of their own, and the scripts of the repository.
struct Reader {
    place: Place,
    workspace: Served,
}

impl Reader {
    fn new() -> Reader {
        let place = Place::new();
        let scripts = place.work().join("scripts");
        fs::create_dir(&scripts).unwrap();
        for script in crate::harness::files("scripts", "rhai") {
            fs::copy(&script, scripts.join(script.file_name().unwrap())).unwrap();
        }
        Reader { place, workspace: Served::start(&["--rate", "600/min"]) }
    }

    /// Gives the command, in which runs have the page's ids.
    fn gives(&self, step: &Step) -> Ran {
        let said = Said::at(&self.place);
        let id = |word: &str| word.strip_prefix("run0").map(|nth| said.id(nth.parse().unwrap()).to_string());
        let words: Vec<String> =
            step.command.split_whitespace().map(|word| id(word).unwrap_or_else(|| word.into())).collect();
        let [program, words @ ..] = &words[..] else { panic!("an empty command") };
        assert_eq!(program, "onramp", "{}", step.command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut onramp = self.workspace.used_by(self.place.onramp(&words));
        if step.shown == ["Killed"] {
            onramp = onramp.env("ONRAMP_CRASH_AT", "after_answer_stored:3");
        }
        if words[0] == "watch" {
            onramp = onramp.args(&["--once", "--settle", "10ms"]);
        }
        onramp.ran()
    }

    fn follows(&self, block: &Block) {
        for step in steps(block) {
            let ran = self.gives(&step);
            if step.shown == ["Killed"] {
                assert_eq!(ran.code, None, "{ran}");
                continue;
            }
            let said = Said::at(&self.place).plain(&format!("{}{}", ran.stdout, ran.stderr));
            let said = said.replace("0000-00-00 00:00:00", "2026-11-24 01:04:21");
            hold(&step.command, &step.shown, &said.lines().map(without_standing).collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn the_report_on_the_first_screen_is_the_one_that_the_first_command_prints() {
    let blocks = page();
    let at = blocks.iter().position(|block| block.text.starts_with("Launch report")).unwrap();
    let command = blocks[at - 1].text.trim().strip_prefix("cargo run --release -- ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let place = Place::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(words[1]);
    fs::create_dir(place.work().join("scripts")).unwrap();
    fs::copy(script, place.work().join(words[1])).unwrap();
    let ran = place.onramp(&words).args(&["--now", REPORTED]).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    let shown: Vec<String> = blocks[at].text.lines().map(str::to_string).collect();
    hold(command, &shown, &ran.stdout);
}

#[test]
fn the_sessions_say_what_the_page_shows() {
    let blocks = page();
    let reader = Reader::new();
    let scripts = blocks.iter().filter(|block| block.language == "rhai");
    let bulk = scripts.clone().find(|block| block.text.contains("bulk_update_customers")).unwrap();
    fs::write(reader.place.work().join("upgrade.rhai"), &bulk.text).unwrap();
    let inbox = reader.place.work().join("inbox");
    fs::create_dir(&inbox).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/data/customers.csv");
    fs::copy(data, inbox.join("customers.csv")).unwrap();
    let sessions: Vec<&Block> = blocks.iter().filter(|block| block.language == "console").collect();
    assert_eq!(sessions.len(), 3);
    for session in sessions {
        reader.follows(session);
    }
    // Each customer has been changed once, also over the kill; the others are those of the plan and of its undo.
    assert_eq!(reader.workspace.count("PATCH", "/customers/"), 71 + 2 * 10);
}
