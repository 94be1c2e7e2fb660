//! The six operations on onboardings.

use serde_json::{Value, json};

use super::{Api, NOW};

async fn made(api: &Api, body: Value) -> Value {
    let mut body = body;
    body["customer_id"] = json!("101");
    api.post("/onboardings", &body.to_string()).await.created()
}

#[tokio::test]
async fn a_customer_is_enough_to_create_an_onboarding() {
    let api = Api::new(1).await;
    let customer = api.get("/customers/101").await.ok()["id"].clone();
    for id in ["101", customer.as_str().unwrap()] {
        let made = api.post("/onboardings", &json!({"customer_id": id}).to_string()).await.created();
        assert_eq!(
            made,
            json!({"object": "onboarding", "id": made["id"], "display_id": made["display_id"],
                "customer_id": customer, "template_id": null, "phase": "before_getting_started", "state": "active",
                "started_at": null, "completed_at": null, "target_launch_date": null, "csm_id": null, "se_id": null,
                "designer_id": null, "product_ops_id": null, "notes": null, "waiting_on_customer": false,
                "created_at": NOW, "updated_at": NOW})
        );
        assert_eq!(api.get(&format!("/onboardings/{}", made["display_id"])).await.ok(), made);
        assert_eq!(api.get(&format!("/onboardings/{}", made["id"].as_str().unwrap())).await.ok(), made);
    }
}

