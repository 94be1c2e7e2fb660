//! The one engine builder, for files and interactive sessions alike: limits, what is off, the stop flag, all functions.

use super::{
    bind, builtins, host::Host, limits::Limits, modules::Modules, named::Named, ready::Ready, registry::Registry,
    value::BigInteger,
};
use rhai::{
    AST, Dynamic, Engine, Module, OptimizationLevel, Shared,
    packages::{Package, StandardPackage},
};
use std::sync::{Arc, OnceLock};

/// So many strings does an engine keep to share them while it reads a text, as [`Engine::new`] would have it.
const STRINGS: usize = 256;

/// What of the engine's own library is named. The whole is made once: it knows no host, and making it takes longer than
/// many a script.
fn library(named: &Named<'_>) -> Shared<Module> {
    static LIBRARY: OnceLock<Shared<Module>> = OnceLock::new();
    if named.is_anything() {
        return LIBRARY.get_or_init(|| StandardPackage::new().as_shared_module()).clone();
    }
    let mut all = Module::new();
    StandardPackage::init(&mut all);
    // The engine picks functions of a module for trees only.
    let some = AST::new_from_module(all).clone_functions_only_filtered(|_, _, _, name, _| named.has(name));
    some.shared_lib().clone()
}

/// The engine of a run, before it is shared; `ready` is one of the same host that has its functions already.
pub fn of_run(host: &Arc<Host>, ready: Option<Ready>) -> Engine {
    let mut engine = ready.map_or_else(|| with_functions(host, &Named::anything()), Ready::into_engine);
    limit(&mut engine, &host.limits);
    // The engine's own resolver would load any file of the machine.
    engine.set_module_resolver(Modules::new(host));
    builtins::input::constants(&mut engine, host);
    engine
}

/// Makes it the engine that all of the run uses, and that changes no more.
pub fn share(mut engine: Engine, host: &Arc<Host>) -> Arc<Engine> {
    // From now on it keeps no strings to share them: where a script makes more of them than it keeps, it would look
    // through all of them for each new one. A script's text has fewer, and takes less memory where they are shared.
    engine.set_max_strings_interned(0);
    let engine = Arc::new(engine);
    host.attach(&engine);
    engine
}

/// An engine whose functions will work through `host`, which needs no run yet: those that are `named`. For who only looks
/// at scripts with it.
pub fn with_functions(host: &Arc<Host>, named: &Named<'_>) -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_max_strings_interned(STRINGS);
    engine.register_global_module(library(named));
    // The optimiser puts the entries of constant maps in place of their names: `M.misspelt` would be `()` without a word,
    // and `M.a = 1` would panic.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
    limit(&mut engine, &Limits::default());
    let watch = host.clone();
    engine.on_progress(move |_| watch.must_stop().then_some(Dynamic::UNIT));
    // Not `on_map_missing_property`: it is also called where a script assigns to a new key, and cannot tell.
    engine.set_fail_on_invalid_map_property(true);
    builtins::output::redirect(&mut engine, host);
    let mut registry = Registry::new(&mut engine, named);
    registry
        .register_type_with_name::<BigInteger>("very large integer")
        .register_fn("to_string", |number: &mut BigInteger| number.to_string())
        .register_fn("to_debug", |number: &mut BigInteger| number.to_string())
        .register_fn("==", |a: BigInteger, b: BigInteger| a == b)
        .register_fn("!=", |a: BigInteger, b: BigInteger| a != b);
    builtins::register(&mut registry, host);
    bind::register(&mut registry, host);
    engine
}

fn limit(engine: &mut Engine, limits: &Limits) {
    engine.set_max_call_levels(limits.call_depth);
    engine.set_max_expr_depths(limits.expression_depth.0, limits.expression_depth.1);
    engine.set_max_functions(limits.functions);
    engine.set_max_variables(limits.variables);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_engine_has_all_that_a_new_one_has() {
        let functions = |engine: &Engine| -> BTreeSet<String> {
            engine.collect_fn_metadata(None, |f| Some(f.metadata.name.to_string()), true).into_iter().collect()
        };
        let ours = with_functions(&Host::idle(), &Named::anything());
        assert_eq!(functions(&Engine::new()).difference(&functions(&ours)).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(Engine::new().fast_operators(), ours.fast_operators());
    }
}
