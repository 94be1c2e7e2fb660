//! The rate limit and its headers.

use std::time::Duration;

use onramp::sandbox::{Options, Rate, TEST_KEY};

use super::{Answer, Api, options};

/// 2026-05-26T17:21:09.412Z, the second after it.
const NOW_ROUNDED_UP: i64 = 1_779_816_070;

async fn limited(limit: u32) -> Api {
    Api::with(Options { rate: Some(Rate { limit, window: Duration::from_secs(3600) }), ..options(3) }).await
}

fn remaining(answer: &Answer) -> u32 {
    answer.header("x-ratelimit-remaining").parse().unwrap()
}

#[tokio::test]
async fn every_counted_request_takes_one_also_where_it_fails() {
    let api = limited(10).await;
    assert_eq!(remaining(&api.get("/me").await), 9);
    assert_eq!(remaining(&api.get("/customers/999").await), 8);
    assert_eq!(remaining(&api.post("/customers", "{").await), 7);
    assert_eq!(remaining(&api.get("/nowhere").await), 6);
    assert_eq!(remaining(&api.send(api.request("PUT", "/customers/101")).await), 5);
}

#[tokio::test]
async fn health_and_refused_keys_do_not_count() {
    let mut api = limited(10).await;
    assert_eq!(remaining(&api.get("/me").await), 9);
    assert_eq!(remaining(&api.get("/health").await), 9);
    let key = api.key.replace("pivotal_wrong".into());
    assert_eq!(remaining(&api.get("/me").await), 10);
    api.key = key;
    assert_eq!(remaining(&api.get("/me").await), 8);
}

#[tokio::test]
async fn over_the_limit_is_429_with_retry_after() {
    let api = limited(2).await;
    api.get("/me").await.ok();
    api.post("/customers", r#"{"name":"A"}"#).await.created();
    for _ in 0..3 {
        let answer = api.post("/customers", r#"{"name":"B"}"#).await;
        answer.refused(429, "rate_limit_error", "rate_limited", "");
        assert_eq!((answer.header("x-ratelimit-limit"), remaining(&answer)), ("2", 0));
        let wait: i64 = answer.header("retry-after").parse().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
        let reset: i64 = answer.header("x-ratelimit-reset").parse().unwrap();
        assert!((reset - NOW_ROUNDED_UP - wait).abs() <= 1, "{reset} {wait}");
    }
    assert_eq!(api.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_test_key_has_a_bucket_of_its_own() {
    let mut api = limited(1).await;
    api.get("/me").await.ok();
    assert_eq!(api.get("/me").await.status, 429);
    api.key = Some(TEST_KEY.to_owned());
    api.get("/me").await.ok();
    assert_eq!(api.get("/me").await.status, 429);
}

#[tokio::test]
async fn a_slot_is_free_again_when_its_request_leaves_the_window() {
    let rate = Some(Rate { limit: 1, window: Duration::from_millis(1) });
    let api = Api::with(Options { rate, ..options(1) }).await;
    // However slow the machine, a request comes through once a window has passed since the last one.
    let mut passed = 0;
    while passed < 3 {
        passed += usize::from(api.get("/me").await.status == 200);
    }
}

#[tokio::test]
async fn the_tier_is_named_after_the_rate() {
    for (limit, tier) in [(30, "test"), (60, "default"), (600, "paid"), (7, "custom")] {
        let rate = Some(Rate { limit, window: Duration::from_secs(60) });
        let api = Api::with(Options { rate, ..options(1) }).await;
        assert_eq!(api.get("/me").await.ok()["api_key"]["rate_limit_tier"], tier);
    }
}

#[tokio::test]
async fn without_a_rate_the_headers_are_large_and_reset_is_a_real_second() {
    let api = Api::new(1).await;
    for _ in 0..3 {
        let answer = api.get("/me").await;
        assert_eq!(answer.header("x-ratelimit-limit"), "1000000000");
        assert_eq!(answer.header("x-ratelimit-remaining"), "1000000000");
        assert_eq!(answer.header("x-ratelimit-reset"), (NOW_ROUNDED_UP + 60).to_string());
    }
}
