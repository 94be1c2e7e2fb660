//! The one list of everything that scripts can call: operations, host functions, and what the engine brings along.

use super::builtins::builtins;
use crate::api::{self, operations};
use rhai::{AST, Engine};

/// Functions that are part of the language itself and registered nowhere.
const LANGUAGE: &[&str] = &["type_of", "Fn", "call", "curry", "is_shared", "is_def_fn", "is_def_var", "exit"];

/// What can be called where an error happened.
#[derive(Clone, Copy)]
pub struct Callables<'a> {
    pub engine: &'a Engine,
    /// The script, once it could be read.
    pub script: Option<&'a AST>,
}

impl Callables<'_> {
    /// Every name, for suggestions.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = operations().map(|operation| operation.name.to_string()).collect();
        names.extend(builtins().map(|builtin| builtin.name.to_string()));
        names.extend(LANGUAGE.iter().map(|name| name.to_string()));
        names.extend(self.script.into_iter().flat_map(AST::iter_functions).map(|function| function.name.to_string()));
        names.extend(self.engine.collect_fn_metadata(None, |function| Some(function.metadata.name.to_string()), true));
        // Operators and property accessors are registered the same way.
        names.retain(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How `name` is called, as far as that is written down: by the script, an operation or a function of the host.
    pub fn signatures(&self, name: &str) -> Vec<String> {
        let functions = self.script.into_iter().flat_map(AST::iter_functions).filter(|function| function.name == name);
        let own: Vec<String> = functions.map(|f| format!("{name}({})", f.params.join(", "))).collect();
        if !own.is_empty() {
            return own;
        }
        if let Some(operation) = api::operation(name) {
            return vec![operation.signature()];
        }
        let known = builtins().filter(|builtin| builtin.name == name);
        known.flat_map(|builtin| builtin.signatures).map(|signature| signature.to_string()).collect()
    }
}
