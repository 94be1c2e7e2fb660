//! `onramp history`.

use super::{SANDBOX, json, ran, said};
use crate::harness::Place;
use serde_json::json;

#[test]
fn a_record_tells_which_runs_changed_it_by_either_id() {
    let place = Place::new();
    ran(&place, "a.rhai", "update_customer(101, #{plan: \"gold\", mrr: 7}); update_customer(102, #{mrr: 8});");
    ran(&place, "b.rhai", "let c = get_customer(101); update_customer(c.id, #{plan: (), name: c.name});");
    let runs = said(&place);
    let table = "when                 run      workspace  script  change   field  from          to\n\
                 0000-00-00 00:00:00  run0001  sandbox    a.rhai  updated  plan   \"enterprise\"  \"gold\"\n                                                          \
                 mrr    125000        7\n\
                 0000-00-00 00:00:00  run0002  sandbox    b.rhai  updated  plan   \"gold\"        nothing\n";
    runs.by(place.onramp(&["history", "customer", "101"]), 0, table, "");
    let canonical = json(&place, &["history", "customer", "101"])[0]["id"].as_str().unwrap().to_string();
    assert_ne!(canonical, "101");
    runs.by(place.onramp(&["history", "customer", &canonical]), 0, table, "");
    runs.by(place.onramp(&["history", "customer", "101", "--workspace", "sandbox"]), 0, table, "");
    let none = |kind: &str| format!("no run that is kept has changed the {kind} `101`\n");
    runs.by(place.onramp(&["history", "customer", "101", "--workspace", "acme"]), 0, "", &none("customer"));
    runs.by(place.onramp(&["history", "contact", "101"]), 0, "", &none("contact"));
    // What came since is found, though the first runs have been gathered.
    place.onramp(&["call", "update_customer", "id=101", "plan=pro"]).args(SANDBOX).ran();
    let all = json(&place, &["history", "customer", "101"]);
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert_eq!(all[2]["fields"], json!([{"name": "plan", "from": null, "to": "pro"}]));
    assert_eq!(all[2]["script"], "call update_customer");
}

#[test]
fn what_was_created_and_deleted_and_what_followed_by_itself_is_told() {
    let place = Place::new();
    let made = ran(
        &place,
        "a.rhai",
        "let n = create_customer_contact(101, #{name: \"Ann\", email: \"a@x.de\"}); print(n.id); delete_contact(n.display_id);
         let o = get_onboarding(127); update_onboarding(127, #{waiting_on_customer: !o.waiting_on_customer});",
    );
    let contact = json(&place, &["history", "contact", made.stdout.trim()]);
    let told = |at: usize| (contact[at]["operation"].as_str().unwrap(), contact[at]["fields"][0].clone());
    assert_eq!(told(0), ("create_customer_contact", json!({"name": "name", "to": "Ann"})));
    assert_eq!(told(1), ("delete_contact", json!({"name": "name", "from": "Ann"})));
    let onboarding = json(&place, &["history", "onboarding", "127"]);
    let state = json!({"name": "state", "from": "active", "to": "waiting"});
    assert!(onboarding[0]["fields"].as_array().unwrap().contains(&state), "{onboarding}");
}

#[test]
fn what_the_api_refused_changed_nothing() {
    let place = Place::new();
    ran(
        &place,
        "a.rhai",
        "try { update_customer(101, #{slug: get_customer(102).slug}) } catch { } update_customer(101, #{});",
    );
    assert_eq!(json(&place, &["history", "customer", "101"]), json!([]));
}
