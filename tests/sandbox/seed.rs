//! The seeded workspace: the same each time, plausible, and with the awkward values that real data has.

use std::collections::{HashMap, HashSet};

use onramp::sandbox::Options;
use serde_json::{Value, json};

use super::{Api, NOW, options};

/// All rows, in pages that ties cannot be cut by (the seeded ties are far shorter than what two sizes both cut).
async fn everything(api: &Api, path: &str) -> Vec<Value> {
    let mut rows: HashMap<i64, Value> = HashMap::new();
    for limit in [100, 97, 61] {
        for row in api.walk(path, limit).await {
            rows.insert(row["display_id"].as_i64().unwrap(), row);
        }
    }
    let mut rows: Vec<_> = rows.into_values().collect();
    rows.sort_by_key(|row| row["display_id"].as_i64());
    rows
}

fn some(rows: &[Value], field: &str, test: impl Fn(&str) -> bool) -> bool {
    rows.iter().any(|row| row[field].as_str().is_some_and(&test))
}

#[tokio::test]
async fn the_same_seed_on_the_same_day_gives_the_same_data() {
    let (first, second) = (Api::new(40).await, Api::new(40).await);
    let other = Api::with(Options { seed: 2, ..options(40) }).await;
    for path in ["/customers?limit=100", "/onboardings?limit=100", "/customers/105/contacts"] {
        assert_eq!(first.get(path).await.text, second.get(path).await.text);
        assert_ne!(first.get(path).await.text, other.get(path).await.text);
    }
}

#[tokio::test]
async fn the_first_customer_is_the_one_of_the_documentation() {
    let api = Api::new(120).await;
    let acme = api.get("/customers/101").await.ok();
    for (field, value) in [
        ("id", json!("clx9f8g7h6j5k4l3m2n1")),
        ("name", json!("Acme Corporation")),
        ("slug", json!("acme-corp")),
        ("domain", json!("acmecorp.com")),
        ("status", json!("active")),
        ("plan", json!("enterprise")),
        ("mrr", json!(125_000)),
        ("slack_channel_id", json!("C024BE7LT")),
    ] {
        assert_eq!(acme[field], value);
    }
    assert!(acme.get("metadata").is_none());
}

#[tokio::test]
async fn there_are_as_many_customers_as_asked_for() {
    for count in [0, 1, 2, 26, 120] {
        let api = Api::new(count).await;
        assert_eq!(everything(&api, "/customers").await.len(), count as usize);
    }
}

#[tokio::test]
async fn all_phases_states_and_statuses_occur() {
    for seed in 1..4 {
        let api = Api::with(Options { seed, ..options(120) }).await;
        let values = |rows: &[Value], field: &str| -> HashSet<String> {
            rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
        };
        let onboardings = everything(&api, "/onboardings").await;
        assert_eq!(values(&onboardings, "phase").len(), 7);
        assert_eq!(values(&onboardings, "state").len(), 4);
        assert_eq!(values(&everything(&api, "/customers").await, "status").len(), 5);
        assert!(onboardings.iter().all(|o| (o["state"] == "waiting") == (o["waiting_on_customer"] == true)));
        let today = &NOW[..10];
        let late = |o: &&Value| {
            o["phase"] != "completed" && o["target_launch_date"].as_str().is_some_and(|date| &date[..10] < today)
        };
        assert!(onboardings.iter().filter(late).count() >= 3);
        assert!(onboardings.iter().any(|o| o["phase"] != "completed" && o["target_launch_date"].is_null()));
    }
}

#[tokio::test]
async fn the_awkward_values_are_there() {
    let api = Api::new(120).await;
    let customers = everything(&api, "/customers").await;
    assert!(some(&customers, "name", |n| n.contains(',') && n.contains('"')));
    assert!(some(&customers, "name", |n| n.contains('\n')));
    assert!(some(&customers, "name", |n| n.contains('ü')));
    assert!(some(&customers, "name", |n| n.contains('株')));
    assert!(some(&customers, "name", |n| n.starts_with('=')));
    for field in ["domain", "plan", "mrr", "monthly_orders", "hubspot_deal_id", "metadata"] {
        assert!(customers.iter().any(|c| c[field].is_null()), "{field}");
        assert!(customers.iter().any(|c| !c[field].is_null()), "{field}");
    }
    let onboardings = everything(&api, "/onboardings").await;
    assert!(some(&onboardings, "notes", |n| n.contains('\n')));
    let mut contacts = Vec::new();
    for customer in &customers {
        contacts.extend(api.walk(&format!("/customers/{}/contacts", customer["display_id"]), 100).await);
    }
    assert!(some(&contacts, "title", |t| t.contains('\n')));
    assert!(some(&contacts, "name", |t| t.contains('"')));
    assert!(contacts.iter().any(|c| c["title"].is_null()));
    assert!((150..400).contains(&contacts.len()), "{}", contacts.len());
    for contact in &contacts {
        let email = contact["email"].as_str().unwrap();
        assert!(email.is_ascii() && email.contains('@') && email == email.to_lowercase(), "{email}");
    }
}

#[tokio::test]
async fn what_may_not_be_null_is_filled_and_ids_are_unique() {
    let api = Api::new(120).await;
    let filled: [(&str, &[&str]); 2] = [
        ("/customers", &["object", "id", "name", "slug", "status", "created_at", "updated_at"]),
        ("/onboardings", &["object", "id", "customer_id", "phase", "state", "created_at", "updated_at"]),
    ];
    for (path, fields) in filled {
        let rows = everything(&api, path).await;
        for field in fields {
            assert!(rows.iter().all(|row| row[field].as_str().is_some_and(|text| !text.is_empty())), "{field}");
        }
        let ids: HashSet<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rows.len());
        for row in &rows {
            let (created, updated) = (row["created_at"].as_str().unwrap(), row["updated_at"].as_str().unwrap());
            assert!(created[..19] <= updated[..19] && updated[..19] <= NOW[..19], "{row}");
            for field in ["started_at", "completed_at"] {
                let Some(at) = row[field].as_str() else { continue };
                let parse = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
                assert!(parse(created) <= parse(at) && parse(at) <= parse(updated), "{row}");
            }
        }
        let forms: HashSet<_> = rows.iter().map(|row| row["created_at"].as_str().unwrap().len()).collect();
        assert_eq!(forms, HashSet::from([20, 24]), "with milliseconds and without");
    }
}

#[tokio::test]
async fn ties_lie_across_the_edges_of_pages_of_25_and_100() {
    let api = Api::new(120).await;
    for limit in [25, 100] {
        let walked = api.walk("/customers", limit).await;
        assert!(walked.len() < 120, "a naive walk loses rows");
    }
    let page = api.get("/customers?limit=100").await.ok();
    let created: Vec<_> = page["data"].as_array().unwrap().iter().map(|c| c["created_at"].clone()).collect();
    assert!(created[23..=26].iter().all(|at| at == &created[23]), "{created:?}");
}
