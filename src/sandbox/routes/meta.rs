//! `get-me` and `get-health`. Owns their bodies; must not touch the tables.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::Rate;
use crate::sandbox::gate::{Call, Reply};
use crate::sandbox::problem::Problem;
use crate::sandbox::times;

/// `GET /me`
pub(super) fn get_me(call: &Call<'_>) -> Result<Reply, Problem> {
    let key = call.principal;
    let body = json!({
        "object": "me",
        "api_key": {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "scopes": key.scopes,
            "rate_limit_tier": tier(call.limits.rate()),
        },
        "organization": {"id": "org_sandbox", "slug": "sandbox", "name": "Sandbox"},
    });
    Ok(Reply::ok(body.to_string()))
}

/// `GET /health`
pub(super) fn get_health(call: &Call<'_>) -> Result<Reply, Problem> {
    let body = json!({"status": "ok", "timestamp": times::with_millis(call.now)});
    Ok(Reply::ok(body.to_string()))
}

/// The tier whose rate this is. The notes do not say what the API's tiers are called; a rate that none of them has must
/// not bear the name of one, or a client that goes by the name would keep to the wrong rate.
fn tier(rate: Option<Rate>) -> &'static str {
    let minute = Duration::from_secs(60);
    match rate {
        None => "unlimited",
        Some(Rate { limit: 30, window }) if window == minute => "test",
        Some(Rate { limit: 60, window }) if window == minute => "default",
        Some(Rate { limit: 600, window }) if window == minute => "paid",
        Some(_) => "custom",
    }
}
