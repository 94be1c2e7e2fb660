//! A server whose customers are the rows that a test gives it: one page, whatever is asked.

use crate::harness::Onramp;
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

pub struct Listed {
    address: String,
    _runtime: Runtime,
}

impl Listed {
    /// Serves these rows; `id`, `object` and `created_at` are added where they are missing.
    pub fn serve(rows: &[Value]) -> Listed {
        let mut rows = rows.to_vec();
        for (at, row) in rows.iter_mut().enumerate() {
            let fields = row.as_object_mut().expect("rows are objects");
            fields.entry("id").or_insert(json!(format!("clx{at:04}")));
            fields.entry("created_at").or_insert(json!("2026-05-26T12:00:00Z"));
        }
        let page = json!({"object": "list", "data": rows, "has_more": false, "next_cursor": null});
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/api/v1/customers", get(move || async move { Json(page) }));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Listed { address, _runtime: runtime }
    }

    /// Points `onramp` at it.
    pub fn used_by(&self, onramp: Onramp) -> Onramp {
        onramp
            .env("PIVOTAL_BASE_URL", &format!("http://{}/api/v1", self.address))
            .env("PIVOTAL_API_KEY", "pivotal_ListedRowsOnLoopback")
    }
}
