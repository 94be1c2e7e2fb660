//! The key goes to the server and nowhere else. (Each call of the harness also looks for it in the error.)

use super::{
    Harness, KEY, REST,
    fault_server::{Fault, FaultServer, json, raw, with},
};
use onramp::{api::error::CallError, secret::Secret};

#[tokio::test]
async fn a_401_ends_at_once_and_what_the_server_echoes_is_hidden() {
    let body = format!(
        r#"{{"error":{{"type":"authentication_error","code":"api_key_revoked","message":"{KEY} is revoked","field":"{KEY}"}}}}"#
    );
    let server = FaultServer::start([json(401, &body)]).await;
    let harness = Harness::new(&server);
    let error = harness.call("create_customer", &[]).await.unwrap_err();
    let CallError::Key(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status, error.attempts, error.message.as_str()), (401, 1, "[redacted] is revoked"));
    assert_eq!((error.code.as_deref(), error.field.as_deref()), (Some("api_key_revoked"), Some("[redacted]")));
}

#[tokio::test]
async fn no_echo_of_the_key_survives_in_any_kind_of_error() {
    let filler = "x".repeat(190);
    let page = format!("<p>{filler}{KEY}</p>");
    let half = &KEY[..KEY.len() - 3];
    for fault in [
        json(400, &format!(r#"{{"error":{{"type":"{KEY}","code":"{KEY}","message":"{KEY}"}}}}"#)),
        with(502, &[], page.as_bytes()),
        with(200, &[], page.as_bytes()),
        json(200, &format!(r#"{{"object":"{KEY}"}}"#)),
        Fault::BytesThenClose(raw(200, &[], format!("key {half}").as_bytes(), 500)),
        Fault::BytesThenClose(raw(404, &[], format!("key {half}").as_bytes(), 500)),
        with(404, &[("x-request-id", KEY), ("deprecation", KEY)], b""),
        with(302, &[("location", &format!("http://{KEY}.example/{KEY}"))], b""),
    ] {
        let server = FaultServer::start([fault.clone()]).await;
        let error = Harness::new(&server).call("get_me", &[]).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&REST[..4]), "{shown}");
        assert!(!shown.to_lowercase().contains(&REST.to_lowercase()), "{shown}");
    }
}

#[tokio::test]
async fn the_client_s_filter_hides_its_key() {
    let server = FaultServer::start([Fault::Silence]).await;
    let harness = Harness::new(&server);
    let redactor = harness.client.redactor();
    assert_eq!(redactor.redact(&format!("a {KEY} b")), "a [redacted] b");
    assert!(!format!("{redactor:?} {:?}", Secret::new(KEY)).contains(REST));
}
