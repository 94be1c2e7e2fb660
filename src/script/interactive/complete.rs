//! What could stand at the cursor of a line, from what is at hand: the catalogue, the session's variables and functions,
//! what it has seen, files of the project. Sends nothing and runs nothing.

use super::{
    Interactive, LAST,
    context::{Context, KEYWORDS, Open, Place, locals},
    seen::Hits,
};
use crate::{
    api::{
        self,
        operation::{Field, Kind, Operation},
    },
    script::{
        builtins::{bulk, input::CONSTANTS},
        catalog::Entry,
    },
    text,
};
use rhai::Map;
use std::{any::TypeId, collections::BTreeMap};

/// More candidates than these fit on no screen.
const MOST: usize = 300;

/// What could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What is put in place of the word.
    pub text: String,
    /// What is shown of it.
    pub shown: String,
}

/// The candidates for a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that they stand for.
    pub start: usize,
    /// In the order in which they are shown.
    pub candidates: Vec<Candidate>,
    /// How many there are besides, which have in common with these what these have in common.
    pub more: usize,
}

/// Candidates of one place: by what is shown, each once.
#[derive(Default)]
struct Found {
    word: String,
    all: BTreeMap<String, String>,
    more: usize,
}

impl Found {
    fn add(&mut self, text: impl Into<String>, shown: impl Into<String>) {
        let text = text.into();
        if text.starts_with(&self.word) && self.all.len() < MOST {
            self.all.insert(shown.into(), text);
        }
    }

    fn plain(&mut self, text: &str) {
        self.add(text, text);
    }
}

impl Interactive {
    /// What could be written at the byte `at` of `line`.
    pub fn complete(&self, line: &str, at: usize) -> Completion {
        let Some(before) = line.get(..at) else { return Completion::default() };
        let mut context = Context::of(before);
        context.open.splice(0..0, locals(before));
        let mut found = Found { word: context.word.clone(), ..Found::default() };
        match &context.place {
            Place::Nothing => {}
            Place::Name => {
                self.values_of_the_key(&mut found, &context.open, true);
                if found.word.is_empty() {
                    self.ids(&mut found, &context.open);
                }
                // Where it is known what fits, what could also stand there does not crowd it out.
                if found.all.is_empty() || !found.word.is_empty() {
                    self.names(&mut found, &context.open);
                }
            }
            Place::Number => self.ids(&mut found, &context.open),
            Place::Member(receiver) => self.members(&mut found, receiver, &context.open),
            Place::Key => self.keys(&mut found, &context.open),
            Place::Text { imported: true, .. } => self.modules(&mut found),
            Place::Text { compared, .. } => self.texts(&mut found, &context, compared.as_deref()),
        }
        let candidates = found.all.into_iter().map(|(shown, text)| Candidate { text, shown });
        Completion { start: context.start, candidates: candidates.collect(), more: found.more }
    }

    fn names(&self, found: &mut Found, open: &[Open]) {
        for open in open {
            match open {
                Open::Call { params, .. } => params.iter().for_each(|name| found.plain(name)),
                Open::Block { each: Some((name, _)) } | Open::Let { name, .. } => found.plain(name),
                _ => {}
            }
        }
        self.scope.iter_raw().filter(|(name, ..)| *name != LAST).for_each(|(name, ..)| found.plain(name));
        CONSTANTS.iter().for_each(|(name, _)| found.plain(name));
        for signature in self.functions() {
            found.add(opened(&signature), signature.clone());
        }
        let everything = !found.word.is_empty();
        for name in self.catalog().names() {
            let Some(entry) = self.catalog().get(name).filter(|_| name.starts_with(&found.word)) else { continue };
            match entry {
                // What is written behind a value only, and the engine's own, do not crowd an empty line.
                Entry::Standard(_) if !everything => {}
                Entry::Standard(standard) => found.add(format!("{name}("), format!("{}(…)", standard.name)),
                entry => {
                    for signature in entry.signatures() {
                        if signature.starts_with(&format!("{name}(")) {
                            found.add(opened(&signature), signature);
                        }
                    }
                }
            }
        }
        if everything {
            KEYWORDS.iter().for_each(|word| found.plain(word));
        }
    }

    /// The modules that can be imported: scripts of the project, by their paths without the ending.
    fn modules(&self, found: &mut Found) {
        for name in self.host.project.names_below(&found.word) {
            match name.strip_suffix(".rhai") {
                Some(module) => found.plain(module),
                None if name.ends_with('/') => found.plain(&name),
                None => {}
            }
        }
    }

