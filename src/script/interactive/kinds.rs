//! What an expression is, as far as it can be told without running anything: the value of a variable, a field of it, the
//! object that an operation gives. And which methods fit it.

use super::{
    Interactive,
    context::{Open, closing},
};
use crate::{
    api::{
        self,
        operation::{Object, Returns},
    },
    script::{
        builtins::{
            input,
            time::{Span, Time},
        },
        catalog::is_name,
        stream::Stream,
    },
};
use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, INT, ImmutableString, Map};
use std::{
    any::{TypeId, type_name},
    collections::{BTreeMap, BTreeSet},
};

/// What is known of an expression.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The type of its value; `None` where nothing is known.
    pub class: Option<TypeId>,
    /// The fields of an object map, in their order.
    pub fields: Vec<String>,
    /// The kind of object of the API that it is, or that its rows are.
    pub object: Option<&'static Object>,
    /// What the elements of an array are.
    element: Option<Box<Known>>,
}

impl Known {
    fn object(object: &'static Object) -> Known {
        Known {
            class: Some(TypeId::of::<Map>()),
            fields: object.fields.iter().map(|field| field.name.to_string()).collect(),
            object: Some(object),
            element: None,
        }
    }

    fn list(of: Option<&'static Object>) -> Known {
        let element = of.map(|object| Box::new(Known::object(object)));
        Known { class: Some(TypeId::of::<Stream>()), object: of, element, ..Known::default() }
    }

    /// What there is to know of a value; `path` are fields to go down first.
    fn of(value: &Dynamic, path: &[Step]) -> Known {
        if let Some((step, rest)) = path.split_first() {
            return match step {
                Step::Field(name) => {
                    value.read_lock::<Map>().and_then(|map| Some(Known::of(map.get(name.as_str())?, rest)))
                }
                Step::Element => value.read_lock::<Array>().and_then(|array| Some(Known::of(array.first()?, rest))),
                Step::Call(name) => return Known::of(value, &[]).after(name).and(rest),
            }
            .unwrap_or_default();
        }
        if let Some(map) = value.read_lock::<Map>() {
            let kind = map.get("object").and_then(|kind| kind.clone().into_string().ok()).unwrap_or_default();
            return Known {
                class: Some(TypeId::of::<Map>()),
                fields: map.keys().map(ToString::to_string).collect(),
                object: api::object(&kind),
                element: None,
            };
        }
        if let Some(array) = value.read_lock::<Array>() {
            let element = array.first().map(|first| Box::new(Known::of(first, &[])));
            let object = element.as_ref().and_then(|element| element.object);
            return Known { class: Some(TypeId::of::<Array>()), object, element, ..Known::default() };
        }
        if let Some(list) = value.read_lock::<Stream>() {
            return Known::list(list.operation().map(|operation| operation.returns.object()));
        }
        let known = [TypeId::of::<Time>(), TypeId::of::<Span>(), TypeId::of::<FnPtr>()];
        let class = match () {
            () if value.is_string() => TypeId::of::<ImmutableString>(),
            () if value.is_int() => TypeId::of::<INT>(),
            () if value.is_float() => TypeId::of::<FLOAT>(),
            () if value.is_bool() => TypeId::of::<bool>(),
            () => match known.into_iter().find(|known| value.type_id() == *known) {
                Some(class) => class,
                None => return Known::default(),
            },
        };
        Known { class: Some(class), ..Known::default() }
    }

    /// What these steps make of it.
    fn and(self, steps: &[Step]) -> Known {
        steps.iter().fold(self, |known, step| match step {
            Step::Element => known.element.map_or_else(Known::default, |element| *element),
            Step::Call(name) => known.after(name),
            Step::Field(_) => Known::default(),
        })
    }

    /// What a method gives.
    fn after(self, method: &str) -> Known {
        if let Some(operation) = api::operation(method) {
            return returned(operation.returns);
        }
        match method {
            "filter" | "where" | "take" | "skip" | "unique_by" | "sort_by" | "sort" | "hold" => self,
            "to_array" => Known { class: Some(TypeId::of::<Array>()), ..self },
            "first" => self.element.map_or_else(Known::default, |element| *element),
            "map" | "pluck" | "chunk" | "join" => Known { element: None, object: None, ..self },
            _ => Known::default(),
        }
    }
}

fn returned(returns: Returns) -> Known {
    match returns {
        Returns::List(object) => Known::list(Some(object)),
        other => Known::object(other.object()),
    }
}

/// What follows the first name of an expression.
enum Step {
    Field(String),
    Element,
    Call(String),
}

