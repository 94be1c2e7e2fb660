//! Definition files for editors: the engine's own for its language and standard library, and one of ours for everything
//! that onramp adds, with the documentation of the catalogue. Gives texts; writes no file.

use super::{
    about::{self, Section},
    builtins::input::CONSTANTS,
    catalog::{Catalog, Entry},
    engine,
    host::Host,
    named::Named,
};
use crate::api::operation::{Operation, Returns, snake};
use rhai::Engine;

/// The file of what onramp adds.
const OURS: &str = "onramp.d.rhai";

/// All files, each by its name, in the order of their names.
pub fn files() -> Vec<(String, String)> {
    let catalog = Catalog::complete();
    let plain = Engine::new();
    // What onramp has turned off is not there, and what it has replaced is told in its own file.
    let stays = |name: &str| matches!(catalog.get(name), Some(Entry::Keyword(_) | Entry::Standard(_)));
    let standard = plain.definitions();
    let files = standard.iter_files().map(|(name, text)| (name, kept(&text, &stays)));
    let mut files: Vec<_> = files.chain([(OURS.to_string(), ours(&catalog))]).collect();
    files.sort();
    files
}

/// The text without the functions that do not stay. Operators, accessors and constants have no names to go by.
fn kept(text: &str, stays: &dyn Fn(&str) -> bool) -> String {
    let item = |block: &&str| {
        let declared = block.lines().find_map(|line| line.strip_prefix("fn ")).and_then(|rest| rest.split('(').next());
        declared.is_none_or(|name| name.contains(' ') || stays(name))
    };
    // The engine's own files come with the line ends of where they were written, and with one name out of its code.
    let text = text.replace("\r\n", "\n").replace("-> RhaiResult;", "-> ?;");
    text.trim_end().split("\n\n").filter(item).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// The properties of times and spans, which have no descriptors: they are read, not called.
fn properties() -> Vec<String> {
    let engine = engine::with_functions(&Host::idle(), &Named::anything());
    let text = engine.definitions().include_standard_packages(false).static_module();
    text.split("\n\n").filter(|block| block.starts_with("fn get ")).map(String::from).collect()
}

fn ours(catalog: &Catalog) -> String {
    let mut items = vec![String::from("module static;")];
    for (name, what) in CONSTANTS {
        let kind = if name == "args" { "Array" } else { "Map" };
        items.push(documented(&[format!("{what}.")], &format!("const {name}: {kind};")));
    }
    for (_, entries) in catalog.domains() {
        for entry in entries {
            match entry {
                Entry::Operation(operation) => {
                    let doc = of_operation(operation);
                    items.extend(called(operation).iter().map(|line| documented(&doc, line)));
                }
                Entry::Builtin(builtin) => {
                    let mut doc = vec![format!("{}.", builtin.summary)];
                    doc.extend(about::of_builtin(builtin).iter().flat_map(listed));
                    let doc = with_example(doc, builtin.example);
                    for signature in builtin.signatures {
                        let doc = [&[format!("`{signature}`"), String::new()][..], &doc].concat();
                        items.push(documented(&doc, &declared(builtin.name, signature)));
                    }
                }
                Entry::Keyword(_) | Entry::Standard(_) => {}
            }
        }
    }
    items.extend(properties());
    items.join("\n\n") + "\n"
}

fn documented(doc: &[String], line: &str) -> String {
    let doc = doc.iter().flat_map(|text| if text.is_empty() { vec![""] } else { text.lines().collect() });
    doc.map(|text| format!("/// {text}").trim_end().to_string() + "\n").collect::<String>() + line
}

fn of_operation(operation: &Operation) -> Vec<String> {
    let does = about::effect(operation.effect);
    let mut doc = vec![format!("{}.", operation.summary), String::new()];
    doc.push(format!("It {does} and gives {}.", about::returned(operation)));
    doc.extend(about::sections(operation).iter().flat_map(listed));
    with_example(doc, operation.example)
}

/// A section as lines of documentation.
fn listed(section: &Section) -> Vec<String> {
    let heading = [String::new(), format!("{}:", section.heading), String::new()];
    heading.into_iter().chain(section.rows.iter().map(|row| format!("- `{}`: {}", row.name, row.text))).collect()
}

fn with_example(mut doc: Vec<String>, example: &str) -> Vec<String> {
    doc.extend(["", "# Example", "", "```rhai", example, "```"].map(String::from));
    doc
}

/// Each way to call an operation: where it takes options, with and without them.
fn called(operation: &Operation) -> Vec<String> {
    let ids: Vec<String> = operation.path_params.iter().map(|param| format!("{}: ?", snake(param.name))).collect();
    let with = |last: &str| [&ids[..], &[format!("{last}: Map")]].concat();
    let ways = match (operation.has_body(), operation.query.is_empty()) {
        (true, _) => vec![with("fields")],
        (false, true) => vec![ids],
        (false, false) => vec![ids.clone(), with("options")],
    };
    let gives = if matches!(operation.returns, Returns::List(_)) { "?" } else { "Map" };
    ways.iter().map(|args| format!("fn {}({}) -> {gives};", operation.name, args.join(", "))).collect()
}

/// `rows.any(#{field: value, …})` as definition files have it: `fn any(rows: ?, fields: Map) -> ?;`.
fn declared(name: &str, signature: &str) -> String {
    let (before, behind) = signature.split_once(&format!("{name}(")).unwrap_or(("", signature));
    let receiver = before.strip_suffix('.').map(|receiver| format!("{receiver}: ?"));
    let args = arguments(behind.strip_suffix(')').unwrap_or(behind));
    let args: Vec<String> = receiver.into_iter().chain(args.iter().map(|arg| argument(arg))).collect();
    format!("fn {name}({}) -> ?;", args.join(", "))
}

/// One argument of a signature, with the name and the type that editors are told.
fn argument(written: &str) -> String {
    match written.chars().next() {
        Some('|') => "closure: FnPtr".into(),
        Some('#') => "options: Map".into(),
        Some('[') => "names: Array".into(),
        Some('"') => "text: String".into(),
        _ => format!("{written}: ?"),
    }
}

/// The arguments between a signature's brackets: the commas that stand in no other bracket part them.
fn arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let (mut depth, mut closure, mut open) = (0_usize, false, String::new());
    for c in text.chars() {
        match c {
            '|' => closure = !closure,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 && !closure => {
                arguments.push(std::mem::take(&mut open));
                continue;
            }
            _ => {}
        }
        open.push(c);
    }
    arguments.push(open);
    arguments.iter().map(|argument| argument.trim().to_string()).filter(|argument| !argument.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::known::Known;

    #[test]
    fn signatures_become_declarations() {
        for (name, signature, declaration) in [
            ("now", "now()", "fn now() -> ?;"),
            ("any", "rows.any(|row| …)", "fn any(rows: ?, closure: FnPtr) -> ?;"),
            ("sort", "array.sort(|a, b| …)", "fn sort(array: ?, closure: FnPtr) -> ?;"),
            ("table", "table(rows, [column, …])", "fn table(rows: ?, names: Array) -> ?;"),
            ("f", "f(path, #{a: #{b: c}, d: \",\"})", "fn f(path: ?, options: Map) -> ?;"),
            ("sleep", "sleep(\"500ms\")", "fn sleep(text: String) -> ?;"),
        ] {
            assert_eq!(declared(name, signature), declaration);
        }
    }

    #[test]
    fn what_is_declared_can_be_called_with_as_many_values() {
        let catalog = Catalog::complete();
        let engine = engine::with_functions(&Host::idle(), &Named::anything());
        let callable = Known::of(&engine);
        let mut names = Vec::new();
        let ours = ours(&catalog);
        let functions = ours.lines().filter_map(|line| line.strip_prefix("fn "));
        for line in functions.filter(|line| !line.starts_with("get ")) {
            let (name, rest) = line.split_once('(').unwrap();
            let count = arguments(rest.split_once(')').unwrap().0).len();
            let known = callable.arities(name).flatten().unwrap_or_else(|| panic!("{name}"));
            assert!(known.contains(&count), "{line}");
            names.push(name.to_string());
        }
        for (_, entries) in catalog.domains() {
            for entry in entries.iter().filter(|entry| matches!(entry, Entry::Operation(_) | Entry::Builtin(_))) {
                assert!(names.iter().any(|name| name == entry.name()), "{}", entry.name());
            }
        }
    }

    #[test]
    fn nothing_is_declared_that_cannot_be_called() {
        let catalog = Catalog::complete();
        for (file, text) in files() {
            for line in text.lines().filter_map(|line| line.strip_prefix("fn ")) {
                let name = line.split('(').next().unwrap();
                assert!(name.contains(' ') || catalog.get(name).is_some(), "{file}: {name}");
            }
        }
    }
}
