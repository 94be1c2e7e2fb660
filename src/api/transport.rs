//! One request over the wire and what came back: TLS, pool, time-outs, redirects, the cap on the body. The only file
//! that names the HTTP library. Tries nothing twice, judges no answer, knows no rate limit.

use super::{
    cause::{self, Failure},
    operation::Method,
    request::{BaseUrl, Request},
    settings::Timing,
};
use crate::{secret::Secret, text};
use jiff::Timestamp;
use reqwest::{
    Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION},
};
use std::{sync::OnceLock, time::Duration};
use tokio::time::{Instant, timeout_at};
use url::Host;
use zeroize::Zeroizing;

/// The largest answer that is taken, after decompression.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// How many redirects within the origin are followed.
const MAX_HOPS: u32 = 5;

/// What came back from one attempt.
pub struct Reply {
    pub status: u16,
    pub headers: Headers,
    /// All of the body, or what came of it.
    pub body: Vec<u8>,
    pub end: End,
}

/// How an answer ended.
pub enum End {
    /// As it should.
    Whole,
    /// Before its end.
    Cut,
    /// In compressed data that are none.
    Garbled,
    /// Given up beyond [`MAX_BODY`].
    TooLarge,
    /// With a redirect that is not followed; why.
    Redirect(String),
}

/// The headers that mean something to the client.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    pub retry_after: Option<String>,
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// When the window is over, Unix seconds of the server's clock.
    pub reset: Option<i64>,
    pub date: Option<Timestamp>,
    pub request_id: Option<String>,
    pub deprecated: Option<String>,
}

/// The way to one base URL, with the key that may go there and nowhere else.
pub struct Transport {
    base: BaseUrl,
    /// Host and port, for messages.
    host: String,
    key: Secret,
    connect: Duration,
    read: Duration,
    // Built at the first request: reading the system's roots takes longer than a small script.
    http: OnceLock<Result<(reqwest::Client, HeaderValue), Failure>>,
}

impl Transport {
    /// Builds nothing yet.
    pub fn new(base: BaseUrl, key: Secret, timing: &Timing) -> Self {
        let origin = base.origin();
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_string();
        Transport { base, host, key, connect: timing.connect, read: timing.read, http: OnceLock::new() }
    }

    /// Sends `request` once and reads the whole answer within `allowance`. Follows redirects of a GET within the
    /// origin; they belong to the same attempt.
    pub async fn send(
        &self,
        request: &Request,
        idempotency_key: Option<&str>,
        allowance: Duration,
    ) -> Result<Reply, Failure> {
        let (http, bearer) = self.http.get_or_init(|| self.build()).as_ref().map_err(Clone::clone)?;
        let begun = Instant::now();
        let patience = Patience { begun, deadline: begun + allowance, read: self.read };
        let mut target = self.base.join(&request.target);
        for hop in 0.. {
            let method = match request.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
                Method::Patch => reqwest::Method::PATCH,
                Method::Delete => reqwest::Method::DELETE,
            };
            let mut builder = http.request(method, &target).header(ACCEPT, "application/json");
            if request.authenticated {
                builder = builder.header(AUTHORIZATION, bearer.clone());
            }
            if let Some(key) = idempotency_key {
                builder = builder.header("idempotency-key", key);
            }
            if let Some(body) = &request.body {
                builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
            }
            let response = match patience.within(builder.send()).await {
                Ok(Ok(response)) => response,
                Ok(Err(e)) => return Err(cause::of(&e, e.is_connect(), &self.host, self.connect)),
                Err(waited) => return Err(Failure::passing(format!("no answer within {}", text::duration(waited)))),
            };
            match self.redirect(request.method, &target, &response, hop) {
                Some(Ok(next)) => target = next,
                Some(Err(why)) => return Ok(reply(response, Vec::new(), End::Redirect(why))),
                None => return read(response, &patience).await,
            }
        }
        unreachable!("the last hop is refused")
    }

    /// Where a redirect leads, or why it is not followed. `None` for an answer that is none.
    fn redirect(
        &self,
        method: Method,
        from: &str,
        response: &reqwest::Response,
        hop: u32,
    ) -> Option<Result<String, String>> {
        if !response.status().is_redirection() {
            return None;
        }
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(to) = location.and_then(|to| Url::parse(from).ok()?.join(to).ok()) else {
            return Some(Err("it is a redirect that leads nowhere".into()));
        };
        let origin = to.origin().ascii_serialization();
        Some(if origin != self.base.origin() || !to.username().is_empty() || to.password().is_some() {
            let shown = if to.origin().is_tuple() { origin } else { format!("a `{}` address", to.scheme()) };
            Err(format!("it redirects to {shown}, where the key must not go"))
        } else if method != Method::Get {
            Err(format!("it redirects to another path of {origin}, and only reads are redirected"))
        } else if hop >= MAX_HOPS {
            Err(format!("it redirects more than {MAX_HOPS} times within {origin}"))
        } else {
            Ok(to.into())
        })
    }

    fn build(&self) -> Result<(reqwest::Client, HeaderValue), Failure> {
        let mut bearer = HeaderValue::from_str(&Zeroizing::new(format!("Bearer {}", self.key.expose())))
            .map_err(|_| Failure::lasting("the key has characters that cannot be sent".into()))?;
        bearer.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("onramp/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect)
            .redirect(reqwest::redirect::Policy::none())
            // Each attempt is counted and paced here; none may happen below.
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(true);
        if !self.base.is_https() {
            builder = builder.tls_certs_only([]);
        }
        if is_loopback(&self.base.origin()) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|e| cause::of_setup(&e))?;
        Ok((http, bearer))
    }
}

