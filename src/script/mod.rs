//! The script host: everything that knows the Rhai engine. Runs a text against a session and gives back how it ended;
//! opens no file, writes to no stream, knows no command line.

pub mod about;
mod args;
mod bind;
pub mod builtins;
mod by;
pub mod catalog;
pub mod check;
mod closure;
mod decode;
pub mod definitions;
mod depth;
pub mod direct;
mod distinct;
mod engine;
mod fault;
mod holder;
mod host;
pub mod interactive;
mod join;
mod known;
mod late;
pub mod layout;
pub mod limits;
mod modules;
mod named;
mod order;
mod packed;
mod predicate;
mod ready;
pub mod reference;
mod registry;
mod row;
mod rows;
mod shape;
mod stages;
mod stream;
mod texts;
mod translate;
mod value;
mod walk;

pub use builtins::input::{About, FileEvent, Inputs};
pub use fault::{Fault, FaultKind, Frame, Place};
pub use host::{Host, Level, Sink};
pub use interactive::Interactive;
pub use limits::Limits;
pub use ready::Ready;

use crate::{memory::Halt, stop::Reason};
use catalog::Callables;
use rhai::{AST, Dynamic, EvalAltResult, Scope};
use std::sync::Arc;

/// How deep the value may nest that a script gives back.
const DEEPEST_RESULT: usize = 500;

/// What a script gave back.
pub struct Value(Dynamic);

impl Value {
    /// Whether it gave back nothing.
    pub fn is_unit(&self) -> bool {
        self.0.is_unit()
    }

    /// As people read it: text as it is, the rest as JSON.
    pub fn shown(&self) -> String {
        builtins::output::shown(&self.0)
    }
}

/// Runs a script to its end. `name` is what errors call it; `ready` is the engine of `host`, where it is made already.
/// Must be called on a thread whose stack holds the depths that the engine allows (16 MiB or more) and that drives no
/// runtime.
pub fn run(host: &Arc<Host>, ready: Option<Ready>, name: &str, text: &str) -> Result<Value, Box<Fault>> {
    host.read_only_rows()?;
    let engine = engine::of_run(host, ready);
    let compiled = engine.compile(text);
    let engine = engine::share(engine, host);
    let fault = |error: &EvalAltResult, script: Option<&AST>| failed(host, name, error, Callables { script });
    let mut ast = compiled.map_err(|error| {
        let fault = fault(&EvalAltResult::ErrorParsing(*error.0, error.1), None);
        Box::new(Fault { kind: FaultKind::Syntax, ..*fault })
    })?;
    ast.set_source(name);
    let callables = Callables { script: Some(&ast) };
    let result = engine.eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &ast);
    host.sink.flush();
    if let Some(ending) = ended(host, name, &result, callables) {
        return Err(ending);
    }
    let value = result.map_err(|error| fault(&error, Some(&ast)))?;
    // Whoever gets the value has a smaller stack, and would use it up by no more than dropping it.
    if depth::exceeds(&value, DEEPEST_RESULT) {
        return Err(Box::new(host.limits.halted(Halt::Stack)));
    }
    Ok(Value(value))
}

/// What an error of the engine means in the text named `name`.
fn failed(host: &Host, name: &str, error: &EvalAltResult, callables: Callables<'_>) -> Box<Fault> {
    let mut fault = Fault::of(error, name, callables);
    if let Some(limit) = host.limits.met(translate::locate(error, name).0) {
        fault = Fault { place: fault.place, frames: fault.frames, ..limit };
    }
    Box::new(fault)
}

/// Why the text named `name` ended before its end, where something made it: stopped, out of a limit, refused below it.
fn ended<T>(
    host: &Host,
    name: &str,
    result: &Result<T, Box<EvalAltResult>>,
    callables: Callables<'_>,
) -> Option<Box<Fault>> {
    let mut ending = host.take_ending()?;
    if let (Err(error), None) = (result, &ending.place) {
        ending.place = Fault::of(error, name, callables).place;
    }
    if ending.kind == FaultKind::Stopped(Reason::Timeout) {
        ending = Fault { place: ending.place, ..host.limits.timed_out() };
    }
    Some(Box::new(ending))
}
