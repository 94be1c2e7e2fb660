//! Where somebody was faster than the application of a plan, for every kind of write: it is refused, or done without what
//! has moved.

use super::Scene;

/// One kind of write to two records, what somebody does to the first of them meanwhile, and what is said then.
struct Case {
    script: &'static str,
    meanwhile: &'static str,
    /// What is behind the record in the table.
    what: &'static str,
}

const CASES: &[Case] = &[
    Case {
        script: "update_customer(101, #{mrr: 1}); update_customer(102, #{mrr: 1});",
        meanwhile: "update_customer(101, #{mrr: 77});",
        what: "`mrr` was $101.mrr, and is 77 now",
    },
    // What stays as it is is sent all the same, and would overrule whoever has changed it since.
    Case {
        script: "update_customer(101, #{mrr: get_customer(101).mrr, plan: \"x\"}); update_customer(102, #{mrr: 1});",
        meanwhile: "update_customer(101, #{mrr: 77});",
        what: "`mrr` was $101.mrr, and is 77 now",
    },
    Case {
        script: "update_onboarding(O1, #{waiting_on_customer: O1.waiting_on_customer, notes: \"x\"}); update_onboarding(O2, #{notes: \"x\"});",
        meanwhile: "update_onboarding(O1, #{waiting_on_customer: !O1.waiting_on_customer});",
        what: "`waiting_on_customer` was $O1.waiting_on_customer, and is true now",
    },
    Case {
        script: "update_customer(101, #{mrr: 1}); update_customer(102, #{mrr: 1});",
        meanwhile: "delete_customer(101);",
        what: "it is gone",
    },
    Case {
        script: "delete_customer(101); delete_customer(102);",
        meanwhile: "update_customer(101, #{domain: \"new.example\"});",
        what: "`domain` was $101.domain, and is \"new.example\" now",
    },
    Case {
        script: "update_contact(K1, #{title: \"x\"}); update_contact(K2, #{title: \"x\"});",
        meanwhile: "update_contact(K1, #{title: \"y\"});",
        what: "`title` was $K1.title, and is \"y\" now",
    },
    Case {
        script: "delete_contact(K1); delete_contact(K2);",
        meanwhile: "update_contact(K1, #{labels: [\"vip\"]});",
        what: "`labels` was $K1.labels, and is [\"vip\"] now",
    },
    Case {
        script: "update_onboarding(O1, #{notes: \"x\"}); update_onboarding(O2, #{notes: \"x\"});",
        meanwhile: "update_onboarding(O1, #{notes: \"y\"});",
        what: "`notes` was $O1.notes, and is \"y\" now",
    },
    Case {
        script: "delete_onboarding(O1); delete_onboarding(O2);",
        meanwhile: "update_onboarding(O1, #{csm_id: \"u9\"});",
        what: "`csm_id` was $O1.csm_id, and is \"u9\" now",
    },
];

/// A script in which `K1`, `K2`, `O1` and `O2` are contacts and onboardings, as lists show them.
fn found(code: &str) -> String {
    let mut all = String::new();
    for (name, list) in [("K", "list_customer_contacts(101)"), ("O", "list_onboardings()")] {
        if code.contains(&format!("{name}1")) {
            all.push_str(&format!(
                "let {name} = {list}.to_array(); let {name}1 = {name}[0]; let {name}2 = {name}[1]; "
            ));
        }
    }
    all + code
}

