//! What every request passes, in this order: faults on purpose, key, rate limit, scope, idempotency, then its operation;
//! and the headers that every answer carries. Owns that order; must not know any operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::watch;

use super::auth::{self, Principal};
use super::faults::{self, Faults, Kind, Line, Strike};
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
    faults: Faults,
    clock: Clock,
    answered: AtomicU64,
    on_request: Option<OnRequest>,
    /// Its other end is dropped when the sandbox is to stop.
    stopped: watch::Receiver<()>,
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

/// What a request is for; operations with their ids.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Needs no key and does not count.
    Open(&'static str, Operation),
    /// Needs a key and counts.
    Guarded(&'static str, Operation),
    NoSuchPath,
    WrongMethod,
}

/// What is made of a request before the headers are put on.
struct Decided {
    result: Result<Reply, Problem>,
    standing: Standing,
    /// The seconds of a `Retry-After`.
    retry_after: Option<u64>,
}

impl Shared {
    /// Opens the data; seeds it where it is new.
    pub fn new(
        options: &Options,
        on_request: Option<OnRequest>,
        stopped: watch::Receiver<()>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            store: Store::open(options)?,
            limits: Limits::new(options.rate),
            in_flight: InFlight::default(),
            faults: Faults::new(&options.faults, options.seed),
            clock: options.clock.clone(),
            answered: AtomicU64::new(0),
            on_request,
            stopped,
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
        let done = tokio::spawn(async move { shared.answer(target, &id, &parts, body).await }).await;
        done.unwrap_or_else(|panic| {
            let problem = Problem::internal(panic);
            let standing = self.limits.peek(None, Instant::now());
            self.response(Decided { result: Err(problem), standing, retry_after: None }, "req_panicked")
        })
    }

    async fn answer(&self, target: Target, id: &str, parts: &Parts, body: Result<Bytes, Problem>) -> Response<Body> {
        let began = Instant::now();
        let request_id = format!("req_{:08}", self.answered.fetch_add(1, Ordering::Relaxed) + 1);
        let strike = match target {
            Target::Open(operation, _) | Target::Guarded(operation, _) => self.faults.strike(operation),
            Target::NoSuchPath | Target::WrongMethod => Strike::default(),
        };
        let mut response = match strike.kind {
            // The service never sees the request. What is made here for a reset is never sent.
            Some(Kind::ResetBefore) => Response::default(),
            Some(Kind::Html(status)) => faults::page(status),
            kind => self.response(self.decide(target, id, parts, body, began, kind), &request_id),
        };
        if let Some(kind) = strike.kind {
            let line = parts.extensions.get::<ConnectInfo<Line>>().map(|info| &info.0);
            faults::spoil(kind, &mut response, line);
        }
        if !strike.delay.is_zero() {
            let mut stopped = self.stopped.clone();
            tokio::select! {
                () = tokio::time::sleep(strike.delay) => {}
                _ = stopped.changed() => {}
            }
        }
        if let Some(on_request) = &self.on_request {
            let unanswered = matches!(strike.kind, Some(Kind::ResetBefore | Kind::ResetAfter));
            on_request(&Served {
                method: parts.method.to_string(),
                path: parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
                status: (!unanswered).then(|| response.status().as_u16()),
                millis: began.elapsed().as_secs_f64() * 1000.0,
                request_id,
                fault: strike.shown,
            });
        }
        response
    }

    /// The answer, where the key stands, and when to come back where the rate limit refused it. `fault` is what goes
    /// wrong on purpose, as far as the service itself does it.
    fn decide(
        &self,
        target: Target,
        id: &str,
        parts: &Parts,
        body: Result<Bytes, Problem>,
        began: Instant,
        fault: Option<Kind>,
    ) -> Decided {
        // A header that is no text cannot hold one of the sandbox's keys.
        let header = parts.headers.get(AUTHORIZATION).map(|h| h.to_str().unwrap_or(""));
        let mut principal = auth::check(header);
        let standing = self.limits.peek(principal.as_ref().ok().map(|p| p.id), began);
        let refused = |problem, standing| Decided { result: Err(problem), standing, retry_after: None };
        match (fault, &principal) {
            (Some(Kind::RateLimited(seconds)), _) => {
                let problem = Problem::rate_limited(seconds);
                return Decided { result: Err(problem), standing, retry_after: Some(seconds) };
            }
            // A service that stumbles has counted the request by then.
            (Some(Kind::Status(status)), Ok(principal)) if matches!(target, Target::Guarded(..)) => {
                return refused(faults::injected(status), self.limits.count(principal.id, began));
            }
            (Some(Kind::Status(status)), _) => return refused(faults::injected(status), standing),
            (Some(Kind::Revoke), Ok(principal)) => self.faults.revoke(principal),
            _ => {}
        }
        if let Target::Open(_, operation) = target {
            let result = self.run(operation, auth::nobody(), id, parts, b"");
            return Decided { result, standing, retry_after: None };
        }
        principal = principal.and_then(|principal| self.faults.admit(principal));
        let principal = match principal {
            Ok(principal) => principal,
            Err(problem) => return refused(problem, self.limits.peek(None, began)),
        };
        let standing = self.limits.count(principal.id, began);
        if !standing.allowed {
            let seconds = standing.retry_after();
            return Decided { result: Err(Problem::rate_limited(seconds)), standing, retry_after: Some(seconds) };
        }
        let result = match target {
            Target::NoSuchPath => Err(Problem::no_such_path()),
            Target::WrongMethod => Err(Problem::wrong_method()),
            Target::Open(_, operation) | Target::Guarded(_, operation) => {
                if !principal.may_write() && !reads(&parts.method) {
                    Err(Problem::forbidden())
                } else {
                    body.and_then(|body| self.run(operation, principal, id, parts, &body))
                }
            }
        };
        Decided { result, standing, retry_after: None }
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

    fn response(&self, decided: Decided, request_id: &str) -> Response<Body> {
        let Decided { result, standing, retry_after } = decided;
        let reply = reply(result);
        let now = self.clock.now();
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), standing.limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), standing.remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), standing.reset(now).into());
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
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
mod tests;
