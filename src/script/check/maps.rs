//! What stands literally in a call of an operation: ids, fields and options, judged by the very functions that judge
//! them when the script runs. What is computed is not judged.

use super::{
    Checker,
    walk::{Call, Receiver},
};
use crate::{
    api::operation::{Field, Kind, Operation},
    script::{args, fault::Thrown, value::kind_of},
    session::Refusal,
    text,
};
use rhai::{Dynamic, Expr, Ident, Map, Position};

/// A call of an operation with the right number of arguments.
pub fn judge(checker: &mut Checker<'_>, operation: &'static Operation, call: &Call<'_>) {
    permitted(checker, operation.name, operation, call.at);
    let given = given(call);
    let (ids, rest) = given.split_at(operation.path_params.len().min(given.len()));
    for (param, expr) in operation.path_params.iter().zip(ids) {
        let Some(expr) = expr else { continue };
        if let Some(value) = literal(expr)
            && !has_unseen_id(expr, &value)
            && let Err(refusal) = args::id(operation, param.name, &value)
        {
            refused(checker, expr.start_position(), operation.name, &refusal);
        }
    }
    match rest.first() {
        Some(Some(Expr::Map(parts, at))) if operation.has_body() => {
            fields(checker, operation.name, operation, &parts.0, *at)
        }
        Some(Some(Expr::Map(parts, _))) => options(checker, operation, &parts.0),
        Some(Some(expr)) => {
            if let Some(value) = literal(expr)
                && !value.is_map()
            {
                let what = if operation.has_body() { "fields" } else { "options" };
                let message = format!("`{}`: the {what} are an object map, not {}", operation.name, kind_of(&value));
                let hint = format!("call it as `{}`, with the {what} as `#{{name: value}}`", operation.signature());
                checker.error(expr.start_position(), message, [hint]);
            }
        }
        _ => {}
    }
}

/// Whether the script may call it at all.
pub fn permitted(checker: &mut Checker<'_>, name: &str, operation: &Operation, at: Position) {
    let objection = checker.allow.and_then(|allow| allow.objection(operation, None));
    if let Some(Refusal { message, hint }) = objection {
        checker.error(at, format!("`{name}`: {message}"), [hint]);
    }
}

/// All arguments of a call, the receiver included; `None` where the text does not tell.
pub fn given<'a>(call: &Call<'a>) -> Vec<Option<&'a Expr>> {
    let mut given: Vec<Option<&Expr>> = Vec::new();
    match call.receiver {
        Receiver::None => {}
        // A link of a chain is what a method gives, and no literal.
        Receiver::Is(expr) => given.push(Some(expr)),
        Receiver::Unknown => given.push(None),
    }
    given.extend(call.args().iter().map(Some));
    given
}

/// The fields of a write. `name` is what the text calls the function.
pub fn fields(
    checker: &mut Checker<'_>,
    name: &str,
    operation: &'static Operation,
    given: &[(Ident, Expr)],
    at: Position,
) {
    for (key, expr) in given {
        let Some(field) = operation.body().find(|field| field.name == key.name.as_str()) else {
            let refusal = args::unknown(operation, &key.name, operation.body(), "field");
            refused(checker, key.pos, name, &refusal);
            continue;
        };
        // Where the operation itself is not allowed, that is said already.
        let rules = checker.allow.filter(|allow| allow.permits(operation, None));
        if let Some(Refusal { message, hint }) = rules.and_then(|rules| rules.objection(operation, Some(field.name))) {
            checker.error(key.pos, format!("`{name}`: {message}"), [hint]);
        }
        let Some(value) = literal(expr) else { continue };
        match args::body_value(operation, field, &value) {
            Err(_) if has_unseen_id(expr, &value) => {}
            Err(refusal) => refused(checker, expr.start_position(), name, &refusal),
            Ok(_) => known_value(checker, name, field, expr),
        }
    }
    let missing: Vec<&str> = operation
        .required
        .iter()
        .copied()
        .filter(|required| !given.iter().any(|(key, _)| key.name.as_str() == *required))
        .collect();
    if !missing.is_empty() {
        let words = text::joined(missing.iter().map(|name| format!("`{name}`")).collect(), "and");
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let needed = text::joined(operation.required.iter().map(|name| format!("`{name}`")).collect(), "and");
        checker.error(
            at,
            format!("`{name}`: {words} {verb} missing"),
            [format!("give at least {needed} in the fields")],
        );
    }
}

fn options(checker: &mut Checker<'_>, operation: &'static Operation, given: &[(Ident, Expr)]) {
    for (key, expr) in given {
        let Some(param) = operation.query.iter().find(|param| param.name == key.name.as_str()) else {
            let refusal = args::unknown(operation, &key.name, operation.query.iter(), "option");
            refused(checker, key.pos, operation.name, &refusal);
            continue;
        };
        let Some(value) = literal(expr) else { continue };
        match args::query_value(operation, param, &value) {
            Err(_) if has_unseen_id(expr, &value) => {}
            Err(refusal) => refused(checker, expr.start_position(), operation.name, &refusal),
            Ok(_) => known_value(checker, operation.name, param, expr),
        }
    }
}

/// A word that is not in the list of known ones: a warning, because the API may know more by now.
fn known_value(checker: &mut Checker<'_>, name: &str, field: &Field, expr: &Expr) {
    let (Kind::Enum(known), Expr::StringConstant(word, at)) = (field.kind, expr) else { return };
    if known.contains(&word.as_str()) {
        return;
    }
    let message = format!("`{name}`: `{}` has no known value `{}`", field.name, text::escape_control(word));
    let mut hints = Vec::new();
    hints.extend(text::did_you_mean(word, known.iter().copied()).map(|near| format!("did you mean `{near}`?")));
    hints.push(format!("use {}", text::one_of(known.iter().copied())));
    checker.warn(*at, message, hints);
}

pub fn refused(checker: &mut Checker<'_>, at: Position, name: &str, refusal: &Thrown) {
    let message = format!("`{name}`: {}", text::escape_control(&refusal.message()));
    checker.error(at, message, refusal.advice());
}

/// A literal's value. Of an array or an object map the known part: enough to judge what kind of value it is.
pub fn literal(expr: &Expr) -> Option<Dynamic> {
    Some(match expr {
        Expr::StringConstant(text, _) => text.clone().into(),
        // Its text comes out only when it runs; that it is one is certain.
        Expr::InterpolatedString(..) => "…".into(),
        Expr::IntegerConstant(number, _) => (*number).into(),
        Expr::FloatConstant(number, _) => (**number).into(),
        Expr::BoolConstant(flag, _) => (*flag).into(),
        Expr::Unit(_) => Dynamic::UNIT,
        Expr::DynamicConstant(value, _) if value.is_fnptr() => (**value).clone(),
        Expr::Array(items, _) => items.iter().filter_map(literal).collect::<rhai::Array>().into(),
        Expr::Map(parts, _) => {
            let known = parts.0.iter().filter_map(|(key, value)| Some((key.name.as_str().into(), literal(value)?)));
            known.collect::<Map>().into()
        }
        _ => return None,
    })
}

/// Whether it is a map with an `id` that only the run knows.
fn has_unseen_id(expr: &Expr, value: &Dynamic) -> bool {
    let Expr::Map(parts, _) = expr else { return false };
    let seen = value.read_lock::<Map>().is_some_and(|map| map.contains_key("id"));
    !seen && parts.0.iter().any(|(key, _)| key.name.as_str() == "id")
}
