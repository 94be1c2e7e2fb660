//! A workspace of 100,000 customers and a plan of 5,000 changes, over a service that is a few lines of arithmetic: what
//! that takes in requests and memory, and that it comes to an end.

use super::{
    plans::head,
    side::{call, clock},
};
use onramp::{
    api::{client::Answer, error::CallError, page::Walk, request::Call},
    memory,
    session::{
        overlay::Overlay,
        plan::{Plan, read, render},
    },
};
use std::cell::{Cell, RefCell};

const ROWS: i64 = 100_000;
const CHANGED: usize = 5_000;

/// One customer a second, the newest first; every tenth is active.
struct Service {
    asked: Cell<usize>,
}

fn created(n: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_600_000_000 + n).unwrap()
}

fn row(n: i64) -> String {
    let created = created(n);
    let status = if n % 10 == 0 { "active" } else { "churned" };
    format!(
        r#"{{"object":"customer","id":"clx{n:017}","display_id":{n},"name":"Customer {n}","slug":"customer-{n}","domain":null,"status":"{status}","plan":"growth","mrr":{n},"monthly_orders":5,"hubspot_company_id":null,"hubspot_deal_id":null,"stripe_customer_id":null,"intercom_company_id":null,"slack_channel_id":null,"metadata":{{"region":"EMEA","tier":2}},"created_at":"{created}","updated_at":"{created}"}}"#
    )
}

impl Service {
    fn send(&self, call: &Call) -> Result<Answer, CallError> {
        self.asked.set(self.asked.get() + 1);
        assert_eq!(call.operation.name, "list_customers");
        let limit: usize = call.query("limit").unwrap().parse().unwrap();
        let below = call.query("cursor").map_or(i64::MAX, |cursor| {
            let at: jiff::Timestamp = cursor.parse().unwrap();
            at.as_second() - 1_600_000_000 + i64::from(at.subsec_nanosecond() > 0)
        });
        let step = if call.query("status") == Some("active") { 10 } else { 1 };
        let newest = (below.min(ROWS) - 1).div_euclid(step) * step;
        let numbers: Vec<i64> = (0..=limit as i64).map(|n| newest - n * step).filter(|n| *n >= 0).collect();
        let rows: Vec<String> = numbers.iter().take(limit).map(|n| row(*n)).collect();
        let more = numbers.len() > limit;
        let next = numbers.get(limit - 1).filter(|_| more).map_or("null".into(), |n| format!("\"{}\"", created(*n)));
        let body = format!(r#"{{"object":"list","data":[{}],"has_more":{more},"next_cursor":{next}}}"#, rows.join(","));
        Ok(Answer { status: 200, body: body.into_bytes(), request_id: None, date: None })
    }
}

/// The ids of all rows of a list, and whether this run has changed them.
fn walked(call: &Call, send: &dyn Fn(&Call) -> Result<Answer, CallError>) -> Vec<(String, bool)> {
    let mut walk = Walk::new(call.clone());
    let mut rows = Vec::new();
    while let Some(call) = walk.next().unwrap() {
        let page = walk.accept(&send(&call).unwrap().body).unwrap();
        rows.extend(page.into_iter().map(|row| (row.id, row.json.get().contains(r#""plan":"pro""#))));
    }
    rows
}

#[test]
fn five_thousand_changes_among_a_hundred_thousand_rows_stay_usable() {
    let service = Service { asked: Cell::new(0) };
    let overlay = RefCell::new(Overlay::new(clock()));
    let send = |call: &Call| overlay.borrow_mut().call(call, &|call| service.send(call)).map(|(answer, _)| answer);
    let all = call("list_customers", &[], None);
    let mut active = all.clone();
    active.set_query("status", "active".into());

    let before = memory::used();
    let rows = walked(&active, &send);
    assert_eq!(rows.len(), 10_000);
    let pages = service.asked.get();
    let body = Some(r#"{"status":"at_risk","plan":"pro"}"#);
    for (id, _) in &rows[..CHANGED] {
        send(&call("update_customer", &[id], body)).unwrap();
    }
    drop(rows);
    assert_eq!(service.asked.get(), pages, "rows that were listed are not read again");

    // Half of the active ones have left, and all of them are among the others.
    assert_eq!(walked(&active, &send).len(), 5_000);
    let rows = walked(&all, &send);
    assert_eq!(rows.len(), ROWS as usize);
    assert_eq!(rows.iter().filter(|(_, touched)| *touched).count(), CHANGED);
    drop(rows);
    let asked = service.asked.get();
    // 10,000 rows twice, 100,000 once: a walk asks for 99 new rows a page.
    assert!(asked <= 102 + 102 + 1012, "{asked} pages");
    // What was seen has its bounds, and what was changed is small.
    let held = memory::used() - before;
    assert!(held < 80 << 20, "{held} bytes");

    let plan: Plan = overlay.borrow().plan(head());
    let text = plan.to_json();
    assert_eq!(read(&text).unwrap(), plan);
    assert!(text.len() < 4 << 20, "{} bytes", text.len());
    let options = render::Options::default();
    let shown = render::text(&plan, &options);
    assert!(shown.lines().count() < 80, "{shown}");
    assert!(shown.contains("… and 4980 (`--all` shows all)"), "{shown}");
    assert_eq!(render::csv(&plan).lines().count(), 1 + 2 * CHANGED);
    assert!(render::html(&plan, &options).len() < 8 << 20);
}
