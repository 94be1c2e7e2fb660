//! The one list of everything that scripts can call: operations, host functions, and what the engine brings along.

use super::builtins::builtins;
use crate::api::operations;
use rhai::{AST, Engine};

/// Functions that are part of the language itself and registered nowhere.
const LANGUAGE: &[&str] = &["type_of", "Fn", "call", "curry", "is_shared", "is_def_fn", "is_def_var", "exit"];

/// Every name that can be called in `ast`, for suggestions.
pub fn names(engine: &Engine, ast: Option<&AST>) -> Vec<String> {
    let mut names: Vec<String> = operations().map(|operation| operation.name.to_string()).collect();
    names.extend(builtins().map(|builtin| builtin.name.to_string()));
    names.extend(LANGUAGE.iter().map(|name| name.to_string()));
    names.extend(ast.into_iter().flat_map(AST::iter_functions).map(|function| function.name.to_string()));
    names.extend(engine.collect_fn_metadata(None, |function| Some(function.metadata.name.to_string()), true));
    // Operators and property accessors are registered the same way.
    names.retain(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    names.sort_unstable();
    names.dedup();
    names
}
