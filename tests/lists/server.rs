//! A small server of lists that answers as a test wants and counts what it was asked.

use crate::harness::{Onramp, run};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::IntoResponse,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    thread,
};
use tokio::runtime::Builder;

/// Gives status and body for a request, which is the nth of all, counted from 1.
type Answer = dyn Fn(&Uri, usize) -> (u16, String) + Send + Sync;

/// The server; it lives as long as the test process.
pub struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that answers with `answer`, which may block.
    pub fn start(answer: impl Fn(&Uri, usize) -> (u16, String) + Send + Sync + 'static) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let state = (Arc::new(answer) as Arc<Answer>, asked.clone());
        thread::spawn(move || {
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, Router::new().fallback(respond).with_state(state)).await
            })
        });
        Server { address, asked }
    }

    /// `onramp run -e` with this script, against this server.
    pub fn run(&self, script: &str) -> Onramp {
        run(&["-e", script])
            .env("PIVOTAL_BASE_URL", &format!("http://{}/api/v1", self.address))
            .env("PIVOTAL_API_KEY", "pivotal_test_listsK8s9")
    }

    /// Path and query of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

type Shared = (Arc<Answer>, Arc<Mutex<Vec<String>>>);

async fn respond(State((answer, asked)): State<Shared>, request: Request) -> impl IntoResponse {
    let uri = request.uri().clone();
    let nth = {
        let mut asked = asked.lock().unwrap();
        asked.push(uri.to_string().replace("/api/v1", ""));
        asked.len()
    };
    let (status, body) = tokio::task::spawn_blocking(move || answer(&uri, nth)).await.unwrap();
    (StatusCode::from_u16(status).unwrap(), [(CONTENT_TYPE, "application/json")], body)
}

/// A refusal that is not tried again.
pub fn refusal() -> (u16, String) {
    let body = r#"{"error":{"type":"invalid_request_error","code":"out_of_order","message":"The list is shut."}}"#;
    (400, body.to_string())
}

/// The page that a query asks for, of `total` customers, each a second older than the one before.
pub fn page(total: i64, uri: &Uri) -> (u16, String) {
    let query: HashMap<&str, &str> =
        uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')).collect();
    let limit: i64 = query["limit"].parse().unwrap();
    let newest: i64 = 1_700_000_000;
    let cursor = query.get("cursor").map(|text| text.replace("%3A", ":").parse::<jiff::Timestamp>().unwrap());
    let from = cursor.map_or(0, |cursor| (newest - cursor.as_second() + 1).max(0));
    let at = |n: i64| jiff::Timestamp::from_second(newest - n).unwrap().to_string();
    let row =
        |n| serde_json::json!({"object": "customer", "id": format!("c{n}"), "created_at": at(n), "status": "active"});
    let rows: Vec<_> = (from..total).take(limit as usize).map(row).collect();
    let end = from + rows.len() as i64;
    let next = (end < total).then(|| at(end - 1));
    let body = serde_json::json!({"object": "list", "data": rows, "has_more": next.is_some(), "next_cursor": next});
    (200, body.to_string())
}
