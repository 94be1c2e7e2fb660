//! Pages: order, limit, cursor, and the ties that a cursor loses.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::Api;

fn numbers(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["display_id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_newest_first_and_ends_with_a_null_cursor() {
    let api = Api::new(3).await;
    let page = api.get("/customers").await.ok();
    assert_eq!(page["object"], "list");
    assert_eq!(page["has_more"], false);
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(numbers(page["data"].as_array().unwrap()), [103, 102, 101]);
}

#[tokio::test]
async fn a_page_holds_25_unless_a_limit_is_sent() {
    let api = Api::new(120).await;
    let rows = async |query: &str| {
        let page = api.get(&format!("/customers{query}")).await.ok();
        assert_eq!(page["has_more"], true, "{query}");
        page["data"].as_array().unwrap().len()
    };
    assert_eq!(rows("").await, 25);
    assert_eq!(rows("?limit=1").await, 1);
    assert_eq!(rows("?limit=100").await, 100);
}

#[tokio::test]
async fn a_limit_outside_1_to_100_is_refused_on_every_list() {
    let api = Api::new(1).await;
    for path in ["/customers", "/customers/101/contacts", "/onboardings", "/customers/101/onboardings"] {
        for (limit, code) in [
            ("0", "too_small"),
            ("-1", "too_small"),
            ("101", "too_big"),
            ("99999999999999999999", "too_big"),
            ("ten", "invalid_type"),
            ("1.5", "invalid_type"),
            ("", "invalid_type"),
        ] {
            api.get(&format!("{path}?limit={limit}")).await.invalid(code, "limit");
        }
        for cursor in ["abc", "", "2026-05-26", "1716741669", "2026-05-26T17:21:09", "2026-05-26%2017:21:09Z"] {
            api.get(&format!("{path}?cursor={cursor}")).await.invalid("invalid_string", "cursor");
        }
    }
}

#[tokio::test]
async fn the_cursor_is_the_created_at_of_the_last_row_and_excludes_it() {
    let api = Api::new(120).await;
    let page = api.get("/customers?limit=10").await.ok();
    let last = page["data"][9]["created_at"].as_str().unwrap();
    assert_eq!(page["next_cursor"], last);
    let next = api.get(&format!("/customers?limit=10&cursor={last}")).await.ok();
    let all = api.get("/customers?limit=100").await.ok();
    let older: Vec<_> =
        all["data"].as_array().unwrap().iter().skip(10).filter(|c| c["created_at"] != last).take(10).collect();
    assert_eq!(next["data"].as_array().unwrap().iter().collect::<Vec<_>>(), older);
}

#[tokio::test]
async fn a_cursor_may_have_any_precision_and_offset() {
    let api = Api::new(1).await;
    // Created at 17:21:09.412.
    api.post("/customers", r#"{"name":"New"}"#).await.created();
    for (cursor, seen) in [
        ("2026-05-26T17:21:09.412Z", false),
        ("2026-05-26T17:21:09.4120001Z", true),
        ("2026-05-26T17:21:09Z", false),
        ("2026-05-26T19:21:09.413%2B02:00", true),
        ("2026-05-26T17:21:10Z", true),
    ] {
        let page = api.get(&format!("/customers?cursor={cursor}")).await.ok();
        assert_eq!(numbers(page["data"].as_array().unwrap()).contains(&102), seen, "{cursor}");
    }
}

#[tokio::test]
async fn rows_of_one_instant_keep_their_order_and_are_lost_across_an_edge() {
    let api = Api::new(1).await;
    for n in 0..5 {
        api.post("/customers", &json!({"name": format!("Tie {n}")}).to_string()).await.created();
    }
    let page = api.get("/customers?limit=100").await.ok();
    assert_eq!(numbers(page["data"].as_array().unwrap()), [106, 105, 104, 103, 102, 101]);
    // The API's nature: the page after the edge begins beyond the whole tie.
    assert_eq!(numbers(&api.walk("/customers", 2).await), [106, 105, 101]);
}

#[tokio::test]
async fn filters_apply_before_the_page_is_cut() {
    let api = Api::new(120).await;
    let all = api.walk("/onboardings?phase=completed", 100).await;
    let page = api.get("/onboardings?phase=completed&limit=5").await.ok();
    assert_eq!(page["data"].as_array().unwrap()[..], all[..5]);
    assert_eq!(page["has_more"], true);
}

#[tokio::test]
async fn a_full_last_page_says_that_there_is_no_more() {
    let api = Api::new(3).await;
    let page = api.get("/customers?limit=3").await.ok();
    assert_eq!((&page["has_more"], &page["next_cursor"]), (&json!(false), &Value::Null));
    let beyond = api.get("/customers?cursor=1990-01-01T00:00:00Z").await.ok();
    assert_eq!(beyond, json!({"object": "list", "data": [], "has_more": false, "next_cursor": null}));
}

#[tokio::test]
async fn no_row_comes_twice_in_a_walk() {
    let api = Api::new(300).await;
    for path in ["/customers", "/onboardings"] {
        let rows = numbers(&api.walk(path, 7).await);
        assert_eq!(rows.iter().collect::<HashSet<_>>().len(), rows.len());
    }
}
