//! The static check: what is wrong with a script, found without running it and without a request. All of its text is
//! looked at, dead branches, functions, closures and modules too. What cannot be known for certain is not said.

mod bulk;
mod calls;
mod circles;
mod facts;
mod finding;
mod inputs;
mod line;
mod maps;
mod names;
mod verbs;
mod walk;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Report, Severity};
pub(super) use line::{Present, Said, look_at};

use super::{
    catalog::Callables,
    fault::{Fault, Place},
    known::Known,
    limits::Limits,
    ready::Ready,
    translate,
};
use crate::{api::operation::Object, header::Header, project::Project, session::Allow};
use facts::{Facts, Found, Gather, Unit};
use rhai::{Engine, EvalAltResult, ImmutableString, Position};
use std::collections::{HashMap, HashSet};
use walk::{Call, Visitor};

/// Where the check gets the modules that a script imports.
pub trait Modules {
    /// The module that `path` means in an `import` of the script or module `importer`.
    fn find(&self, path: &str, importer: &str) -> Lookup;
}

/// What there is at a module's path.
pub enum Lookup {
    /// The module's name for people, the same for the same file, and its text.
    Found { name: String, text: String },
    /// It cannot be imported: why, and what to do.
    Refused { message: String, hints: Vec<String> },
    /// Nobody can tell before the run.
    Unknown,
}

impl Modules for Project {
    fn find(&self, path: &str, _importer: &str) -> Lookup {
        match self.module(path) {
            Ok(module) => Lookup::Found { name: module.name, text: module.text },
            Err(error) => Lookup::Refused { message: error.message, hints: error.hint.into_iter().collect() },
        }
    }
}

/// Looks at a script and its modules. `name` is what findings call it. Must be called on a thread with a deep stack,
/// like [`super::run`]. The script's own calls are held against `allow`; those of its modules only run time knows
/// to happen.
pub fn check(name: &str, text: &str, modules: &dyn Modules, allow: &Allow) -> Report {
    check_with(&Ready::for_text(text), name, text, modules, allow)
}

/// The same with an engine for the text that is there already.
pub fn check_with(ready: &Ready, name: &str, text: &str, modules: &dyn Modules, allow: &Allow) -> Report {
    // It compiles without optimising, which would drop dead branches and the positions of keys in constant maps.
    let engine = ready.engine();
    let known = Known::of(engine);
    let mut reader = Reader {
        engine,
        known: &known,
        modules,
        report: Report::default(),
        units: Vec::new(),
        facts: Facts::default(),
    };
    reader.read(name, text);
    let Reader { mut report, units, facts, .. } = reader;
    // Of a header that is wrong it is not certain what it declares.
    let (header, problems) = Header::read(text, &[]);
    let params: Option<Vec<String>> =
        problems.is_empty().then(|| header.params.into_iter().map(|param| param.name).collect());
    report.findings.extend(circles::find(&units));
    for unit in &units {
        let mut checker = Checker {
            known: &known,
            unit,
            units: &units,
            facts: &facts,
            allow: (unit.name == name).then_some(allow),
            params: params.as_deref().filter(|_| unit.name == name),
            assigned: None,
            rows: Vec::new(),
            function: None,
            goes_on: None,
            findings: Vec::new(),
        };
        unit.walk(&mut checker, |checker, function| checker.function = function.map(str::to_string));
        report.findings.append(&mut checker.findings);
    }
    let order: HashMap<_, _> = std::iter::once(name)
        .chain(units.iter().map(|unit| unit.name.as_str()))
        .enumerate()
        .map(|(at, name)| (name.to_string(), at))
        .collect();
    report.findings.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        place.map(|place| (order.get(&place.source).copied(), place.line, place.column))
    });
    report.findings.dedup_by(|later, first| later.place == first.place && later.message == first.message);
    report
}

/// Compiles the script and, one after the other, the modules that it needs.
struct Reader<'a> {
    engine: &'a Engine,
    known: &'a Known,
    modules: &'a dyn Modules,
    report: Report,
    units: Vec<Unit>,
    facts: Facts,
}

