//! The two operations about the connection itself, and the objects that belong to no resource.

use super::operation::{Effect, Kind, Method, Object, Operation, Returns, read_only};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "get_me",
        summary: "The key in use and the workspace it belongs to",
        method: Method::Get,
        path: "/me",
        effect: Effect::Read,
        path_params: &[],
        query: &[],
        slices: &[],
        object: None,
        required: &[],
        returns: Returns::Object(&ME),
        authenticated: true,
        example: "get_me().organization.slug",
    },
    Operation {
        name: "get_health",
        summary: "Whether the service is up; needs no key and does not count against the rate limit",
        method: Method::Get,
        path: "/health",
        effect: Effect::Read,
        path_params: &[],
        query: &[],
        slices: &[],
        object: None,
        required: &[],
        returns: Returns::Object(&HEALTH),
        authenticated: false,
        example: "get_health().status",
    },
];

/// What `get_me` answers.
pub(super) const ME: Object = Object {
    name: "me",
    fields: &[
        read_only("object", Kind::Text, ""),
        read_only("api_key", Kind::Object, "`id`, `name`, `prefix`, `scopes` and `rate_limit_tier` of the key"),
        read_only("organization", Kind::Object, "`id`, `slug` and `name` of the workspace"),
    ],
};

/// What `get_health` answers. It is the one answer without an `object` field.
pub(super) const HEALTH: Object = Object {
    name: "",
    fields: &[read_only("status", Kind::Text, "`ok`"), read_only("timestamp", Kind::Timestamp, "The server's time")],
};

/// What a delete answers, the first time and every time after.
pub(super) const DELETED: Object = Object {
    name: "deleted",
    fields: &[
        read_only("object", Kind::Text, ""),
        read_only("id", Kind::Id, ""),
        read_only("display_id", Kind::Integer(0, i64::MAX), ""),
        read_only("deleted", Kind::Boolean, "Always `true`"),
    ],
};
