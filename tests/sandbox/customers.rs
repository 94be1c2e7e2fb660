//! The five operations on customers.

use serde_json::{Value, json};

use super::{Api, NOW};

#[tokio::test]
async fn a_customer_is_found_by_either_form_of_its_id() {
    let api = Api::new(3).await;
    let by_number = api.get("/customers/101").await;
    let id = by_number.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&format!("/customers/{id}")).await.text, by_number.text);
    assert_eq!(by_number.ok()["object"], "customer");
}

#[tokio::test]
async fn an_unknown_customer_is_not_found() {
    let api = Api::new(3).await;
    for id in ["999", "clxnobody", "-1", "99999999999999999999999", "%20", "101%2F", "%FF"] {
        for method in ["GET", "DELETE"] {
            let answer = api.send(api.request(method, &format!("/customers/{id}"))).await;
            answer.refused(404, "not_found", "customer_not_found", "");
        }
        api.patch(&format!("/customers/{id}"), "{}").await.refused(404, "not_found", "customer_not_found", "");
    }
}

#[tokio::test]
async fn a_name_is_enough_to_create_a_customer() {
    let api = Api::new(3).await;
    let made = api.post("/customers", r#"{"name":"Blue Ltd"}"#).await.created();
    let id = made["id"].clone();
    assert_eq!(
        made,
        json!({"object": "customer", "id": id, "display_id": 104, "name": "Blue Ltd", "slug": "blue-ltd",
            "domain": null, "status": "onboarding", "plan": null, "mrr": null, "monthly_orders": null,
            "hubspot_company_id": null, "hubspot_deal_id": null, "stripe_customer_id": null,
            "intercom_company_id": null, "slack_channel_id": null, "metadata": null,
            "created_at": NOW, "updated_at": NOW})
    );
    assert_eq!(api.get("/customers/104").await.ok(), made);
    assert_eq!(api.get(&format!("/customers/{}", id.as_str().unwrap())).await.ok(), made);
}

#[tokio::test]
async fn every_field_of_a_customer_round_trips() {
    let api = Api::new(3).await;
    let body = json!({"name": "Größe, \"Ltd\"\n株", "slug": "own-slug", "domain": "x.de", "status": "at_risk",
        "plan": "growth", "mrr": 9_007_199_254_740_993_i64, "monthly_orders": 0, "hubspot_company_id": "h",
        "hubspot_deal_id": "d", "stripe_customer_id": "s", "intercom_company_id": "i", "slack_channel_id": "C",
        "metadata": {"a": [1, {"b": null}]}});
    let made = api.post("/customers", &body.to_string()).await.created();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let cleared = api
        .patch("/customers/104", r#"{"domain":null,"plan":null,"mrr":null,"monthly_orders":null,"metadata":null}"#)
        .await
        .ok();
    for name in ["domain", "plan", "mrr", "monthly_orders", "metadata"] {
        assert_eq!(cleared[name], Value::Null, "{name}");
    }
    assert_eq!(cleared["status"], "at_risk");
}

#[tokio::test]
async fn metadata_comes_back_as_it_was_written() {
    let api = Api::new(1).await;
    let metadata = r#"{"z":1.10,"a":12345678901234567890123456789,"e":1e3,"f":0.1000000000000000055,"u":"\u00e4"}"#;
    let answer = api.post("/customers", &format!(r#"{{"name":"M","metadata":{metadata}}}"#)).await;
    answer.created();
    assert!(answer.text.contains(&format!(r#""metadata":{metadata}"#)), "{}", answer.text);
    assert!(api.get("/customers/102").await.text.contains(metadata));
    assert!(api.patch("/customers/102", r#"{"plan":"growth"}"#).await.text.contains(metadata));
    assert!(api.get("/customers").await.text.contains(metadata));
}

#[tokio::test]
async fn patch_replaces_metadata_as_a_whole() {
    let api = Api::new(1).await;
    api.patch("/customers/101", r#"{"metadata":{"a":1,"b":2}}"#).await.ok();
    let after = api.patch("/customers/101", r#"{"metadata":{"b":3}}"#).await.ok();
    assert_eq!(after["metadata"], json!({"b": 3}));
}

#[tokio::test]
async fn patch_changes_what_is_sent_and_leaves_the_rest() {
    let api = Api::new(3).await;
    let before = api.get("/customers/101").await.ok();
    let after = api.patch("/customers/101", r#"{"status":"churned","colour":"red"}"#).await.ok();
    let mut expected = before.clone();
    expected["status"] = json!("churned");
    expected["updated_at"] = json!(NOW);
    assert_eq!(after, expected);
    assert_eq!(api.get("/customers/101").await.ok(), expected);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_leaves_updated_at() {
    let api = Api::new(3).await;
    let before = api.get("/customers/101").await;
    for body in ["{}", r#"{"name":"Acme Corporation","metadata":null}"#] {
        assert_eq!(api.patch("/customers/101", body).await.text, before.text);
    }
}

#[tokio::test]
async fn bodies_of_customers_are_checked_field_by_field() {
    let api = Api::new(3).await;
    let long = "x".repeat(501);
    for (body, code, field) in [
        ("{}", "missing_field", "name"),
        (r#"{"slug":"a"}"#, "missing_field", "name"),
        (r#"{"name":null}"#, "invalid_type", "name"),
        (r#"{"name":7}"#, "invalid_type", "name"),
        (r#"{"name":""}"#, "too_small", "name"),
        (r#"{"name":"  "}"#, "too_small", "name"),
        (&format!(r#"{{"name":"{long}"}}"#), "too_big", "name"),
        (r#"{"name":"a\u0000b"}"#, "invalid_string", "name"),
        (r#"{"name":"a","slug":null}"#, "invalid_type", "slug"),
        (r#"{"name":"a","slug":""}"#, "too_small", "slug"),
        (r#"{"name":"a","status":null}"#, "invalid_type", "status"),
        (r#"{"name":"a","status":"gone"}"#, "invalid_enum_value", "status"),
        (r#"{"name":"a","status":1}"#, "invalid_type", "status"),
        (r#"{"name":"a","domain":true}"#, "invalid_type", "domain"),
        (r#"{"name":"a","mrr":-1}"#, "too_small", "mrr"),
        (r#"{"name":"a","mrr":"12"}"#, "invalid_type", "mrr"),
        (r#"{"name":"a","mrr":1.5}"#, "invalid_type", "mrr"),
        (r#"{"name":"a","mrr":9223372036854775808}"#, "too_big", "mrr"),
        (r#"{"name":"a","monthly_orders":-3}"#, "too_small", "monthly_orders"),
        (r#"{"name":"a","metadata":[]}"#, "invalid_type", "metadata"),
        (r#"{"name":"a","metadata":"{}"}"#, "invalid_type", "metadata"),
    ] {
        api.post("/customers", body).await.invalid(code, field);
        if code != "missing_field" {
            api.patch("/customers/101", body).await.invalid(code, field);
        }
    }
    assert_eq!(api.get("/customers/101").await.ok()["name"], "Acme Corporation");
    assert_eq!(api.walk("/customers", 100).await.len(), 3);
}

#[tokio::test]
async fn a_slug_that_is_not_given_is_made_from_the_name() {
    let api = Api::new(1).await;
    let mut slugs = Vec::new();
    for _ in 0..5 {
        let made = api.post("/customers", r#"{"name":"Söhne & Co."}"#).await.created();
        slugs.push(made["slug"].as_str().unwrap().to_owned());
    }
    assert_eq!(slugs, ["soehne-co", "soehne-co-2", "soehne-co-3", "soehne-co-4", "soehne-co-5"]);
}

#[tokio::test]
async fn a_slug_belongs_to_one_customer_at_a_time() {
    let api = Api::new(3).await;
    let taken = r#"{"name":"Other","slug":"acme-corp"}"#;
    api.post("/customers", taken).await.refused(409, "conflict", "slug_taken", "slug");
    api.patch("/customers/102", r#"{"slug":"acme-corp"}"#).await.refused(409, "conflict", "slug_taken", "slug");
    api.patch("/customers/101", r#"{"slug":"acme-corp","plan":"growth"}"#).await.ok();
    api.delete("/customers/101").await.ok();
    assert_eq!(api.post("/customers", taken).await.created()["slug"], "acme-corp");
}

#[tokio::test]
async fn a_deleted_customer_is_gone_and_can_be_deleted_again() {
    let api = Api::new(3).await;
    let id = api.get("/customers/101").await.ok()["id"].clone();
    let first = api.delete("/customers/101").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.json(), json!({"object": "deleted", "id": id, "display_id": 101, "deleted": true}));
    assert_eq!(api.delete(&format!("/customers/{}", id.as_str().unwrap())).await.text, first.text);
    api.get("/customers/101").await.refused(404, "not_found", "customer_not_found", "");
    api.patch("/customers/101", r#"{"name":"x"}"#).await.refused(404, "not_found", "customer_not_found", "");
    assert!(api.walk("/customers", 100).await.iter().all(|c| c["id"] != id));
    // Its number is not given again.
    assert_eq!(api.post("/customers", r#"{"name":"New"}"#).await.created()["display_id"], 104);
}

#[tokio::test]
async fn the_children_of_a_deleted_customer_vanish() {
    let api = Api::new(3).await;
    let contact = api.get("/customers/101/contacts").await.ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let onboarding = api.get("/customers/101/onboardings").await.ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let customer = api.delete("/customers/101").await.ok()["id"].as_str().unwrap().to_owned();
    for id in ["101", &customer] {
        for list in ["contacts", "onboardings"] {
            api.get(&format!("/customers/{id}/{list}")).await.refused(404, "not_found", "customer_not_found", "");
        }
        assert_eq!(api.get(&format!("/onboardings?customer_id={id}")).await.ok()["data"], json!([]));
        api.post(&format!("/customers/{id}/contacts"), r#"{"name":"a","email":"a@b.c"}"#).await.refused(
            404,
            "not_found",
            "customer_not_found",
            "",
        );
        api.post("/onboardings", &json!({"customer_id": id}).to_string()).await.refused(
            404,
            "not_found",
            "customer_not_found",
            "",
        );
    }
    assert!(api.walk("/onboardings", 100).await.iter().all(|o| o["id"] != onboarding.as_str()));
    for method in ["GET", "PATCH", "DELETE"] {
        let send = async |path: String| api.send(api.request(method, &path).body("{}")).await;
        send(format!("/contacts/{contact}")).await.refused(404, "not_found", "contact_not_found", "");
        send(format!("/onboardings/{onboarding}")).await.refused(404, "not_found", "onboarding_not_found", "");
    }
}

#[tokio::test]
async fn customers_are_filtered_by_status() {
    let api = Api::new(120).await;
    let all = api.walk("/customers", 100).await;
    let mut found = 0;
    for status in ["onboarding", "active", "at_risk", "churned", "archived"] {
        let rows = api.get(&format!("/customers?limit=100&status={status}")).await.ok();
        let rows = rows["data"].as_array().unwrap().clone();
        assert!(rows.iter().all(|c| c["status"] == status));
        found += rows.len();
    }
    assert!(found >= all.len());
    api.get("/customers?status=vip").await.invalid("invalid_enum_value", "status");
    api.get("/customers?status=").await.invalid("invalid_enum_value", "status");
}
