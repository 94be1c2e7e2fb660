//! The five operations on contacts.

use serde_json::{Value, json};

use super::{Api, NOW};

const PATH: &str = "/customers/101/contacts";

#[tokio::test]
async fn name_and_email_are_enough_to_create_a_contact() {
    let api = Api::new(1).await;
    let customer = api.get("/customers/101").await.ok()["id"].clone();
    let made = api.post(PATH, r#"{"name":"Ann","email":"Ann.BÄR@Example.COM"}"#).await.created();
    assert_eq!(
        made,
        json!({"object": "contact", "id": made["id"], "display_id": 3, "customer_id": customer, "name": "Ann",
            "email": "ann.bär@example.com", "title": null, "is_primary": false, "labels": [],
            "created_at": NOW, "updated_at": NOW})
    );
    assert_eq!(api.get("/contacts/3").await.ok(), made);
    assert_eq!(api.get(&format!("/contacts/{}", made["id"].as_str().unwrap())).await.ok(), made);
    assert_eq!(api.get(PATH).await.ok()["data"][0], made);
}

#[tokio::test]
async fn contacts_are_changed_field_by_field() {
    let api = Api::new(1).await;
    let before = api.get("/contacts/1").await.ok();
    let body = r#"{"title":"a, \"b\"\nc","labels":["x","y"],"is_primary":false,"customer_id":"102"}"#;
    let after = api.patch("/contacts/1", body).await.ok();
    let mut expected = before;
    expected["title"] = json!("a, \"b\"\nc");
    expected["labels"] = json!(["x", "y"]);
    expected["is_primary"] = json!(false);
    expected["updated_at"] = json!(NOW);
    assert_eq!(after, expected);
    let nulls = api.patch("/contacts/1", r#"{"title":null,"labels":null,"is_primary":null}"#).await.ok();
    assert_eq!((&nulls["title"], &nulls["labels"], &nulls["is_primary"]), (&Value::Null, &json!([]), &json!(false)));
}

#[tokio::test]
async fn bodies_of_contacts_are_checked_field_by_field() {
    let api = Api::new(1).await;
    for (body, code, field) in [
        ("{}", "missing_field", "name"),
        (r#"{"name":"a"}"#, "missing_field", "email"),
        (r#"{"email":"a@b.c"}"#, "missing_field", "name"),
        (r#"{"name":"","email":"a@b.c"}"#, "too_small", "name"),
        (r#"{"name":"a","email":null}"#, "invalid_type", "email"),
        (r#"{"name":"a","email":"ab.c"}"#, "invalid_string", "email"),
        (r#"{"name":"a","email":"@b.c"}"#, "invalid_string", "email"),
        (r#"{"name":"a","email":"a@"}"#, "invalid_string", "email"),
        (r#"{"name":"a","email":"a b@c.d"}"#, "invalid_string", "email"),
        (r#"{"name":"a","email":["a@b.c"]}"#, "invalid_type", "email"),
        (r#"{"name":"a","email":"a@b.c","is_primary":"yes"}"#, "invalid_type", "is_primary"),
        (r#"{"name":"a","email":"a@b.c","labels":"x"}"#, "invalid_type", "labels"),
        (r#"{"name":"a","email":"a@b.c","labels":[1]}"#, "invalid_type", "labels"),
        (r#"{"name":"a","email":"a@b.c","title":{}}"#, "invalid_type", "title"),
    ] {
        api.post(PATH, body).await.invalid(code, field);
        if code != "missing_field" {
            api.patch("/contacts/1", body).await.invalid(code, field);
        }
    }
    assert_eq!(api.walk(PATH, 100).await.len(), 2);
}

#[tokio::test]
async fn an_email_is_unique_within_its_customer_only() {
    let api = Api::new(3).await;
    let body = r#"{"name":"Ann","email":"ann@example.com"}"#;
    let made = api.post(PATH, body).await.created();
    api.post(PATH, r#"{"name":"Bob","email":"ANN@example.com"}"#).await.refused(
        409,
        "conflict",
        "email_taken",
        "email",
    );
    api.patch("/contacts/1", r#"{"email":"ann@EXAMPLE.com"}"#).await.refused(409, "conflict", "email_taken", "email");
    let own = format!("/contacts/{}", made["display_id"]);
    api.patch(&own, r#"{"email":"ann@example.com","title":"CTO"}"#).await.ok();
    api.post("/customers/102/contacts", body).await.created();
    api.delete(&own).await.ok();
    api.post(PATH, body).await.created();
}

#[tokio::test]
async fn a_deleted_contact_is_gone_and_can_be_deleted_again() {
    let api = Api::new(1).await;
    let id = api.get("/contacts/1").await.ok()["id"].clone();
    let first = api.delete("/contacts/1").await;
    assert_eq!(first.ok(), json!({"object": "deleted", "id": id, "display_id": 1, "deleted": true}));
    assert_eq!(api.delete("/contacts/1").await.text, first.text);
    api.get("/contacts/1").await.refused(404, "not_found", "contact_not_found", "");
    api.patch("/contacts/1", "{}").await.refused(404, "not_found", "contact_not_found", "");
    assert_eq!(api.walk(PATH, 100).await.len(), 1);
    api.delete("/customers/101").await.ok();
    assert_eq!(api.delete("/contacts/1").await.text, first.text);
    api.delete("/contacts/77").await.refused(404, "not_found", "contact_not_found", "");
}

#[tokio::test]
async fn contacts_of_an_unknown_customer_are_not_found() {
    let api = Api::new(1).await;
    api.get("/customers/9/contacts").await.refused(404, "not_found", "customer_not_found", "");
    let answer = api.post("/customers/9/contacts", r#"{"name":"a","email":"a@b.c"}"#).await;
    answer.refused(404, "not_found", "customer_not_found", "");
}
