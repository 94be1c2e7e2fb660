//! What is tried again, how often, and what is told when it does not help.

use super::{
    Harness,
    fault_server::{Fault, FaultServer, json, raw, with},
    quick, send,
};
use onramp::api::{
    client::{MAX_WAIT, Timing},
    error::CallError,
};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const CUSTOMER: &str = r#"{"object":"customer","id":"c1","name":"Acme"}"#;

fn refusal(status: u16, kind: &str, code: &str, message: &str) -> Fault {
    json(status, &format!(r#"{{"error":{{"type":"{kind}","code":"{code}","message":"{message}"}}}}"#))
}

#[tokio::test]
async fn a_good_answer_comes_with_all_that_is_known_of_it() {
    let headers = [
        ("x-ratelimit-limit", "60"),
        ("x-ratelimit-remaining", "59"),
        ("x-request-id", "req_1"),
        ("date", "Tue, 26 May 2026 17:21:09 GMT"),
        ("deprecation", "@1779816069"),
    ];
    let server = FaultServer::start([with(200, &headers, CUSTOMER.as_bytes())]).await;
    let harness = Harness::new(&server);
    let answer = harness.call("get_customer", &["c1"]).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, CUSTOMER.as_bytes()));
    assert_eq!(answer.request_id.as_deref(), Some("req_1"));
    assert_eq!(answer.date.unwrap().to_string(), "2026-05-26T17:21:09Z");
    harness.call("get_customer", &["c2"]).await.unwrap();
    let attempts = harness.attempts();
    assert_eq!((attempts[0].budget_left, attempts[1].budget_left), (Some(59), Some(58)));
    assert_eq!(
        (attempts[0].request_id.as_deref(), attempts[0].deprecated.as_deref()),
        (Some("req_1"), Some("@1779816069"))
    );
    assert_eq!(server.connections(), 1, "connections are kept");
    let asked = &server.asked()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/api/v1/customers/c1"));
    assert_eq!(asked.header("user-agent"), Some(concat!("onramp/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(asked.header("authorization"), Some("Bearer pivotal_K8s9TheRestIsSecret"));
    assert_eq!((asked.header("accept"), asked.header("accept-encoding")), (Some("application/json"), Some("gzip")));
    assert_eq!((asked.header("content-type"), asked.header("idempotency-key")), (None, None));
}

#[tokio::test]
async fn a_reset_is_repeated_whether_or_not_the_server_acted() {
    for fault in [Fault::ResetUnread, Fault::ResetAfterActing, Fault::BytesThenClose(Vec::new())] {
        let server = FaultServer::start([fault.clone(), json(200, CUSTOMER)]).await;
        let harness = Harness::new(&server);
        harness.call("update_customer", &["c1"]).await.unwrap();
        assert_eq!(harness.story(), "1:- 2:200", "{fault:?}");
        let first = &harness.attempts()[0];
        assert_eq!(first.result.as_ref().unwrap_err(), "the connection was closed before the answer came", "{fault:?}");
        assert!(first.retry_in.is_some());
    }
}

#[tokio::test]
async fn all_attempts_of_a_create_carry_the_same_idempotency_key_and_body() {
    let script = [
        Fault::ResetAfterActing,
        json(503, ""),
        with(201, &[], b""),
        refusal(409, "conflict", "idempotency_in_flight", "The first request is in progress"),
        json(201, CUSTOMER),
    ];
    let server = FaultServer::start(script).await;
    let harness = Harness::new(&server);
    harness.call("create_customer", &[]).await.unwrap();
    assert_eq!(harness.story(), "1:- 2:503 3:201 4:409 5:201");
    for asked in server.asked() {
        assert_eq!(asked.header("idempotency-key"), Some("key-1"));
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.body, br#"{"name":"Acme"}"#);
    }
}

#[tokio::test]
async fn no_network_is_told_after_the_last_attempt_with_its_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let harness = Harness::with(&format!("http://{address}"), quick());
    let error = harness.call("get_me", &[]).await.unwrap_err();
    let CallError::Network { operation, attempts, cause, waited: None } = error else { panic!("{error:?}") };
    assert_eq!((operation, attempts, cause), ("get_me", 5, format!("connection refused by {address}")));
    assert_eq!(harness.attempts()[4].budget_left, Some(60), "what was never sent takes nothing from the budget");
}

#[tokio::test]
async fn a_service_that_goes_away_is_waited_for_and_what_it_says_then_has_all_its_attempts() {
    let resets = vec![Fault::ResetUnread; 17];
    let back = vec![json(503, ""), json(503, ""), json(200, CUSTOMER)];
    let server = FaultServer::start([vec![json(200, CUSTOMER)], resets, back].concat()).await;
    let harness = Harness::new(&server);
    harness.call("get_customer", &["c1"]).await.unwrap();
    harness.call("update_customer", &["c1"]).await.unwrap();
    let attempts = harness.attempts();
    assert_eq!(attempts.len(), 1 + 17 + 3);
    let waits = attempts.iter().filter(|attempt| attempt.outlasts == Some(MAX_WAIT)).count();
    // Five attempts, and then four a round.
    assert_eq!(waits, 4, "{}", harness.story());
    assert_eq!(attempts[17].result.as_ref().unwrap_err(), "the connection was closed before the answer came");
}

#[tokio::test]
async fn a_service_that_stays_away_ends_the_call_after_max_wait() {
    let server = FaultServer::start([json(200, CUSTOMER), Fault::ResetUnread]).await;
    let max_wait = Duration::from_millis(300);
    let harness = Harness::patient(&server.base(), quick(), max_wait);
    harness.call("get_customer", &["c1"]).await.unwrap();
    let error = harness.call("create_customer", &[]).await.unwrap_err();
    let CallError::Network { attempts, waited: Some(waited), .. } = error else { panic!("{error:?}") };
    assert!(waited >= max_wait && attempts > 5, "{waited:?} {attempts}");
    assert!(server.asked().iter().skip(1).all(|asked| asked.header("idempotency-key") == Some("key-1")));
}

#[tokio::test]
async fn statuses_that_pass_are_repeated_and_others_are_answers() {
    for status in [408, 500, 502, 503, 504] {
        let server = FaultServer::start([json(status, ""), json(200, CUSTOMER)]).await;
        let harness = Harness::new(&server);
        harness.call("get_customer", &["c1"]).await.unwrap();
        assert_eq!(harness.story(), format!("1:{status} 2:200"));
    }
    for (status, kind) in
        [(400, "invalid_request_error"), (403, "permission_error"), (404, "not_found"), (409, "conflict")]
    {
        let server = FaultServer::start([refusal(status, kind, "slug_taken", "No")]).await;
        let harness = Harness::new(&server);
        let error = harness.call("create_customer", &[]).await.unwrap_err();
        let CallError::Api(error) = error else { panic!("{error:?}") };
        assert_eq!((error.status, error.kind.as_str(), error.attempts), (status, kind, 1));
        assert_eq!((error.code.as_deref(), error.message.as_str()), (Some("slug_taken"), "No"));
    }
}

#[tokio::test]
async fn the_web_page_of_a_proxy_is_told_with_status_and_first_characters() {
    let page = "<html>\n<h1>502 Bad Gateway</h1>";
    let server = FaultServer::start([with(502, &[("content-type", "text/html")], page.as_bytes())]).await;
    let harness = Harness::new(&server);
    let error = harness.call("delete_customer", &["c1"]).await.unwrap_err();
    let CallError::Api(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status, error.kind.as_str(), error.attempts), (502, "internal_error", 5));
    assert_eq!(error.excerpt.as_deref(), Some("<html>\\n<h1>502 Bad Gateway</h1>"));
    assert_eq!(harness.attempts()[4].retry_in, None);
}

#[tokio::test]
async fn retry_after_is_the_delay_unless_it_is_longer_than_the_call_may_take() {
    let server = FaultServer::start([with(503, &[("retry-after", "0")], b""), json(200, CUSTOMER)]).await;
    let harness = Harness::new(&server);
    harness.call("get_customer", &["c1"]).await.unwrap();
    assert_eq!(harness.attempts()[0].retry_in, Some(Duration::ZERO));
    let server = FaultServer::start([with(503, &[("retry-after", "3600")], b"")]).await;
    let harness = Harness::new(&server);
    let error = harness.call("get_customer", &["c1"]).await.unwrap_err();
    assert!(matches!(&error, CallError::Api(e) if e.status == 503 && e.attempts == 1), "{error:?}");
}

#[tokio::test]
async fn a_429_costs_no_attempt_however_often_it_comes() {
    let limited = with(429, &[("retry-after", "0")], b"");
    let past = with(429, &[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")], b"");
    let script = [vec![limited; 6], vec![past, json(429, ""), json(503, ""), json(200, CUSTOMER)]].concat();
    let server = FaultServer::start(script).await;
    let harness = Harness::new(&server);
    harness.call("get_customer", &["c1"]).await.unwrap();
    assert_eq!(harness.story(), "1:429 1:429 1:429 1:429 1:429 1:429 1:429 1:429 1:503 2:200");
}

#[tokio::test]
async fn a_429_that_lasts_longer_than_max_wait_blocks_everybody_at_once() {
    let server = FaultServer::start([with(429, &[("retry-after", "3600")], b"")]).await;
    let harness = Harness::new(&server);
    for name in ["get_me", "get_me"] {
        let error = harness.call(name, &[]).await.unwrap_err();
        let CallError::Blocked { max_wait, .. } = error else { panic!("{error:?}") };
        assert_eq!(max_wait, Duration::from_secs(600));
    }
    assert_eq!(harness.story(), "1:429");
    assert_eq!(harness.attempts()[0].retry_in, None);
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_more_than_the_call_may_take() {
    let timing = Timing {
        read: Duration::from_millis(100),
        attempt: Duration::from_millis(150),
        call: Duration::from_millis(250),
        ..quick()
    };
    let server = FaultServer::start([Fault::Silence]).await;
    let harness = Harness::with(&server.base(), timing);
    let begun = Instant::now();
    let error = harness.call("get_me", &[]).await.unwrap_err();
    let CallError::Network { cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause, "no answer within 100 ms");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_attempt_cut_short_by_the_call_s_time_does_not_hide_the_real_cause() {
    let timing = Timing { call: Duration::from_millis(300), ..quick() };
    let server = FaultServer::start([json(503, ""), Fault::Silence]).await;
    let harness = Harness::with(&server.base(), timing);
    let error = harness.call("get_me", &[]).await.unwrap_err();
    assert!(matches!(&error, CallError::Api(e) if e.status == 503), "{error:?}");
    assert_eq!(harness.story(), "1:503 2:-");
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up_after_the_attempt_s_time() {
    let timing = Timing { attempt: Duration::from_millis(150), call: Duration::from_millis(200), ..quick() };
    let head = raw(200, &[], b"", CUSTOMER.len());
    let drip = Fault::Drip(head, CUSTOMER.as_bytes().to_vec(), Duration::from_millis(20));
    let server = FaultServer::start([drip]).await;
    let harness = Harness::with(&server.base(), timing);
    let error = harness.call("get_me", &[]).await.unwrap_err();
    let CallError::Network { cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause, "the answer began, but was not complete within 150 ms");
}

#[tokio::test]
async fn what_is_not_http_is_told_as_such() {
    let server = FaultServer::start([Fault::BytesThenClose(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec())]).await;
    let error = Harness::new(&server).call("get_me", &[]).await.unwrap_err();
    let CallError::Network { cause, attempts: 5, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause, "the answer was not HTTP");
}

#[tokio::test]
async fn one_client_serves_many_tasks_and_paces_them_together() {
    let headers = [("x-ratelimit-limit", "1000000000"), ("x-ratelimit-remaining", "1000000000")];
    let server = FaultServer::start([with(200, &headers, CUSTOMER.as_bytes())]).await;
    let harness = Harness::new(&server);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let client = harness.client.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    send(&client, "update_customer", &["c1"]).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((server.asked().len(), harness.attempts().len()), (400, 400));
    assert!(server.connections() <= 8, "{}", server.connections());
}

#[tokio::test]
async fn get_health_carries_no_key_and_passes_a_full_budget() {
    let server = FaultServer::start([json(200, r#"{"status":"ok"}"#)]).await;
    let harness = Harness::new(&server);
    for _ in 0..70 {
        harness.call("get_health", &[]).await.unwrap();
    }
    assert!(server.asked().iter().all(|asked| asked.header("authorization").is_none()));
    assert!(harness.attempts().iter().all(|attempt| attempt.budget_left.is_none()));
}
