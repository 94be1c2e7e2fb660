//! `docs/reference.md`: everything that scripts can call, as one page. A pure function from the catalogue and the
//! examples' results to text; runs no example and writes no file.

use super::{
    about::{self, Row, Section},
    builtins::input::CONSTANTS,
    catalog::{Catalog, Entry, Standard},
};
use crate::{
    api::operation::{Object, Returns},
    text,
};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Reference

Everything that a script can call. This page is made from the catalogue in the program itself; `onramp functions` shows
the same in the terminal, `onramp functions NAME` one entry of it. After a change, `ONRAMP_BLESS=1 cargo test` writes it
anew.

Each example has run by itself in a fresh sandbox (`onramp run --sandbox --now 2026-05-26T12:00:00Z`). The lines below
it are what it printed or logged, and after `=>` the value it gave, as script text.
";

const STANDARD: &str = "
What the engine brings along, each with how many values it takes, the one before the dot included. The definition files
of `onramp definitions` say more about them.
";

/// The page. `result` gives what the example of a name said, line by line; nothing where it said nothing.
pub fn page(result: &dyn Fn(&str) -> String) -> String {
    let catalog = Catalog::complete();
    let domains = catalog.domains();
    let mut page = String::from(INTRODUCTION);
    page.push('\n');
    for (heading, entries) in &domains {
        // Lower case with dashes and without commas, as the anchors of headings are made.
        let anchor = heading.to_lowercase().replace(' ', "-").replace(',', "");
        let names: Vec<String> = entries.iter().map(|entry| format!("`{}`", entry.name())).collect();
        let standard = entries.iter().all(|entry| matches!(entry, Entry::Standard(_)));
        let names = if standard { String::new() } else { format!(": {}", names.join(", ")) };
        say(&mut page, &format!("- [{heading}](#{anchor}){names}"));
    }
    say(&mut page, "- [Variables](#variables): `args`, `params`, `run`");
    for (heading, entries) in &domains {
        say(&mut page, &format!("\n## {heading}"));
        domain(&mut page, entries, result);
    }
    say(&mut page, "\n## Variables\n\nEvery script sees them, also inside functions and in modules.\n");
    for (name, what) in CONSTANTS {
        say(&mut page, &format!("- `{name}`: {what}"));
    }
    page
}

fn domain(page: &mut String, entries: &[&Entry], result: &dyn Fn(&str) -> String) {
    // Each with the heading for its fields.
    let mut objects: Vec<(&Object, String)> = Vec::new();
    let mut standard = Vec::new();
    for entry in entries {
        match entry {
            Entry::Operation(operation) => {
                head(page, entry);
                let does = about::effect(operation.effect);
                let gives = about::returned(operation);
                let (method, path) = (operation.method.as_str(), operation.path);
                say(page, &format!("It {does}: `{method} {path}`. It gives {gives}."));
                sections(page, about::sections(operation));
                example(page, operation.example, &result(operation.name));
                let object = operation.returns.object();
                let heading = match object.name {
                    "" => format!("What `{}` gives", operation.name),
                    name => format!("The object `{name}`"),
                };
                // What a delete answers is no object of the resource, and is said with the operation.
                let deleted = matches!(operation.returns, Returns::Deleted);
                if !deleted && objects.iter().all(|(_, known)| *known != heading) {
                    objects.push((object, heading));
                }
            }
            Entry::Builtin(builtin) => {
                head(page, entry);
                sections(page, about::of_builtin(builtin));
                example(page, builtin.example, &result(builtin.name));
            }
            Entry::Keyword(keyword) => say(page, &format!("\n`{}`: {}.", keyword.signature, keyword.summary)),
            Entry::Standard(function) => standard.push(counted(function)),
        }
    }
    for (object, heading) in objects {
        say(page, &format!("\n### {heading}\n"));
        rows(page, &about::fields(object));
    }
    if !standard.is_empty() {
        say(page, &format!("{STANDARD}\n{}", standard.join(", ")));
    }
}

/// A function of the engine's own library, with how many values it takes.
fn counted(function: &Standard) -> String {
    let counts = function.arities.iter().map(ToString::to_string).collect();
    format!("`{}` ({})", function.name, text::joined(counts, "or"))
}

/// Name, signatures and summary.
fn head(page: &mut String, entry: &Entry) {
    say(page, &format!("\n### {}\n\n```rhai\n{}\n```\n", entry.name(), entry.signatures().join("\n")));
    say(page, &format!("{}.", entry.summary()));
}

fn sections(page: &mut String, sections: Vec<Section>) {
    for section in sections {
        say(page, &format!("\n{}:\n", section.heading));
        rows(page, &section.rows);
    }
}

fn rows(page: &mut String, rows: &[Row]) {
    for Row { name, text } in rows {
        say(page, &format!("- `{name}`: {text}"));
    }
}

fn example(page: &mut String, code: &str, result: &str) {
    say(page, &format!("\nExample:\n\n```rhai\n{code}\n```"));
    if !result.is_empty() {
        say(page, &format!("\n```output\n{}\n```", result.trim_end()));
    }
}

fn say(page: &mut String, line: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(page, "{line}");
}
