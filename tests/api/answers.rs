//! Answers that are not what the API promises, and bodies in all sizes and wrappings.

use super::{
    Harness,
    fault_server::{Fault, FaultServer, json, raw, with},
};
use onramp::api::error::{BadAnswer, CallError};

const LIST: &str = r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#;

fn bad(error: CallError) -> BadAnswer {
    let CallError::BadAnswer(bad) = error else { panic!("{error:?}") };
    *bad
}

#[tokio::test]
async fn a_2xx_without_the_promised_json_is_repeated_and_then_told() {
    let cut = || Fault::BytesThenClose(raw(200, &[], br#"{"object":"li"#, LIST.len()));
    for (fault, why, excerpt) in [
        (with(200, &[], b""), "the answer is empty", ""),
        (with(200, &[], b"<html>login"), "the answer is a web page, not JSON", "<html>login"),
        (json(200, r#"{"object":"list""#), "the answer ends in the middle of its JSON", r#"{"object":"list""#),
        (
            json(200, r#"{"object":"customer"}"#),
            "the answer is the object `customer` instead of `list`",
            r#"{"object":"customer"}"#,
        ),
        (cut(), "the connection was closed in the middle of the answer", r#"{"object":"li"#),
        (
            with(200, &[("content-encoding", "gzip")], b"not gzip at all, and long enough"),
            "the answer's compression is broken",
            "",
        ),
    ] {
        let server = FaultServer::start([fault.clone(), json(200, LIST)]).await;
        let harness = Harness::new(&server);
        harness.call("list_customers", &[]).await.unwrap();
        assert_eq!(harness.story(), "1:200 2:200", "{why}");

        let server = FaultServer::start([fault]).await;
        let bad = bad(Harness::new(&server).call("list_customers", &[]).await.unwrap_err());
        assert_eq!((bad.status, bad.attempts, bad.why.as_str(), bad.excerpt.as_str()), (200, 5, why, excerpt));
    }
}

#[tokio::test]
async fn an_error_that_is_cut_off_is_still_told_with_its_status() {
    let server = FaultServer::start([Fault::BytesThenClose(raw(404, &[], br#"{"error":{"ty"#, 90))]).await;
    let error = Harness::new(&server).call("get_customer", &["c1"]).await.unwrap_err();
    let CallError::Api(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status, error.kind.as_str()), (404, "not_found"));
    assert_eq!(error.excerpt.as_deref(), Some(r#"{"error":{"ty"#));
}

#[tokio::test]
async fn a_compressed_answer_is_unpacked() {
    let server = FaultServer::start([with(200, &[("content-encoding", "gzip")], &stored(LIST.as_bytes()))]).await;
    let answer = Harness::new(&server).call("list_customers", &[]).await.unwrap();
    assert_eq!(answer.body, LIST.as_bytes());
}

#[tokio::test]
async fn an_answer_beyond_16_mib_is_given_up_at_once_packed_or_not() {
    let huge = vec![b' '; 17 << 20];
    let packed = bomb(17 << 20);
    assert!(packed.len() < 1 << 18);
    for fault in [with(200, &[], &huge), with(200, &[("content-encoding", "gzip")], &packed), with(500, &[], &huge)] {
        let server = FaultServer::start([fault]).await;
        let harness = Harness::new(&server);
        let bad = bad(harness.call("list_customers", &[]).await.unwrap_err());
        assert_eq!((bad.why.as_str(), bad.attempts), ("the answer is larger than 16 MiB", 1));
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_body_of_exactly_16_mib_is_taken() {
    let mut body = LIST.as_bytes().to_vec();
    body.resize(16 << 20, b' ');
    let server = FaultServer::start([with(200, &[], &body)]).await;
    let answer = Harness::new(&server).call("list_customers", &[]).await.unwrap();
    assert_eq!(answer.body.len(), 16 << 20);
}

#[tokio::test]
async fn a_read_follows_redirects_within_the_origin() {
    let moved = with(307, &[("location", "/elsewhere?x=1")], b"");
    let server = FaultServer::start([moved, json(200, LIST)]).await;
    let harness = Harness::new(&server);
    harness.call("list_customers", &[]).await.unwrap();
    let asked = server.asked();
    assert_eq!((asked[1].method.as_str(), asked[1].target.as_str()), ("GET", "/elsewhere?x=1"));
    assert!(asked[1].header("authorization").is_some());
    assert_eq!(harness.story(), "1:200");

    let server = FaultServer::start([with(302, &[("location", "/again")], b"")]).await;
    let bad = bad(Harness::new(&server).call("list_customers", &[]).await.unwrap_err());
    assert_eq!(bad.why, format!("it redirects more than 5 times within {}", server.origin()));
    assert_eq!((server.asked().len(), bad.attempts), (6, 1));
}

#[tokio::test]
async fn the_key_follows_no_redirect_to_another_origin() {
    let other = FaultServer::start([json(200, LIST)]).await;
    let location = format!("{}/api/v1/customers?secret=1", other.origin());
    let server = FaultServer::start([with(302, &[("location", &location)], b"")]).await;
    let bad = bad(Harness::new(&server).call("list_customers", &[]).await.unwrap_err());
    assert_eq!(bad.why, format!("it redirects to {}, where the key must not go", other.origin()));
    assert_eq!((bad.status, bad.attempts, other.connections()), (302, 1, 0));
}

#[tokio::test]
async fn redirects_of_writes_and_to_strange_places_are_not_followed() {
    let server = FaultServer::start([with(308, &[("location", "/api/v2/customers")], b"")]).await;
    let why = bad(Harness::new(&server).call("create_customer", &[]).await.unwrap_err()).why;
    assert_eq!(why, format!("it redirects to another path of {}, and only reads are redirected", server.origin()));
    let userinfo = format!("http://user:pw@{}/", server.origin().trim_start_matches("http://"));
    for (location, why) in [
        ("file:///etc/passwd", "it redirects to a `file` address, where the key must not go".to_string()),
        (&userinfo, format!("it redirects to {}, where the key must not go", server.origin())),
        ("http://[", "it is a redirect that leads nowhere".to_string()),
    ] {
        let strange = FaultServer::start([with(302, &[("location", location)], b"")]).await;
        let bad = bad(Harness::new(&strange).call("get_me", &[]).await.unwrap_err());
        assert_eq!((bad.why, bad.attempts), (why, 1));
    }
}

/// A gzip file that holds `data` as it is.
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(data);
    let crc = data
        .iter()
        .fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1))));
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

/// The beginning of a gzip file of at least `size` zeros: one literal, then copies of 258 bytes (13 bits each).
fn bomb(size: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = Vec::new();
    // Last block, fixed codes; the literal 0.
    bits.extend([1, 1, 0]);
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..size / 258 + 1 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1]);
        bits.extend([0; 5]);
    }
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend(bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | bit)));
    out
}
