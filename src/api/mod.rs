//! The API as data, and one client that speaks it. Knows nothing of scripts, terminals or files.

mod answer;
mod budget;
mod cause;
pub mod client;
mod contacts;
mod customers;
pub mod error;
mod meta;
mod onboardings;
pub mod operation;
pub mod page;
mod reach;
pub mod request;
mod retry;
mod settings;
mod transport;

use operation::{Object, Operation};

/// Every operation, resource by resource. There is no second list.
pub const OPERATIONS: &[&[Operation]] =
    &[meta::OPERATIONS, customers::OPERATIONS, contacts::OPERATIONS, onboardings::OPERATIONS];

/// The kinds of object that scripts meet and change.
pub const OBJECTS: &[&Object] =
    &[&customers::CUSTOMER, &contacts::CONTACT, &onboardings::ONBOARDING, &meta::ME, &meta::HEALTH, &meta::DELETED];

/// All operations in one row.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().flat_map(|table| table.iter())
}

/// The operation of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.name == name)
}

/// The lists of what belongs to the records that an operation is about, and vanishes with them.
pub fn children_of(operation: &Operation) -> impl Iterator<Item = &'static Operation> + use<> {
    let parent = format!("{}/", operation.path.trim_end_matches("{id}").trim_end_matches('/'));
    operations().filter(move |list| list.is_list() && list.path_params.len() == 1 && list.path.starts_with(&parent))
}

/// The kind of object whose `object` field says `name`.
pub fn object(name: &str) -> Option<&'static Object> {
    OBJECTS.iter().copied().find(|object| !object.name.is_empty() && object.name == name)
}

#[cfg(test)]
mod tests {
    use super::{operation::Kind, *};
    use std::collections::BTreeSet;

    #[test]
    fn there_are_eighteen_operations_with_names_of_their_own() {
        let names: BTreeSet<_> = operations().map(|o| o.name).collect();
        assert_eq!((operations().count(), names.len()), (18, 18));
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        }
    }

    #[test]
    fn each_placeholder_of_a_path_is_declared_and_none_besides() {
        for operation in operations() {
            let in_path: Vec<_> =
                operation.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
            let declared: Vec<_> = operation.path_params.iter().map(|p| p.name).collect();
            assert_eq!(in_path, declared, "{}", operation.name);
            assert!(operation.path_params.iter().all(|p| p.kind == Kind::Id), "{}", operation.name);
        }
    }

    #[test]
    fn required_fields_are_fields_of_the_body() {
        for operation in operations() {
            for required in operation.required {
                assert!(operation.body().any(|f| f.name == *required), "{}: {required}", operation.name);
            }
            assert_eq!(operation.has_body(), operation.body().count() > 0, "{}", operation.name);
        }
    }

    #[test]
    fn a_slice_is_a_filter_by_a_field_of_the_rows() {
        for operation in operations() {
            for slice in operation.slices {
                let object = operation.returns.object();
                let known = operation.choices(slice.field);
                assert!(operation.is_list() && !known.is_empty(), "{}: {}", operation.name, slice.field);
                let field = object.field(slice.field).unwrap();
                assert_eq!(field.kind, Kind::Enum(known), "{}: {}", operation.name, slice.field);
                if let Some((value, flag)) = slice.flag {
                    assert!(known.contains(&value), "{}: {value}", operation.name);
                    assert_eq!(object.field(flag).unwrap().kind, Kind::Boolean, "{}: {flag}", operation.name);
                }
            }
        }
    }

    #[test]
    fn each_example_calls_its_own_operation() {
        for operation in operations() {
            assert!(operation.example.contains(&format!("{}(", operation.name)), "{}", operation.name);
        }
    }
}
