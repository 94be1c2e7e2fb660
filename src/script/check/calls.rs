//! Calls: whether there is such a function, and whether it takes so many arguments.

use super::{
    Checker, bulk,
    facts::Function,
    maps, names, verbs,
    walk::{Call, Receiver},
};
use crate::{
    api::operation,
    script::{builtins::bulk::operation_of, catalog},
    text,
};
use rhai::{Expr, ImmutableString, Position};
use std::collections::BTreeSet;

/// A call in either style.
pub fn judge(checker: &mut Checker<'_>, call: &Call<'_>, visible: &[ImmutableString]) {
    let name = call.name();
    if call.is_operator() || !catalog::is_name(name) || checker.unit.guarded.contains(name) {
        return;
    }
    if let Some((path, at)) = call.namespace() {
        in_module(checker, call, &path, at);
        return;
    }
    let receiver = usize::from(call.is_method());
    let total = call.args().len() + receiver;
    let native = checker.known.arities(name);
    let own: &[Function] = checker.unit.functions.get(name).map_or(&[], Vec::as_slice);
    if own.iter().any(|function| function.typed || function.params.len() == call.args().len()) {
        return;
    }
    match native {
        Some(None) => return,
        Some(Some(counts)) if counts.contains(&total) => {
            // A closure that is held in a map under that name takes what it likes.
            if call.is_method() && checker.facts.may_be_stored(name) && !is_plain(checker, call.receiver) {
                return;
            }
            if let Some(operation) = operation(name) {
                maps::judge(checker, operation, call);
            } else if let Some(operation) = operation_of(name) {
                bulk::judge(checker, operation, call);
            } else {
                verbs::judge(checker, call);
            }
            return;
        }
        _ => {}
    }
    if call.is_method() && !is_plain(checker, call.receiver) && checker.facts.may_be_stored(name) {
        return;
    }
    // Functions for one kind of value work as methods wherever their module is imported.
    if call.is_method() && checker.units.iter().any(|unit| unit.functions.contains_key(name)) && own.is_empty() {
        return;
    }
    if checker.is_for_later() {
        return;
    }
    if native.is_none() && own.is_empty() {
        unknown(checker, call, visible);
        return;
    }
    // Operations are written as functions everywhere, so their first argument is one also before a dot.
    let (receiver, given) = match operation(name) {
        Some(_) if own.is_empty() => (0, total),
        _ => (receiver, call.args().len()),
    };
    let mut counts: BTreeSet<usize> = own.iter().map(|function| function.params.len()).collect();
    counts.extend(native.flatten().into_iter().flatten().filter_map(|count| count.checked_sub(receiver)));
    let mut signatures: Vec<String> = own.iter().map(|function| signature(name, function)).collect();
    signatures.extend(checker.known.catalog().get(name).iter().flat_map(|entry| entry.signatures()));
    wrong_count(checker, name, call.at, given, &counts, &signatures);
}

/// `module::function(…)`.
fn in_module(checker: &mut Checker<'_>, call: &Call<'_>, path: &[&str], at: Position) {
    names::module(checker, path[0], at);
    let [alias] = path else { return };
    let file = checker.unit.imports.get(*alias).and_then(Option::as_deref);
    let Some(unit) = file.and_then(|file| checker.units.iter().find(|unit| unit.name == file)) else { return };
    let (name, count) = (call.name(), call.args().len());
    let Some(functions) = unit.functions.get(name) else {
        let public = unit.functions.iter().filter(|(_, all)| all.iter().any(|function| !function.private));
        let hint = text::did_you_mean(name, public.map(|(name, _)| name.as_str()))
            .map(|near| format!("did you mean `{alias}::{near}`?"));
        checker.error(call.at, format!("the module `{alias}` has no function `{name}`"), hint);
        return;
    };
    if functions.iter().all(|function| function.private) {
        let hint = format!("remove `private` before `fn {name}` in `{}`", unit.name);
        checker.error(call.at, format!("the function `{name}` of the module `{alias}` is private"), [hint]);
    } else if !functions.iter().any(|function| function.typed || function.params.len() == count) {
        let counts = functions.iter().map(|function| function.params.len()).collect();
        let signatures: Vec<_> =
            functions.iter().map(|function| signature(&format!("{alias}::{name}"), function)).collect();
        wrong_count(checker, name, call.at, count, &counts, &signatures);
    }
}

fn unknown(checker: &mut Checker<'_>, call: &Call<'_>, visible: &[ImmutableString]) {
    let name = call.name();
    let hint = if !call.is_method() && visible.iter().any(|variable| variable == name) {
        Some(format!("`{name}` is a variable; if it holds a function, write `{name}.call(…)`"))
    } else {
        let own = checker.unit.functions.keys().map(String::as_str).filter(|name| catalog::is_name(name));
        let known = own.chain(checker.known.catalog().names());
        let module = checker.unit.imports.iter().find(|(_, file)| {
            let unit = checker.units.iter().find(|unit| file.as_ref() == Some(&unit.name));
            unit.is_some_and(|unit| unit.functions.contains_key(name))
        });
        match module {
            Some((alias, _)) if !call.is_method() => Some(format!("it is in a module: write `{alias}::{name}(…)`")),
            _ => text::did_you_mean(name, known).map(|near| format!("did you mean `{near}`?")),
        }
    };
    checker.error(call.at, format!("there is no function `{name}`"), hint);
}

fn wrong_count(
    checker: &mut Checker<'_>,
    name: &str,
    at: Position,
    given: usize,
    counts: &BTreeSet<usize>,
    signatures: &[String],
) {
    let message = if counts.is_empty() {
        format!("`{name}` cannot be called on a value")
    } else {
        let takes = text::joined(counts.iter().map(ToString::to_string).collect(), "or");
        let noun = if counts.len() == 1 && counts.contains(&1) { "argument" } else { "arguments" };
        format!("`{name}` takes {takes} {noun}, not {given}")
    };
    let hint =
        (!signatures.is_empty()).then(|| format!("call it as {}", text::one_of(signatures.iter().map(String::as_str))));
    checker.error(at, message, hint);
}

fn signature(name: &str, function: &Function) -> String {
    let params: Vec<&str> = function.params.iter().map(ImmutableString::as_str).collect();
    format!("{name}({})", params.join(", "))
}

/// Verbs that never give an object map.
const PLAIN: &[&str] = &["filter", "where", "to_array", "count", "len", "to_string", "keys", "is_empty"];

/// Whether a value is certainly no object map, so that no closure can be stored in it.
fn is_plain(checker: &Checker<'_>, receiver: Receiver<'_>) -> bool {
    let replaced = |name: &str| {
        checker.facts.may_be_stored(name) || checker.units.iter().any(|unit| unit.functions.contains_key(name))
    };
    let Receiver::Is(expr) = receiver else { return false };
    match expr {
        Expr::StringConstant(..)
        | Expr::InterpolatedString(..)
        | Expr::IntegerConstant(..)
        | Expr::FloatConstant(..)
        | Expr::BoolConstant(..)
        | Expr::CharConstant(..)
        | Expr::Array(..) => true,
        Expr::FnCall(call, _) => {
            !replaced(&call.name) && operation(&call.name).is_some_and(|operation| operation.is_list())
        }
        Expr::MethodCall(call, _) => !replaced(&call.name) && PLAIN.contains(&call.name.as_str()),
        _ => false,
    }
}
