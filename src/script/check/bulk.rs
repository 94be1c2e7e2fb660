//! What stands literally in a call of a bulk verb: the fields, also those that its closure gives back, and the options.
//! Judged by the functions that judge them when the script runs; what is computed is not judged.

use super::{Checker, facts::Body, maps, verbs, walk::Call};
use crate::{
    api::operation::{Effect, Operation},
    script::{builtins::bulk::Given, value::kind_of},
};
use rhai::{Dynamic, Expr, FnPtr, Stmt, StmtBlock};

/// A call of a bulk verb with the right number of arguments.
pub fn judge(checker: &mut Checker<'_>, operation: &'static Operation, call: &Call<'_>) {
    let verb = call.name();
    maps::permitted(checker, verb, operation, call.at);
    let given = maps::given(call);
    let mut rest = given.into_iter().skip(1);
    if operation.effect != Effect::Delete
        && let Some(Some(change)) = rest.next()
    {
        self::change(checker, verb, operation, change);
    }
    if let Some(Some(given)) = rest.next() {
        options(checker, verb, given);
    }
}

/// What is written: the same for all rows, or what a closure makes of each.
fn change(checker: &mut Checker<'_>, verb: &str, operation: &'static Operation, change: &Expr) {
    if let Some(name) = closure_name(change) {
        verbs::takes(checker, verb, &[&format!("{verb}(rows, |row| #{{…}})")], change);
        let unit = checker.unit;
        for body in unit.bodies_of(&name) {
            gives(body, &mut |expr| result(checker, verb, operation, expr));
        }
        return;
    }
    if let Expr::Map(parts, at) = change {
        maps::fields(checker, verb, operation, &parts.0, *at);
    } else if let Some(value) = maps::literal(change) {
        let message = format!("`{verb}`: it takes a closure or an object map with the fields, not {}", kind_of(&value));
        checker.error(change.start_position(), message, [format!("write `{verb}(rows, |row| #{{…}})`")]);
    }
}

/// What a closure gives for a row; `()` leaves the row out.
fn result(checker: &mut Checker<'_>, verb: &str, operation: &'static Operation, expr: &Expr) {
    if let Expr::Map(parts, at) = expr {
        maps::fields(checker, verb, operation, &parts.0, *at);
    } else if let Some(value) = maps::literal(expr).filter(|value| !value.is_unit()) {
        let message = format!("`{verb}`: the fields of a row are an object map, not {}", kind_of(&value));
        let hint = "give `#{name: value}`, or `()` for a row that is to be left out".to_string();
        checker.error(expr.start_position(), message, [hint]);
    }
}

fn options(checker: &mut Checker<'_>, verb: &str, given: &Expr) {
    let Expr::Map(parts, _) = given else {
        if let Some(value) = maps::literal(given) {
            let message = format!("`{verb}`: the options are an object map, not {}", kind_of(&value));
            checker.error(given.start_position(), message, None);
        }
        return;
    };
    for (key, expr) in &parts.0 {
        // A value that nobody knows may be right; a name that does not exist never is.
        let (value, at) = match maps::literal(expr) {
            Some(value) => (value, expr.start_position()),
            None => (Dynamic::UNIT, key.pos),
        };
        let known = Given::of(verb, &key.name, &Dynamic::UNIT);
        if let Err(refusal) = known {
            maps::refused(checker, key.pos, verb, &refusal);
        } else if let Err(refusal) = Given::of(verb, &key.name, &value) {
            maps::refused(checker, at, verb, &refusal);
        }
    }
}

/// The function behind a closure that stands in the text.
fn closure_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::DynamicConstant(value, _) => {
            let function = value.read_lock::<FnPtr>()?;
            function.is_anonymous().then(|| function.fn_name().to_string())
        }
        // One that captures something: first that is shared, then it is made.
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(..), Stmt::Expr(made)] => closure_name(made),
            _ => None,
        },
        Expr::FnCall(call, _) if call.name == "curry" => call.args.first().and_then(closure_name),
        _ => None,
    }
}

/// Hands over every expression that a body gives back: what it returns, and the last of each of its branches.
fn gives(body: &Body, found: &mut dyn FnMut(&Expr)) {
    let mut count = 0;
    body.each_statement(&mut |_, _| count += 1);
    body.each_statement(&mut |at, statement| {
        if at + 1 == count {
            last(statement, found);
        }
    });
    body.each_return(found);
}

fn last(statement: &Stmt, found: &mut dyn FnMut(&Expr)) {
    match statement {
        Stmt::Expr(expr) => value(expr, found),
        Stmt::Block(block) => last_of(block, found),
        Stmt::If(flow, _) => {
            last_of(&flow.body, found);
            last_of(&flow.branch, found);
        }
        Stmt::Switch(switch, _) => switch.1.expressions.iter().for_each(|case| value(&case.rhs, found)),
        _ => {}
    }
}

fn last_of(block: &StmtBlock, found: &mut dyn FnMut(&Expr)) {
    if let Some(statement) = block.statements().last() {
        last(statement, found);
    }
}

fn value(expr: &Expr, found: &mut dyn FnMut(&Expr)) {
    match expr {
        // A closure that captures something is no block of statements.
        Expr::Stmt(block) if closure_name(expr).is_none() => last_of(block, found),
        other => found(other),
    }
}