    /// Ids of objects that were seen, as numbers, where an operation takes an id.
    fn ids(&self, found: &mut Found, open: &[Open]) {
        let Some(kind) = kind_wanted(open) else { return };
        let Hits { things, more } = self.host.seen.numbered(kind, &found.word, MOST);
        found.more += more;
        for thing in things {
            let number = thing.display_id.unwrap_or_default().to_string();
            let name = thing.name.as_deref().map_or(String::new(), |name| format!("  {}", text::escape_control(name)));
            found.add(number.clone(), format!("{number}{name}"));
        }
    }

    fn members(&self, found: &mut Found, receiver: &str, open: &[Open]) {
        let known = self.known(receiver, open);
        known.fields.iter().filter(|field| is_word(field)).for_each(|field| found.plain(field));
        let Some(class) = known.class else { return };
        let word = found.word.clone();
        for name in self.methods(class).filter(|name| name.starts_with(&word)) {
            self.method(found, name);
        }
        // Operations take the object itself for its id.
        if let Some(object) = known.object.filter(|_| class == TypeId::of::<Map>()) {
            for operation in api::operations().filter(|operation| id_kind(operation.name, 0) == Some(object.name)) {
                self.method(found, operation.name);
            }
        }
    }

    fn method(&self, found: &mut Found, name: &str) {
        let Some(entry) = self.catalog().get(name) else { return };
        let signatures = entry.signatures();
        // Of onramp's own functions those are methods that are written as such: nobody says `name.sleep()`.
        let written =
            |signature: &String| !matches!(entry, Entry::Builtin(_)) || signature.contains(&format!(".{name}("));
        if signatures.is_empty() {
            let alone = matches!(entry, Entry::Standard(standard) if standard.arities.iter().all(|count| *count == 1));
            let (text, shown) = if alone { ("()", "()") } else { ("(", "(…)") };
            found.add(format!("{name}{text}"), format!("{name}{shown}"));
        }
        for signature in signatures.into_iter().filter(written) {
            // `rows.filter(…)` or `update_customer(id, fields)`: without what stands before the dot already.
            let shown = match (signature.find(&format!(".{name}(")), signature.split_once('(')) {
                (Some(at), _) => signature[at + 1..].to_string(),
                (None, Some((name, args))) => {
                    let rest = args.split_once(", ").map_or(")", |(_, rest)| rest);
                    format!("{name}({rest}")
                }
                (None, None) => signature.clone(),
            };
            found.add(opened(&shown), shown);
        }
    }

    /// The keys that the open map can take: fields and options of an operation, fields of rows.
    fn keys(&self, found: &mut Found, open: &[Open]) {
        let Some((Open::Map { used, .. }, outer)) = open.split_last() else { return };
        for (name, about) in self.fields_of_the_map(outer) {
            if !used.contains(&name) {
                found.add(format!("{name}: "), if about.is_empty() { name } else { format!("{name}: {about}") });
            }
        }
    }

    /// What the map behind `open` can hold, each with a word about its values.
    fn fields_of_the_map(&self, open: &[Open]) -> Vec<(String, String)> {
        let Some(Open::Call { name, receiver, argument, .. }) = open.last() else { return Vec::new() };
        if let Some(operation) = operation_of(name, *argument + usize::from(receiver.is_some())) {
            return inputs(operation).map(|field| (field.name.to_string(), about(field))).collect();
        }
        if !matches!(name.as_str(), "where" | "any" | "all") {
            return Vec::new();
        }
        let rows = receiver.as_ref().map(|receiver| self.known(&format!("{receiver}.first()"), open));
        rows.map_or_else(Vec::new, |row| row.fields.into_iter().map(|field| (field, String::new())).collect())
    }

    /// The known values of the key that is being written, in quotes where they stand in none yet.
    fn values_of_the_key(&self, found: &mut Found, open: &[Open], in_quotes: bool) {
        let Some((Open::Map { key: Some(key), .. }, outer)) = open.split_last() else { return };
        let Some(Open::Call { name, receiver, argument, .. }) = outer.last() else { return };
        let field = match operation_of(name, *argument + usize::from(receiver.is_some())) {
            Some(operation) => inputs(operation).find(|field| field.name == key),
            None => receiver
                .as_ref()
                .and_then(|receiver| self.known(receiver, outer).object)
                .and_then(|object| object.field(key)),
        };
        match field.map(|field| field.kind) {
            Some(Kind::Enum(words)) => {
                for word in words {
                    let text = if in_quotes { format!("\"{word}\"") } else { word.to_string() };
                    found.add(text.clone(), text);
                }
            }
            Some(Kind::Boolean) if in_quotes => ["true", "false"].iter().for_each(|word| found.plain(word)),
            _ => {}
        }
    }

