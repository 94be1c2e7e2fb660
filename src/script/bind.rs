//! Operations become script functions, all of them by the same few lines. Decides nothing about a single operation.

use super::{
    args,
    decode::Decoder,
    fault::{Spot, Thrown},
    host::{Host, Raised},
    registry::Registry,
    stream::Stream,
};
use crate::api::{
    error::{BadAnswer, CallError},
    operation::Operation,
    operations,
};
use rhai::{Dynamic, NativeCallContext};
use std::{any::TypeId, sync::Arc};

/// Registers every operation of the table.
pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    for operation in operations() {
        let (fewest, most) = arity(operation);
        for count in fewest..=most {
            let host = host.clone();
            let types = vec![TypeId::of::<Dynamic>(); count];
            registry.register_raw_fn(
                operation.name,
                types,
                move |ctx: NativeCallContext, args: &mut [&mut Dynamic]| {
                    let args: Vec<Dynamic> = args.iter().map(|arg| arg.flatten_clone()).collect();
                    run(&host, operation, &args, &Spot::of(&ctx))
                },
            );
        }
    }
}

/// With how many arguments an operation can be called: its path parameters, and one map where it takes one.
pub fn arity(operation: &Operation) -> (usize, usize) {
    let ids = operation.path_params.len();
    match (operation.has_body(), operation.query.is_empty()) {
        (true, _) => (ids + 1, ids + 1),
        (false, true) => (ids, ids),
        (false, false) => (ids, ids + 1),
    }
}

fn run(host: &Arc<Host>, operation: &'static Operation, args: &[Dynamic], spot: &Spot) -> Result<Dynamic, Raised> {
    let call = args::call(operation, args).map_err(|thrown: Thrown| thrown.raise(spot.at))?;
    if operation.is_list() {
        return Ok(Dynamic::from(Stream::of_operation(host, call, spot.clone())));
    }
    host.sink.flush();
    let answer = host.session.call(call).map_err(|error| host.raise(error, spot))?;
    // An answer that was taken for good is UTF-8.
    let body = String::from_utf8_lossy(&answer.body);
    let decoded = Decoder::default().object(&body).inspect(|value| host.seen.note(value));
    decoded.map_err(|error| {
        let bad = BadAnswer {
            operation: operation.name,
            status: answer.status,
            why: format!("the answer cannot be read ({error})"),
            excerpt: String::new(),
            request_id: answer.request_id.clone(),
            attempts: 1,
            cut: false,
        };
        host.raise(CallError::BadAnswer(Box::new(bad)).into(), spot)
    })
}
