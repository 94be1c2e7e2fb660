//! Registers the host's functions with an engine that is being made: those of them that its script can call. Has the
//! engine's own methods for that, and nothing besides.

use super::{host::Raised, named::Named};
use rhai::{Dynamic, Engine, NativeCallContext, RhaiNativeFunc, Variant};
use std::any::TypeId;

/// An engine that gets its functions.
pub struct Registry<'e> {
    engine: &'e mut Engine,
    named: &'e Named<'e>,
}

impl<'e> Registry<'e> {
    /// What is registered with it goes to `engine`, where it is `named`.
    pub fn new(engine: &'e mut Engine, named: &'e Named<'e>) -> Registry<'e> {
        Registry { engine, named }
    }

    /// [`Engine::register_fn`].
    pub fn register_fn<A: 'static, const N: usize, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) -> &mut Self {
        if self.named.has(name) {
            self.engine.register_fn(name, function);
        }
        self
    }

    /// [`Engine::register_get`].
    pub fn register_get<T: Variant + Clone, R: Variant + Clone>(
        &mut self,
        name: &str,
        get: impl Fn(&mut T) -> R + Send + Sync + 'static,
    ) -> &mut Self {
        if self.named.has(name) {
            self.engine.register_get(name, get);
        }
        self
    }

    /// [`Engine::register_raw_fn`].
    pub fn register_raw_fn<T: Variant + Clone>(
        &mut self,
        name: &str,
        types: impl AsRef<[TypeId]>,
        function: impl Fn(NativeCallContext, &mut [&mut Dynamic]) -> Result<T, Raised> + Send + Sync + 'static,
    ) -> &mut Self {
        if self.named.has(name) {
            self.engine.register_raw_fn(name, types, function);
        }
        self
    }

    /// [`Engine::register_type_with_name`], for any script: errors name the types of values, and loops walk them.
    pub fn register_type_with_name<T: Variant + Clone>(&mut self, name: &str) -> &mut Self {
        self.engine.register_type_with_name::<T>(name);
        self
    }

    /// [`Engine::register_iterator_result`], for any script: a loop names no function.
    pub fn register_iterator_result<T, R>(&mut self) -> &mut Self
    where
        T: Variant + Clone + IntoIterator<Item = Result<R, Raised>>,
        R: Variant + Clone,
    {
        self.engine.register_iterator_result::<T, R>();
        self
    }
}
