//! Idempotency keys.

use onramp::sandbox::Options;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Answer, Api, options};

async fn post(api: &Api, path: &str, key: &str, body: &str) -> Answer {
    api.send(api.request("POST", path).header("Idempotency-Key", key).body(body.to_owned())).await
}

#[tokio::test]
async fn the_same_key_and_body_give_the_first_answer_byte_for_byte() {
    let api = Api::new(1).await;
    for (path, body) in [
        ("/customers", r#"{"name":"Once"}"#),
        ("/customers/101/contacts", r#"{"name":"Once","email":"once@example.com"}"#),
        ("/onboardings", r#"{"customer_id":"101"}"#),
    ] {
        let first = post(&api, path, "k-1", body).await;
        let second = post(&api, path, "k-1", body).await;
        assert_eq!((first.status, second.status), (201, 201));
        assert_eq!(first.text, second.text);
        assert_eq!(second.header("idempotent-replayed"), "true");
    }
    assert_eq!(api.walk("/customers", 100).await.len(), 2);
    // Still the first answer when the record has changed since.
    api.patch("/customers/102", r#"{"name":"Changed"}"#).await.ok();
    assert_eq!(post(&api, "/customers", "k-1", r#"{"name":"Once"}"#).await.created()["name"], "Once");
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_conflict() {
    let api = Api::new(1).await;
    post(&api, "/customers", "k", r#"{"name":"A"}"#).await.created();
    for body in [r#"{"name":"B"}"#, r#"{"name": "A"}"#, "", "{"] {
        post(&api, "/customers", "k", body).await.refused(409, "conflict", "idempotency_key_reused", "");
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_endpoint() {
    let api = Api::new(2).await;
    let body = r#"{"name":"Ann","email":"ann@example.com"}"#;
    let first = post(&api, "/customers/101/contacts", "k", body).await.created();
    let second = post(&api, "/customers/102/contacts", "k", body).await.created();
    assert_ne!(first["id"], second["id"]);
    post(&api, "/customers", "k", body).await.created();
}

#[tokio::test]
async fn keys_of_one_workspace_share_idempotency() {
    let mut api = Api::new(1).await;
    let first = post(&api, "/customers", "k", r#"{"name":"A"}"#).await;
    api.key = Some(onramp::sandbox::TEST_KEY.to_owned());
    assert_eq!(post(&api, "/customers", "k", r#"{"name":"A"}"#).await.text, first.text);
}

#[tokio::test]
async fn a_key_has_at_most_255_bytes() {
    let api = Api::new(1).await;
    post(&api, "/customers", &"k".repeat(255), r#"{"name":"A"}"#).await.created();
    post(&api, "/customers", &"k".repeat(256), r#"{"name":"A"}"#).await.invalid("too_big", "Idempotency-Key");
    post(&api, "/customers", "", r#"{"name":"A"}"#).await.invalid("too_small", "Idempotency-Key");
}

#[tokio::test]
async fn a_conflict_is_kept_but_a_refused_body_is_not() {
    let api = Api::new(1).await;
    let taken = r#"{"name":"A","slug":"acme-corp"}"#;
    let first = post(&api, "/customers", "k-1", taken).await;
    first.refused(409, "conflict", "slug_taken", "slug");
    api.delete("/customers/101").await.ok();
    assert_eq!(post(&api, "/customers", "k-1", taken).await.text, first.text);
    post(&api, "/customers", "k-2", r#"{"nam":"A"}"#).await.invalid("missing_field", "name");
    post(&api, "/customers", "k-2", r#"{"name":"A"}"#).await.created();
}

#[tokio::test]
async fn without_a_key_a_post_creates_twice() {
    let api = Api::new(1).await;
    let first = api.post("/customers", r#"{"name":"A"}"#).await.created();
    let second = api.post("/customers", r#"{"name":"A"}"#).await.created();
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn many_requests_at_once_with_one_key_create_once() {
    let api = Api::new(1).await;
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let request = api.request("POST", "/customers").header("Idempotency-Key", "k").body(r#"{"name":"A"}"#);
        sends.spawn(async { request.send().await.unwrap().text().await.unwrap() });
    }
    let texts = sends.join_all().await;
    let made = api.get("/customers/102").await.text;
    for text in texts {
        assert!(text == made || text.contains("idempotency_key_in_use"), "{text}");
    }
    assert_eq!(api.walk("/customers", 100).await.len(), 2);
}

#[tokio::test]
async fn a_create_is_carried_out_although_the_client_went_away() {
    let api = Api::new(1).await;
    let url = api.handle.base_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/api/v1");
    let body = r#"{"name":"Left early"}"#;
    let request = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
         Content-Length: {}\r\n\r\n{body}",
        api.handle.key(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream);
    while api.get("/customers/102").await.status == 404 {
        tokio::task::yield_now().await;
    }
    let again = post(&api, "/customers", "k", body).await;
    assert_eq!(again.created()["display_id"], 102);
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_key_outlives_a_restart_with_a_data_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().join("sandbox.db"));
    let first = Api::with(Options { data: data.clone(), ..options(1) }).await;
    let answer = post(&first, "/customers", "k", r#"{"name":"A"}"#).await;
    first.handle.stop().await;
    let second = Api::with(Options { data, ..options(1) }).await;
    assert_eq!(post(&second, "/customers", "k", r#"{"name":"A"}"#).await.text, answer.text);
}
