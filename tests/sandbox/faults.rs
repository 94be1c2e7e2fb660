//! Faults on purpose, each as a client sees it, and what the workspace looks like afterwards.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use onramp::sandbox::{Fault, Options, Rate, Served, TEST_KEY, start};

use super::{Answer, Api, options};

fn faults(texts: &[&str]) -> Vec<Fault> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

async fn faulty(texts: &[&str]) -> Api {
    Api::with(Options { faults: faults(texts), ..options(3) }).await
}

/// A create with an idempotency key; an error where there was no answer.
async fn create(api: &Api) -> Result<Answer, reqwest::Error> {
    let request = api.request("POST", "/customers").header("idempotency-key", "k").body(r#"{"name":"Zed"}"#);
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}

async fn count(api: &Api) -> usize {
    api.walk("/customers", 100).await.len()
}

#[tokio::test]
async fn a_status_is_an_error_of_the_api_and_changes_nothing() {
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found"),
        (409, "conflict"),
        (418, "invalid_request_error"),
        (500, "internal_error"),
        (503, "internal_error"),
        (599, "internal_error"),
    ] {
        let api = faulty(&[&format!("create_customer:status={status}@1")]).await;
        let answer = create(&api).await.unwrap();
        answer.refused(status, kind, kind, "");
        assert!(answer.header("x-request-id").starts_with("req_"));
        answer.header("x-ratelimit-remaining");
        assert_eq!(count(&api).await, 3);
        // Nothing was kept for the key.
        let again = create(&api).await.unwrap();
        assert!(again.created()["name"] == "Zed" && !again.headers.contains_key("idempotent-replayed"));
    }
}

