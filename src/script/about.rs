//! What there is to say about an operation, in pieces that every reader lays out in its own way: `onramp functions`, the
//! reference and the definition files for editors. Takes all of it from the operation's descriptor; prints nothing.

use super::{
    builtins::{Builtin, bulk},
    catalog::{Catalog, Entry},
};
use crate::{
    api::operation::{Effect, Field, Kind, Object, Operation, Returns, Set, snake},
    text,
};

/// A list with a heading.
pub struct Section {
    pub heading: &'static str,
    pub rows: Vec<Row>,
}

/// A line of a section.
pub struct Row {
    pub name: String,
    /// What it takes or when it comes, and what it means.
    pub text: String,
}

const FIELDS: &str = "Fields";

/// Arguments, options, fields and errors of an operation, those it has.
pub fn sections(operation: &Operation) -> Vec<Section> {
    let required = |field: &Field| if operation.required.contains(&field.name) { "required; " } else { "" };
    let sections = [
        ("Arguments", operation.path_params.iter().map(|field| row(snake(field.name), field, "")).collect()),
        ("Options", operation.query.iter().map(|field| row(field.name.into(), field, "")).collect()),
        (FIELDS, operation.body().map(|field| row(field.name.into(), field, required(field))).collect()),
        (
            "Errors",
            operation.errors().into_iter().map(|(name, when)| Row { name: name.into(), text: when.into() }).collect(),
        ),
    ];
    let sections = sections.into_iter().filter(|(_, rows): &(_, Vec<Row>)| !rows.is_empty());
    sections.map(|(heading, rows)| Section { heading, rows }).collect()
}

/// Of a function of the host: for a bulk verb its fields, options and result; nothing for the others, whose signatures and
/// summaries say all.
pub fn of_builtin(builtin: &Builtin) -> Vec<Section> {
    let Some(operation) = bulk::operation_of(builtin.name) else { return Vec::new() };
    let rows = |rows: &[(&str, &str)]| -> Vec<Row> {
        rows.iter().map(|(name, text)| Row { name: (*name).into(), text: (*text).into() }).collect()
    };
    let fields = sections(operation).into_iter().find(|section| section.heading == FIELDS);
    let own = [("Options", rows(bulk::OPTIONS)), ("Result", rows(bulk::RESULT))];
    fields.into_iter().chain(own.map(|(heading, rows)| Section { heading, rows })).collect()
}

/// What an operation does to the workspace, as one word.
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "reads",
        Effect::Create => "creates",
        Effect::Update => "updates",
        Effect::Delete => "deletes",
    }
}

/// What a good answer is, to be read behind "gives".
pub fn returned(operation: &Operation) -> String {
    match operation.returns {
        Returns::Object(object) if object.name.is_empty() => "an object map".into(),
        Returns::Object(object) => format!("an object map, `{}`", object.name),
        Returns::List(object) => format!("a list of object maps, `{}`", object.name),
        Returns::Deleted => "an object map whose `deleted` is `true`".into(),
    }
}

/// The fields of an object, each with what bodies may do to it.
pub fn fields(object: &Object) -> Vec<Row> {
    let set = |field: &Field| match field.set {
        Set::Never => "read only; ",
        Set::OnCreate => "only set when it is created; ",
        Set::Always => "",
    };
    object.fields.iter().map(|field| row(field.name.into(), field, set(field))).collect()
}

fn row(name: String, field: &Field, before: &str) -> Row {
    let nullable = if field.nullable { ", or `()`" } else { "" };
    let text = format!("{before}{}{nullable}", kind(field.kind));
    Row { name, text: if field.doc.is_empty() { text } else { format!("{text}. {}", field.doc) } }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Id => "an id".into(),
        Kind::Integer(low, high) if high < i64::MAX => format!("a whole number from {low} to {high}"),
        Kind::Enum(known) => text::one_of(known.iter().copied()),
        Kind::Timestamp => "a time".into(),
        other => other.wanted().into(),
    }
}

/// Everything that can be called, under its headings.
pub fn list(catalog: &Catalog) -> String {
    let mut lines = Vec::new();
    for (domain, entries) in catalog.domains() {
        lines.push(domain.to_string());
        if entries.iter().all(|entry| matches!(entry, Entry::Standard(_))) {
            lines.extend(wrapped(entries.iter().map(|entry| entry.name())));
            continue;
        }
        for entry in entries {
            let signature = entry.signatures().into_iter().next().unwrap_or_default();
            lines.push(format!("  {signature:<48}  {}", entry.summary()));
        }
        lines.push(String::new());
    }
    lines.join("\n")
}

/// Names in lines of at most 100 columns.
fn wrapped<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines = vec![String::from(" ")];
    for name in names {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last + name.len() >= 100 {
            lines.push(String::from(" "));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(name);
        }
    }
    lines
}

/// Everything about one function.
pub fn page(entry: &Entry) -> String {
    let mut lines = entry.signatures();
    if let Entry::Standard(standard) = entry {
        let counts = standard.arities.iter().map(ToString::to_string).collect();
        lines.push(standard.name.clone());
        let noun = if standard.arities.iter().eq([&1]) { "value" } else { "values" };
        lines.push(format!("with {} {noun}, the one before the dot included", text::joined(counts, "or")));
    }
    if !entry.summary().is_empty() {
        lines.extend([String::new(), entry.summary().to_string()]);
    }
    match entry {
        Entry::Operation(operation) => {
            lines.insert(1, effect(operation.effect).to_string());
            put(&mut lines, sections(operation));
            section(&mut lines, "Example", [operation.example.to_string()]);
        }
        Entry::Builtin(builtin) => {
            put(&mut lines, of_builtin(builtin));
            section(&mut lines, "Example", [builtin.example.to_string()]);
        }
        Entry::Keyword(_) | Entry::Standard(_) => {}
    }
    lines.join("\n")
}

fn put(lines: &mut Vec<String>, sections: Vec<Section>) {
    for Section { heading, rows } in sections {
        section(lines, heading, rows.into_iter().map(|row| format!("{:<24}{}", row.name, row.text)));
    }
}

fn section(lines: &mut Vec<String>, heading: &str, rows: impl IntoIterator<Item = String>) {
    let rows: Vec<String> = rows.into_iter().map(|row| format!("  {row}")).collect();
    if !rows.is_empty() {
        lines.extend([String::new(), heading.to_string()]);
        lines.extend(rows);
    }
}
