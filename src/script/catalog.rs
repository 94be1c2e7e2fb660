//! The one list of everything that scripts can call: operations, host functions, the language's own and what the engine
//! brings along. Check, help and suggestions read it; nothing here prints or runs a script.

use super::{
    builtins::{self, Builtin, builtins, input::CONSTANTS},
    engine,
    host::Host,
    named::Named,
};
use crate::{
    api::{self, OPERATIONS, operation::Operation, operations},
    text,
};
use rhai::{AST, Engine};
use std::collections::{BTreeMap, BTreeSet};

/// A function that is part of the language itself and registered nowhere.
#[derive(Debug)]
pub struct Keyword {
    pub name: &'static str,
    pub signature: &'static str,
    /// One sentence, without a final period.
    pub summary: &'static str,
    /// With how many arguments it can be called, the receiver included; `None` for any number.
    arities: Option<&'static [usize]>,
}

const fn keyword(
    name: &'static str,
    signature: &'static str,
    arities: Option<&'static [usize]>,
    summary: &'static str,
) -> Keyword {
    Keyword { name, signature, summary, arities }
}

impl Keyword {
    /// With how many arguments it can be called, the receiver included; `None` for any number.
    pub(super) fn arities(&self) -> Option<BTreeSet<usize>> {
        self.arities.map(|counts| counts.iter().copied().collect())
    }
}

