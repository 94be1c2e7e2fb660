//! The script host: everything that knows the Rhai engine. Runs a text against a session and gives back how it ended;
//! opens no file, writes to no stream, knows no command line.

mod args;
mod bind;
pub mod builtins;
mod by;
mod catalog;
mod closure;
mod engine;
mod fault;
mod host;
mod join;
mod modules;
mod order;
mod packed;
mod row;
mod rows;
mod stages;
mod stream;
mod translate;
mod value;
mod walk;

pub use fault::{Fault, FaultKind, Frame, Place};
pub use host::{Host, Level, Sink};

use catalog::Callables;
use rhai::{Dynamic, EvalAltResult, Scope};
use std::sync::Arc;

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

/// Runs a script to its end. `name` is what errors call it. Must be called on a thread whose stack holds the depths
/// that the engine allows (16 MiB or more) and that drives no runtime.
pub fn run(host: &Arc<Host>, name: &str, text: &str) -> Result<Value, Box<Fault>> {
    let engine = engine::build(host);
    let mut ast = engine.compile(text).map_err(|error| {
        let error = EvalAltResult::ErrorParsing(*error.0, error.1);
        Box::new(Fault {
            kind: FaultKind::Syntax,
            ..Fault::of(&error, name, Callables { engine: &engine, script: None })
        })
    })?;
    ast.set_source(name);
    let callables = Callables { engine: &engine, script: Some(&ast) };
    let result = engine.eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &ast);
    host.sink.flush();
    if let Some(mut ending) = host.take_ending() {
        if let (Err(error), None) = (&result, &ending.place) {
            ending.place = Fault::of(error, name, callables).place;
        }
        return Err(Box::new(ending));
    }
    result.map(Value).map_err(|error| Box::new(Fault::of(&error, name, callables)))
}