impl Reader<'_> {
    fn read(&mut self, name: &str, text: &str) {
        let mut waiting = vec![(name.to_string(), text.to_string())];
        let mut known = HashSet::from([name.to_string()]);
        while let Some((name, text)) = waiting.pop() {
            self.report.texts.insert(name.clone(), text.clone());
            let Some((mut unit, found)) = self.compile(&name, &text) else { continue };
            unit.given = found.names_given(&unit.functions);
            for import in found.imports {
                let lookup = import.path.as_deref().map_or(Lookup::Unknown, |path| self.modules.find(path, &name));
                let file = match lookup {
                    Lookup::Found { name: file, text } => {
                        if known.insert(file.clone()) {
                            waiting.push((file.clone(), text));
                        }
                        Some(file)
                    }
                    Lookup::Refused { message, hints } => {
                        let place = translate::place(&name, import.at);
                        self.report.findings.push(Finding { severity: Severity::Error, message, place, hints });
                        self.facts.open = true;
                        None
                    }
                    Lookup::Unknown => {
                        self.facts.open = true;
                        None
                    }
                };
                if let Some(file) = &file
                    && unit.always_comes_by(import.at)
                {
                    unit.always_imported.push((file.clone(), import.at));
                }
                // Two modules of one name are kept apart by scopes that are not followed here.
                unit.imports
                    .entry(import.alias)
                    .and_modify(|known| {
                        if *known != file {
                            *known = None;
                        }
                    })
                    .or_insert(file);
            }
            (unit.borrowing, unit.guarded, unit.asked) = (found.borrowing, found.guarded, found.asked);
            self.units.push(unit);
        }
    }

    fn compile(&mut self, name: &str, text: &str) -> Option<(Unit, Found)> {
        let ast = match self.engine.compile(text) {
            Ok(ast) => ast,
            Err(error) => {
                let error = EvalAltResult::ErrorParsing(*error.0, error.1);
                let Fault { mut message, place, mut hints, .. } = Fault::of(&error, name, Callables::default());
                if let Some(limit) = Limits::default().met(&error) {
                    (message, hints) = (limit.message, limit.hints);
                }
                self.report.findings.push(Finding { severity: Severity::Error, message, place, hints });
                self.facts.open = true;
                return None;
            }
        };
        let unit = Unit::new(name, ast);
        let functions = unit.functions.keys().cloned().collect();
        let mut gather = Gather { facts: &mut self.facts, known: self.known, functions, found: Found::default() };
        unit.walk(&mut gather, |_, _| {});
        let found = gather.found;
        Some((unit, found))
    }
}

/// Judges one unit.
struct Checker<'a> {
    known: &'a Known,
    unit: &'a Unit,
    units: &'a [Unit],
    facts: &'a Facts,
    /// What the script may do, where the unit is the script itself.
    allow: Option<&'a Allow>,
    /// The params that it declares; of a module, who imports it.
    params: Option<&'a [String]>,
    /// The constant that was assigned to last, where that has been said.
    assigned: Option<Position>,
    /// The calls of verbs in chains, by their places, that give rows of a known kind.
    rows: Vec<(Position, &'static Object)>,
    /// The function or closure that the walk is in.
    function: Option<String>,
    /// Of a line of a session, whose functions may call what later lines define: whether it defines any.
    goes_on: Option<bool>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    /// Whether what a name means here only a later line of the session may tell: in the body of a function, and in closures
    /// that may stand in one.
    fn is_for_later(&self) -> bool {
        match (&self.function, self.goes_on) {
            (Some(function), Some(defines)) => !function.starts_with("anon$") || defines,
            _ => false,
        }
    }

    fn report(&mut self, severity: Severity, at: Position, message: String, hints: Vec<String>) {
        let place: Option<Place> = translate::place(&self.unit.name, at);
        self.findings.push(Finding { severity, message, place, hints });
    }

    fn error(&mut self, at: Position, message: String, hints: impl IntoIterator<Item = String>) {
        self.report(Severity::Error, at, message, hints.into_iter().collect());
    }

    fn warn(&mut self, at: Position, message: String, hints: impl IntoIterator<Item = String>) {
        self.report(Severity::Warning, at, message, hints.into_iter().collect());
    }
}

impl Visitor for Checker<'_> {
    fn expression(&mut self, expr: &rhai::Expr) {
        names::qualified(self, expr);
    }

    fn variable(&mut self, name: &str, at: Position, visible: &[ImmutableString]) {
        names::variable(self, name, at, visible);
    }

    fn call(&mut self, call: &Call<'_>, visible: &[ImmutableString]) {
        calls::judge(self, call, visible);
    }

    fn part(&mut self, owner: &rhai::Expr, rest: &rhai::Expr) {
        inputs::part(self, owner, rest);
    }

    fn target(&mut self, target: &rhai::Expr) {
        inputs::target(self, target);
    }
}
