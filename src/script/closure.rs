//! Closures that verbs were given: called long after the verb itself has returned, their errors with place and frame.
//! Decides nothing about rows.

use super::{fault::Spot, host::Raised, predicate::Predicate};
use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, FnPtr, GlobalRuntimeState, Module, NativeCallContext,
    ScriptFuncDef, Shared, Stmt,
};
use std::sync::Arc;

/// A closure with what it needs to be called after the verb that took it has returned.
#[derive(Clone)]
pub struct Closure {
    function: FnPtr,
    global: Arc<GlobalRuntimeState>,
    verb: &'static str,
    spot: Spot,
    /// Whether it can do nothing to its parameter but read it.
    only_reads: bool,
    /// What it says of a row, where that can be told without calling it.
    predicate: Option<Arc<Predicate>>,
}

impl Closure {
    /// Keeps `function`, which `verb` was given in the call that `ctx` describes.
    pub fn new(function: FnPtr, verb: &'static str, ctx: &NativeCallContext) -> Closure {
        let global = Arc::new(ctx.global_runtime_state().clone());
        let only_reads = only_reads(&function, &global);
        let predicate = if only_reads { predicate(&function, &global).map(Arc::new) } else { None };
        Closure { function, global, verb, spot: Spot::of(ctx), only_reads, predicate }
    }

    /// What it says of a row, where that can be told without calling it.
    pub fn predicate(&self) -> Option<&Arc<Predicate>> {
        self.predicate.as_ref()
    }

    /// Where the verb was called that took it.
    pub fn spot(&self) -> &Spot {
        &self.spot
    }

    /// What it makes of a value.
    pub fn call(&self, engine: &Engine, value: Dynamic) -> Result<Dynamic, Raised> {
        let source = Some(self.spot.source.as_ref());
        let ctx = NativeCallContext::new_with_all_fields(engine, self.verb, source, &self.global, self.spot.at);
        apply(&self.function, &ctx, self.verb, &self.spot, [value])
    }

    /// What it makes of a value that stays as it was, whatever the closure does.
    pub fn look(&self, engine: &Engine, value: &mut Dynamic) -> Result<Dynamic, Raised> {
        // A copy of a whole record costs more than most closures. One that cannot change it gets the record itself,
        // out of its place for the length of the call: what it gives back is a copy (`flatten`) while that is shared.
        if !self.only_reads || value.is_shared() || !(value.is_map() || value.is_array()) {
            return self.call(engine, value.clone());
        }
        let shared = value.take().into_shared();
        let result = self.call(engine, shared.clone());
        *value = shared.flatten();
        result
    }
}

/// Calls a closure with these values. The verb becomes a frame of the error, because natives leave none of their own.
pub fn apply<const N: usize>(
    function: &FnPtr,
    ctx: &NativeCallContext,
    verb: &str,
    spot: &Spot,
    values: [Dynamic; N],
) -> Result<Dynamic, Raised> {
    function.call_raw(ctx, None, values).map(Dynamic::flatten).map_err(|error| match *error {
        EvalAltResult::Exit(..) => error,
        // These pass through everything; wrapped, a `catch` could hold them.
        _ if !error.is_catchable() => error,
        _ => Box::new(EvalAltResult::ErrorInFunctionCall(verb.to_string(), spot.source.to_string(), error, spot.at)),
    })
}

/// The definition of a closure of the script, with the module that holds it.
fn definition<'g>(
    function: &FnPtr,
    global: &'g GlobalRuntimeState,
) -> Option<(&'g Shared<Module>, &'g Shared<ScriptFuncDef>)> {
    let (name, params) = (function.fn_name(), function.curry().len() + 1);
    let found = global.lib.iter().find_map(|module| Some((module, module.get_script_fn(name, params)?)));
    found.filter(|_| function.is_anonymous())
}

/// A tree of nothing but this function's body: the engine shows it in no other way.
fn body(definition: &Shared<ScriptFuncDef>) -> AST {
    let mut only = Module::new();
    only.set_script_fn(definition.clone());
    AST::new_from_module(only)
}

/// A closure that only compares fields of its parameter with constants.
fn predicate(function: &FnPtr, global: &GlobalRuntimeState) -> Option<Predicate> {
    let (_, definition) = definition(function, global)?;
    let [param] = &definition.params[..] else { return None };
    let (mut found, mut statements) = (None, 0);
    body(definition).walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            statements += 1;
            found = Predicate::of(param, statement);
        }
        true
    });
    found.filter(|_| statements == 1)
}

/// Methods that scripts call on what they read of a row, and that change nothing.
const READING_METHODS: &[&str] = &[
    "contains",
    "starts_with",
    "ends_with",
    "index_of",
    "sub_string",
    "to_upper",
    "to_lower",
    "to_string",
    "to_debug",
    "to_int",
    "to_float",
    "to_json",
    "len",
    "is_empty",
    "get",
    "keys",
    "values",
    "abs",
    "round",
    "floor",
    "ceiling",
    "sqrt",
    "type_of",
    "bytes",
    "chars",
    "format",
    "count",
    "first",
    "take",
    "skip",
    "sum",
];

/// Whether a closure of the script holds nothing that could change what its parameter refers to, or keep it: no
/// assignment, no capture, no method but those known to read. False wherever that cannot be seen.
fn only_reads(function: &FnPtr, global: &GlobalRuntimeState) -> bool {
    let Some((home, definition)) = definition(function, global) else { return false };
    // A function of the script may have the name of a reading method, and it may change `this`.
    let all = AST::new([], home.clone());
    let reads = |name: &str| READING_METHODS.contains(&name) && all.iter_functions().all(|own| own.name != name);
    body(definition).walk(&mut |path| match path.last() {
        Some(ASTNode::Stmt(stmt)) => {
            !matches!(stmt, Stmt::Assignment(..) | Stmt::Share(..) | Stmt::Import(..) | Stmt::BreakLoop(Some(_), ..))
        }
        Some(ASTNode::Expr(Expr::MethodCall(call, _))) => reads(&call.name),
        Some(ASTNode::Expr(Expr::Custom(..))) => false,
        _ => true,
    })
}
