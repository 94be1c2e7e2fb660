//! Contacts, the people at a customer: the fields of the object and its five operations.

use super::operation::{
    CURSOR, Effect, Field, ID, Kind, LIMIT, Method, Object, Operation, Returns, not_null, nullable, read_only,
};

/// The customer that a nested path is about, here and for onboardings.
pub(super) const CUSTOMER_ID: Field =
    read_only("customerId", Kind::Id, "The customer's `id` or `display_id`, or the customer");

pub(super) const CONTACT: Object = Object {
    name: "contact",
    fields: &[
        read_only("object", Kind::Text, ""),
        read_only("id", Kind::Id, "The canonical id, an opaque string"),
        read_only("display_id", Kind::Integer(0, i64::MAX), "The small number that people use"),
        read_only("customer_id", Kind::Id, "The customer it belongs to"),
        not_null("name", Kind::Text, ""),
        not_null("email", Kind::Text, "Lower-cased by the service; unique within the customer"),
        nullable("title", Kind::Text, ""),
        nullable("is_primary", Kind::Boolean, ""),
        nullable("labels", Kind::TextList, ""),
        read_only("created_at", Kind::Timestamp, ""),
        read_only("updated_at", Kind::Timestamp, ""),
    ],
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "list_customer_contacts",
        summary: "All contacts of a customer, newest first",
        method: Method::Get,
        path: "/customers/{customerId}/contacts",
        effect: Effect::Read,
        path_params: &[CUSTOMER_ID],
        query: &[LIMIT, CURSOR],
        slices: &[],
        object: None,
        required: &[],
        returns: Returns::List(&CONTACT),
        authenticated: true,
        example: r#"list_customer_contacts(101).pluck("email").to_array()"#,
    },
    Operation {
        name: "create_customer_contact",
        summary: "Makes a contact of a customer",
        method: Method::Post,
        path: "/customers/{customerId}/contacts",
        effect: Effect::Create,
        path_params: &[CUSTOMER_ID],
        query: &[],
        slices: &[],
        object: Some(&CONTACT),
        required: &["name", "email"],
        returns: Returns::Object(&CONTACT),
        authenticated: true,
        example: r#"create_customer_contact(101, #{name: "Ada King", email: "Ada@example.com"}).email"#,
    },
    Operation {
        name: "get_contact",
        summary: "One contact",
        method: Method::Get,
        path: "/contacts/{id}",
        effect: Effect::Read,
        path_params: &[ID],
        query: &[],
        slices: &[],
        object: None,
        required: &[],
        returns: Returns::Object(&CONTACT),
        authenticated: true,
        example: "get_contact(list_customer_contacts(101).first()).name",
    },
    Operation {
        name: "update_contact",
        summary: "Changes the fields that are given and leaves the others; `()` clears a field",
        method: Method::Patch,
        path: "/contacts/{id}",
        effect: Effect::Update,
        path_params: &[ID],
        query: &[],
        slices: &[],
        object: Some(&CONTACT),
        required: &[],
        returns: Returns::Object(&CONTACT),
        authenticated: true,
        example: r#"update_contact(list_customer_contacts(101).first(), #{labels: ["champion"]}).labels"#,
    },
    Operation {
        name: "delete_contact",
        summary: "Deletes a contact",
        method: Method::Delete,
        path: "/contacts/{id}",
        effect: Effect::Delete,
        path_params: &[ID],
        query: &[],
        slices: &[],
        object: None,
        required: &[],
        returns: Returns::Deleted,
        authenticated: true,
        example: "delete_contact(list_customer_contacts(101).first()).deleted",
    },
];
