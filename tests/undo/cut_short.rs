//! Runs and undos that die half-way, as if the plug had been pulled.

use crate::{
    harness::{Ran, Said},
    plans::Scene,
};

/// A run, or another command, that dies at a point.
#[track_caller]
fn dies(scene: &Scene, at: &str, args: &[&str]) {
    let ran = scene.served.used_by(scene.place.onramp(args)).env("ONRAMP_CRASH_AT", at).ran();
    assert_eq!(ran.code, None, "{ran}");
}

#[track_caller]
fn ends_well(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn a_run_with_a_write_in_doubt_is_taken_back_and_can_no_longer_go_on() {
    let writes = [
        "update_customer(102, #{mrr: 5, plan: \"x\"});",
        "update_onboarding(list_onboardings(#{state: \"active\"}).first(), #{waiting_on_customer: true});",
        "create_customer(#{name: \"Neu\", mrr: 4711});",
        "delete_contact(list_customer_contacts(102).first());",
        "delete_customer(102);",
    ];
    for write in writes {
        for point in ["after_intent:2", "answered:2"] {
            let scene = Scene::new();
            let before = scene.workspace();
            dies(
                &scene,
                point,
                &["run", "-e", &format!("get_customer(101); update_customer(101, #{{mrr: 7}}); {write}")],
            );
            let undone = scene.onramp(&["undo", "--last", "--yes"]);
            ends_well(&undone);
            assert_eq!(scene.workspace(), before, "{write} {point}\n{undone}");
            let runs = Said::at(&scene.place);
            let resumed = scene.onramp(&["resume", runs.id(1)]);
            runs.assert(
                &resumed,
                2,
                "",
                "error: the run `run0001` was taken back by `run0002`\nhint: `onramp retry run0001` runs the script anew\n",
            );
        }
    }
}

#[test]
fn an_undo_that_died_goes_on_with_the_run_that_it_began_to_take_back() {
    for point in ["after_intent:2", "sent:3", "answered:3", "before_answer_stored:2", "after_answer_stored:4"] {
        let scene = Scene::new();
        let before = scene.workspace();
        ends_well(&scene.onramp(&["run", "all.rhai"]));
        dies(&scene, point, &["undo", "--last", "--yes"]);
        let runs = Said::at(&scene.place);
        // It is closed from the first write of its undo on.
        let again = scene.onramp(&["undo", runs.id(1), "--yes"]);
        runs.assert(
            &again,
            2,
            "",
            "error: the run `run0001` is being taken back by `run0002`, which has not ended\n\
             hint: `onramp resume run0002` goes on with it\n",
        );
        let shown = runs.plain(&scene.onramp(&["show", runs.id(1)]).stdout);
        let told = ["\n  undone by  run0002 (stopped)\n", "\n  `onramp resume run0002` goes on with taking it back\n"];
        assert!(told.iter().all(|told| shown.contains(told)), "{shown}");
        ends_well(&scene.onramp(&["call", "update_customer", "id=103", "mrr=4711"]));
        ends_well(&scene.onramp(&["resume", runs.id(2)]));
        let shown = runs.plain(&scene.onramp(&["show", runs.id(1)]).stdout);
        assert!(shown.contains("\n  undone by  run0002\n") && !shown.contains("taking it back"), "{shown}");
        ends_well(&scene.onramp(&["undo", "--last", "--yes"]));
        assert_eq!(scene.workspace(), before, "{point}");
    }
}

#[test]
fn an_application_that_died_goes_on_and_makes_each_change_once() {
    let real = Scene::new();
    ends_well(&real.onramp(&["run", "all.rhai"]));
    let wanted = real.workspace();
    for point in ["before_journal", "after_intent:2", "sent:1", "answered:1", "answered:4", "after_answer_stored:5"] {
        let scene = Scene::new();
        let before = scene.workspace();
        scene.planned();
        dies(&scene, point, &["apply", "plan.json", "--yes"]);
        ends_well(&scene.onramp(&["resume", "--last"]));
        assert_eq!(scene.workspace(), wanted, "{point}");
        ends_well(&scene.onramp(&["undo", "--last", "--yes"]));
        assert_eq!(scene.workspace(), before, "{point}");
    }
}

#[test]
fn what_others_have_added_to_a_record_while_an_undo_lay_does_not_vanish_with_it_unless_it_is_forced() {
    let there =
        "for c in list_customers().take(1) { print(c.name); for k in list_customer_contacts(c) { print(k.name); } }";
    let left = "0 changed, 1 failed\n  delete_customer Neu: it has 1 contact by now, which would vanish with it\n";
    for (flag, code, said) in [("--no-snapshot", 4, left), ("--force", 0, "1 changed\n")] {
        let scene = Scene::new();
        ends_well(&scene.onramp(&["run", "-e", "create_customer(#{name: \"Neu\"});"]));
        dies(&scene, "after_intent:1", &["undo", "--last", "--yes", flag]);
        scene.meanwhile(
            "create_customer_contact(list_customers().first(), #{name: \"Bob\", email: \"bob@neu.example\"});",
        );
        let runs = Said::at(&scene.place);
        let resumed = scene.onramp(&["resume", runs.id(2)]);
        runs.assert(&resumed, code, "", said);
        assert_eq!(scene.meanwhile(there) == "Neu\nBob\n", code == 4);
        if code == 0 {
            // What was added is kept before it goes, and comes back.
            ends_well(&scene.onramp(&["undo", runs.id(2), "--yes"]));
            assert_eq!(scene.meanwhile(there), "Neu\nBob\n");
        }
    }
}

#[test]
fn what_vanished_with_a_record_whose_delete_was_carried_out_unseen_comes_back() {
    let scene = Scene::new();
    let before = scene.workspace();
    dies(&scene, "answered:1", &["run", "-e", "delete_customer(102);"]);
    ends_well(&scene.onramp(&["resume", "--last"]));
    ends_well(&scene.onramp(&["undo", "--last", "--yes"]));
    assert_eq!(scene.workspace(), before);
}
