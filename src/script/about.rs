//! What there is to say about an operation, in pieces that every reader lays out in its own way: `onramp functions`, the
//! reference and the definition files for editors. Takes all of it from the operation's descriptor; prints nothing.

use super::builtins::{Builtin, bulk};
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