impl Interactive {
    /// What an expression is, written behind what is `open`.
    pub(super) fn known(&self, expression: &str, open: &[Open]) -> Known {
        self.known_within(expression, open, 8)
    }

    fn known_within(&self, expression: &str, open: &[Open], most: usize) -> Known {
        if let Some(class) = literal(expression.trim()) {
            return Known { class: Some(class), ..Known::default() };
        }
        let Some((first, steps)) = parts(expression).filter(|_| most > 0) else { return Known::default() };
        if let Step::Call(name) = &first {
            let known = match api::operation(name) {
                Some(operation) => returned(operation.returns),
                None => Known { class: self.methods_of().returned.get(name).copied(), ..Known::default() },
            };
            return known.and(&steps);
        }
        let Step::Field(name) = first else { return Known::default() };
        // Parameters of closures and variables of loops hide those of the session.
        for (at, outer) in open.iter().enumerate().rev() {
            let rows = match outer {
                Open::Call { receiver: Some(receiver), params, .. } if params.contains(&name) => receiver,
                Open::Block { each: Some((each, rows)) } if *each == name => rows,
                Open::Let { name: own, value } if *own == name => {
                    let known = value.as_ref().map(|value| self.known_within(value, &open[..at], most - 1));
                    return known.unwrap_or_default().and(&steps);
                }
                _ => continue,
            };
            let rows = self.known_within(rows, &open[..at], most - 1);
            let row = rows.element.map_or_else(Known::default, |element| *element);
            return match steps.first() {
                Some(Step::Field(_)) => Known::default(),
                _ => row.and(&steps),
            };
        }
        match self.scope.get(&name) {
            Some(value) => Known::of(value, &steps),
            None => {
                input::constant_of(&name, &self.host).map_or_else(Known::default, |value| Known::of(&value, &steps))
            }
        }
    }

    /// The methods that fit a value of this type.
    pub(super) fn methods(&self, class: TypeId) -> impl Iterator<Item = &str> {
        self.methods_of().by_class.get(&class).into_iter().flatten().map(String::as_str)
    }

    fn methods_of(&self) -> &Methods {
        self.kinds.get_or_init(|| Methods::of(&self.engine))
    }
}

/// What kind of literal an expression is, if it is one.
fn literal(expression: &str) -> Option<TypeId> {
    match expression.chars().next()? {
        _ if expression.ends_with(['"', '`']) => Some(TypeId::of::<ImmutableString>()),
        '[' if closing(expression) == Some(expression.len()) => Some(TypeId::of::<Array>()),
        '#' if expression.ends_with('}') => Some(TypeId::of::<Map>()),
        _ => None,
    }
}

/// `a.b[0].c()` as its first name or call and what follows. `None` for anything else.
fn parts(expression: &str) -> Option<(Step, Vec<Step>)> {
    let mut steps: Vec<Step> = Vec::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        match rest.chars().next()? {
            '.' | '?' => rest = &rest[1..],
            '[' => {
                rest = &rest[closing(rest)?..];
                steps.push(Step::Element);
            }
            '(' => {
                let Some(Step::Field(name)) = steps.pop() else { return None };
                steps.push(Step::Call(name));
                rest = &rest[closing(rest)?..];
            }
            _ if end > 0 => {
                steps.push(Step::Field(rest[..end].to_string()));
                rest = &rest[end..];
            }
            _ => return None,
        }
        rest = rest.trim_start();
    }
    let mut steps = steps.into_iter();
    Some((steps.next()?, steps.collect()))
}

/// What the engine says of the functions that were given to it.
pub(super) struct Methods {
    /// The names of methods by the type that they can be called on.
    by_class: BTreeMap<TypeId, BTreeSet<String>>,
    /// What functions give back, by name, where that is a time or a span.
    returned: BTreeMap<String, TypeId>,
}

impl Methods {
    fn of(engine: &Engine) -> Methods {
        let (mut by_class, mut returned) = (BTreeMap::<TypeId, BTreeSet<String>>::new(), BTreeMap::new());
        let all = engine.collect_fn_metadata(
            None,
            |function| {
                let about = function.metadata;
                let gives = about.return_type.to_string();
                is_name(&about.name).then(|| (about.param_types.first().copied(), gives, about.name.to_string()))
            },
            true,
        );
        for (class, gives, name) in all {
            let timely = [(type_name::<Time>(), TypeId::of::<Time>()), (type_name::<Span>(), TypeId::of::<Span>())];
            if let Some((_, class)) = timely.into_iter().find(|(known, _)| gives.contains(known)) {
                returned.insert(name.clone(), class);
            }
            if let Some(class) = class {
                by_class.entry(class).or_default().insert(name);
            }
        }
        Methods { by_class, returned }
    }
}
