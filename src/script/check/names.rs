//! Variables: whether there is one of that name where it is used.

use super::Checker;
use crate::{script::catalog, text};
use rhai::{Expr, ImmutableString, Position};

/// A variable that is read or assigned to.
pub fn variable(checker: &mut Checker<'_>, name: &str, at: Position, visible: &[ImmutableString]) {
    let unit = checker.unit;
    let known = visible.iter().any(|known| known == name)
        || catalog::is_host_variable(name)
        || unit.functions.contains_key(name)
        || unit.guarded.contains(name)
        || name == "this";
    let borrows = || {
        let function = checker.function.as_deref();
        function.is_some_and(|function| checker.units.iter().any(|unit| unit.borrowing.contains(function)))
    };
    if known || borrows() || checker.is_for_later() {
        return;
    }
    let message = format!("there is no variable `{name}`");
    let outside = checker.function.as_deref().is_some_and(|function| !function.starts_with("anon$"))
        && unit.globals.iter().any(|global| global == name);
    // One letter is near to every other one.
    let near = text::did_you_mean(name, visible.iter().map(ImmutableString::as_str).filter(|_| name.len() > 2));
    let mut hints = Vec::new();
    if near.is_none() && !outside && checker.known.has(name) {
        let no_argument = checker.known.arities(name).flatten().is_some_and(|counts| counts.contains(&0));
        hints.push(format!("to call the function, write `{name}({})`", if no_argument { "" } else { "…" }));
    }
    hints.push(match near {
        _ if outside => format!(
            "a function sees its parameters only: pass `{name}` to it, or write `global::{name}` for a constant"
        ),
        Some(near) => format!("did you mean `{near}`?"),
        None if name == "_" => {
            "`_` is the last value: write something that gives one, such as `list_customers()`".into()
        }
        None if unit.imports.contains_key(name) => format!("`{name}` is a module: write `{name}::function(…)`"),
        None => format!("define it first: `let {name} = …`"),
    });
    checker.error(at, message, hints);
}

/// A variable of a module, or a constant of the file.
pub fn qualified(checker: &mut Checker<'_>, expr: &Expr) {
    let Expr::Variable(variable, _, at) = expr else { return };
    let path: Vec<&str> = variable.2.path.iter().map(|part| part.name.as_str()).collect();
    let Some(first) = variable.2.path.first() else { return };
    if path[0] != "global" {
        module(checker, path[0], first.pos);
        return;
    }
    let name = variable.1.as_str();
    let unit = checker.unit;
    if path.len() == 1
        && !unit.globals.iter().any(|global| global == name)
        && !catalog::is_host_variable(name)
        && !unit.guarded.contains(name)
        && !checker.is_for_later()
    {
        let near = text::did_you_mean(name, unit.globals.iter().map(ImmutableString::as_str));
        let hint = match near {
            Some(near) => format!("did you mean `global::{near}`?"),
            None => format!("define it at the top of the file: `const {name} = …`"),
        };
        checker.error(*at, format!("there is no constant `{name}` in this file"), [hint]);
    }
}

/// The name of a module before `::`.
pub fn module(checker: &mut Checker<'_>, name: &str, at: Position) {
    let unit = checker.unit;
    if name == "global" || unit.imports.contains_key(name) || checker.is_for_later() {
        return;
    }
    let near = text::did_you_mean(name, unit.imports.keys().map(String::as_str));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("import it first: `import \"{name}\" as {name};`"),
    };
    checker.error(at, format!("there is no module `{name}`"), [hint]);
}
