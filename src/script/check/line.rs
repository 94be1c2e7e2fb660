//! A line of a session before it runs: what is certainly wrong with it, by the same rules as for files. What earlier lines
//! have defined is there; what later ones will define, the body of a function may use.

use super::{
    Checker, Finding,
    facts::{Facts, Found, Function, Gather, Unit, functions_of},
};
use crate::script::known::Known;
use rhai::{AST, Engine, ImmutableString};
use std::collections::HashMap;

/// What a session has said so far, as far as it matters for what comes.
#[derive(Default)]
pub struct Said {
    facts: Facts,
}

/// What is there when a line begins.
pub struct Present {
    pub variables: Vec<ImmutableString>,
    /// The functions of all lines.
    pub functions: AST,
    /// The modules that were imported, by their names in the session.
    pub modules: Vec<String>,
}

/// Looks at the parsed text of a line, which findings call `name`.
pub fn look_at(engine: &Engine, name: &str, ast: AST, present: Present, said: &mut Said) -> Vec<Finding> {
    let known = Known::of(engine);
    let mut unit = Unit::new(name, ast);
    let defines = unit.functions.keys().any(|own| !own.starts_with("anon$"));
    let functions = unit.functions.keys().cloned().collect();
    let mut gather = Gather { facts: &mut said.facts, known: &known, functions, found: Found::default() };
    unit.walk(&mut gather, |_, _| {});
    unit.given = gather.found.names_given(&unit.functions);
    let Found { imports, borrowing, guarded, .. } = gather.found;
    // What is in a module is looked at when it is imported.
    said.facts.open |= !imports.is_empty() || !present.modules.is_empty();
    let aliases = imports.into_iter().map(|import| import.alias).chain(present.modules);
    unit.imports = aliases.map(|alias| (alias, None)).collect();
    (unit.borrowing, unit.guarded) = (borrowing, guarded);
    add(&mut unit.functions, functions_of(&present.functions));
    unit.globals.extend(present.variables.iter().cloned());
    unit.given.extend(present.variables.iter().cloned());
    let mut checker = Checker {
        known: &known,
        unit: &unit,
        units: std::slice::from_ref(&unit),
        facts: &said.facts,
        allow: None,
        params: None,
        assigned: None,
        rows: Vec::new(),
        function: None,
        goes_on: Some(defines),
        findings: Vec::new(),
    };
    let enter = |checker: &mut Checker<'_>, function: Option<&str>| checker.function = function.map(str::to_string);
    unit.walk_from(&present.variables, &mut checker, enter);
    let mut findings = checker.findings;
    findings.sort_by_key(|finding| finding.place.as_ref().map(|place| (place.line, place.column)));
    findings.dedup_by(|later, first| later.place == first.place && later.message == first.message);
    findings
}

/// Earlier functions stay, but for those that the line defines again.
fn add(own: &mut HashMap<String, Vec<Function>>, earlier: HashMap<String, Vec<Function>>) {
    for (name, functions) in earlier {
        let all = own.entry(name).or_default();
        let new: Vec<Function> = functions
            .into_iter()
            .filter(|earlier| {
                !all.iter().any(|own| own.params.len() == earlier.params.len() && own.typed == earlier.typed)
            })
            .collect();
        all.extend(new);
    }
}
