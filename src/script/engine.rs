//! The one engine builder, for files and interactive sessions alike: limits, what is off, the stop flag, all functions.

use super::{bind, builtins, host::Host, modules::Modules, value::BigInteger};
use rhai::{Dynamic, Engine, OptimizationLevel};
use std::sync::Arc;

/// Functions may call each other this deep. The script thread's stack holds it with room to spare.
const CALL_DEPTH: usize = 64;
/// How deep expressions may nest, in the script and inside its functions.
const EXPRESSION_DEPTH: (usize, usize) = (64, 32);

/// An engine whose functions work through `host`.
pub fn build(host: &Arc<Host>) -> Arc<Engine> {
    let mut engine = Engine::new();
    // `Full` would run host functions while compiling.
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine.disable_symbol("eval");
    engine.set_max_call_levels(CALL_DEPTH);
    engine.set_max_expr_depths(EXPRESSION_DEPTH.0, EXPRESSION_DEPTH.1);
    // The engine's own resolver would load any file of the machine.
    engine.set_module_resolver(Modules::new(host));
    let watch = host.clone();
    engine.on_progress(move |_| watch.must_stop().then_some(Dynamic::UNIT));
    // Not `on_map_missing_property`: it is also called where a script assigns to a new key, and cannot tell.
    engine.set_fail_on_invalid_map_property(true);
    engine
        .register_type_with_name::<BigInteger>("very large integer")
        .register_fn("to_string", |number: &mut BigInteger| number.to_string())
        .register_fn("to_debug", |number: &mut BigInteger| number.to_string())
        .register_fn("==", |a: BigInteger, b: BigInteger| a == b)
        .register_fn("!=", |a: BigInteger, b: BigInteger| a != b);
    builtins::register(&mut engine, host);
    bind::register(&mut engine, host);
    let engine = Arc::new(engine);
    host.attach(&engine);
    engine
}
