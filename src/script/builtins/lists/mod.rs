//! The verbs that arrays, lists of the API and held lists have in common: their descriptors, and the two ways in which
//! a verb is registered for all of them at once. Every verb itself is written once, over a walk.

mod aggregate;
mod digits;
mod group;
mod lazy;
mod order;
mod whole;

use super::Builtin;
use crate::script::{
    fault::{Spot, Thrown},
    host::{Host, Raised},
    registry::Registry,
    stages::Stage,
    stream::Stream,
    value::kind_of,
    walk::{Cx, Elements, Walker},
};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, NativeCallContext};
use std::{any::TypeId, sync::Arc};

pub use aggregate::BUILTINS as AGGREGATE;
pub use group::BUILTINS as GROUP;
pub use lazy::BUILTINS as LAZY;
pub use order::BUILTINS as ORDER;
pub use whole::BUILTINS as WHOLE;

/// Registers the list type and all verbs.
pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    registry
        .register_type_with_name::<Stream>("list")
        .register_iterator_result::<Stream, Dynamic>()
        .register_fn("to_string", |list: &mut Stream| list.describe())
        .register_fn("to_debug", |list: &mut Stream| list.describe());
    let verbs = &mut Verbs { registry, host };
    lazy::register(verbs);
    whole::register(verbs);
    aggregate::register(verbs);
    order::register(verbs);
    group::register(verbs);
}

/// The rows of a list or an array, for functions that take either.
pub fn rows_of(function: &str, value: &Dynamic, spot: &Spot) -> Result<Array, Raised> {
    if let Some(list) = value.read_lock::<Stream>() {
        return list.walk(spot).collect();
    }
    if let Some(array) = value.read_lock::<Array>() {
        return Ok(array.clone());
    }
    let message = format!("it takes a list or an array of rows, not {}", kind_of(value));
    Err(Thrown::argument(function, None, message).raise(spot.at))
}

/// A call of a verb: where, and with which arguments besides the rows.
struct Given<'a> {
    ctx: &'a NativeCallContext<'a>,
    args: &'a [&'a mut Dynamic],
}

/// Registers verbs for arrays and lists alike.
struct Verbs<'v, 'e> {
    registry: &'v mut Registry<'e>,
    host: &'v Arc<Host>,
}

impl Verbs<'_, '_> {
    /// A verb that gives rows: on a list a longer recipe, on an array a new array.
    fn lazy(
        &mut self,
        name: &'static str,
        args: &[TypeId],
        make: impl Fn(Given<'_>) -> Result<Stage, Raised> + Clone + Send + Sync + 'static,
    ) {
        let on_array = make.clone();
        self.raw::<Stream>(name, args, move |_, ctx, rows, args| {
            let stage = make(Given { ctx, args })?;
            let list = rows.read_lock::<Stream>().map(|list| list.with(stage));
            Ok(list.map_or(Dynamic::UNIT, Dynamic::from))
        });
        self.raw::<Array>(name, args, move |host, ctx, rows, args| {
            let stage = on_array(Given { ctx, args })?;
            let Some(mut array) = rows.write_lock::<Array>() else { return Ok(Dynamic::UNIT) };
            let rows = stage.over(Box::new(Elements(array.iter_mut())));
            Walker::new(Cx::new(host, &Spot::of(ctx)), rows).collect().map(Dynamic::from)
        });
    }

    /// A verb that walks once and gives a value. It looks at no more than the first `most` rows.
    fn value(
        &mut self,
        name: &'static str,
        args: &[TypeId],
        most: Option<usize>,
        run: impl Fn(Given<'_>, &mut Walker<'_>) -> Result<Dynamic, Raised> + Clone + Send + Sync + 'static,
    ) {
        let on_array = run.clone();
        self.raw::<Stream>(name, args, move |_, ctx, rows, args| {
            let Some(list) = rows.read_lock::<Stream>().map(|list| list.clone()) else { return Ok(Dynamic::UNIT) };
            let list = most.map_or_else(|| list.clone(), |most| list.with(Stage::Take(most)));
            run(Given { ctx, args }, &mut list.walk(&Spot::of(ctx)))
        });
        self.raw::<Array>(name, args, move |host, ctx, rows, args| {
            let Some(mut array) = rows.write_lock::<Array>() else { return Ok(Dynamic::UNIT) };
            let rows = Box::new(Elements(array.iter_mut()));
            on_array(Given { ctx, args }, &mut Walker::new(Cx::new(host, &Spot::of(ctx)), rows))
        });
    }

    fn raw<T: 'static>(
        &mut self,
        name: &'static str,
        args: &[TypeId],
        run: impl Fn(&Arc<Host>, &NativeCallContext, &mut Dynamic, &[&mut Dynamic]) -> Result<Dynamic, Raised>
        + Send
        + Sync
        + 'static,
    ) {
        let host = self.host.clone();
        let types: Vec<TypeId> = std::iter::once(TypeId::of::<T>()).chain(args.iter().copied()).collect();
        self.registry.register_raw_fn(name, types, move |ctx: NativeCallContext, args: &mut [&mut Dynamic]| match args
            .split_first_mut()
        {
            Some((rows, rest)) => run(&host, &ctx, rows, rest),
            None => Ok(Dynamic::UNIT),
        });
    }
}

/// The types of an argument that names a field or computes a key.
fn by_types() -> [TypeId; 2] {
    [TypeId::of::<ImmutableString>(), TypeId::of::<FnPtr>()]
}
