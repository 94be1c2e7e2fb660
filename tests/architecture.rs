//! Who may know whom. Reads every file of `src` and holds it against one table; what the table allows beyond the plain
//! layers has its reason beside it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A module of the crate's root and what it may import of the others.
const LAYERS: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("clock", &[]),
    ("text", &[]),
    // The flag that asks to stop: whoever waits or works looks at it, so it lies below all of them.
    ("stop", &[]),
    ("pace", &["text"]),
    ("api", &["secret", "clock", "text", "stop"]),
    // The allocator's count, the files a script can reach, what is in some of them, what a script says of itself: each
    // knows neither the engine nor the command line.
    ("memory", &[]),
    ("csv", &[]),
    ("project", &["text"]),
    // What a schedule means lies below the header, which reads it, and the trigger, which keeps it.
    ("cron", &["text"]),
    ("header", &["cron", "text"]),
    // Never `api`: a stand-in fed from the client's own tables would prove nothing about the client.
    ("sandbox", &["clock", "text"]),
    ("store", &["clock", "secret", "text"]),
    ("session", &["api", "store", "clock", "text", "secret", "stop", "memory"]),
    ("script", &["session", "api", "clock", "text", "stop", "header", "project", "csv", "memory"]),
    ("run", &["pace", "script", "session", "store", "clock", "stop", "header", "project", "memory", "text"]),
    // Makes jobs: never `script`, never `ui`. The rows that failed, which it reports, are CSV.
    ("trigger", &["run", "store", "clock", "stop", "text", "header", "cron", "csv"]),
    ("repl", &["script", "session", "run", "store", "stop", "clock", "ui", "text", "config", "error", "project"]),
    ("error", &["script", "stop", "text"]),
    // It implements the script's sink.
    ("ui", &["pace", "error", "script", "secret", "text"]),
    // The base URL's type refuses what is none, so reading the setting makes one; its errors are failures to show.
    ("config", &["api", "error", "secret"]),
];

/// May import everything.
const TOP: &[&str] = &["cli", "lib", "main"];

/// Crates, and the only places that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("reqwest", &["api/transport.rs"]),
    ("rhai", &["script/"]),
    ("axum", &["sandbox/"]),
    ("rusqlite", &["sandbox/", "store/"]),
    ("cap_std", &["project/"]),
    ("cap_fs_ext", &["project/"]),
    ("encoding_rs", &["csv/"]),
    ("clap", &["cli/", "main.rs"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("ctrlc", &["cli/"]),
    ("comfy_table", &["script/layout.rs"]),
    ("terminal_size", &["ui.rs"]),
    ("rustyline", &["repl/"]),
    ("indicatif", &["ui/", "ui.rs"]),
    ("notify", &["trigger/folder"]),
];

/// What touches the world outside, and the only file that may.
const WORLD: &[(&str, &str)] = &[
    ("println!", "ui.rs"),
    ("print!", "ui.rs"),
    ("eprintln!", "ui.rs"),
    ("eprint!", "ui.rs"),
    ("dbg!", "ui.rs"),
    ("io::stdout", "ui.rs"),
    ("io::stderr", "ui.rs"),
    ("env::var", "config.rs"),
    ("env::args", "config.rs"),
    ("env::home_dir", "config.rs"),
    ("env::temp_dir", "config.rs"),
    ("Timestamp::now", "clock.rs"),
    ("Zoned::now", "clock.rs"),
    ("SystemTime::now", "clock.rs"),
    ("TimeZone::system", "clock.rs"),
];

/// A file of `src`.
struct Source {
    /// Below `src`, with `/`.
    path: String,
    /// As it is.
    text: String,
    /// Without comments, and with its string and character literals emptied.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![root.clone()], Vec::<PathBuf>::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let parts: Vec<_> = path.strip_prefix(&root).unwrap().iter().map(|part| part.to_str().unwrap()).collect();
        Source { path: parts.join("/"), code: code(&text), text }
    };
    files.into_iter().map(read).collect()
}

