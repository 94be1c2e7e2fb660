//! What happens to calls when somebody asks to stop.

use super::{
    Harness,
    fault_server::{Fault, FaultServer, json, raw},
    quick, send,
};
use onramp::{
    api::{
        client::{Answer, Timing},
        error::CallError,
    },
    stop::Reason,
};
use std::time::Duration;
use tokio::task::JoinHandle;

const CUSTOMER: &[u8] = br#"{"object":"customer","id":"c1"}"#;

fn begin(harness: &Harness, name: &'static str) -> JoinHandle<Result<Answer, CallError>> {
    let client = harness.client.clone();
    tokio::spawn(async move { send(&client, name, if name.starts_with("create") { &[] } else { &["c1"] }).await })
}

fn assert_stopped(answer: Result<Answer, CallError>) {
    assert!(matches!(answer, Err(CallError::Stopped(Reason::Interrupt))), "{answer:?}");
}

#[tokio::test]
async fn a_read_in_flight_is_dropped_at_once() {
    let server = FaultServer::start([Fault::Silence]).await;
    let harness = Harness::new(&server);
    let call = begin(&harness, "get_customer");
    server.arrival().await;
    harness.stop.ask(Reason::Interrupt);
    assert_stopped(call.await.unwrap());
}

#[tokio::test]
async fn a_write_in_flight_gets_its_answer() {
    let server = FaultServer::start([Fault::Held(raw(200, &[], CUSTOMER, CUSTOMER.len()))]).await;
    let harness = Harness::new(&server);
    let call = begin(&harness, "update_customer");
    server.arrival().await;
    harness.stop.ask(Reason::Interrupt);
    server.go_on();
    assert_eq!(call.await.unwrap().unwrap().body, CUSTOMER);
}

#[tokio::test]
async fn a_write_that_fails_after_the_request_to_stop_is_not_repeated() {
    for held in [Vec::new(), raw(503, &[], b"", 0)] {
        let server = FaultServer::start([Fault::Held(held)]).await;
        let harness = Harness::new(&server);
        let call = begin(&harness, "create_customer");
        server.arrival().await;
        harness.stop.ask(Reason::Interrupt);
        server.go_on();
        assert_stopped(call.await.unwrap());
        assert_eq!((server.asked().len(), harness.attempts()[0].retry_in), (1, None));
    }
    let refusal = br#"{"error":{"type":"not_found","message":"gone"}}"#;
    let server = FaultServer::start([Fault::Held(raw(404, &[], refusal, refusal.len()))]).await;
    let harness = Harness::new(&server);
    let call = begin(&harness, "delete_customer");
    server.arrival().await;
    harness.stop.ask(Reason::Interrupt);
    server.go_on();
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(&error, CallError::Api(e) if e.status == 404), "an answer is an answer: {error:?}");
}

#[tokio::test]
async fn a_backoff_ends_and_nothing_more_is_sent() {
    let hour = Duration::from_secs(3600);
    let server = FaultServer::start([json(503, "")]).await;
    let timing = Timing { call: 9 * hour, backoff_base: 8 * hour, backoff_cap: 8 * hour, ..quick() };
    let harness = Harness::with(&server.base(), timing);
    let call = begin(&harness, "update_customer");
    server.arrival().await;
    while harness.attempts().is_empty() {
        tokio::task::yield_now().await;
    }
    harness.stop.ask(Reason::Interrupt);
    assert_stopped(call.await.unwrap());
    assert_stopped(harness.call("update_customer", &["c1"]).await);
    assert_stopped(harness.call("get_customer", &["c1"]).await);
    assert_eq!(server.asked().len(), 1);
}