#[tokio::test]
async fn every_field_of_an_onboarding_round_trips() {
    let api = Api::new(1).await;
    let body = json!({"template_id": "t", "phase": "launch", "state": "at_risk", "started_at": "2026-01-02T03:04:05Z",
        "completed_at": "2026-01-02T03:04:05.678Z", "target_launch_date": "2026-06-01", "csm_id": "a", "se_id": "b",
        "designer_id": "c", "product_ops_id": "d", "notes": "one\ntwo", "waiting_on_customer": false});
    let made = made(&api, body.clone()).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_customer_makes_no_onboarding() {
    let api = Api::new(1).await;
    for id in ["999", "clxnobody"] {
        let answer = api.post("/onboardings", &json!({"customer_id": id}).to_string()).await;
        answer.refused(404, "not_found", "customer_not_found", "");
    }
    api.get("/customers/9/onboardings").await.refused(404, "not_found", "customer_not_found", "");
}

#[tokio::test]
async fn bodies_of_onboardings_are_checked_field_by_field() {
    let api = Api::new(1).await;
    for (body, code, field) in [
        ("{}", "missing_field", "customer_id"),
        (r#"{"customer_id":101}"#, "invalid_type", "customer_id"),
        (r#"{"customer_id":null}"#, "invalid_type", "customer_id"),
    ] {
        api.post("/onboardings", body).await.invalid(code, field);
    }
    for (pair, code, field) in [
        (r#""phase":null"#, "invalid_type", "phase"),
        (r#""phase":"done""#, "invalid_enum_value", "phase"),
        (r#""state":null"#, "invalid_type", "state"),
        (r#""state":"asleep""#, "invalid_enum_value", "state"),
        (r#""started_at":"yesterday""#, "invalid_string", "started_at"),
        (r#""started_at":1716741669"#, "invalid_type", "started_at"),
        (r#""completed_at":"2026-02-30""#, "invalid_string", "completed_at"),
        (r#""target_launch_date":"""#, "invalid_string", "target_launch_date"),
        (r#""waiting_on_customer":"true""#, "invalid_type", "waiting_on_customer"),
        (r#""notes":5"#, "invalid_type", "notes"),
    ] {
        api.post("/onboardings", &format!(r#"{{"customer_id":"101",{pair}}}"#)).await.invalid(code, field);
        api.patch("/onboardings/1", &format!("{{{pair}}}")).await.invalid(code, field);
    }
}

#[tokio::test]
async fn waiting_on_customer_and_state_follow_each_other() {
    let api = Api::new(1).await;
    made(&api, json!({"state": "at_risk"})).await;
    for (body, state, waiting) in [
        (json!({"waiting_on_customer": true}), "waiting", true),
        (json!({"waiting_on_customer": false}), "active", false),
        (json!({"state": "waiting"}), "waiting", true),
        (json!({"state": "paused"}), "paused", false),
        (json!({"state": "active", "waiting_on_customer": true}), "waiting", true),
        (json!({"notes": "still waiting"}), "waiting", true),
        (json!({"state": "at_risk", "waiting_on_customer": false}), "at_risk", false),
        (json!({"state": "waiting", "waiting_on_customer": false}), "active", false),
        (json!({"waiting_on_customer": null}), "active", false),
    ] {
        let after = api.patch("/onboardings/2", &body.to_string()).await.ok();
        assert_eq!((&after["state"], &after["waiting_on_customer"]), (&json!(state), &json!(waiting)), "{body}");
        assert_eq!(api.get("/onboardings/2").await.ok(), after);
    }
    let born_waiting = made(&api, json!({"waiting_on_customer": true})).await;
    assert_eq!(born_waiting["state"], "waiting");
}

#[tokio::test]
async fn a_patch_that_changes_nothing_leaves_updated_at() {
    let api = Api::new(1).await;
    let before = api.get("/onboardings/1").await;
    let same = json!({"state": before.ok()["state"], "waiting_on_customer": before.ok()["waiting_on_customer"]});
    assert_eq!(api.patch("/onboardings/1", &same.to_string()).await.text, before.text);
    assert_eq!(api.patch("/onboardings/1", r#"{"customer_id":"102"}"#).await.text, before.text);
}

#[tokio::test]
async fn onboardings_are_filtered_by_state_phase_and_customer() {
    let api = Api::new(120).await;
    let all = api.walk("/onboardings", 100).await;
    for state in ["active", "paused", "at_risk", "waiting"] {
        let expected: Vec<_> = all.iter().filter(|o| o["state"] == state).cloned().collect();
        assert!(!expected.is_empty());
        assert_eq!(api.walk(&format!("/onboardings?state={state}"), 100).await, expected);
    }
    let waiting = api.walk("/onboardings?state=waiting&phase=review", 100).await;
    let expected: Vec<_> =
        all.iter().filter(|o| o["waiting_on_customer"] == true && o["phase"] == "review").cloned().collect();
    assert_eq!(waiting, expected);
    let customer = all[0]["customer_id"].as_str().unwrap().to_owned();
    let number = api.get(&format!("/customers/{customer}")).await.ok()["display_id"].clone();
    let expected: Vec<_> = all.iter().filter(|o| o["customer_id"] == customer.as_str()).cloned().collect();
    assert!(!expected.is_empty());
    for path in [
        format!("/onboardings?customer_id={number}"),
        format!("/onboardings?customer_id={customer}"),
        format!("/customers/{number}/onboardings"),
    ] {
        assert_eq!(api.walk(&path, 100).await, expected);
    }
    assert_eq!(api.get("/onboardings?customer_id=9999").await.ok()["data"], json!([]));
    api.get("/onboardings?state=lost").await.invalid("invalid_enum_value", "state");
    api.get("/onboardings?phase=lost").await.invalid("invalid_enum_value", "phase");
}

#[tokio::test]
async fn a_deleted_onboarding_is_gone_and_can_be_deleted_again() {
    let api = Api::new(1).await;
    let id = api.get("/onboardings/1").await.ok()["id"].clone();
    let first = api.delete("/onboardings/1").await;
    assert_eq!(first.ok(), json!({"object": "deleted", "id": id, "display_id": 1, "deleted": true}));
    assert_eq!(api.delete("/onboardings/1").await.text, first.text);
    api.get("/onboardings/1").await.refused(404, "not_found", "onboarding_not_found", "");
    api.patch("/onboardings/1", "{}").await.refused(404, "not_found", "onboarding_not_found", "");
    assert!(api.walk("/onboardings", 100).await.iter().all(|o| o["id"] != id));
    api.delete("/onboardings/77").await.refused(404, "not_found", "onboarding_not_found", "");
}