/// Whether an origin is this machine, to which no proxy leads.
fn is_loopback(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    })
}

/// How long one attempt waits: for the next sign of life, and in all.
struct Patience {
    begun: Instant,
    deadline: Instant,
    read: Duration,
}

impl Patience {
    /// `Err` with the time waited.
    async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Duration> {
        let next = Instant::now() + self.read;
        let waited = if next < self.deadline { self.read } else { self.deadline - self.begun };
        timeout_at(next.min(self.deadline), work).await.map_err(|_| waited)
    }
}

async fn read(mut response: reqwest::Response, patience: &Patience) -> Result<Reply, Failure> {
    let announced = response.content_length().unwrap_or(0);
    let mut body = Vec::with_capacity(announced.min(1 << 20) as usize);
    let end = loop {
        match patience.within(response.chunk()).await {
            Ok(Ok(None)) => break End::Whole,
            Ok(Ok(Some(chunk))) => {
                let room = MAX_BODY - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room || announced > MAX_BODY as u64 {
                    break End::TooLarge;
                }
            }
            Ok(Err(e)) if cause::is_cut(&e, e.is_decode()) => break End::Cut,
            Ok(Err(_)) => break End::Garbled,
            // A status that is an error already says more than the time that its text takes.
            Err(_) if !response.status().is_success() => break End::Cut,
            Err(waited) => {
                let waited = text::duration(waited);
                return Err(Failure::passing(format!("the answer began, but was not complete within {waited}")));
            }
        }
    };
    Ok(reply(response, body, end))
}

fn reply(response: reqwest::Response, body: Vec<u8>, end: End) -> Reply {
    Reply { status: response.status().as_u16(), headers: Headers::read(response.headers()), body, end }
}

impl Headers {
    fn read(map: &HeaderMap) -> Self {
        let text = |name: &str| map.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty());
        Headers {
            retry_after: text("retry-after").map(str::to_string),
            limit: text("x-ratelimit-limit").and_then(|value| value.parse().ok()),
            remaining: text("x-ratelimit-remaining").and_then(|value| value.parse().ok()),
            reset: text("x-ratelimit-reset").and_then(|value| value.parse().ok()),
            date: text("date").and_then(|value| Timestamp::try_from(httpdate::parse_http_date(value).ok()?).ok()),
            request_id: text("x-request-id").or(text("request-id")).map(str::to_string),
            deprecated: text("deprecation").map(str::to_string),
        }
    }
}
