//! Keys, scopes, `/me` and `/health`.

use onramp::sandbox::{READ_ONLY_KEY, REVOKED_KEY, TEST_KEY};
use serde_json::json;

use super::{Api, NOW};

async fn with_key(key: Option<&str>) -> Api {
    let mut api = Api::new(3).await;
    api.key = key.map(str::to_owned);
    api
}

#[tokio::test]
async fn get_me_tells_key_and_organization_without_the_secret() {
    let api = Api::new(3).await;
    let answer = api.get("/me").await;
    assert_eq!(
        answer.ok(),
        json!({"object": "me",
            "api_key": {"id": "key_sandbox_live", "name": "Sandbox", "prefix": "pivotal_sand",
                "scopes": ["read", "write"], "rate_limit_tier": "unlimited"},
            "organization": {"id": "org_sandbox", "slug": "sandbox", "name": "Sandbox"}})
    );
    assert!(!answer.text.contains(api.handle.key()));
}

#[tokio::test]
async fn health_needs_no_key() {
    let api = with_key(None).await;
    assert_eq!(api.get("/health").await.ok(), json!({"status": "ok", "timestamp": NOW}));
}

#[tokio::test]
async fn a_missing_or_unknown_key_is_an_authentication_error() {
    for key in [None, Some("pivotal_live_key_of_a_real_workspace"), Some(""), Some("pivotal_sandbox_key2")] {
        let api = with_key(key).await;
        for path in ["/me", "/customers", "/nowhere"] {
            api.get(path).await.refused(401, "authentication_error", "authentication_error", "");
        }
    }
}

#[tokio::test]
async fn a_revoked_key_is_told_so() {
    let api = with_key(Some(REVOKED_KEY)).await;
    api.get("/me").await.refused(401, "authentication_error", "api_key_revoked", "");
}

#[tokio::test]
async fn a_key_without_the_scope_may_read_but_not_write() {
    let api = with_key(Some(READ_ONLY_KEY)).await;
    api.get("/customers/101").await.ok();
    for (method, path) in [
        ("POST", "/customers"),
        ("PATCH", "/customers/101"),
        ("DELETE", "/customers/101"),
        ("POST", "/customers/101/contacts"),
        ("PATCH", "/contacts/1"),
        ("DELETE", "/contacts/1"),
        ("POST", "/onboardings"),
        ("PATCH", "/onboardings/1"),
        ("DELETE", "/onboardings/1"),
    ] {
        let answer = api.send(api.request(method, path).body(r#"{"name":"x"}"#)).await;
        answer.refused(403, "permission_error", "insufficient_scope", "");
    }
    assert_eq!(api.get("/customers/101").await.ok()["name"], "Acme Corporation");
}

#[tokio::test]
async fn a_test_key_sees_the_same_data() {
    let api = with_key(Some(TEST_KEY)).await;
    assert_eq!(api.get("/customers/101").await.ok()["name"], "Acme Corporation");
    assert_eq!(api.get("/me").await.ok()["api_key"]["prefix"], "pivotal_test");
}
