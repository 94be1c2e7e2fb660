//! `onramp functions`: the catalogue of everything that scripts can call, as a list and one by one.

use crate::{
    api::operation::{Field, Kind, Operation},
    error::Failure,
    script::{
        about::{self, Section},
        catalog::{Catalog, Entry},
    },
    text,
    ui::Ui,
};
use serde_json::{Value, json};

/// Show what scripts can call: all of it, or one function with everything about it
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 all went well; 2 there is no such function.")]
pub struct Args {
    /// The function; all of them unless given
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let catalog = Catalog::complete();
    let shown = match (&args.name, args.output) {
        (None, Output::Text) => list(&catalog),
        (None, Output::Json) => {
            let all = catalog.domains().into_iter().flat_map(|(domain, entries)| {
                entries.into_iter().map(move |entry| entry_json(domain, entry)).collect::<Vec<_>>()
            });
            format!("{:#}", Value::Array(all.collect()))
        }
        (Some(name), output) => {
            let (domain, entry) = find(&catalog, name)?;
            match output {
                Output::Text => one(entry),
                Output::Json => format!("{:#}", entry_json(domain, entry)),
            }
        }
    };
    ui.line(&shown);
    Ok(0)
}

fn find<'a>(catalog: &'a Catalog, name: &str) -> Result<(&'static str, &'a Entry), Failure> {
    let found = catalog.domains().into_iter().find_map(|(domain, entries)| {
        entries.into_iter().find(|entry| entry.name() == name).map(|entry| (domain, entry))
    });
    found.ok_or_else(|| {
        let failure = Failure::usage(format!("there is no function `{}`", text::escape_control(name)));
        match catalog.near(name) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("run `onramp functions` to see them all"),
        }
    })
}

fn list(catalog: &Catalog) -> String {
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

fn one(entry: &Entry) -> String {
    let mut lines = entry.signatures();
    if let Entry::Standard(standard) = entry {
        let counts = standard.arities.iter().map(ToString::to_string).collect();
        lines.push(standard.name.clone());
        lines.push(format!("with {} values, the one before the dot included", text::joined(counts, "or")));
    }
    if !entry.summary().is_empty() {
        lines.extend([String::new(), entry.summary().to_string()]);
    }
    match entry {
        Entry::Operation(operation) => {
            lines.insert(1, about::effect(operation.effect).to_string());
            sections(&mut lines, about::sections(operation));
            section(&mut lines, "Example", [operation.example.to_string()]);
        }
        Entry::Builtin(builtin) => {
            sections(&mut lines, about::of_builtin(builtin));
            section(&mut lines, "Example", [builtin.example.to_string()]);
        }
        Entry::Keyword(_) | Entry::Standard(_) => {}
    }
    lines.join("\n")
}

fn sections(lines: &mut Vec<String>, sections: Vec<Section>) {
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

fn entry_json(domain: &str, entry: &Entry) -> Value {
    let mut value = json!({
        "name": entry.name(),
        "domain": domain,
        "signatures": entry.signatures(),
        "summary": entry.summary(),
    });
    match entry {
        Entry::Operation(operation) => operation_json(&mut value, operation),
        Entry::Builtin(builtin) => {
            value["example"] = builtin.example.into();
            for Section { heading, rows } in about::of_builtin(builtin) {
                let rows = rows.into_iter().map(|row| json!({"name": row.name, "doc": row.text}));
                value[heading.to_lowercase()] = rows.collect();
            }
        }
        Entry::Standard(standard) => value["arities"] = standard.arities.iter().copied().collect(),
        Entry::Keyword(_) => {}
    }
    value
}

fn operation_json(value: &mut Value, operation: &Operation) {
    let fields = |fields: &mut dyn Iterator<Item = &'static Field>| -> Value {
        fields
            .map(|field| {
                let known = if let Kind::Enum(known) = field.kind { json!(known) } else { Value::Null };
                json!({
                    "name": field.name,
                    "kind": kind_word(field.kind),
                    "values": known,
                    "nullable": field.nullable,
                    "required": operation.required.contains(&field.name),
                    "doc": field.doc,
                })
            })
            .collect()
    };
    value["effect"] = about::effect(operation.effect).into();
    value["arguments"] = fields(&mut operation.path_params.iter());
    value["options"] = fields(&mut operation.query.iter());
    value["fields"] = fields(&mut operation.body());
    value["errors"] = operation.errors().into_iter().map(|(kind, when)| json!({"type": kind, "when": when})).collect();
    value["example"] = operation.example.into();
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "id",
        Kind::Text => "text",
        Kind::Integer(..) => "integer",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp",
        Kind::Enum(_) => "enum",
        Kind::Object => "object",
        Kind::TextList => "text list",
    }
}
