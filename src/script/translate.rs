//! The engine's errors in the words of the documentation: where the error was, which calls led there, and what it
//! means. No name of a Rust type leaves this file.

use super::{
    builtins::builtins,
    fault::{Fault, FaultKind, Frame, Place},
};
use crate::{api, text};
use rhai::{EvalAltResult, LexError, ParseErrorType, Position};

/// The innermost error, its place, and the calls on the way to it, innermost first.
///
/// An `ErrorInFunctionCall` says where its function was called, in the source that the walk stands in, and in which
/// source the rest happened.
pub(super) fn locate<'a>(error: &'a EvalAltResult, main: &str) -> (&'a EvalAltResult, Option<Place>, Vec<Frame>) {
    let mut source = main.to_string();
    let mut frames = Vec::new();
    let mut error = error;
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(name, from, inner, at) => {
                let name = if is_closure(name) { "a closure".to_string() } else { format!("`{name}`") };
                frames.push(Frame { name, called_at: place(&source, *at) });
                if !from.is_empty() {
                    source.clone_from(from);
                }
                error = inner;
            }
            EvalAltResult::ErrorInModule(path, inner, _) => {
                source.clone_from(path);
                error = inner;
            }
            _ => break,
        }
    }
    frames.reverse();
    let found = place(&source, error.position());
    // A failing native may have no place of its own; where the innermost call was made is the next best.
    let found = found.or_else(|| frames.iter().find_map(|frame| frame.called_at.clone()));
    (error, found, frames)
}

/// A place for people; `None` where the engine knows none.
pub(super) fn place(source: &str, at: Position) -> Option<Place> {
    Some(Place { source: source.to_string(), line: at.line()?, column: at.position().unwrap_or(1).max(1) })
}

fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

/// What the engine's own errors mean. `known` are the names that can be called.
pub(super) fn fault(error: &EvalAltResult, known: &dyn Fn() -> Vec<String>) -> Fault {
    use EvalAltResult as E;
    let script = |message: String| Fault::new(FaultKind::Script, message);
    match error {
        E::ErrorParsing(why, _) => syntax(why),
        E::ErrorVariableNotFound(name, _) => {
            script(format!("there is no variable `{name}`")).hint(format!("define it first: `let {name} = …`"))
        }
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature, known),
        E::ErrorPropertyNotFound(name, _) => missing_property(name),
        E::ErrorModuleNotFound(name, _) => script(format!("there is no module `{name}`")),
        E::ErrorIndexingType(what, _) => {
            let what = what.split([' ', '[']).next().unwrap_or(what);
            script(format!("{} cannot be indexed", type_words(what)))
                .hint("use `first()`, `take(n)` or `to_array()` on a list")
        }
        E::ErrorArrayBounds(length, index, _) => {
            script(format!("index {index} is outside of an array of {}", text::plural(*length, "element")))
        }
        E::ErrorStringBounds(length, index, _) => {
            script(format!("index {index} is outside of a string of {}", text::plural(*length, "character")))
        }
        E::ErrorFor(_) => script("`for` cannot walk over this value".into())
            .hint("it walks over arrays, lists, ranges and strings; for an object map use `keys()` or `values()`"),
        E::ErrorDataRace(..) => script("a closure uses the value that it is called on".into())
            .hint("copy what the closure needs into a variable of its own first"),
        E::ErrorAssignmentToConstant(name, _) => script(format!("`{name}` is a constant")),
        E::ErrorMismatchDataType(wanted, got, _) | E::ErrorMismatchOutputType(wanted, got, _) => script(format!(
            "the value is {}, where {} is needed",
            type_words(got),
            if wanted.is_empty() { "another".into() } else { type_words(wanted) }
        )),
        E::ErrorArithmetic(why, _) => script(sentence(why)),
        E::ErrorStackOverflow(_) => script("functions call each other too deeply".into())
            .hint("look for a function that calls itself without end"),
        E::ErrorTooManyVariables(_) => script("the script has too many variables".into()),
        E::ErrorUnboundThis(_) => script("`this` has no value here".into()),
        other => {
            let mut bare = other.to_string();
            if let Some(at) = bare.rfind(" (line ") {
                bare.truncate(at);
            }
            script(sentence(&bare))
        }
    }
}

