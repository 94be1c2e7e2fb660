//! The pages that people read: every script in them runs, and says what the page shows.

use crate::harness::{bless_or_compare, files, run_in_sandbox};
use std::{fs, path::Path};

/// A fenced block of a page.
pub struct Block {
    pub language: String,
    line: usize,
    pub text: String,
}

/// The fenced blocks of a page, in their order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language: language.trim().into(), line: at + 1, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence has no end");
    blocks
}

/// Runs each `rhai` block. Where an `output` block follows, it holds the whole standard output; with `ONRAMP_BLESS=1`
/// it is made to.
fn hold(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let mut wrong = Vec::new();
    let mut blessed = text.clone();
    let blocks = blocks(&text);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "rhai") {
        let ran = run_in_sandbox(&["script.rhai"]).file("script.rhai", &block.text).ran();
        let place = format!("{}:{}", page.display(), block.line);
        if ran.code != Some(0) {
            wrong.push(format!("{place} fails\n{ran}"));
            continue;
        }
        let Some(output) = blocks.get(at + 1).filter(|next| next.language == "output") else { continue };
        let before = format!("```rhai\n{}```\n\n```output\n{}```", block.text, output.text);
        let after = format!("```rhai\n{}```\n\n```output\n{}```", block.text, ran.stdout);
        if !text.contains(&before) {
            wrong.push(format!("{place}: the output does not follow its script with one empty line between"));
        }
        blessed = blessed.replace(&before, &after);
    }
    wrong.extend(bless_or_compare(page, &blessed).err());
    wrong
}

#[test]
fn every_script_of_the_pages_runs_and_says_what_the_page_shows() {
    let mut pages = files("docs", "md");
    // Made as a whole, with the results of its examples, and held by a test of its own.
    pages.retain(|page| !page.ends_with("docs/reference.md"));
    pages.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let wrong: Vec<String> = pages.iter().flat_map(|page| hold(page)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_readme_shows_the_two_commands_on_its_first_screen() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let first_screen: Vec<&str> = readme.lines().take(50).collect();
    for command in ["cargo run --release -- run scripts/launch_report.rhai --sandbox", "cargo test"] {
        assert!(first_screen.contains(&command), "{command}");
    }
}