/// The keyword of that name.
pub(super) fn keyword_named(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// All of them.
const KEYWORDS: &[Keyword] = &[
    keyword("type_of", "type_of(value)", Some(&[1]), "The kind of a value, as text"),
    keyword("Fn", "Fn(name)", Some(&[1]), "A function by its name, to be handed on"),
    keyword("call", "function.call(argument, …)", None, "Calls a function that is held in a variable"),
    keyword("curry", "function.curry(argument, …)", None, "The function with its first arguments given already"),
    keyword("is_shared", "is_shared(variable)", Some(&[1]), "Whether a closure has captured the variable"),
    keyword("is_def_fn", "is_def_fn(name, parameters)", Some(&[2, 3]), "Whether the script defines such a function"),
    keyword("is_def_var", "is_def_var(name)", Some(&[1]), "Whether there is a variable of that name"),
];

/// Whether the host gives every script a variable of that name.
pub(super) fn is_host_variable(name: &str) -> bool {
    CONSTANTS.iter().any(|(known, _)| *known == name)
}

/// What the catalogue says of a name.
pub enum Entry {
    Operation(&'static Operation),
    Builtin(&'static Builtin),
    Keyword(&'static Keyword),
    /// A function of the engine's own library.
    Standard(Standard),
}

/// A function of the engine's own library.
pub struct Standard {
    pub name: String,
    /// With how many arguments it can be called, the receiver included.
    pub arities: BTreeSet<usize>,
    /// The first sentences of its own documentation, where it has one, each on a line.
    pub summary: String,
}

impl Entry {
    pub fn name(&self) -> &str {
        match self {
            Entry::Operation(operation) => operation.name,
            Entry::Builtin(builtin) => builtin.name,
            Entry::Keyword(keyword) => keyword.name,
            Entry::Standard(standard) => &standard.name,
        }
    }

    /// One sentence, without a final period, or where the engine has a name for several kinds of values, a line for each.
    /// Empty where nothing is known.
    pub fn summary(&self) -> &str {
        match self {
            Entry::Operation(operation) => operation.summary,
            Entry::Builtin(builtin) => builtin.summary,
            Entry::Keyword(keyword) => keyword.summary,
            Entry::Standard(standard) => &standard.summary,
        }
    }

    /// How it can be called; empty where only the number of arguments is known.
    pub fn signatures(&self) -> Vec<String> {
        match self {
            Entry::Operation(operation) => vec![operation.signature()],
            Entry::Builtin(builtin) => builtin.signatures.iter().map(ToString::to_string).collect(),
            Entry::Keyword(keyword) => vec![keyword.signature.to_string()],
            Entry::Standard(_) => Vec::new(),
        }
    }
}

/// Everything that can be called without a script's own functions.
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
}

impl Catalog {
    /// The catalogue of every script's engine.
    pub fn complete() -> Catalog {
        Catalog::of(&engine::with_functions(&Host::idle(), &Named::anything()))
    }

    /// What can be called with `engine`.
    pub fn of(engine: &Engine) -> Catalog {
        let mut standard: BTreeMap<String, Standard> = BTreeMap::new();
        // The same name means something else for each kind of value.
        let mut summaries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let functions = engine.collect_fn_metadata(
            None,
            |function| {
                let about = function.metadata;
                is_name(&about.name)
                    .then(|| (about.name.to_string(), about.num_params, first_sentence(&about.comments)))
            },
            true,
        );
        for (name, count, summary) in functions {
            let known = standard.entry(name.clone()).or_insert(Standard {
                name,
                arities: BTreeSet::new(),
                summary: String::new(),
            });
            known.arities.insert(count);
            summaries.entry(known.name.clone()).or_default().extend((!summary.is_empty()).then_some(summary));
        }
        for known in standard.values_mut() {
            let lines = summaries.remove(&known.name).unwrap_or_default();
            known.summary = lines.into_iter().collect::<Vec<_>>().join("\n");
        }
        let mut entries: BTreeMap<_, _> =
            standard.into_iter().map(|(name, known)| (name, Entry::Standard(known))).collect();
        entries.extend(KEYWORDS.iter().map(|keyword| (keyword.name.to_string(), Entry::Keyword(keyword))));
        entries.extend(builtins().map(|builtin| (builtin.name.to_string(), Entry::Builtin(builtin))));
        entries.extend(operations().map(|operation| (operation.name.to_string(), Entry::Operation(operation))));
        Catalog { entries }
    }

    /// What is known of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// All names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The known name that a mistyped one is nearest to.
    pub fn near(&self, name: &str) -> Option<&str> {
        text::did_you_mean(name, self.names())
    }

    /// All entries under their headings, in the order in which people want to read them.
    pub fn domains(&self) -> Vec<(&'static str, Vec<&Entry>)> {
        let entry = |name: &str| self.entries.get(name);
        let mut domains = Vec::new();
        for (heading, table) in OPERATION_HEADINGS.iter().zip(OPERATIONS) {
            domains.push((*heading, table.iter().filter_map(|operation| entry(operation.name)).collect()));
        }
        for (heading, table) in builtins::domains() {
            domains.push((heading, table.iter().filter_map(|builtin| entry(builtin.name)).collect()));
        }
        domains.push(("The language itself", KEYWORDS.iter().filter_map(|keyword| entry(keyword.name)).collect()));
        let rest = self.entries.values().filter(|entry| matches!(entry, Entry::Standard(_))).collect();
        domains.push(("The standard library", rest));
        domains
    }
}

/// The headings of the tables of operations, in their order.
const OPERATION_HEADINGS: [&str; 4] = ["Connection", "Customers", "Contacts", "Onboardings"];

/// What can be called where an error happened: all that any script can, and what the script defines, once it could be read.
#[derive(Clone, Copy, Default)]
pub struct Callables<'a> {
    pub script: Option<&'a AST>,
}

impl Callables<'_> {
    /// Every name, for suggestions.
    pub fn names(&self) -> Vec<String> {
        let own = self.script.into_iter().flat_map(AST::iter_functions).map(|function| function.name.to_string());
        let mut names: Vec<String> = own.filter(|name| is_name(name)).collect();
        names.extend(Catalog::complete().entries.into_keys());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How `name` is called, as far as that is written down: by the script, an operation or a function of the host.
    pub fn signatures(&self, name: &str) -> Vec<String> {
        let functions = self.script.into_iter().flat_map(AST::iter_functions).filter(|function| function.name == name);
        let mut own: Vec<_> = functions.map(|function| function.params).collect();
        if !own.is_empty() {
            // The engine keeps functions by their hashes, in an order that means nothing.
            own.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
            return own.iter().map(|params| format!("{name}({})", params.join(", "))).collect();
        }
        if let Some(operation) = api::operation(name) {
            return vec![operation.signature()];
        }
        let known = builtins().filter(|builtin| builtin.name == name);
        known.flat_map(|builtin| builtin.signatures).map(|signature| signature.to_string()).collect()
    }
}

/// Operators and property accessors are registered like functions, but nobody calls them by name.
pub(super) fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Of a documentation comment, without a final period.
fn first_sentence(comments: &[impl AsRef<str>]) -> String {
    let text = comments.first().map_or("", AsRef::as_ref);
    let line = text.lines().map(|line| line.trim_start_matches('/').trim()).find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    line.split_once(". ").map_or(line, |(sentence, _)| sentence).trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that `engine` brings along when it is new.
    fn standard() -> BTreeSet<String> {
        Engine::new().collect_fn_metadata(None, |f| Some(f.metadata.name.to_string()), true).into_iter().collect()
    }

    #[test]
    fn every_function_that_is_registered_has_a_descriptor() {
        let standard = standard();
        let described: BTreeSet<_> =
            builtins().map(|b| b.name).chain(operations().map(|operation| operation.name)).collect();
        let engine = engine::with_functions(&Host::idle(), &Named::anything());
        let ours = engine.collect_fn_metadata(None, |f| Some(f.metadata.name.to_string()), false);
        for name in ours.iter().filter(|name| is_name(name)) {
            // An overload of one of the engine's own, such as `to_string`, needs none.
            assert!(described.contains(name.as_str()) || standard.contains(name), "`{name}` has no descriptor");
        }
    }

    #[test]
    fn every_descriptor_is_of_something_that_can_be_called() {
        let engine = engine::with_functions(&Host::idle(), &Named::anything());
        let registered = engine.collect_fn_metadata(None, |f| Some(f.metadata.name.to_string()), true);
        for name in builtins().map(|b| b.name).chain(operations().map(|o| o.name)) {
            assert!(registered.iter().any(|known| known == name), "`{name}` is not registered");
        }
        for builtin in builtins() {
            for signature in builtin.signatures {
                assert!(signature.contains(&format!("{}(", builtin.name)), "{signature}");
            }
            assert!(!builtin.summary.is_empty() && !builtin.summary.ends_with('.'), "{}", builtin.name);
        }
    }

    #[test]
    fn every_table_of_operations_has_a_heading() {
        assert_eq!(OPERATIONS.len(), OPERATION_HEADINGS.len());
        let catalog = Catalog::complete();
        let listed: usize = catalog.domains().iter().map(|(_, entries)| entries.len()).sum();
        assert_eq!(listed, catalog.names().count());
    }
}