    fn texts(&self, found: &mut Found, context: &Context, compared: Option<&str>) {
        let open = &context.open;
        self.values_of_the_key(found, open, false);
        if let Some(field) = compared {
            let kinds = api::OBJECTS.iter().filter_map(|object| Some(object.field(field)?.kind));
            for kind in kinds {
                if let Kind::Enum(words) = kind {
                    words.iter().for_each(|word| found.plain(word));
                }
            }
        }
        if let Some(Open::Call { name, receiver, argument, .. }) = open.last() {
            let takes = |what: &str| {
                let signatures = self.catalog().get(name).map(Entry::signatures).unwrap_or_default();
                signatures.iter().any(|signature| signature.contains(&format!("{name}({what}")))
            };
            if *argument == 0 && takes("path") {
                self.host.project.names_below(&context.word).iter().for_each(|name| found.plain(name));
                return;
            }
            if let Some(receiver) = receiver.as_ref().filter(|_| matches!(name.as_str(), "get" | "contains" | "remove"))
            {
                self.known(receiver, open).fields.iter().for_each(|field| found.plain(field));
            }
            if let Some(receiver) = receiver.as_ref().filter(|_| takes("field")) {
                let row = self.known(&format!("{receiver}.first()"), open);
                row.fields.iter().for_each(|field| found.plain(field));
            }
        }
        if let Some(kind) = kind_wanted(open) {
            let Hits { things, more } = self.host.seen.identified(kind, &found.word, MOST);
            found.more += more;
            for thing in things {
                let name = thing.name.as_ref();
                let name = name.map_or(String::new(), |name| format!("  {}", text::escape_control(name)));
                found.add(thing.id.clone(), format!("{}{name}", thing.id));
            }
            return;
        }
        if found.word.is_empty() || found.word.contains(['"', '\\', '\n']) {
            return;
        }
        let Hits { things, more } = self.host.seen.named(&found.word, MOST);
        found.more += more;
        for name in things.iter().filter_map(|thing| thing.name.as_deref()) {
            // What would have to be escaped is no help in writing it.
            if !name.contains(['"', '\\', '`']) && text::escape_control(name) == name {
                found.plain(name);
            }
        }
    }
}

/// The options and fields that an operation's map can hold.
fn inputs(operation: &'static Operation) -> impl Iterator<Item = &'static Field> {
    operation.query.iter().chain(operation.body())
}

/// What a field takes, in a few words.
pub(super) fn about(field: &Field) -> String {
    match field.kind {
        Kind::Enum(words) => words.join(" | "),
        Kind::Id => "an id".into(),
        Kind::Timestamp => "a time".into(),
        kind => kind.wanted().trim_start_matches("a ").trim_start_matches("an ").to_string(),
    }
}

/// The operation whose map stands as this argument of a call: its own, or that of each row of a bulk call.
fn operation_of(name: &str, argument: usize) -> Option<&'static Operation> {
    // What follows the rows and their fields are options.
    api::operation(name).or_else(|| bulk::operation_of(name).filter(|_| argument == 1))
}

/// The kind of object whose id is wanted here: by an operation, or by a field of its map.
fn kind_wanted(open: &[Open]) -> Option<&'static str> {
    let of_param = |name: &str| ["customer", "contact", "onboarding"].into_iter().find(|kind| name.starts_with(*kind));
    match open.split_last()? {
        (Open::Call { name, receiver, argument, .. }, _) => id_kind(name, *argument + usize::from(receiver.is_some())),
        (Open::Map { key: Some(key), .. }, [.., Open::Call { name, receiver, argument, .. }]) => {
            let operation = operation_of(name, *argument + usize::from(receiver.is_some()))?;
            let field = inputs(operation).find(|field| field.name == key).filter(|field| field.kind == Kind::Id)?;
            of_param(field.name)
        }
        _ => None,
    }
}

/// The kind of object whose id an operation takes at this place.
fn id_kind(name: &str, argument: usize) -> Option<&'static str> {
    let operation = api::operation(name)?;
    let param = operation.path_params.get(argument)?;
    ["customer", "contact", "onboarding"]
        .into_iter()
        .find(|kind| param.name.starts_with(*kind))
        .or_else(|| operation.object.map(|object| object.name))
        .or_else(|| ["customer", "contact", "onboarding"].into_iter().find(|kind| name.ends_with(kind)))
}

/// A signature up to what has to be filled in.
fn opened(signature: &str) -> String {
    match signature.split_once('(') {
        Some((name, ")")) => format!("{name}()"),
        Some((name, _)) => format!("{name}("),
        None => signature.to_string(),
    }
}

/// Whether a field can be written behind a dot.
fn is_word(field: &str) -> bool {
    field.starts_with(|c: char| c.is_alphabetic() || c == '_') && field.chars().all(|c| c.is_alphanumeric() || c == '_')
}