fn missing_property(name: &str) -> Fault {
    let name = text::escape_control(name);
    let fault = Fault::new(FaultKind::Script, format!("the object map has no property `{name}`"));
    let fields = api::OBJECTS.iter().flat_map(|object| object.fields.iter().map(|field| field.name));
    match text::did_you_mean(&name, fields.filter(|field| *field != name)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
    .hint(format!(
        "ask with `\"{name}\" in map`, or read it with `map.get(\"{name}\")`, which gives `()` where it is missing"
    ))
}

fn unknown_function(signature: &str, known: &dyn Fn() -> Vec<String>) -> Fault {
    let (name, args) = signature.split_once(" (").unwrap_or((signature, ")"));
    let args = args.trim_end_matches(')');
    let listed: Vec<String> = args.split(", ").filter(|arg| !arg.is_empty()).map(type_words).collect();
    if is_closure(name) {
        return Fault::new(
            FaultKind::Script,
            format!("the closure does not take {}", text::plural(listed.len(), "argument")),
        )
        .hint("write it with as many parameters as it is called with, such as `|row| row.name`");
    }
    let with = if listed.is_empty() { "no argument".to_string() } else { text::joined(listed, "and") };
    if is_operator(name) {
        return Fault::new(FaultKind::Script, format!("`{name}` cannot be used with {with}"));
    }
    if let Some(property) = name.strip_prefix("get$") {
        return Fault::new(FaultKind::Script, format!("{with} has no property `{property}`"));
    }
    let names = known();
    if names.iter().any(|known| known == name) {
        let fault = Fault::new(FaultKind::Script, format!("`{name}` cannot be called with {with}"));
        return match signatures(name) {
            known if known.is_empty() => fault,
            known => fault.hint(format!("call it as {}", text::one_of(known.iter().map(String::as_str)))),
        };
    }
    let fault = Fault::new(FaultKind::Script, format!("there is no function `{name}`"));
    match text::did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

/// How an operation or a host function can be called; empty for those of the engine.
fn signatures(name: &str) -> Vec<String> {
    if let Some(operation) = api::operation(name) {
        return vec![operation.signature()];
    }
    let builtin = builtins().find(|builtin| builtin.name == name);
    builtin.iter().flat_map(|builtin| builtin.signatures).map(|signature| signature.to_string()).collect()
}

fn is_operator(name: &str) -> bool {
    !name.is_empty() && !name.contains('$') && !name.chars().any(|c| c.is_alphanumeric() || c == '_')
}

fn syntax(why: &ParseErrorType) -> Fault {
    let message = match why {
        ParseErrorType::UnexpectedEOF => "the script ends in the middle of a statement".to_string(),
        ParseErrorType::BadInput(LexError::UnterminatedString) => "the string has no end".to_string(),
        ParseErrorType::MissingToken(token, purpose) => format!("`{token}` is missing {purpose}"),
        ParseErrorType::VariableUndefined(name) => format!("there is no variable `{name}`"),
        ParseErrorType::ModuleUndefined(name) => format!("there is no module `{name}`"),
        other => sentence(&other.to_string()),
    };
    Fault::new(FaultKind::Syntax, message)
}

/// A type's name in the words of the documentation.
fn type_words(name: &str) -> String {
    let name = name.trim();
    let word = match name {
        "i64" | "int" => "an integer",
        "f64" | "float" => "a float",
        "bool" => "a boolean",
        "char" => "a character",
        "()" => "`()`",
        "string" | "ImmutableString" | "&str" | "&str | ImmutableString | String" => "a string",
        "array" | "Array" | "Array [Array]" => "an array",
        "map" | "Map" | "#{...}" => "an object map",
        "Fn" | "FnPtr" => "a function",
        "list" => "a list",
        "time" => "a time",
        "span" => "a span of time",
        "blob" => "a blob",
        other if other.contains("::") => "a value of another kind",
        other => return format!("`{other}`"),
    };
    word.to_string()
}

/// An engine's message as ours are written: lower case, quotes as back-ticks, no final period.
fn sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim_end_matches('.');
    let mut letters = line.chars();
    let lowered: String = match (letters.next(), letters.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => line.to_string(),
    };
    lowered.replace('\'', "`")
}
