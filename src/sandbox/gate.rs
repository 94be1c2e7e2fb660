//! What every request passes, in this order: key, rate limit, scope, idempotency, then its operation; and the headers
//! that every answer carries. Owns that order; must not know any operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use jiff::Timestamp;

use super::auth::{self, Principal};
use super::idempotency::{self, Claim, InFlight};
use super::limits::{Limits, Standing};
use super::problem::Problem;
use super::store::Store;
use super::{OnRequest, Options, Served, StartError};
use crate::clock::Clock;

/// The largest body that is read.
const MOST_BYTES: usize = 1 << 20;

/// What all requests share.
pub(super) struct Shared {
    store: Store,
    limits: Limits,
    in_flight: InFlight,
    clock: Clock,
    answered: AtomicU64,
    on_request: Option<OnRequest>,
}

/// What an operation is given.
pub(super) struct Call<'a> {
    pub db: &'a rusqlite::Connection,
    pub seed: u64,
    pub now: Timestamp,
    pub principal: &'static Principal,
    pub limits: &'a Limits,
    /// The `{id}` of the path, decoded; empty where the path has none.
    pub id: &'a str,
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
}

impl Call<'_> {
    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// An answer: status and JSON text.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: String,
    /// It was given before to the same idempotency key.
    pub replayed: bool,
}

impl Reply {
    /// 200 with this JSON text.
    pub fn ok(body: String) -> Self {
        Self { status: 200, body, replayed: false }
    }

    /// 201 with this JSON text.
    pub fn created(body: String) -> Self {
        Self { status: 201, body, replayed: false }
    }
}

/// The code of one operation. It runs to its end without waiting for anything.
pub(super) type Operation = fn(&Call<'_>) -> Result<Reply, Problem>;

/// What a request is for.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Needs no key and does not count.
    Open(Operation),
    /// Needs a key and counts.
    Guarded(Operation),
    NoSuchPath,
    WrongMethod,
}

impl Shared {
    /// Opens the data; seeds it where it is new.
    pub fn new(options: &Options, on_request: Option<OnRequest>) -> Result<Self, StartError> {
        Ok(Self {
            store: Store::open(options)?,
            limits: Limits::new(options.rate),
            in_flight: InFlight::default(),
            clock: options.clock.clone(),
            answered: AtomicU64::new(0),
            on_request,
        })
    }