#[tokio::test]
async fn a_429_has_its_retry_after_and_the_rate_headers_and_does_not_count() {
    let rate = Some(Rate { limit: 10, window: Duration::from_secs(3600) });
    let faults = faults(&["get-me:429@2", "get-me:429=30s@3", "get-me:status=500@4"]);
    let api = Api::with(Options { rate, faults, ..options(1) }).await;
    assert_eq!(api.get("/me").await.header("x-ratelimit-remaining"), "9");
    for wait in ["1", "30"] {
        let answer = api.get("/me").await;
        answer.refused(429, "rate_limit_error", "rate_limited", "");
        assert_eq!((answer.header("retry-after"), answer.header("x-ratelimit-remaining")), (wait, "9"));
        assert_eq!(answer.header("x-ratelimit-limit"), "10");
    }
    // A service that stumbles has counted the request.
    let stumbled = api.get("/me").await;
    assert_eq!((stumbled.status, stumbled.header("x-ratelimit-remaining")), (500, "8"));
    assert!(!stumbled.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_page_comes_from_a_proxy_and_knows_nothing_of_the_api() {
    let api = faulty(&["create-customer:html@1", "create-customer:html=200@2"]).await;
    for (status, title) in [(502, "<title>502 Bad Gateway</title>"), (200, "<title>200 OK</title>")] {
        let answer = create(&api).await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (status, "text/html"));
        assert!(answer.text.starts_with("<html>") && answer.text.contains(title), "{}", answer.text);
        for name in ["x-request-id", "x-ratelimit-limit"] {
            assert!(!answer.headers.contains_key(name), "{name}");
        }
    }
    assert_eq!(count(&api).await, 3);
}

#[tokio::test]
async fn reset_before_leaves_nothing_and_reset_after_leaves_the_record_and_its_answer() {
    for (fault, rows) in [("create-customer:reset-before@1", 3), ("create-customer:reset-after@1", 4)] {
        let api = faulty(&[fault]).await;
        let error = create(&api).await.err().unwrap();
        assert!(io_kind(&error) == Some(std::io::ErrorKind::ConnectionReset), "{fault}: {error:?}");
        assert_eq!(count(&api).await, rows, "{fault}");
        let again = create(&api).await.unwrap();
        assert_eq!(again.created()["name"], "Zed");
        assert_eq!(again.headers.contains_key("idempotent-replayed"), rows == 4, "{fault}");
        assert_eq!(count(&api).await, 4, "{fault}");
    }
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    let inner = error.source().and_then(io_kind);
    inner.or_else(|| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}

#[tokio::test]
async fn a_cut_answer_has_half_its_body_and_was_carried_out() {
    let api = faulty(&["create-customer:cut@1"]).await;
    let request = api.request("POST", "/customers").header("idempotency-key", "k").body(r#"{"name":"Zed"}"#);
    let mut response = request.send().await.unwrap();
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert_eq!(response.status(), 201);
    let mut body = Vec::new();
    let error = loop {
        match response.chunk().await {
            Ok(chunk) => body.extend_from_slice(&chunk.expect("the body is not whole")),
            Err(error) => break error,
        }
    };
    assert_eq!(body.len(), length / 2, "{error}");
    assert!(body.starts_with(br#"{"object":"customer""#));
    let again = create(&api).await.unwrap();
    assert_eq!((again.text.len(), again.header("idempotent-replayed")), (length, "true"));
}

#[tokio::test]
async fn a_large_answer_is_cut_in_its_middle_too() {
    let api = Api::with(Options { faults: faults(&["list-customers:cut@2"]), ..options(400) }).await;
    let whole = api.get("/customers?limit=100").await.text.len();
    let mut response = api.request("GET", "/customers?limit=100").send().await.unwrap();
    let mut got = 0;
    while let Ok(chunk) = response.chunk().await {
        got += chunk.expect("the body is not whole").len();
    }
    assert!(whole > 40_000);
    assert_eq!(got, whole / 2);
}

#[tokio::test]
async fn an_empty_answer_was_carried_out() {
    let api = faulty(&["create-customer:empty@1"]).await;
    let answer = create(&api).await.unwrap();
    assert_eq!((answer.status, answer.text.as_str(), answer.header("content-length")), (201, "", "0"));
    assert_eq!(create(&api).await.unwrap().header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_delayed_answer_comes_late_and_other_requests_do_not_wait() {
    let api = faulty(&["get-me:delay=700ms"]).await;
    let began = Instant::now();
    let slow = async {
        api.get("/me").await.ok();
        Instant::now()
    };
    let quick = async {
        api.get("/customers").await.ok();
        Instant::now()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(slow - began >= Duration::from_millis(700) && quick < slow);
}

#[tokio::test]
async fn a_delay_ends_when_the_sandbox_stops() {
    let seen: Arc<Mutex<Vec<Served>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let options = Options { faults: faults(&["create-customer:delay=1h"]), ..options(1) };
    let handle = start(options, Some(Box::new(move |s| sink.lock().unwrap().push(s.clone())))).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/customers", handle.base_url());
    let key = handle.key();
    let created = tokio::spawn(client.post(&url).bearer_auth(key).body(r#"{"name":"Zed"}"#).send());
    // Once it is in the list it was carried out, and only its answer is held back.
    loop {
        let listed = client.get(&url).bearer_auth(key).send().await.unwrap().text().await.unwrap();
        if listed.contains("Zed") {
            break;
        }
    }
    handle.stop().await;
    assert_eq!(created.await.unwrap().unwrap().status(), 201);
    let fault = seen.lock().unwrap().last().unwrap().fault.clone();
    assert_eq!(fault.as_deref(), Some("create-customer:delay=3600s"));
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_and_the_others_still_work() {
    let mut api = faulty(&["revoke@2"]).await;
    api.get("/health").await.ok();
    api.get("/me").await.ok();
    for path in ["/me", "/customers", "/nowhere"] {
        api.get(path).await.refused(401, "authentication_error", "api_key_revoked", "");
    }
    api.post("/customers", r#"{"name":"Zed"}"#).await.refused(401, "authentication_error", "api_key_revoked", "");
    api.get("/health").await.ok();
    api.key = Some(TEST_KEY.to_owned());
    assert_eq!(count(&api).await, 3);
}

#[tokio::test]
async fn health_can_be_struck_like_any_operation() {
    let api = faulty(&["get-health:status=503@1", "get_health:html@2", "*:cut@5"]).await;
    api.get("/health").await.refused(503, "internal_error", "internal_error", "");
    assert_eq!(api.get("/health").await.status, 502);
    api.get("/health").await.ok();
    api.get("/me").await.ok();
    assert!(api.request("GET", "/health").send().await.unwrap().text().await.is_err());
}

#[tokio::test]
async fn only_operations_are_counted_and_each_fault_counts_its_own() {
    let api = faulty(&["status=500@3", "get-customer:status=404@1"]).await;
    api.get("/nowhere").await.refused(404, "not_found", "not_found", "");
    api.send(api.request("PUT", "/customers/101")).await.refused(
        405,
        "invalid_request_error",
        "method_not_allowed",
        "",
    );
    api.get("/me").await.ok();
    api.get("/customers/101").await.refused(404, "not_found", "not_found", "");
    assert_eq!(api.get("/customers/101").await.status, 500);
    api.get("/customers/101").await.ok();
}

#[tokio::test]
async fn a_share_strikes_the_same_requests_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let api = Api::with(Options { seed, faults: faults(&["get-me:status=503@30%"]), ..options(1) }).await;
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(api.get("/me").await.status);
        }
        runs.push(statuses);
    }
    assert!(runs[0] == runs[1] && runs[0] != runs[2]);
    let struck = runs[0].iter().filter(|status| **status == 503).count();
    assert!((8..30).contains(&struck), "{struck}");
}

#[tokio::test]
async fn the_log_shows_what_went_wrong_on_purpose() {
    let seen: Arc<Mutex<Vec<Served>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let faults = faults(&["get-me:reset-after@1", "get-me:delay=1ms", "get-me:status=503@3", "get-me:cut@3"]);
    let options = Options { faults, ..options(1) };
    let handle = start(options, Some(Box::new(move |s| sink.lock().unwrap().push(s.clone())))).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["/me", "/me", "/me", "/health"] {
        let _ = client.get(format!("{}{path}", handle.base_url())).bearer_auth(handle.key()).send().await;
    }
    let seen = seen.lock().unwrap();
    let lines: Vec<_> = seen.iter().map(|served| (served.status, served.fault.as_deref())).collect();
    assert_eq!(
        lines,
        [
            (None, Some("get-me:reset-after@1, get-me:delay=1ms")),
            (Some(200), Some("get-me:delay=1ms")),
            (Some(503), Some("get-me:delay=1ms, get-me:status=503@3")),
            (Some(200), None),
        ]
    );
}
