//! Onboardings, a customer's way to launch: the fields of the object and its six operations.

use super::{
    contacts::CUSTOMER_ID,
    operation::{
        CURSOR, Effect, Field, ID, Kind, LIMIT, Method, Object, Operation, Returns, Set, not_null, nullable, read_only,
    },
};

/// Known values of `phase`, in order; `completed` is terminal.
pub(super) const PHASES: &[&str] =
    &["before_getting_started", "program_design", "review", "program_buildout", "internal_qa", "launch", "completed"];

/// Known values of `state`. `waiting` follows from `waiting_on_customer`.
pub(super) const STATES: &[&str] = &["active", "paused", "at_risk", "waiting"];

pub(super) const ONBOARDING: Object = Object {
    name: "onboarding",
    fields: &[
        read_only("object", Kind::Text, ""),
        read_only("id", Kind::Id, "The canonical id, an opaque string"),
        read_only("display_id", Kind::Integer(0, i64::MAX), "The small number that people use"),
        Field {
            name: "customer_id",
            kind: Kind::Id,
            nullable: false,
            set: Set::OnCreate,
            doc: "The customer it belongs to; cannot be changed later",
        },
        nullable("template_id", Kind::Text, ""),
        not_null("phase", Kind::Enum(PHASES), ""),
        not_null("state", Kind::Enum(STATES), ""),
        nullable("started_at", Kind::Timestamp, ""),
        nullable("completed_at", Kind::Timestamp, ""),
        nullable("target_launch_date", Kind::Timestamp, ""),
        nullable("csm_id", Kind::Text, "Customer-success manager"),
        nullable("se_id", Kind::Text, "Solutions engineer"),
        nullable("designer_id", Kind::Text, ""),
        nullable("product_ops_id", Kind::Text, ""),
        nullable("notes", Kind::Text, ""),
        nullable("waiting_on_customer", Kind::Boolean, "Setting it to `true` makes `state` `waiting`"),
        read_only("created_at", Kind::Timestamp, ""),
        read_only("updated_at", Kind::Timestamp, ""),
    ],
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "list_onboardings",
        summary: "All onboardings, newest first",
        method: Method::Get,
        path: "/onboardings",
        effect: Effect::Read,
        path_params: &[],
        query: &[
            LIMIT,
            CURSOR,
            read_only("customer_id", Kind::Id, "Only onboardings of this customer"),
            read_only(
                "state",
                Kind::Enum(STATES),
                "Only onboardings in this state; `waiting` are those that wait on the customer",
            ),
            read_only("phase", Kind::Enum(PHASES), "Only onboardings in this phase"),
        ],
        object: None,
        required: &[],
        returns: Returns::List(&ONBOARDING),
        authenticated: true,
        example: r#"list_onboardings(#{phase: "launch"}).count()"#,
    },
    Operation {
        name: "create_onboarding",
        summary: "Starts an onboarding",
        method: Method::Post,
        path: "/onboardings",
        effect: Effect::Create,
        path_params: &[],
        query: &[],
        object: Some(&ONBOARDING),
        required: &["customer_id"],
        returns: Returns::Object(&ONBOARDING),
        authenticated: true,
        example: r#"create_onboarding(#{customer_id: 101, target_launch_date: "2027-01-15T00:00:00Z"}).phase"#,
    },
    Operation {
        name: "list_customer_onboardings",
        summary: "All onboardings of a customer, newest first",
        method: Method::Get,
        path: "/customers/{customerId}/onboardings",
        effect: Effect::Read,
        path_params: &[CUSTOMER_ID],
        query: &[LIMIT, CURSOR],
        object: None,
        required: &[],
        returns: Returns::List(&ONBOARDING),
        authenticated: true,
        example: "list_customer_onboardings(101).map(|o| o.phase)",
    },
    Operation {
        name: "get_onboarding",
        summary: "One onboarding",
        method: Method::Get,
        path: "/onboardings/{id}",
        effect: Effect::Read,
        path_params: &[ID],
        query: &[],
        object: None,
        required: &[],
        returns: Returns::Object(&ONBOARDING),
        authenticated: true,
        example: "get_onboarding(list_onboardings().first()).state",
    },
    Operation {
        name: "update_onboarding",
        summary: "Changes the fields that are given and leaves the others; `()` clears a field",
        method: Method::Patch,
        path: "/onboardings/{id}",
        effect: Effect::Update,
        path_params: &[ID],
        query: &[],
        object: Some(&ONBOARDING),
        required: &[],
        returns: Returns::Object(&ONBOARDING),
        authenticated: true,
        example: r#"update_onboarding(list_onboardings().first(), #{waiting_on_customer: true}).state"#,
    },
    Operation {
        name: "delete_onboarding",
        summary: "Deletes an onboarding",
        method: Method::Delete,
        path: "/onboardings/{id}",
        effect: Effect::Delete,
        path_params: &[ID],
        query: &[],
        object: None,
        required: &[],
        returns: Returns::Deleted,
        authenticated: true,
        example: "delete_onboarding(list_onboardings().first()).deleted",
    },
];
