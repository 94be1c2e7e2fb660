//! A request's way where operations fail or panic, or their key is in flight.

use super::*;
use crate::sandbox::rows::Table;

fn shared() -> Arc<Shared> {
    let options = Options { customers: 0, clock: Clock::Fixed(Timestamp::UNIX_EPOCH), ..Options::default() };
    Arc::new(Shared::new(&options, None, watch::channel(()).1).unwrap())
}

fn post() -> Request {
    Request::post("/api/v1/customers")
        .header(AUTHORIZATION, format!("Bearer {}", auth::KEY))
        .header("idempotency-key", "k")
        .body(Body::from("{}"))
        .unwrap()
}

fn insert(call: &Call<'_>) -> Result<Reply, Problem> {
    Table::Customers.insert(call.db, 101, "clx", 0, None, "{}")?;
    Ok(Reply::created("{}".to_owned()))
}

fn insert_and_panic(call: &Call<'_>) -> Result<Reply, Problem> {
    insert(call)?;
    panic!("a bug");
}

fn insert_and_fail(call: &Call<'_>) -> Result<Reply, Problem> {
    insert(call)?;
    Err(Problem::internal("a bug"))
}

async fn status(shared: &Arc<Shared>, operation: Operation) -> u16 {
    let response = Arc::clone(shared).pass(Target::Guarded("create-customer", operation), String::new(), post()).await;
    response.status().as_u16()
}

#[tokio::test]
async fn a_key_whose_first_request_is_in_flight_is_a_conflict() {
    let shared = shared();
    let claim = Claim::new("POST", "/api/v1/customers", b"k", b"{}").unwrap();
    let flight = shared.in_flight.enter(&claim).unwrap();
    let response = Arc::clone(&shared).pass(Target::Guarded("create-customer", insert), String::new(), post()).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let body = to_bytes(response.into_body(), MOST_BYTES).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("idempotency_key_in_use"));
    drop(flight);
    assert_eq!(status(&shared, insert).await, 201);
}

#[tokio::test]
async fn an_operation_that_fails_or_panics_leaves_nothing_behind() {
    let shared = shared();
    assert_eq!(status(&shared, insert_and_panic).await, 500);
    assert_eq!(status(&shared, insert_and_fail).await, 500);
    // Neither the row nor the key's answer is there, and the key is free.
    assert_eq!(status(&shared, insert).await, 201);
}
