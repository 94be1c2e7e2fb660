//! A plan applied on a bad day of the service: what can be tried again is, nothing is made twice, and what is left is done when
//! the run goes on.

use super::Scene;

const SCRIPT: &str = r#"
let made = create_customer(#{name: "Neu GmbH"});
create_customer_contact(made, #{name: "Ann", email: "ann@neu.example"});
bulk_update_customers(list_customers(#{status: "at_risk"}), #{plan: "care"});
update_onboarding(list_onboardings(#{phase: "launch"}).first(), #{waiting_on_customer: true});
delete_customer(102);
"#;

/// All customers, contacts and onboardings, without times.
const DUMP: &str = r#"
fn told(r) { r.remove("created_at"); r.remove("updated_at"); print(r.to_json()); }
for c in list_customers() { for k in list_customer_contacts(c) { told(k); } told(c); }
for o in list_onboardings() { told(o); }
"#;

#[test]
fn a_plan_brings_about_the_same_on_a_good_day_and_on_a_bad_one() {
    let good = Scene::new(&[]);
    good.planned(SCRIPT);
    let plan = good.read("plan.json");
    assert_eq!(good.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    let wanted = good.meanwhile(DUMP);
    for faults in [
        &["create-customer:reset-after@1", "create-customer-contact:cut@1"][..],
        &["create-customer:status=503@1", "update-customer:empty@2", "update-customer:html@5"],
        &["update-customer:reset-before@3", "update-customer:cut@4", "update-onboarding:reset-after@1"],
        &["delete-customer:reset-after@1", "list-customer-contacts:status=500@1", "get-me:status=502@1"],
        &["429=1s@3", "get-customer:reset-before@1", "update-customer:429=1s@6"],
    ] {
        let flags: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        let bad = Scene::new(&flags);
        bad.write("plan.json", &plan);
        let ran = bad.onramp(&["apply", "plan.json", "--yes"]);
        assert!(ran.code == Some(0) && ran.stderr.contains("15 changed\n"), "{faults:?} {ran}");
        assert_eq!(bad.meanwhile(DUMP), wanted, "{faults:?}");
    }
}

#[test]
fn an_application_that_failed_in_part_can_be_repeated() {
    let scene = Scene::new(&["--fault", "update-customer:status=403@6"]);
    scene.planned(SCRIPT);
    let refused = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert_eq!(refused.code, Some(4), "{refused}");
    assert!(refused.stderr.starts_with("14 changed, 1 failed\n  update_customer "), "{refused}");
    // Once more: what is done is done, and the one that failed is sent.
    let writes = scene.writes();
    let again = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(scene.served.count("PATCH", ""), 13, "{again}");
    assert!(scene.writes() <= writes + 3, "two creates with their keys, and the one that is left: {again}");
    assert_eq!(
        scene.meanwhile("print(list_customers(#{status: \"at_risk\"}).where(#{plan: \"care\"}).count());"),
        "11\n"
    );
    assert_eq!(scene.meanwhile("print(list_customers().where(#{name: \"Neu GmbH\"}).count());"), "1\n");
}
