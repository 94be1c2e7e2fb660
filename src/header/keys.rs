//! The keys of a header and what each takes. What is judged here needs nothing but the text.

use super::{
    At, Header, Missed, Overlap, Problem, Triggers, Watch,
    block::Block,
    param,
    reader::{Entry, Reader},
};
use crate::{cron::Schedule, text};
use std::path::Path;
use toml::de::DeTable;

/// All keys, in the order of the documentation.
const KEYS: &[&str] = &[
    "description",
    "params",
    "allow",
    "max_writes",
    "workspace",
    "env",
    "timeout",
    "max_run_time",
    "max_memory",
    "schedule",
    "timezone",
    "overlap",
    "missed",
    "missed_window",
    "jitter",
    "retries",
    "watch",
    "events",
];
/// Keys that say something of a schedule.
const OF_SCHEDULE: &[&str] = &["timezone", "overlap", "missed", "missed_window", "jitter"];
const ZONE: &str = "\"Europe/Berlin\"";
const WATCH: &[&str] = &["folder", "pattern", "settle", "dedupe", "max_size", "max_rows"];
const OVERLAP: &[(&str, Overlap)] = &[("skip", Overlap::Skip), ("queue", Overlap::Queue)];
const MISSED: &[(&str, Missed)] = &[("once", Missed::Once), ("skip", Missed::Skip), ("all", Missed::All)];
const DEDUPE: &[&str] = &["content+name", "content", "none"];
/// A script that has to be tried more often than this is broken.
const MOST_RETRIES: u64 = 100;

/// Reads a block: what is good in it, and what is wrong, in the order of the script.
pub(super) fn read(block: &Block, flags: &[String]) -> (Header, Vec<Problem>) {
    let mut reader = Reader::new(block);
    let table = match DeTable::parse(&block.toml) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().unwrap_or(0..0);
            let message = format!("the header is no TOML: {}", text::escape_control(error.message()));
            reader.problem(&at, message, None);
            return (Header::default(), reader.problems);
        }
    };
    let mut header = Header::default();
    let entries = reader.entries("", table.get_ref());
    for entry in &entries {
        key(&mut reader, entry, &mut header, flags);
    }
    together(&mut reader, &entries, &mut header.triggers);
    reader.problems.sort_by_key(|problem| (problem.line, problem.column));
    (header, reader.problems)
}

fn key(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, header: &mut Header, flags: &[String]) {
    let triggers = &mut header.triggers;
    match entry.key {
        "description" => header.description = reader.text(entry, "\"What the script is for\""),
        "params" => {
            for entry in reader.table(entry, "params.days").unwrap_or_default() {
                header.params.extend(param::read(reader, &entry, flags));
            }
        }
        "allow" => header.allow = reader.texts(entry, "[\"update_onboarding.state\"]"),
        "max_writes" => header.max_writes = reader.count(entry, "100"),
        "workspace" => header.workspace = reader.located_text(entry, "\"acme\""),
        "env" => {
            header.env = reader.texts(entry, "[\"TEAM_CHANNEL\"]").unwrap_or_default();
            header.env.iter().for_each(|name| reader.problems.extend(env_name(name)));
        }
        "timeout" => header.timeout = reader.duration(entry, "\"10m\""),
        "max_run_time" => header.max_run_time = reader.duration(entry, "\"60s\""),
        "max_memory" => header.max_memory = reader.size(entry, "\"256MiB\""),
        "schedule" => {
            let text = reader.located_text(entry, "\"0 7 * * MON-FRI\"");
            triggers.schedule = text.and_then(|text| schedule(reader, text));
        }
        // Of an empty one it is said below what it would have to be.
        "timezone" if entry.value.as_str() == Some("") => {}
        "timezone" => triggers.timezone = reader.located_text(entry, ZONE),
        "overlap" => triggers.overlap = reader.choice(entry, OVERLAP),
        "missed" => triggers.missed = reader.choice(entry, MISSED),
        "missed_window" => triggers.missed_window = reader.duration(entry, "\"6h\""),
        "jitter" => triggers.jitter = reader.duration(entry, "\"5m\""),
        "retries" => {
            triggers.retries = reader.count(entry, "3");
            if triggers.retries.is_some_and(|retries| retries > MOST_RETRIES) {
                reader.problem(&entry.at, format!("`retries` is at most {MOST_RETRIES}"), None);
            }
        }
        "watch" => triggers.watch = reader.table(entry, "watch").map(|entries| watch(reader, &entries)),
        "events" => triggers.events = reader.texts(entry, "[\"customer.updated\"]").unwrap_or_default(),
        _ => reader.unknown(entry, KEYS),
    }
}