    /// Answers one request. From the moment its body is there it is carried out in a task of its own: a client that goes
    /// away must not leave a create half done, or done and not kept for its idempotency key.
    pub async fn pass(self: Arc<Self>, target: Target, id: String, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MOST_BYTES).await.map_err(|_| {
            Problem::unreadable("too_big", format!("The body could not be read or has more than {MOST_BYTES} bytes."))
        });
        let shared = Arc::clone(&self);
        let done = tokio::spawn(async move { shared.answer(target, &id, &parts, body) }).await;
        done.unwrap_or_else(|panic| {
            let problem = Problem::internal(panic);
            let standing = self.limits.peek(None, Instant::now());
            self.response(reply(Err(problem)), standing, false, "req_panicked")
        })
    }

    fn answer(&self, target: Target, id: &str, parts: &Parts, body: Result<Bytes, Problem>) -> Response<Body> {
        let began = Instant::now();
        let request_id = format!("req_{:08}", self.answered.fetch_add(1, Ordering::Relaxed) + 1);
        let (result, standing, limited) = self.decide(target, id, parts, body, began);
        let response = self.response(reply(result), standing, limited, &request_id);
        if let Some(on_request) = &self.on_request {
            on_request(&Served {
                method: parts.method.to_string(),
                path: parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
                status: response.status().as_u16(),
                millis: began.elapsed().as_secs_f64() * 1000.0,
                request_id,
            });
        }
        response
    }

    /// The answer, where the key stands, and whether the rate limit refused it.
    fn decide(
        &self,
        target: Target,
        id: &str,
        parts: &Parts,
        body: Result<Bytes, Problem>,
        began: Instant,
    ) -> (Result<Reply, Problem>, Standing, bool) {
        // A header that is no text cannot hold one of the sandbox's keys.
        let header = parts.headers.get(AUTHORIZATION).map(|h| h.to_str().unwrap_or(""));
        let principal = auth::check(header);
        if let Target::Open(operation) = target {
            let standing = self.limits.peek(principal.as_ref().ok().map(|p| p.id), began);
            return (self.run(operation, auth::nobody(), id, parts, b""), standing, false);
        }
        let principal = match principal {
            Ok(principal) => principal,
            Err(problem) => return (Err(problem), self.limits.peek(None, began), false),
        };
        let standing = self.limits.count(principal.id, began);
        if !standing.allowed {
            return (Err(Problem::rate_limited(standing.retry_after())), standing, true);
        }
        let result = match target {
            Target::NoSuchPath => Err(Problem::no_such_path()),
            Target::WrongMethod => Err(Problem::wrong_method()),
            Target::Open(operation) | Target::Guarded(operation) => {
                if !principal.may_write() && !reads(&parts.method) {
                    Err(Problem::forbidden())
                } else {
                    body.and_then(|body| self.run(operation, principal, id, parts, &body))
                }
            }
        };
        (result, standing, false)
    }

    /// Carries out an operation: a POST with an idempotency key at most once, a write whole or not at all.
    fn run(
        &self,
        operation: Operation,
        principal: &'static Principal,
        id: &str,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Reply, Problem> {
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::unreadable("invalid_string", "The query cannot be read."))?
            .0;
        let now = self.clock.now();
        let claim = match parts.headers.get("idempotency-key") {
            Some(key) if parts.method == Method::POST => {
                Some(Claim::new("POST", parts.uri.path(), key.as_bytes(), body)?)
            }
            _ => None,
        };
        // Held until the answer is kept.
        let _flight = claim.as_ref().map(|claim| self.in_flight.enter(claim)).transpose()?;
        let mut db = self.store.lock();
        if let Some(claim) = &claim
            && let Some(kept) = claim.kept(&db, now)?
        {
            return Ok(Reply { status: kept.status, body: kept.body, replayed: true });
        }
        let call = |db| {
            operation(&Call {
                db,
                seed: self.store.seed,
                now,
                principal,
                limits: &self.limits,
                id,
                query: &query,
                body,
            })
        };
        if reads(&parts.method) {
            return call(&db);
        }
        // The answer is kept in the transaction of the write: neither can be there without the other.
        let transaction = db.transaction()?;
        let result = call(&transaction);
        if let (Ok(reply), Some(claim)) = (&result, &claim) {
            claim.keep(&transaction, now, reply.status, &reply.body)?;
        }
        match &result {
            Ok(_) => transaction.commit()?,
            Err(_) => transaction.rollback()?,
        }
        if let (Err(problem), Some(claim)) = (&result, &claim)
            && idempotency::is_kept(problem.status)
        {
            claim.keep(&db, now, problem.status, &problem.body())?;
        }
        result
    }

    fn response(&self, reply: Reply, standing: Standing, limited: bool, request_id: &str) -> Response<Body> {
        let now = self.clock.now();
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), standing.limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), standing.remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), standing.reset(now).into());
        if limited {
            headers.insert(RETRY_AFTER, standing.retry_after().into());
        }
        if reply.replayed {
            headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
        }
        // The sandbox's own now, not the machine's: hyper adds a date only where there is none. The format has no place
        // for years before 1970, where the machine's date will do.
        if let Ok(seconds) = u64::try_from(now.as_second())
            && let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds)))
        {
            headers.insert(DATE, date);
        }
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        response
    }
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn reply(result: Result<Reply, Problem>) -> Reply {
    result.unwrap_or_else(|problem| Reply { status: problem.status, body: problem.body(), replayed: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rows::Table;

    fn shared() -> Arc<Shared> {
        let options = Options { customers: 0, clock: Clock::Fixed(Timestamp::UNIX_EPOCH), ..Options::default() };
        Arc::new(Shared::new(&options, None).unwrap())
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
        let response = Arc::clone(shared).pass(Target::Guarded(operation), String::new(), post()).await;
        response.status().as_u16()
    }

    #[tokio::test]
    async fn a_key_whose_first_request_is_in_flight_is_a_conflict() {
        let shared = shared();
        let claim = Claim::new("POST", "/api/v1/customers", b"k", b"{}").unwrap();
        let flight = shared.in_flight.enter(&claim).unwrap();
        let response = Arc::clone(&shared).pass(Target::Guarded(insert), String::new(), post()).await;
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
}