#[test]
fn where_a_record_has_moved_nothing_is_sent_or_all_but_that() {
    for Case { script, meanwhile, what } in CASES {
        let scene = Scene::new(&[]);
        let expected = match what.split_once('$') {
            None => what.to_string(),
            Some((before, rest)) => {
                let (value, after) = rest.split_once(',').unwrap();
                let (record, field) = value.split_once('.').unwrap();
                let record = if record == "101" { "get_customer(101)" } else { record };
                let value = scene.meanwhile(&found(&format!("let r = {record}; print(#{{v: r.{field}}}.to_json());")));
                let value: serde_json::Value = serde_json::from_str(&value).unwrap();
                format!("{before}{},{after}", value["v"])
            }
        };
        scene.planned(&found(script));
        scene.meanwhile(&found(meanwhile));
        let writes = scene.writes();
        let refused = scene.onramp(&["apply", "plan.json", "--yes"]);
        let lines: Vec<&str> = refused.stderr.lines().collect();
        assert_eq!((refused.code, lines.len()), (Some(5), 4), "{script} {refused}");
        assert_eq!(lines[0], "error: nothing was sent: 1 record was changed since by somebody else");
        assert!(lines[1].ends_with(&format!("): {expected}")), "{script} {expected}\n{refused}");
        assert_eq!(scene.writes(), writes, "{script}");
        let skipped = scene.onramp(&["apply", "plan.json", "--yes", "--skip-drifted"]);
        assert_eq!((skipped.code, scene.writes()), (Some(4), writes + 1), "{script} {skipped}");
        let begun = format!("1 record was left out, because somebody has changed it since:\n{}\n", lines[1]);
        assert!(skipped.stderr.starts_with(&begun), "{skipped}");
        assert!(skipped.stderr.contains("\n1 changed, 1 left out\n"), "{skipped}");
    }
}

#[test]
fn a_create_that_is_no_longer_possible_fails_alone() {
    for (script, meanwhile, why) in [
        (
            "create_customer(#{name: \"A\", slug: \"first\"}); create_customer(#{name: \"B\"});",
            "create_customer(#{name: \"C\", slug: \"first\"});",
            "create_customer A: The slug `first` is taken.\n",
        ),
        (
            "create_customer_contact(101, #{name: \"A\", email: \"a@x.example\"}); \
             create_customer_contact(102, #{name: \"B\", email: \"a@x.example\"});",
            "create_customer_contact(101, #{name: \"C\", email: \"a@x.example\"});",
            "create_customer_contact A: ",
        ),
        (
            "create_onboarding(#{customer_id: \"101\"}); create_onboarding(#{customer_id: \"102\"});",
            "delete_customer(101);",
            "create_onboarding ",
        ),
    ] {
        let scene = Scene::new(&[]);
        scene.planned(script);
        scene.meanwhile(meanwhile);
        let ran = scene.onramp(&["apply", "plan.json", "--yes"]);
        assert_eq!(ran.code, Some(4), "{ran}");
        assert!(ran.stderr.starts_with(&format!("1 changed, 1 failed\n  {why}")), "{why}\n{ran}");
    }
}

#[test]
fn what_rests_on_a_create_that_failed_is_not_sent() {
    let scene = Scene::new(&[]);
    scene.planned(
        "let c = create_customer(#{name: \"A\", slug: \"first\"}); \
         create_customer_contact(c, #{name: \"Ann\", email: \"ann@x.example\"}); update_customer(101, #{mrr: 1});",
    );
    scene.meanwhile("create_customer(#{name: \"C\", slug: \"first\"});");
    let writes = scene.writes();
    let ran = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert_eq!((ran.code, scene.writes()), (Some(4), writes + 2), "{ran}");
    assert!(
        ran.stderr.contains(
            "  create_customer_contact Ann: it speaks of `new_customer_1`, which entry 1 was to make and did not\n"
        ),
        "{ran}"
    );
}

#[test]
fn a_change_in_another_field_is_a_warning_and_one_in_the_field_of_the_filter_is_drift() {
    let scene = Scene::new(&[]);
    scene.planned("bulk_update_customers(list_customers(#{status: \"at_risk\"}), #{plan: \"care\"});");
    let row = "list_customers(#{status: \"at_risk\"}).first()";
    scene.meanwhile(&format!("update_customer({row}, #{{mrr: 77}});"));
    let one = scene.onramp(&["apply", "plan.json", "--yes", "--first", "1"]);
    assert_eq!(one.code, Some(0), "{one}");
    assert!(
        one.stderr.starts_with(
            "warning: 1 record was written to since then; the fields that the plan is about are as they were\n"
        ),
        "{one}"
    );

    let scene = Scene::new(&[]);
    scene.planned("bulk_update_customers(list_customers(#{status: \"at_risk\"}), #{plan: \"care\"});");
    scene.meanwhile(&format!("update_customer({row}, #{{status: \"active\"}});"));
    let ran = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert!(ran.code == Some(5) && ran.stderr.contains("`status` was \"at_risk\", and is \"active\" now"), "{ran}");
}
