//! One call of an operation without a script, by the same rules: arguments by name, refused where a script's would be
//! refused, errors in the same words. Sends nothing itself.

use super::{
    args,
    decode::Decoder,
    fault::{Fault, Thrown, consequence},
};
use crate::{
    api::{
        operation::{Effect, Field, Kind, Operation, snake},
        request::Call,
    },
    session::SessionError,
    text,
};
use rhai::{Dynamic, Map};

/// An argument's value as it was written.
pub enum Given {
    /// Text, which becomes a number or a truth value where the operation wants one.
    Text(String),
    /// JSON.
    Json(String),
}

/// The call that these arguments make: ids of the path, options and fields, each by its name.
pub fn call(operation: &'static Operation, given: &[(String, Given)]) -> Result<Call, Box<Fault>> {
    let mut ids = vec![None; operation.path_params.len()];
    let mut rest = Map::new();
    for (name, value) in given {
        let at = operation.path_params.iter().position(|param| param.name == name || snake(param.name) == *name);
        let field =
            at.map_or_else(|| rest_of(operation).find(|field| field.name == name), |at| operation.path_params.get(at));
        let Some(field) = field else { return Err(Box::new(unknown(operation, name))) };
        let value = converted(operation, field, value).map_err(|thrown| Box::new(thrown.into_fault()))?;
        let before = match at {
            Some(at) => ids[at].replace(value),
            None => rest.insert(field.name.into(), value),
        };
        if before.is_some() {
            let twice = Thrown::argument(operation.name, Some(name), format!("`{name}` is given twice"));
            return Err(Box::new(twice.into_fault()));
        }
    }
    if operation.effect == Effect::Update && rest.is_empty() {
        let nothing = Thrown::argument(operation.name, None, "there is nothing to change".into());
        return Err(Box::new(nothing.hint("name a field, such as `plan=growth`".into()).into_fault()));
    }
    let mut arguments = Vec::new();
    for (param, value) in operation.path_params.iter().zip(ids) {
        let name = snake(param.name);
        arguments.push(value.ok_or_else(|| {
            let missing = Thrown::argument(operation.name, Some(&name), format!("`{name}` is missing"));
            Box::new(missing.hint(format!("add `{name}=…`")).into_fault())
        })?);
    }
    arguments.push(rest.into());
    args::call(operation, &arguments).map_err(|thrown| Box::new(thrown.into_fault()))
}

/// An error of the session, for people.
pub fn fault(error: SessionError) -> Fault {
    consequence(error).map_or_else(|fault| *fault, Thrown::into_fault)
}

/// The options or the fields.
fn rest_of(operation: &'static Operation) -> impl Iterator<Item = &'static Field> {
    operation.query.iter().chain(operation.body())
}

fn converted(operation: &'static Operation, field: &Field, value: &Given) -> Result<Dynamic, Thrown> {
    let name = field.name;
    let text = match value {
        Given::Text(text) => text,
        Given::Json(json) => {
            return Decoder::default().decode(json.as_bytes()).map_err(|error| {
                Thrown::argument(operation.name, Some(name), format!("`{name}` is not JSON ({error})"))
                    .hint(format!("write plain text as `{name}=…`"))
            });
        }
    };
    let wrong = |example: &str| {
        let message = format!("`{name}` takes {}, not `{}`", field.kind.wanted(), text::escape_control(text));
        let thrown = Thrown::argument(operation.name, Some(name), message);
        if example.is_empty() { thrown } else { thrown.hint(format!("write it as JSON: `{name}:={example}`")) }
    };
    match field.kind {
        Kind::Integer(..) => text.parse::<i64>().map(Dynamic::from).map_err(|_| wrong("")),
        Kind::Boolean => text.parse::<bool>().map(Dynamic::from).map_err(|_| wrong("")),
        Kind::Object => Err(wrong(r#"{"key": "value"}"#)),
        Kind::TextList => Err(wrong(r#"["one", "two"]"#)),
        Kind::Id | Kind::Text | Kind::Timestamp | Kind::Enum(_) => Ok(text.clone().into()),
    }
}

fn unknown(operation: &'static Operation, name: &str) -> Fault {
    let paths: Vec<String> = operation.path_params.iter().map(|param| snake(param.name)).collect();
    let known: Vec<&str> = paths.iter().map(String::as_str).chain(rest_of(operation).map(|field| field.name)).collect();
    let message = format!("it has no argument `{}`", text::escape_control(name));
    let thrown = Thrown::argument(operation.name, Some(name), message);
    match text::did_you_mean(name, known.iter().copied()) {
        Some(near) => thrown.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => thrown.hint("call it without arguments".into()),
        None => thrown.hint(format!("use {}", text::one_of(known.iter().copied()))),
    }
    .into_fault()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation;

    fn made(name: &str, given: &[&str]) -> Result<Call, String> {
        let given: Vec<_> = given
            .iter()
            .map(|word| match word.split_once(":=") {
                Some((name, json)) => (name.to_string(), Given::Json(json.to_string())),
                None => {
                    let (name, text) = word.split_once('=').unwrap();
                    (name.to_string(), Given::Text(text.to_string()))
                }
            })
            .collect();
        call(operation(name).unwrap(), &given).map_err(|fault| fault.message)
    }

    #[test]
    fn arguments_find_their_places_by_name_and_kind() {
        let call =
            made("update_customer", &["id=101", "mrr=5", "domain:=null", "name=7", "metadata:={\"a\":[1]}"]).unwrap();
        assert_eq!(call.path, ["101"]);
        assert_eq!(call.body.unwrap(), br#"{"domain":null,"metadata":{"a":[1]},"mrr":5,"name":"7"}"#);
        let call = made("list_customer_contacts", &["customer_id=7", "limit=5"]).unwrap();
        assert_eq!((call.path, call.query), (vec!["7".into()], vec![("limit", "5".into())]));
        assert!(made("list_customer_contacts", &["customerId=7"]).is_ok());
        assert!(made("get_me", &[]).is_ok());
    }

    #[test]
    fn what_a_script_could_not_pass_is_refused() {
        for (name, given, why) in [
            ("update_customer", &["id=7", "mrr=much"][..], "`update_customer`: `mrr` takes a whole number, not `much`"),
            ("update_customer", &["id=7", "stauts=x"], "`update_customer`: it has no argument `stauts`"),
            ("update_customer", &["mrr=5"], "`update_customer`: `id` is missing"),
            ("update_customer", &["id=7", "id=8"], "`update_customer`: `id` is given twice"),
            ("update_contact", &["id=7", "labels=a"], "`update_contact`: `labels` takes an array of strings, not `a`"),
            ("create_customer", &["plan=x"], "`create_customer`: `name` is missing"),
            ("get_customer", &["id="], "`get_customer`: the id is empty"),
            ("list_customers", &["limit=500"], "`list_customers`: `limit` is 500; it takes 1 to 100"),
        ] {
            assert_eq!(made(name, given).unwrap_err(), why);
        }
    }
}