fn watch(reader: &mut Reader<'_>, entries: &[Entry<'_, '_>]) -> Watch {
    let mut watch = Watch::default();
    for entry in entries {
        match entry.key {
            "folder" => {
                watch.folder = reader.located_text(entry, "\"inbox\"");
                watch.folder.iter().for_each(|folder| reader.problems.extend(watched(folder)));
            }
            "pattern" => watch.patterns = patterns(reader, entry),
            "settle" => watch.settle = reader.duration(entry, "\"2s\""),
            "dedupe" => watch.dedupe = reader.word(entry, DEDUPE),
            "max_size" => watch.max_size = reader.size(entry, "\"10MiB\""),
            "max_rows" => watch.max_rows = reader.count(entry, "5000"),
            _ => reader.unknown(entry, WATCH),
        }
    }
    watch
}

/// One pattern for names, or a list of them.
fn patterns(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Vec<At<String>> {
    let all = match entry.value.as_array() {
        Some(_) => reader.texts(entry, "[\"*.csv\", \"*.CSV\"]").unwrap_or_default(),
        None => reader.located_text(entry, "\"*.csv\"").into_iter().collect(),
    };
    for pattern in &all {
        if pattern.value.is_empty() {
            reader.problems.push(pattern.problem(format!("`{}` holds an empty text", entry.path)).hint("leave it out"));
        } else if let Err(why) = glob::Pattern::new(&pattern.value) {
            let (shown, why) = (text::escape_control(&pattern.value), why.msg.to_lowercase());
            let problem = pattern.problem(format!("`{}` cannot be `{shown}`: {why}", entry.path));
            reader.problems.push(problem.hint("write it as `*.csv`, where `?` is one letter and `[a-z]` one of these"));
        }
    }
    all
}

/// Whether an environment variable is onramp's own, so that no script may read it.
pub(super) fn is_reserved(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.starts_with("PIVOTAL_") || upper.starts_with("ONRAMP_")
}

fn env_name(name: &At<String>) -> Option<Problem> {
    let shown = text::escape_control(&name.value);
    if is_reserved(&name.value) {
        let problem = name.problem(format!("`{shown}` may not be read by a script"));
        return Some(problem.hint("use another name; `PIVOTAL_…` and `ONRAMP_…` are onramp's own"));
    }
    let good = !name.value.is_empty()
        && !name.value.starts_with(|c: char| c.is_ascii_digit())
        && name.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (!good).then(|| {
        name.problem(format!("`{shown}` cannot be the name of an environment variable"))
            .hint("use letters, digits and `_`")
    })
}

/// A script says of no folder but one of its own project that files are taken out of it.
fn watched(folder: &At<String>) -> Option<Problem> {
    use std::path::Component;
    let mut parts = Path::new(&folder.value).components();
    let good = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    (!good).then(|| {
        let shown = text::escape_control(&folder.value);
        folder
            .problem(format!("`watch.folder` cannot be `{shown}`: it lies below the project folder"))
            .hint("write it as `inbox`; `onramp watch DIR --run FILE` watches any other folder")
    })
}

/// A schedule, where the text is one.
fn schedule(reader: &mut Reader<'_>, text: At<String>) -> Option<At<Schedule>> {
    match Schedule::parse(&text.value) {
        Ok(value) => Some(At { value, line: text.line, column: text.column }),
        Err(bad) => {
            reader.problems.push(text.problem(bad.message).hint(bad.hint));
            None
        }
    }
}

/// Keys that mean something only together.
fn together(reader: &mut Reader<'_>, entries: &[Entry<'_, '_>], triggers: &mut Triggers) {
    let find = |key| entries.iter().find(|entry| entry.key == key);
    if find("schedule").is_some() {
        if let (Some(Missed::Skip), Some(window)) = (triggers.missed, find("missed_window")) {
            let message = "`missed_window` says what is made up for, and `missed` is `skip`";
            reader.problem(&window.at, message, Some("leave one of them out".into()));
        }
        if let Some(zone) = find("timezone").filter(|_| triggers.timezone.is_none()) {
            if zone.value.as_str() == Some("") {
                let hint = format!("write for example `timezone = {ZONE}`");
                reader.problem(&zone.at, "`timezone` is empty", Some(hint));
            }
            // Nobody knows when it is due, and that it lacks a zone need not be said as well.
            triggers.schedule = None;
        }
        return;
    }
    for entry in entries.iter().filter(|entry| OF_SCHEDULE.contains(&entry.key)) {
        let message = format!("`{}` is the schedule's, and there is none", entry.key);
        reader.problem(&entry.at, message, Some("add a `schedule`, or leave it out".into()));
    }
}

#[cfg(test)]
mod tests;
