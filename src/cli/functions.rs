//! `onramp functions`: the catalogue of everything that scripts can call, as a list and one by one.

use super::output::{Format, Output};
use crate::{
    api::operation::{Field, Kind, Operation},
    error::Failure,
    script::{
        about,
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
    #[command(flatten)]
    format: Format,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let catalog = Catalog::complete();
    let output = args.format.output;
    match &args.name {
        None if output == Output::Text => drop(ui.line(&about::list(&catalog))),
        None => {
            let all = catalog.domains().into_iter().flat_map(|(domain, entries)| {
                entries.into_iter().map(move |entry| entry_json(domain, entry)).collect::<Vec<_>>()
            });
            output.objects(ui, all.collect());
        }
        Some(name) => {
            let (domain, entry) = find(&catalog, name)?;
            if output == Output::Text {
                ui.line(&about::page(entry));
            }
            output.object(ui, &entry_json(domain, entry));
        }
    }
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
            for about::Section { heading, rows } in about::of_builtin(builtin) {
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
