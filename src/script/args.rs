//! What a script hands to an operation, turned into a call: ids in each of their forms, query parameters, the body.
//! Pure; sends nothing. What can be known to be wrong is refused here, before a request exists.

use super::{
    fault::Thrown,
    value::{encode, kind_of},
};
use crate::{
    api::{
        operation::{Field, Kind, Operation},
        request::Call,
    },
    text,
};
use rhai::{Dynamic, ImmutableString, Map};

/// The call that `operation` makes of a script function's arguments.
pub fn call(operation: &'static Operation, args: &[Dynamic]) -> Result<Call, Thrown> {
    let (ids, rest) = args.split_at(operation.path_params.len().min(args.len()));
    let path = operation
        .path_params
        .iter()
        .zip(ids)
        .map(|(param, value)| id(operation, param.name, value))
        .collect::<Result<_, _>>()?;
    let mut call = Call::new(operation, path);
    let fields = rest.first();
    if operation.has_body() {
        let map = map_of(operation, fields.unwrap_or(&Dynamic::UNIT), "fields")?;
        call.body = Some(body(operation, &map)?);
    } else if let Some(options) = fields {
        for (name, value) in map_of(operation, options, "options")? {
            let Some(param) = operation.query.iter().find(|param| param.name == name.as_str()) else {
                return Err(unknown(operation, &name, operation.query.iter(), "option"));
            };
            if let Some(value) = query_value(operation, param, &value)? {
                call.set_query(param.name, value);
            }
        }
    }
    Ok(call)
}

/// An id: a string, an integer, or an object with an `id`.
pub(super) fn id(operation: &'static Operation, name: &str, value: &Dynamic) -> Result<String, Thrown> {
    let inner = value.read_lock::<Map>().map(|map| map.get("id").cloned().unwrap_or(Dynamic::UNIT));
    let plain = inner.as_ref().unwrap_or(value).flatten_clone();
    if let Ok(number) = plain.as_int() {
        return if number >= 0 {
            Ok(number.to_string())
        } else {
            Err(Thrown::argument(operation.name, Some(name), format!("{number} cannot be an id")))
        };
    }
    match plain.read_lock::<ImmutableString>() {
        Some(text) if !text.trim().is_empty() => Ok(text.trim().to_string()),
        Some(_) => Err(Thrown::argument(operation.name, Some(name), "the id is empty".into())),
        None if value.is_map() => {
            Err(Thrown::argument(operation.name, Some(name), "the object map has no `id` that could be used".into())
                .hint("pass the `id`, the `display_id` or a whole object from the API".into()))
        }
        None => Err(Thrown::argument(
            operation.name,
            Some(name),
            format!("an id is a string, an integer or an object with an `id`, not {}", kind_of(value)),
        )
        .hint(format!("call it as `{}`", operation.signature()))),
    }
}

fn map_of(operation: &'static Operation, value: &Dynamic, what: &str) -> Result<Map, Thrown> {
    value.read_lock::<Map>().map(|map| map.clone()).ok_or_else(|| {
        Thrown::argument(operation.name, None, format!("the {what} are an object map, not {}", kind_of(value)))
            .hint(format!("call it as `{}`, with the {what} as `#{{name: value}}`", operation.signature()))
    })
}

/// The exact bytes of a body. Unknown fields are refused, because the service would ignore them without a word; values
/// of the right shape are the service's to judge, because its lists of known values may grow.
fn body(operation: &'static Operation, map: &Map) -> Result<Vec<u8>, Thrown> {
    let mut out = Map::new();
    for (name, value) in map {
        let Some(field) = operation.body().find(|field| field.name == name.as_str()) else {
            return Err(unknown(operation, name, operation.body(), "field"));
        };
        out.insert(name.clone(), body_value(operation, field, value)?);
    }
    for required in operation.required {
        if !out.contains_key(*required) {
            return Err(Thrown::argument(operation.name, Some(required), format!("`{required}` is missing"))
                .hint(format!("give {} in the fields", all_of(operation.required))));
        }
    }
    encode(&out.into()).map_err(|why| Thrown::argument(operation.name, None, why))
}

fn all_of(names: &[&str]) -> String {
    text::joined(names.iter().map(|name| format!("`{name}`")).collect(), "and")
}

/// A body field's value as it is sent, if the field takes such a value.
pub(super) fn body_value(operation: &'static Operation, field: &Field, value: &Dynamic) -> Result<Dynamic, Thrown> {
    let value = value.flatten_clone();
    if value.is_unit() {
        return if field.nullable {
            Ok(value)
        } else {
            Err(Thrown::argument(operation.name, Some(field.name), format!("`{}` cannot be `()`", field.name))
                .hint("leave the field out to keep its value".into()))
        };
    }
    let fits = match field.kind {
        Kind::Id => return Ok(id(operation, field.name, &value)?.into()),
        Kind::Timestamp => value.is_string() || value.is::<super::builtins::time::Time>(),
        Kind::Text | Kind::Enum(_) => value.is_string(),
        Kind::Integer(..) => value.is_int() || value.is::<super::value::BigInteger>(),
        Kind::Boolean => value.is_bool(),
        Kind::Object => value.is_map(),
        Kind::TextList => value.read_lock::<rhai::Array>().is_some_and(|all| all.iter().all(Dynamic::is_string)),
    };
    if fits { Ok(value) } else { Err(wrong_kind(operation, field, &value)) }
}

