//! The sandbox over real HTTP, held against the rules of the API notes. Owns the small client these tests share; must not
//! use the `api` module, so that both sides of the wire are checked by somebody else.

use std::str::FromStr;

use jiff::Timestamp;
use onramp::clock::Clock;
use onramp::sandbox::{Handle, Options, start};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

mod auth;
mod contacts;
mod customers;
mod data;
mod faults;
mod idempotency;
mod limits;
mod onboardings;
mod pages;
mod seed;
mod wire;

/// The instant of all tests that look at dates.
const NOW: &str = "2026-05-26T17:21:09.412Z";

/// A sandbox with a fixed clock and a client for it.
struct Api {
    handle: Handle,
    client: reqwest::Client,
    key: Option<String>,
}

/// An answer, as it came.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

fn fixed() -> Clock {
    Clock::Fixed(Timestamp::from_str(NOW).unwrap())
}

/// Options with a fixed clock and so many customers.
fn options(customers: u32) -> Options {
    Options { customers, clock: fixed(), ..Options::default() }
}

impl Api {
    async fn new(customers: u32) -> Self {
        Self::with(options(customers)).await
    }

    async fn with(options: Options) -> Self {
        let handle = start(options, None).await.unwrap();
        let key = Some(handle.key().to_owned());
        Self { handle, client: reqwest::Client::builder().no_proxy().build().unwrap(), key }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_str(method).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.handle.base_url()));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    /// The body is sent as the text it is.
    async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(self.request("POST", path).body(body.to_owned())).await
    }

    async fn patch(&self, path: &str, body: &str) -> Answer {
        self.send(self.request("PATCH", path).body(body.to_owned())).await
    }

    /// All rows of a list, by following the cursor in pages of this size.
    async fn walk(&self, path: &str, limit: usize) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{join}limit={limit}{cursor}")).await.ok();
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    /// The body of a 200 or 201.
    #[track_caller]
    fn ok(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.text);
        self.json()
    }

    #[track_caller]
    fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.text);
        self.json()
    }

    /// Holds the whole envelope against what was expected; `field` is "" where there is none.
    #[track_caller]
    fn refused(&self, status: u16, kind: &str, code: &str, field: &str) {
        let body = self.json();
        let error = &body["error"];
        let text = |name: &str| error[name].as_str().unwrap_or("").to_owned();
        assert_eq!(
            (self.status, text("type"), text("code"), text("field")),
            (status, kind.to_owned(), code.to_owned(), field.to_owned()),
            "{}",
            self.text
        );
        assert!(!text("message").is_empty());
    }

    #[track_caller]
    fn invalid(&self, code: &str, field: &str) {
        self.refused(400, "invalid_request_error", code, field);
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }
}
