//! The bulk verbs: one write for each of many rows. They are made from the operations' table, one for each operation that
//! writes; there is no list of them here.

mod matching;
mod only;
mod options;
mod report;
mod run;
mod tally;

pub use only::Only;
pub use options::{Given, OPTIONS};
pub use tally::RESULT;

use super::Builtin;
use crate::{
    api::{
        operation::{Effect, Operation},
        operations,
    },
    script::{
        fault::{Spot, Thrown},
        host::Host,
        registry::Registry,
        stream::Stream,
        value::kind_of,
        walk::{Cx, Elements, Walker},
    },
};
use rhai::{Array, Dynamic, NativeCallContext};
use std::{
    any::TypeId,
    sync::{Arc, LazyLock},
};

pub use matching::BUILTINS as MATCHING;

/// A bulk verb: its operation, and how people are told of it.
struct Verb {
    operation: &'static Operation,
    name: &'static str,
}

static VERBS: LazyLock<Vec<Verb>> = LazyLock::new(|| {
    let verb = |operation: &'static Operation| Verb { operation, name: leaked(name_of(operation)) };
    operations().filter(|operation| operation.effect.writes()).map(verb).collect()
});

static DESCRIPTORS: LazyLock<Vec<Builtin>> = LazyLock::new(|| VERBS.iter().map(describe).collect());

/// The descriptors of all bulk verbs.
pub fn descriptors() -> &'static [Builtin] {
    &DESCRIPTORS
}

/// The operation that a bulk verb makes for each row.
pub fn operation_of(verb: &str) -> Option<&'static Operation> {
    VERBS.iter().find(|known| known.name == verb).map(|known| known.operation)
}

/// `update_customer` in bulk: `bulk_update_customers`.
fn name_of(operation: &Operation) -> String {
    format!("bulk_{}s", operation.name)
}

/// Descriptors live as long as the program, and there are nine of them.
fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn describe(verb: &Verb) -> Builtin {
    let name = verb.name;
    let object = verb.operation.name.split_once('_').map_or("", |(_, object)| object).replace('_', " ");
    let (signatures, summary, example) = match verb.operation.effect {
        Effect::Delete => (
            vec![format!("{name}(rows)"), format!("{name}(rows, options)")],
            format!("Deletes the {object} of each row; gives the outcome of every row"),
            format!("{name}(list_customers().take(0)).ok"),
        ),
        Effect::Create => (
            vec![format!("{name}(rows, |row| #{{…}})"), format!("{name}(rows, |row| #{{…}}, options)")],
            format!("Creates a {object} for each row, with the fields that the closure gives; `()` leaves a row out"),
            create_example(verb),
        ),
        _ => (
            vec![
                format!("{name}(rows, |row| #{{…}})"),
                format!("{name}(rows, #{{…}})"),
                format!("{name}(rows, |row| #{{…}}, options)"),
            ],
            format!("Updates the {object} of each row with the fields that the closure gives; `()` leaves a row out"),
            update_example(verb),
        ),
    };
    let signatures: Vec<&'static str> = signatures.into_iter().map(leaked).collect();
    Builtin { name, signatures: signatures.leak(), summary: leaked(summary), example: leaked(example) }
}

fn create_example(verb: &Verb) -> String {
    let name = verb.name;
    match verb.operation.path_params.is_empty() {
        true if verb.operation.required.contains(&"customer_id") => {
            format!("{name}(list_customers().take(2), |c| #{{customer_id: c.id}}).changed")
        }
        true => format!("{name}([#{{name: \"One\"}}, #{{name: \"Two\"}}], |row| #{{name: row.name}}).changed"),
        false => format!(
            "{name}(list_customers().take(2), |c| #{{name: \"Ann\", email: `ann@${{c.slug}}.example`}}, #{{id: |c| c.id}}).changed"
        ),
    }
}

fn update_example(verb: &Verb) -> String {
    let name = verb.name;
    let rows = match verb.operation.returns.object().name {
        "customer" => "list_customers()",
        "contact" => "list_customer_contacts(101)",
        _ => "list_onboardings()",
    };
    let change = match verb.operation.returns.object().name {
        "customer" => "plan: \"pro\"",
        "contact" => "title: \"CTO\"",
        _ => "notes: \"looked at\"",
    };
    format!("{name}({rows}.take(1), #{{{change}}}).ok")
}

/// Registers all of them, for arrays and for lists.
pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    for verb in VERBS.iter() {
        let first = usize::from(verb.operation.effect == Effect::Delete);
        for count in 2 - first..=3 - first {
            one::<Stream>(registry, host, verb, count);
            one::<Array>(registry, host, verb, count);
        }
    }
    matching::register(registry, host);
}

fn one<T: Clone + 'static>(registry: &mut Registry<'_>, host: &Arc<Host>, verb: &'static Verb, count: usize) {
    let mut types = vec![TypeId::of::<Dynamic>(); count];
    types[0] = TypeId::of::<T>();
    let host = host.clone();
    registry.register_raw_fn(verb.name, types, move |ctx: NativeCallContext, args: &mut [&mut Dynamic]| {
        let spot = Spot::of(&ctx);
        let Some((rows, rest)) = args.split_first_mut() else { return Ok(Dynamic::UNIT) };
        let rest: Vec<Dynamic> = rest.iter().map(|arg| arg.flatten_clone()).collect();
        let plan = options::Plan::new(verb.operation, verb.name, rest, &ctx)?;
        if let Some(list) = rows.read_lock::<Stream>().map(|list| list.clone()) {
            return run::run(&host, plan, list.walk(&spot), &spot);
        }
        let Some(mut array) = rows.write_lock::<Array>() else {
            let message = format!("it takes a list or an array of rows, not {}", kind_of(rows));
            return Err(Thrown::argument(verb.name, None, message).raise(spot.at));
        };
        let walker = Walker::new(Cx::new(&host, &spot), Box::new(Elements(array.iter_mut())));
        run::run(&host, plan, walker, &spot)
    });
}