/// A query parameter as text; `None` for `()`, which means "not asked for".
pub(super) fn query_value(
    operation: &'static Operation,
    param: &Field,
    value: &Dynamic,
) -> Result<Option<String>, Thrown> {
    if value.is_unit() {
        return Ok(None);
    }
    match param.kind {
        Kind::Id => id(operation, param.name, value).map(Some),
        Kind::Integer(low, high) => match value.as_int() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number.to_string())),
            Ok(number) => Err(Thrown::argument(
                operation.name,
                Some(param.name),
                format!("`{}` is {number}; it takes {low} to {high}", param.name),
            )
            .hint("for a number of rows use `take(n)`; lists fetch all their pages by themselves".into())),
            Err(_) => Err(wrong_kind(operation, param, value)),
        },
        _ => {
            if let Some(time) = value.read_lock::<super::builtins::time::Time>() {
                return Ok(Some(time.to_utc()));
            }
            value.clone().into_string().map(Some).map_err(|_| wrong_kind(operation, param, value))
        }
    }
}

fn wrong_kind(operation: &'static Operation, field: &Field, value: &Dynamic) -> Thrown {
    Thrown::argument(
        operation.name,
        Some(field.name),
        match odd_one(value) {
            Some(odd) if field.kind == Kind::TextList => {
                format!("`{}` takes {}; one of these is {}", field.name, field.kind.wanted(), kind_of(&odd))
            }
            _ => {
                let not = format!("`{}` takes {}, not {}", field.name, field.kind.wanted(), kind_of(value));
                // A cell of a CSV file is text until somebody says otherwise.
                let number = matches!(field.kind, Kind::Integer(..)) && value.to_string().trim().parse::<i64>().is_ok();
                if number { format!("{not}; `parse_int` makes one of it") } else { not }
            }
        },
    )
}

/// The first element that is no string, if it is an array.
fn odd_one(value: &Dynamic) -> Option<Dynamic> {
    value.read_lock::<rhai::Array>().and_then(|all| all.iter().find(|item| !item.is_string()).cloned())
}

/// The refusal of a field or an option that the operation does not have.
pub(super) fn unknown<'a>(
    operation: &'static Operation,
    name: &str,
    known: impl Iterator<Item = &'a Field>,
    what: &str,
) -> Thrown {
    let names: Vec<&str> = known.map(|field| field.name).collect();
    let thrown = Thrown::argument(operation.name, Some(name), format!("it has no {what} `{name}`")).unknown_name();
    match text::did_you_mean(name, names.iter().copied()) {
        Some(near) => thrown.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => thrown.hint(format!("leave the {what}s out")),
        None => thrown.hint(format!("use {}", text::one_of(names))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation;

    fn made(name: &str, args: &str) -> Result<Call, String> {
        let args: rhai::Array = rhai::Engine::new().eval(&format!("[{args}]")).unwrap();
        call(operation(name).unwrap(), &args).map_err(|thrown| thrown.message())
    }

    #[test]
    fn an_id_has_three_forms() {
        for id in ["101", "\"101\"", "#{id: \"101\"}", "#{id: 101, name: \"x\"}"] {
            assert_eq!(made("get_customer", id).unwrap().path, ["101"], "{id}");
        }
        for id in ["()", "\"\"", "-1", "#{}", "#{id: ()}", "1.5", "[]"] {
            assert!(made("delete_customer", id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_body_keeps_null_and_refuses_what_the_service_would_ignore() {
        let call = made("update_customer", "7, #{domain: (), mrr: 5, metadata: #{a: [1, ()]}}").unwrap();
        assert_eq!(call.body.unwrap(), br#"{"domain":null,"metadata":{"a":[1,null]},"mrr":5}"#);
        for (args, why) in [
            ("7, #{stauts: \"active\"}", "it has no field `stauts`"),
            ("7, #{name: ()}", "`name` cannot be `()`"),
            ("7, #{mrr: \"5\"}", "`mrr` takes a whole number, not a string; `parse_int` makes one of it"),
            ("7, 5", "the fields are an object map, not an integer"),
            ("7, #{id: 8}", "it has no field `id`"),
        ] {
            assert_eq!(made("update_customer", args).unwrap_err(), why);
        }
        assert_eq!(made("create_customer", "#{plan: \"x\"}").unwrap_err(), "`name` is missing");
    }

    #[test]
    fn a_customer_can_stand_for_its_id_in_a_body_and_in_a_query() {
        let create = made("create_onboarding", "#{customer_id: #{id: \"clx1\"}}").unwrap();
        assert_eq!(create.body.unwrap(), br#"{"customer_id":"clx1"}"#);
        let list = made("list_onboardings", "#{customer_id: 7, state: \"active\", phase: ()}").unwrap();
        assert_eq!(list.query, [("customer_id", "7".to_string()), ("state", "active".to_string())]);
        assert_eq!(made("list_customers", "#{limit: 500}").unwrap_err(), "`limit` is 500; it takes 1 to 100");
    }
}
