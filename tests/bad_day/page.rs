//! `docs/bad-day.md` held against the program: its runs are run, its faults are read.

use crate::{
    docs::{Block, blocks},
    harness::{Onramp, bless_or_compare},
};
use onramp::sandbox::Fault;
use std::{fs, path::PathBuf};

fn page() -> (PathBuf, String) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bad-day.md"));
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// A command line's words; single quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.trim_matches('\'').to_string()).collect()
}

/// What a terminal shows of the commands of a block, with the script in the file that they name.
fn played(block: &Block, script: &str) -> String {
    let mut shown = String::new();
    let mut code = None;
    for command in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
        shown.push_str(&format!("$ {command}\n"));
        if command == "echo $?" {
            shown.push_str(&format!("{}\n", code.unwrap()));
            continue;
        }
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ["onramp", "run", file, ..] = words[..] else { panic!("`{command}` is not a run") };
        let ran = Onramp::new(&words[1..]).file(file, script).ran();
        shown.push_str(&format!("{}{}", ran.stdout, ran.stderr));
        code = ran.code;
    }
    shown
}

#[test]
fn the_runs_of_the_page_say_what_it_shows() {
    let (path, text) = page();
    let mut found = text.clone();
    let mut script = String::new();
    let mut runs = 0;
    for block in blocks(&text) {
        match block.language.as_str() {
            "rhai" => script = block.text,
            "console" => {
                let fenced = |text: &str| format!("```console\n{text}```");
                found = found.replace(&fenced(&block.text), &fenced(&played(&block, &script)));
                runs += 1;
            }
            other => panic!("a block of `{other}`"),
        }
    }
    assert!(runs > 0);
    bless_or_compare(&path, &found).unwrap();
}

#[test]
fn every_fault_of_the_tables_can_be_given_and_none_is_left_out() {
    let (_, text) = page();
    let mut read = Vec::new();
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').collect();
        // What is to be written stands in the first cell, and in the last table in the second.
        let cell = if cells[1].contains('`') { cells[1] } else { cells[2] };
        for written in cell.split('`').skip(1).step_by(2) {
            let whole = match written {
                when if when.starts_with('@') => format!("cut{when}"),
                operation if operation.ends_with(':') => format!("{operation}cut"),
                fault => fault.to_string(),
            };
            whole.parse::<Fault>().unwrap_or_else(|why| panic!("{row}: {why}"));
            read.push(whole);
        }
    }
    let known = "?".parse::<Fault>().unwrap_err();
    let known: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
    assert_eq!(known.len(), 9);
    for word in known {
        assert!(read.iter().any(|whole| whole.split('=').next() == Some(word)), "`{word}` is in no table");
    }
}