/// Rust text without comments, its literals emptied.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if c == '"' {
            quoted(rest)
        } else if rest.starts_with("r\"") || rest.starts_with("r#") {
            raw(rest)
        } else if c == '\'' {
            character(rest)
        } else {
            0
        };
        let step = if skipped == 0 { c.len_utf8() } else { skipped };
        out.push_str(if skipped == 0 { &rest[..step] } else { " " });
        rest = &rest[step..];
    }
    out
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let open = 1 + hashes;
    if !rest[open..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[open + 1..].find(&close).map_or(rest.len(), |at| open + 1 + at + close.len())
}

/// A character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, _))) => rest[at + 1..].find('\'').map_or(0, |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// The modules of the crate's root that a file names by `crate::…`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = code[at + start.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => found.extend(members(group)),
            None => found.extend(name(rest)),
        }
    }
    found
}

/// The first name of each member of `{a::b, c::{d, e}, f}`, behind the opening brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.extend(name(group[begin..at].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(name(group[begin..at].trim()));
                begin = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The module of the crate's root that a file belongs to.
fn module(path: &str) -> &str {
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Whether `code` has `word` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let begins = !code[..at].ends_with(part);
        let ends = !word.ends_with(part) || !code[at + word.len()..].starts_with(part);
        begins && ends
    })
}

#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_imports_only_what_lies_below_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = module(&source.path);
        if TOP.contains(&module) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("src/{}: `{module}` is not in the table of layers", source.path));
            continue;
        };
        for import in imports(&source.code) {
            if import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("src/{}: `{module}` must not import `{import}`", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn no_file_leaves_its_module_through_super() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !TOP.contains(&module(&source.path))) {
        // How often `super` may be said: `api/client.rs` once, `api/mod.rs` and `ui.rs` never.
        let allowed = source.path.trim_end_matches("/mod.rs").matches('/').count();
        // What is indented belongs to a module inside the file, mostly its tests.
        for line in source.code.lines().filter(|line| line.starts_with("use ") || line.starts_with("pub use ")) {
            if line.matches("super::").count() > allowed {
                wrong.push(format!("src/{}: {line}", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn the_script_host_takes_the_tables_and_types_of_the_api_and_never_its_client() {
    let client = |source: &&Source| module(&source.path) == "script" && names(&source.code, "client");
    none(sources().iter().filter(client).map(|source| format!("src/{} names the client", source.path)).collect());
}

#[test]
fn each_library_is_named_where_it_belongs() {
    let mut wrong = Vec::new();
    let sources = sources();
    for (library, places) in CRATES {
        let found = |source: &&Source| names(&source.code, library);
        for source in sources.iter().filter(found) {
            if !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("src/{}: names `{library}`", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn streams_environment_and_wall_time_are_touched_in_one_file_each() {
    let mut wrong = Vec::new();
    for source in sources() {
        // Where the streams of another process go is its command's business.
        let code = source.code.replace(".stdout(", ".out(").replace(".stderr(", ".err(");
        for (what, place) in WORLD {
            if source.path != *place && names(&code, what) {
                wrong.push(format!("src/{}: `{what}` belongs into src/{place}", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn every_file_begins_with_what_it_is() {
    let silent = |source: &&Source| !source.text.starts_with("//! ");
    none(sources().iter().filter(silent).map(|source| format!("src/{} has no `//!`", source.path)).collect());
}

#[test]
fn the_reader_of_imports_reads_what_rust_reads() {
    let text = "use crate::{a, b::{c, d}, e as f};\n// crate::comment\nlet x = \"crate::text\"; let y = '\"'; \
                fn g<'a>(z: &'a crate::h::I) { r#\"crate::raw\"# }";
    let found: Vec<String> = imports(&code(text)).into_iter().collect();
    assert_eq!(found, ["a", "b", "e", "h"]);
}
