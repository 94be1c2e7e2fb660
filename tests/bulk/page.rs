//! `docs/bulk.md` held against the program: its commands are given one after the other at one place, and say what it shows.

use crate::{
    docs::{Block, blocks},
    harness::{Onramp, Place, Ran, Running, Said, bless_or_compare},
};
use std::{fs, path::PathBuf};

/// What a run says when the service lets it wait: from then on nothing happens by itself.
const WAITS: &str = "again in ";

/// A reader who follows the page.
struct Reader {
    place: Place,
    code: Option<i32>,
}

impl Reader {
    /// The program with the words of a command line, in which runs have the page's ids.
    fn onramp(&self, command: &str) -> Onramp {
        let mut command = command.to_string();
        let said = Said::at(&self.place);
        while let Some(at) = command.find(" run0") {
            let nth: usize = command[at + 4..at + 8].parse().unwrap();
            command.replace_range(at + 1..at + 8, said.id(nth));
        }
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        self.place.onramp(words.strip_prefix(&["onramp"]).unwrap_or_else(|| panic!("`{command}`")))
    }

    fn told(&mut self, ran: &Ran) -> String {
        self.code = ran.code;
        format!("{}{}", ran.stdout, ran.stderr)
    }

    /// What a terminal shows of the commands of a block.
    fn play(&mut self, block: &Block) -> String {
        let mut shown = String::new();
        let mut lines = block.text.lines().filter(|line| line.starts_with("$ ") || *line == "^C").peekable();
        while let Some(line) = lines.next() {
            let command = line.strip_prefix("$ ").unwrap();
            shown.push_str(&format!("{line}\n"));
            if command == "echo $?" {
                shown.push_str(&format!("{}\n", self.code.unwrap()));
            } else if let Some(file) = command.strip_prefix("head -n 4 ") {
                let text = fs::read_to_string(self.place.work().join(file)).unwrap();
                text.lines().take(4).for_each(|line| shown.push_str(&format!("{line}\n")));
            } else if lines.next_if_eq(&"^C").is_some() {
                let running = self.waiting(command);
                running.interrupt();
                let told = self.told(&running.ended());
                let at = told.find(WAITS).map_or(0, |at| at + told[at..].find('\n').unwrap() + 1);
                shown.push_str(&format!("{}^C\n{}", &told[..at], &told[at..]));
            } else {
                let ran = self.onramp(command).ran();
                shown.push_str(&self.told(&ran));
            }
        }
        shown
    }

    /// A run that the service lets wait.
    fn waiting(&self, command: &str) -> Running {
        let running = self.onramp(command).started();
        running.says(WAITS);
        running
    }

    /// Waits until the last beat of the run at work tells of so many rows.
    fn has_done(&self, rows: u64) {
        loop {
            let status = self.place.onramp(&["status", "--output", "json"]).ran();
            let runs: serde_json::Value = serde_json::from_str(&status.stdout).unwrap_or_else(|_| panic!("{status}"));
            assert!(runs[0].is_object(), "{status}");
            if status.stdout.contains(&format!("\"done\": {rows}")) {
                return;
            }
        }
    }

    /// A run, and what is done about it in another terminal until it has ended.
    fn play_both(&mut self, run: &Block, meanwhile: &Block) -> (String, String) {
        let line = run.text.lines().next().unwrap();
        let running = self.waiting(line.strip_prefix("$ ").unwrap());
        self.has_done(8);
        let elsewhere = self.play(meanwhile);
        (format!("{line}\n{}", self.told(&running.ended())), elsewhere)
    }
}

/// Without what differs from one run to the next.
fn plain(said: &Said, text: &str) -> String {
    let mut text = said.plain(text).replace("0000-00-00 00:00:00", "2026-05-26 12:00:00");
    // The folder of a dry run, which is no run, and has an id all the same.
    const PREVIEW: &str = "<state>/previews/";
    if let Some(at) = text.find(PREVIEW) {
        let id = at + PREVIEW.len();
        let end = id + text[id..].find('`').unwrap();
        text.replace_range(at..end, "~/.local/state/onramp/previews/k3v9x2m");
    }
    // How long the service still takes nothing, at the moment of the look.
    let left = |line: &str| match line.strip_suffix(" s").and_then(|line| line.rsplit_once("  ")) {
        Some((front, _)) if front.contains("  running  ") => Some(format!("{front}  30 s\n")),
        _ => None,
    };
    let line = |line: &str| match (line.find(": 429, "), line.find(" ms, "), line.find(WAITS)) {
        (Some(begin), Some(end), Some(wait)) => {
            format!("{}1{}{WAITS}30 s\n", &line[..begin + ": 429, ".len()], &line[end..wait])
        }
        _ => left(line).unwrap_or_else(|| format!("{line}\n")),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_commands_of_the_page_say_what_it_shows() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bulk.md"));
    let text = fs::read_to_string(&path).unwrap();
    let blocks = blocks(&text);
    let mut reader = Reader { place: Place::new(), code: None };
    let script = blocks.iter().find(|block| block.language == "rhai").unwrap();
    fs::write(reader.place.work().join("care.rhai"), &script.text).unwrap();
    let mut played: Vec<(&Block, String)> = Vec::new();
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "console") {
        match blocks.get(at + 1).filter(|next| next.language == "console meanwhile") {
            Some(meanwhile) => {
                let (shown, elsewhere) = reader.play_both(block, meanwhile);
                played.extend([(block, shown), (meanwhile, elsewhere)]);
            }
            None => played.push((block, reader.play(block))),
        }
    }
    let said = Said::at(&reader.place);
    let mut found = text.clone();
    for (block, shown) in played {
        let fenced = |text: &str| format!("```{}\n{text}```", block.language);
        found = found.replacen(&fenced(&block.text), &fenced(&plain(&said, &shown)), 1);
    }
    bless_or_compare(&path, &found).unwrap();
}
