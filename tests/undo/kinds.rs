//! What a run can have done to records that belong together.

use crate::{harness::Said, plans::Scene};

/// Runs a script, takes it back, and holds the workspace against what it was.
#[track_caller]
fn is_taken_back(script: &str) {
    let scene = Scene::new();
    let before = scene.workspace();
    let ran = scene.onramp(&["run", "-e", script]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_ne!(scene.workspace(), before, "{script}");
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    assert_eq!(undone.code, Some(0), "{undone}");
    assert_eq!(scene.workspace(), before, "{undone}");
}

#[test]
fn a_customer_that_was_made_and_changed_after_its_contacts_goes_with_them() {
    is_taken_back(
        r#"let made = create_customer(#{name: "Neu"});
           create_customer_contact(made, #{name: "Ann", email: "ann@neu.example"});
           create_onboarding(#{customer_id: made.id});
           update_customer(made, #{mrr: 5}); get_customer(101); update_customer(101, #{mrr: 6});"#,
    );
}

#[test]
fn what_vanished_with_a_customer_comes_back_as_it_was_before_the_run_and_nothing_that_the_run_made() {
    is_taken_back(
        r#"let contact = list_customer_contacts(102).first();
           update_contact(contact, #{title: "Changed"});
           create_customer_contact(102, #{name: "Of the run", email: "run@neu.example"});
           let onboarding = list_customer_onboardings(102).first();
           if onboarding != () { update_onboarding(onboarding, #{notes: "changed", waiting_on_customer: true}); }
           delete_customer(102);"#,
    );
}

#[test]
fn a_contact_and_then_its_customer_come_back_in_the_right_order() {
    is_taken_back("delete_contact(list_customer_contacts(102).first()); delete_customer(102);");
}

#[test]
fn what_was_made_and_deleted_again_leaves_nothing_to_do() {
    let scene = Scene::new();
    let script = r#"let made = create_customer(#{name: "Neu"});
        create_customer_contact(made, #{name: "Ann", email: "ann@neu.example"}); delete_customer(made);"#;
    assert_eq!(scene.onramp(&["run", "-e", script]).code, Some(0));
    let writes = scene.writes();
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    Said::at(&scene.place).assert(
        &undone,
        0,
        "",
        "the last run is `run0001`: -e\nthe run `run0001` has changed nothing that could be taken back\n",
    );
    assert_eq!(scene.writes(), writes);
}

#[test]
fn a_slug_that_the_run_gave_to_another_customer_is_free_before_it_goes_back() {
    is_taken_back(
        r#"let made = create_customer(#{name: "Neu"});
           let old = get_customer(101); update_customer(101, #{slug: "elsewhere"});
           update_customer(made, #{slug: old.slug});"#,
    );
}

#[test]
fn names_that_went_round_go_back_by_way_of_another() {
    // The undo's first write is answered late: those that rest on it must wait.
    let scene = Scene::with(&["--fault", "update-customer:status=503@9"]);
    let script = r#"
        let all = list_customers().take(4).to_array();
        let slugs = all.map(|c| c.slug);
        for n in 0..4 { update_customer(all[n], #{slug: `round-${n}`}); }
        for n in 0..4 { update_customer(all[n], #{slug: slugs[(n + 1) % 4]}); }
        let two = list_customer_contacts(101).take(2).to_array();
        update_contact(two[0], #{email: "round@acme.example"});
        update_contact(two[1], #{email: two[0].email});
        update_contact(two[0], #{email: two[1].email});"#;
    let before = scene.workspace();
    assert_eq!(scene.onramp(&["run", "-e", script]).code, Some(0));
    let writes = scene.writes();
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    Said::at(&scene.place).assert(&undone, 0, "", "the last run is `run0001`: -e\n8 changed\n");
    assert_eq!((scene.writes() - writes, scene.workspace()), (9, before), "one was sent twice");
}

#[test]
fn several_writes_to_one_record_go_back_as_one() {
    let scene = Scene::new();
    let script = "update_customer(101, #{mrr: 1}); update_customer(101, #{mrr: 2, plan: \"x\"}); update_customer(101, #{mrr: 3});";
    let before = scene.workspace();
    assert_eq!(scene.onramp(&["run", "-e", script]).code, Some(0));
    let writes = scene.writes();
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    Said::at(&scene.place).assert(&undone, 0, "", "the last run is `run0001`: -e\n1 changed\n");
    assert_eq!((scene.writes() - writes, scene.workspace()), (1, before));
}
