//! What all answers have in common: envelope, headers, methods, paths, unreadable bodies, and starting and stopping.

use std::sync::{Arc, Mutex};

use onramp::sandbox::{Options, Served, StartError, start};

use super::{Api, fixed, options};

const PATHS: &[(&str, &str)] = &[
    ("/me", "GET"),
    ("/health", "GET"),
    ("/customers", "GET POST"),
    ("/customers/101", "GET PATCH DELETE"),
    ("/customers/101/contacts", "GET POST"),
    ("/customers/101/onboardings", "GET"),
    ("/contacts/1", "GET PATCH DELETE"),
    ("/onboardings", "GET POST"),
    ("/onboardings/1", "GET PATCH DELETE"),
];

#[tokio::test]
async fn there_are_18_routes_and_any_other_method_is_405() {
    let api = Api::new(3).await;
    let mut routes = 0;
    for (path, methods) in PATHS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if methods.split(' ').any(|m| m == method) {
                routes += 1;
                continue;
            }
            let answer = api.send(api.request(method, path).body("{}")).await;
            answer.refused(405, "invalid_request_error", "method_not_allowed", "");
            for allowed in methods.split(' ') {
                assert!(answer.header("allow").contains(allowed), "{path}");
            }
        }
    }
    assert_eq!(routes, 18);
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let api = Api::new(1).await;
    for path in ["/nowhere", "/customers/", "/customers//contacts", "/customers/101/deals", "", "/../../"] {
        api.get(path).await.refused(404, "not_found", "not_found", "");
    }
}

#[tokio::test]
async fn every_answer_is_json_with_its_headers() {
    let mut api = Api::new(1).await;
    let mut answers = vec![
        api.get("/health").await,
        api.get("/me").await,
        api.get("/customers").await,
        api.get("/nowhere").await,
        api.post("/customers", "{").await,
        api.send(api.request("PUT", "/me")).await,
    ];
    api.key = None;
    answers.push(api.get("/me").await);
    for answer in &answers {
        answer.json();
        assert!(answer.header("content-type").starts_with("application/json"));
        assert!(answer.header("x-request-id").starts_with("req_"));
        // The sandbox's own clock.
        assert_eq!(answer.header("date"), "Tue, 26 May 2026 17:21:09 GMT");
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            answer.header(name).parse::<u64>().unwrap();
        }
    }
    let mut ids: Vec<_> = answers.iter().map(|a| a.header("x-request-id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let api = Api::new(1).await;
    let deep = format!(r#"{{"name":"a","metadata":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for body in ["", "{", "name=Acme", r#"{"name":"a",}"#, r#"{"name":"a"} x"#, "\u{feff}{}"] {
        api.post("/customers", body).await.invalid("invalid_json", "");
        api.patch("/customers/101", body).await.invalid("invalid_json", "");
    }
    for body in ["[]", "null", "\"name\"", "7"] {
        api.post("/customers", body).await.invalid("invalid_type", "");
        api.patch("/customers/101", body).await.invalid("invalid_type", "");
    }
    api.post("/customers", &deep).await.invalid("invalid_type", "metadata");
    let not_utf8 = api.request("POST", "/customers").body(b"{\"name\":\"\xff\"}".to_vec());
    api.send(not_utf8).await.invalid("invalid_json", "");
    let huge = format!(r#"{{"name":"{}"}}"#, "x".repeat(1 << 20));
    api.post("/customers", &huge).await.invalid("too_big", "");
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let api = Api::new(1).await;
    let request = api.request("POST", "/customers").header("content-type", "text/plain").body(r#"{"name":" {a} "}"#);
    assert_eq!(api.send(request).await.created()["name"], " {a} ");
    let spaced = "\n { \"name\" : \"b\" } \n";
    api.post("/customers", spaced).await.created();
}

#[tokio::test]
async fn of_a_field_that_stands_twice_the_last_one_counts() {
    let api = Api::new(1).await;
    assert_eq!(api.post("/customers", r#"{"name":"a","name":"b"}"#).await.created()["name"], "b");
}

#[tokio::test]
async fn each_answered_request_is_told_once() {
    let seen: Arc<Mutex<Vec<Served>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let handle = start(options(1), Some(Box::new(move |s| sink.lock().unwrap().push(s.clone())))).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/customers?limit=5", handle.base_url());
    client.get(&url).bearer_auth(handle.key()).send().await.unwrap();
    client.put(&url).send().await.unwrap();
    let seen = seen.lock().unwrap();
    let lines: Vec<_> = seen.iter().map(|s| (s.method.as_str(), s.path.as_str(), s.status)).collect();
    assert_eq!(
        lines,
        [("GET", "/api/v1/customers?limit=5", Some(200)), ("PUT", "/api/v1/customers?limit=5", Some(401))]
    );
    assert!(seen.iter().all(|s| s.millis >= 0.0 && s.request_id.starts_with("req_")));
}

#[tokio::test]
async fn a_stopped_or_dropped_sandbox_no_longer_answers() {
    let api = Api::new(1).await;
    let url = format!("{}/health", api.handle.base_url());
    api.get("/health").await.ok();
    api.handle.stop().await;
    assert!(api.client.get(&url).send().await.is_err());

    let api = Api::new(1).await;
    let url = format!("{}/health", api.handle.base_url());
    drop(api.handle);
    // Dropping asks it to stop and does not wait until it has.
    while api.client.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_port_that_is_in_use_is_named() {
    let api = Api::new(1).await;
    let port: u16 = api.handle.base_url().split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap();
    let error = start(Options { port, clock: fixed(), ..Options::default() }, None).await.unwrap_err();
    assert!(matches!(error, StartError::Port { .. }));
    assert_eq!(error.to_string(), format!("port {port} on 127.0.0.1 is in use"));
}
