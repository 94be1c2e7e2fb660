//! The engine's errors in the words of the documentation: where the error was, which calls led there, and what it
//! means. No name of a Rust type leaves this file.

use super::{
    catalog::Callables,
    fault::{Fault, FaultKind, Frame, Place},
    limits::Limits,
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
            EvalAltResult::ErrorInModule(path, inner, at) => {
                frames.push(Frame { name: format!("the import of `{path}`"), called_at: place(&source, *at) });
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

/// What the engine's own errors mean. `frames` are the calls on the way to it, `callables` what can be called there.
pub(super) fn fault(error: &EvalAltResult, frames: &[Frame], callables: Callables<'_>) -> Fault {
    use EvalAltResult as E;
    let script = |message: String| Fault::new(FaultKind::Script, message);
    match error {
        E::ErrorParsing(why, _) => syntax(why),
        E::ErrorVariableNotFound(name, _) => {
            let fault = script(format!("there is no variable `{name}`"));
            if frames.first().is_some_and(|frame| frame.name.starts_with('`')) {
                fault.hint("a function sees its own variables only; hand the others over as arguments")
            } else {
                fault.hint(format!("define it first: `let {name} = …`"))
            }
        }
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature, callables),
        E::ErrorPropertyNotFound(name, _) => missing_property(name),
        E::ErrorModuleNotFound(name, _) => no_module(FaultKind::Script, name),
        E::ErrorDotExpr(why, _) => no_property(why).unwrap_or_else(|| script(sentence(why))),
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
        E::ErrorArithmetic(why, _) => script(not_a_number(why).unwrap_or_else(|| sentence(why))),
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

/// "Unknown property 'name' - a getter is not registered for type 'string'".
fn no_property(why: &str) -> Option<Fault> {
    let mut quoted = why.strip_prefix("Unknown property ")?.split('\'').skip(1).step_by(2);
    let (property, kind) = (text::escape_control(quoted.next()?), type_words(quoted.next()?));
    let fault = Fault::new(FaultKind::Script, format!("{kind} has no property `{property}`"));
    Some(if kind == "`()`" {
        fault.hint(format!("`()` stands for nothing; read it with `?.{property}`, or ask for `value == ()` first"))
    } else {
        fault
    })
}

/// "Error parsing integer number '12a': …": the engine's words for a text that is no number.
fn not_a_number(why: &str) -> Option<String> {
    let (kind, rest) = why.strip_prefix("Error parsing ")?.split_once('\'')?;
    let (text, _) = rest.rsplit_once("': ")?;
    let wanted = if kind.starts_with("integer") { "a whole number" } else { "a number" };
    Some(format!("`{}` is not {wanted}", text::escape_control(text)))
}

fn no_module(kind: FaultKind, name: &str) -> Fault {
    Fault::new(kind, format!("there is no module `{}`", text::escape_control(name)))
        .hint("import it first, at the top of the script: `import \"lib/dates\" as dates`")
}

fn unknown_function(signature: &str, callables: Callables<'_>) -> Fault {
    let (name, args) = signature.split_once(" (").unwrap_or((signature, ")"));
    let args = args.strip_suffix(')').unwrap_or(args);
    let listed: Vec<String> = args.split(", ").filter(|arg| !arg.is_empty()).map(type_words).collect();
    if is_closure(name) {
        return Fault::new(
            FaultKind::Script,
            format!("the closure does not take {}", text::plural(listed.len(), "argument")),
        )
        .hint("write it with as many parameters as it is called with, such as `|row| row.name`");
    }
    let of_list = listed.first().is_some_and(|kind| kind == "a list");
    let listed_nothing = listed.iter().any(|kind| kind == "`()`");
    let with = match listed.as_slice() {
        [] => "without arguments".to_string(),
        _ => format!("with {}", text::joined(listed, "and")),
    };
    if is_operator(name) {
        return Fault::new(FaultKind::Script, format!("`{name}` cannot be used {with}"));
    }
    let names = callables.names();
    if names.iter().any(|known| known == name) {
        let fault = Fault::new(FaultKind::Script, format!("`{name}` cannot be called {with}"));
        let signatures = callables.signatures(name);
        let fault = match listed_nothing {
            true => {
                fault.hint("`()` stands for nothing, such as a param that was not given or a field without a value")
            }
            false => fault,
        };
        return match () {
            () if !signatures.is_empty() => {
                fault.hint(format!("call it as {}", text::one_of(signatures.iter().map(String::as_str))))
            }
            () if of_list && name == "len" => fault.hint("use `count()`, which walks the list to its end"),
            () if of_list => fault.hint("make an array of the list first, with `to_array()`"),
            () => fault,
        };
    }
    let fault = Fault::new(FaultKind::Script, format!("there is no function `{name}`"));
    match text::did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

fn is_operator(name: &str) -> bool {
    !name.is_empty() && !name.contains('$') && !name.chars().any(|c| c.is_alphanumeric() || c == '_')
}

fn syntax(why: &ParseErrorType) -> Fault {
    use ParseErrorType as P;
    let wrong = |message: String| Fault::new(FaultKind::Syntax, message);
    match why {
        P::UnexpectedEOF => wrong("the script ends in the middle of a statement".into()),
        P::BadInput(LexError::UnterminatedString) => wrong("the string has no end".into()),
        P::BadInput(LexError::ImproperSymbol(symbol, why)) if why.ends_with("is disabled") => {
            wrong(format!("`{symbol}` is switched off"))
        }
        P::BadInput(LexError::ImproperSymbol(symbol, why)) if why.starts_with("Possibly a typo") => {
            wrong(format!("`{symbol}` gives a value to a variable, which cannot be done here"))
                .hint("write `==` to compare")
        }
        P::MissingToken(token, purpose) => wrong(format!("`{token}` is missing {}", purpose.replace('\'', "`"))),
        P::VariableUndefined(name) => wrong(format!("there is no variable `{name}`")),
        P::ModuleUndefined(name) => no_module(FaultKind::Syntax, name),
        P::FnDuplicatedDefinition(name, count) => {
            wrong(format!("there are two functions `{name}` with {}", text::plural(*count, "parameter")))
                .hint("give one of them another name")
        }
        P::FnDuplicatedParam(name, param) => wrong(format!("the function `{name}` has two parameters `{param}`")),
        P::FnMissingBody(name) if !name.is_empty() => wrong(format!("the function `{name}` has no body")),
        P::FnMissingParams(name) => wrong(format!("the function `{name}` has no parameters"))
            .hint(format!("write `fn {name}()` if it takes none")),
        P::DuplicatedProperty(name) => wrong(format!("the object map has two properties `{name}`")),
        P::VariableExists(name) | P::DuplicatedVariable(name) => wrong(format!("there is a variable `{name}` already")),
        P::AssignmentToConstant(name) if !name.is_empty() => wrong(format!("`{name}` is a constant")),
        P::Reserved(word) => wrong(format!("`{word}` is a word of the language")).hint("choose another name"),
        P::ForbiddenVariable(name) => wrong(format!("`{name}` cannot be the name of a variable")),
        P::ExprTooDeep => Limits::default().too_deep_a_text(),
        P::TooManyFunctions => Limits::default().too_many_functions(),
        P::LoopBreak => wrong("`break` and `continue` work inside of loops only".into()),
        other => wrong(sentence(&other.to_string())),
    }
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
