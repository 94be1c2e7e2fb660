//! What is given to the verbs of rows: closures with a number of parameters that the verb never calls them with, and fields
//! that the rows of a list do not have.

use super::{
    Checker,
    walk::{Call, Receiver},
};
use crate::{
    api::{operation, operation::Object},
    script::builtins::builtins,
    text,
};
use rhai::{Expr, Position, Stmt};
use std::collections::BTreeSet;

/// A call of a host function with the right number of arguments.
pub fn judge(checker: &mut Checker<'_>, call: &Call<'_>) {
    closures(checker, call);
    let Some(object) = rows(checker, call) else { return };
    if call.name() == "where"
        && let [Expr::Map(parts, _)] = call.args()
    {
        for (key, _) in &parts.0 {
            field(checker, object, key.name.as_str(), key.pos);
        }
    }
    if KEEPING.contains(&call.name()) {
        checker.rows.push((call.at, object));
    }
}

/// Verbs that give rows as they were, in another order or fewer.
const KEEPING: &[&str] = &["filter", "where", "take", "skip", "sort_by", "unique_by", "to_array"];

/// The kind of object that a verb's rows are, where the text tells.
fn rows(checker: &Checker<'_>, call: &Call<'_>) -> Option<&'static Object> {
    let own = |name: &str| checker.units.iter().any(|unit| unit.functions.contains_key(name));
    match call.receiver {
        Receiver::Is(Expr::FnCall(list, _)) if !own(&list.name) => {
            operation(&list.name).filter(|operation| operation.is_list()).map(|operation| operation.returns.object())
        }
        Receiver::Is(Expr::MethodCall(_, at)) => {
            checker.rows.iter().find(|(known, _)| known == at).map(|(_, object)| *object)
        }
        _ => None,
    }
}

/// A field that no row is known to have: a warning, because the API may have more by now.
fn field(checker: &mut Checker<'_>, object: &Object, name: &str, at: Position) {
    if object.field(name).is_some() {
        return;
    }
    let near = text::did_you_mean(name, object.fields.iter().map(|field| field.name));
    let hint = near.map_or_else(
        || format!("use a field of `{}`: {}", object.name, text::one_of(object.fields.iter().map(|field| field.name))),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`where`: {} is not known to have a field `{name}`", article(object.name));
    checker.warn(at, message, [hint]);
}

fn article(noun: &str) -> String {
    format!("{} {noun}", if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}

/// Closures whose number of parameters is none that the signatures of the verb show.
fn closures(checker: &mut Checker<'_>, call: &Call<'_>) {
    let Some(verb) = builtins().find(|verb| verb.name == call.name()) else { return };
    // That of an object map is the engine's own, and takes a key and a value.
    let of_a_map = verb.name == "filter" && !are_rows(checker, call);
    for arg in call.args() {
        if !(of_a_map && closure(checker, arg).is_some_and(|(count, _)| count == 2)) {
            takes(checker, verb.name, verb.signatures, arg);
        }
    }
}

/// Whether a verb is certainly called on a list or an array.
fn are_rows(checker: &Checker<'_>, call: &Call<'_>) -> bool {
    matches!(call.receiver, Receiver::Is(Expr::Array(..))) || rows(checker, call).is_some()
}

/// Holds an argument, where it is a closure, against what the signatures of a verb show.
pub fn takes(checker: &mut Checker<'_>, verb: &str, signatures: &[&str], arg: &Expr) {
    let shown: BTreeSet<usize> = signatures.iter().filter_map(|signature| params(signature)).collect();
    let (Some(wanted), Some((count, at))) = (shown.first(), closure(checker, arg)) else { return };
    if !shown.contains(&count) {
        let message = format!("`{verb}` takes a closure with {}, not {count}", text::plural(*wanted, "parameter"));
        let signatures = signatures.iter().copied().filter(|signature| params(signature).is_some());
        checker.error(at, message, [format!("call it as {}", text::one_of(signatures))]);
    }
}

/// How many parameters the closure in a signature has: one in `rows.map(|row| …)`.
fn params(signature: &str) -> Option<usize> {
    let between = signature.split('|').nth(1)?;
    Some(between.split(',').filter(|name| !name.trim().is_empty()).count())
}

/// How many parameters a closure in the text has besides what it captures, and where it stands.
fn closure(checker: &Checker<'_>, expr: &Expr) -> Option<(usize, Position)> {
    match expr {
        Expr::DynamicConstant(value, at) => {
            let pointer = value.read_lock::<rhai::FnPtr>()?;
            let [function] = &checker.unit.functions.get(pointer.fn_name())?[..] else { return None };
            (pointer.is_anonymous()).then_some((function.params.len(), *at))
        }
        // What it captures is bound in front of its own.
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(..), Stmt::Expr(made)] => match &**made {
                Expr::FnCall(curry, _) => {
                    let (function, captured) = curry.args.split_first()?;
                    let (count, at) = closure(checker, function)?;
                    Some((count.checked_sub(captured.len())?, at))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
