//! A plan that was applied already, from here or from another machine: nothing is done twice, and it is said.

use super::Scene;
use crate::harness::{PATIENCE, Said};
use std::time::Instant;

const NOTHING: &str = "there was nothing to do: all is as the plan wants it\n";

/// Waits until the service's clock has gone on by two seconds: its answers are dated in whole ones.
fn let_the_clock_go_on(scene: &Scene) {
    let time = || scene.meanwhile("print(get_health().timestamp);").trim().parse::<jiff::Timestamp>().unwrap();
    let (begun, deadline) = (time(), Instant::now() + PATIENCE);
    while time() < begun + jiff::SignedDuration::from_secs(2) {
        assert!(Instant::now() < deadline, "the service's clock stands still");
    }
}

#[test]
fn a_plan_of_every_kind_of_write_applied_again_from_another_machine_writes_nothing() {
    let scene = Scene::new(&[]);
    scene.planned(
        "let made = create_customer(#{name: \"Neu GmbH\"});
         let ann = create_customer_contact(made, #{name: \"Ann\", email: \"ann@neu.example\"});
         update_customer(made, #{plan: \"gold\"});
         update_contact(ann, #{title: \"CTO\"});
         create_onboarding(#{customer_id: made.id});
         update_customer(103, #{plan: \"a\"});
         update_customer(103, #{plan: \"b\"});
         let k = list_customer_contacts(104).first();
         update_contact(k, #{title: \"CEO\"});
         delete_contact(k);
         update_onboarding(list_onboardings(#{phase: \"launch\"}).first(), #{waiting_on_customer: true});
         delete_onboarding(list_onboardings(#{phase: \"review\"}).first());
         delete_customer(102);
         let gone = create_customer(#{name: \"Short lived\"});
         delete_customer(gone);",
    );
    let first = scene.onramp(&["apply", "plan.json", "--yes"]);
    let runs = Said::at(&scene.place);
    runs.assert(&first, 0, "", "14 changed\n`onramp undo run0001` takes it back\n");
    let dump = "for c in list_customers() { print(c.to_json()); for k in list_customer_contacts(c) { print(k.to_json()); } } \
                for o in list_onboardings() { print(o.to_json()); }";
    let after = scene.meanwhile(dump);

    runs.assert(
        &scene.onramp(&["apply", "plan.json", "--yes"]),
        0,
        "",
        "the run `run0001` has applied this plan already; nothing was sent\n",
    );
    let_the_clock_go_on(&scene);
    let (patched, deleted) = (scene.served.count("PATCH", ""), scene.served.count("DELETE", ""));
    let second = scene.elsewhere(&["apply", "plan.json", "--yes"]);
    second.assert_all(0, "", &format!("0 changed, 14 as it should be already\n{NOTHING}"));
    assert_eq!((scene.served.count("PATCH", ""), scene.served.count("DELETE", "")), (patched, deleted));
    // To the last `updated_at`.
    assert_eq!(scene.meanwhile(dump), after);
    // And there is nothing of its own that it could take back.
    let undone = scene.elsewhere(&["undo", "--last", "--yes"]);
    assert!(undone.stderr.ends_with(" has changed nothing that could be taken back\n"), "{undone}");
    assert!(undone.code == Some(0) && scene.meanwhile(dump) == after, "{undone}");
}

#[test]
fn what_somebody_changed_in_a_record_that_the_plan_made_is_not_overruled_by_a_second_application() {
    let scene = Scene::new(&[]);
    scene.planned("let made = create_customer(#{name: \"Neu GmbH\"}); update_customer(made, #{plan: \"gold\"});");
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    scene.meanwhile("update_customer(list_customers().first(), #{plan: \"silver\"});");
    let_the_clock_go_on(&scene);
    scene.elsewhere(&["apply", "plan.json", "--yes"]).assert_all(
        4,
        "",
        "0 changed, 1 as it should be already, 1 failed\n  update_customer Neu GmbH: `plan` was null, and is \"silver\" now\n",
    );
    assert_eq!(scene.meanwhile("print(list_customers().first().plan);"), "silver\n");
}

#[test]
fn a_plan_that_was_applied_by_half_is_finished_from_another_machine() {
    let scene = Scene::new(&[]);
    scene.planned("for plan in [\"a\", \"b\", \"c\"] { update_customer(101, #{plan: plan}); } update_customer(102, #{plan: \"c\"});");
    let first = scene.onramp(&["apply", "plan.json", "--yes", "--first", "2"]);
    assert_eq!((first.code, scene.writes()), (Some(0), 2), "{first}");
    let rest = scene.elsewhere(&["apply", "plan.json", "--yes"]);
    assert!(rest.code == Some(0) && rest.stderr.starts_with("2 changed, 2 as it should be already\n"), "{rest}");
    assert_eq!(scene.writes(), 4);
    assert_eq!(scene.meanwhile("print(`${get_customer(101).plan} ${get_customer(102).plan}`);"), "c c\n");
}

#[test]
fn what_must_be_unique_changes_hands_in_the_order_of_the_plan() {
    let scene = Scene::new(&["--fault", "update-customer:delay=300ms@1"]);
    scene.planned(
        "let (a, b) = (get_customer(101).slug, get_customer(102).slug);
         update_customer(101, #{slug: \"for-now\"});
         update_customer(102, #{slug: a});
         update_customer(101, #{slug: b});
         let contacts = list_customer_contacts(101).to_array();
         let email = contacts[0].email;
         update_contact(contacts[0], #{email: \"for-now@example.com\"});
         update_contact(contacts[1], #{email: email});"
            .replace(
                "let (a, b) = (get_customer(101).slug, get_customer(102).slug);",
                "let a = get_customer(101).slug; let b = get_customer(102).slug;",
            )
            .as_str(),
    );
    let applied = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert!(applied.code == Some(0) && applied.stderr.starts_with("5 changed\n"), "{applied}");
}

#[test]
fn a_plan_that_was_taken_back_makes_its_records_anew_and_elsewhere_it_is_said_that_they_are_gone() {
    let scene = Scene::new(&[]);
    scene.planned(
        "let made = create_customer(#{name: \"Neu GmbH\"});
         create_customer_contact(made, #{name: \"Ann\", email: \"ann@neu.example\"});
         update_customer(made, #{plan: \"gold\"}); update_customer(101, #{plan: \"gold\"});",
    );
    let shown = "let c = list_customers().first(); let all = `${c.name} ${c.plan} ${get_customer(101).plan}:`;
                 for k in list_customer_contacts(c) { all += ` ${k.name}`; } print(all);";
    let before = scene.meanwhile(shown);
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    assert_eq!(scene.onramp(&["undo", "--last", "--yes"]).code, Some(0));
    assert_eq!(scene.meanwhile(shown), before);
    let_the_clock_go_on(&scene);
    let gone = "an earlier application of the plan has made it, and somebody has deleted it since";
    let elsewhere = scene.elsewhere(&["apply", "plan.json", "--yes"]);
    let said = format!(
        "1 changed, 3 failed\n  create_customer Neu GmbH: {gone}\n  create_customer_contact Ann: {gone}\n  \
         update_customer Neu GmbH: it is gone\n"
    );
    assert!(elsewhere.code == Some(4) && elsewhere.stderr.contains(&said), "{elsewhere}");

    let first = scene.onramp(&["apply", "plan.json", "--yes", "--first", "1"]);
    Said::at(&scene.place).assert(
        &first,
        0,
        "",
        "1 changed\nthe first are done: look at them; `onramp resume run0003` goes on with the others\n\
         `onramp undo run0003` takes it back\n",
    );
    let rest = scene.onramp(&["resume", "--last"]);
    Said::at(&scene.place).assert(
        &rest,
        0,
        "",
        "3 changed, 1 as it should be already\n`onramp undo run0003` takes it back\n",
    );
    assert_eq!(scene.meanwhile(shown), "Neu GmbH gold gold: Ann\n");
    Said::at(&scene.place).assert(
        &scene.onramp(&["apply", "plan.json", "--yes"]),
        0,
        "",
        "the run `run0003` has applied this plan already; nothing was sent\n",
    );
    assert_eq!(scene.onramp(&["undo", "--last", "--yes"]).code, Some(0));
    let again = scene.onramp(&["apply", "plan.json", "--yes"]);
    assert!(again.code == Some(0) && again.stderr.starts_with("3 changed, 1 as"), "{again}");
    assert_eq!(scene.meanwhile("print(list_customers().filter(|c| c.name == \"Neu GmbH\").count());"), "1\n");
}

#[test]
fn a_plan_whose_undo_was_taken_back_stands_and_one_whose_undo_left_something_is_not_made_anew() {
    let scene = Scene::new(&[]);
    scene.planned("create_customer(#{name: \"Neu GmbH\"}); update_customer(103, #{plan: \"a\"});");
    let done = |args: &[&str]| {
        let ran = scene.onramp(args);
        assert_eq!(ran.code, Some(0), "{ran}");
    };
    done(&["apply", "plan.json", "--yes"]);
    done(&["undo", "--last", "--yes"]);
    let runs = Said::at(&scene.place);
    done(&["undo", runs.id(2), "--yes"]);
    let again = &["apply", "plan.json", "--yes"];
    let applied = "the run `run0001` has applied this plan already; nothing was sent\n";
    runs.assert(&scene.onramp(again), 0, "", applied);
    assert_eq!(scene.meanwhile("print(list_customers().where(#{name: \"Neu GmbH\"}).count());"), "1\n");

    let scene = Scene::new(&[]);
    scene.planned("create_customer(#{name: \"Neu GmbH\"}); update_customer(103, #{plan: \"a\"});");
    scene.onramp(again);
    scene.meanwhile("update_customer(103, #{plan: \"own\"});");
    let undone = scene.onramp(&["undo", "--last", "--yes", "--skip-conflicts"]);
    assert_eq!(undone.code, Some(4), "{undone}");
    let runs = Said::at(&scene.place);
    let part = "error: the run `run0001` was taken back only in part, by `run0002`\n\
                hint: `onramp undo run0001` does what is left\n\
                hint: make the plan again with `onramp run FILE --dry-run --save PLAN`\n";
    runs.assert(&scene.onramp(again), 2, "", part);
}
