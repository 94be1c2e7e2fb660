//! What a run is given, `params`, `args` and `run`: a param that the header does not declare, and what is assigned to them.

use super::Checker;
use crate::{script::catalog, text};
use rhai::Expr;

/// `owner.rest` or `owner[rest]`: a param that the header does not declare.
pub fn part(checker: &mut Checker<'_>, owner: &Expr, rest: &Expr) {
    let Some(declared) = checker.params.filter(|_| is_input(checker, owner) == Some("params")) else { return };
    if checker.assigned == Some(owner.start_position()) {
        return;
    }
    let first = match rest {
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => &parts.lhs,
        rest => rest,
    };
    let (name, at) = match first {
        Expr::Property(parts, at) => (parts.2.as_str(), *at),
        Expr::StringConstant(name, at) => (name.as_str(), *at),
        _ => return,
    };
    if declared.iter().any(|known| known == name) || checker.unit.asked.contains(name) {
        return;
    }
    let message = format!("the header declares no param `{}`", text::escape_control(name));
    let hint = match text::did_you_mean(name, declared.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `params.{near}`?"),
        None => format!("declare it in the header under `[params.{}]`", text::escape_control(name)),
    };
    checker.error(at, message, [hint]);
}

/// Something is assigned to a part of them. An existing one would be refused when it runs; a new one would be lost.
pub fn target(checker: &mut Checker<'_>, target: &Expr) {
    let (Expr::Dot(parts, ..) | Expr::Index(parts, ..)) = target else { return };
    if let Some(name) = is_input(checker, &parts.lhs) {
        let hint = format!("copy it first: `let own = {name};`");
        checker.assigned = Some(parts.lhs.start_position());
        checker.error(parts.lhs.start_position(), format!("`{name}` is a constant"), [hint]);
    }
}

/// Which of them it is. A script that has a variable of that name anywhere is not judged: closures do not tell whose it is.
fn is_input<'e>(checker: &Checker<'_>, expr: &'e Expr) -> Option<&'e str> {
    let Expr::Variable(variable, ..) = expr else { return None };
    let name = variable.1.as_str();
    let host = variable.2.is_empty() && catalog::is_host_variable(name);
    let hidden = checker.unit.given.contains(name) || checker.unit.guarded.contains(name);
    (host && !hidden).then_some(name)
}
