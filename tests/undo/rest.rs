//! Undos that do not bring all back, or not at once: what is said of it, the exit code, and how it goes on.

#[cfg(unix)]
use crate::harness::terminal::Terminal;
use crate::{
    harness::{Ran, Said},
    plans::Scene,
};
use std::collections::BTreeMap;

fn says(scene: &Scene, ran: &Ran, code: i32, stderr: &str) {
    Said::at(&scene.place).assert(ran, code, "", stderr);
}

/// The same of an undo of the last run, which is named first.
fn says_of_last(scene: &Scene, ran: &Ran, run: usize, code: i32, stderr: &str) {
    says(scene, ran, code, &format!("the last run is `run{run:04}`: -e\n{stderr}"));
}

/// Runs a script that has to end well.
#[track_caller]
fn ran(scene: &Scene, args: &[&str]) {
    let ran = scene.onramp(&[&["run"], args].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn what_nobody_knows_is_told_and_is_no_success() {
    let scene = Scene::new();
    ran(&scene, &["--no-snapshot", "-e", "update_customer(101, #{plan: \"x\"});"]);
    let lost = "warning: cannot be taken back: Acme Corporation (customer clx9f8g7h6j5k4l3m2n1): nobody knows what `plan` was before\n";
    let nothing = format!("{lost}the run `run0001` has changed nothing that could be taken back\n");
    for args in [&["undo", "--last", "--dry-run"][..], &["undo", "--last", "--yes"]] {
        says_of_last(&scene, &scene.onramp(args), 1, 4, &nothing);
    }
    ran(
        &scene,
        &[
            "--no-snapshot",
            "-e",
            "update_customer(101, #{plan: \"y\"}); let c = get_customer(102); update_customer(c, #{mrr: 7});",
        ],
    );
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    says_of_last(&scene, &undone, 2, 4, &format!("{lost}1 changed\n"));
}

#[test]
fn a_run_of_which_only_that_is_left_which_nobody_knows_is_passed_over() {
    let scene = Scene::new();
    ran(&scene, &["-e", "update_customer(110, #{plan: \"older\"});"]);
    let lost =
        "cannot be taken back: Acme Corporation (customer clx9f8g7h6j5k4l3m2n1): nobody knows what `plan` was before\n";
    // Of one all can be brought back but for that, and of the other nothing.
    let old = scene.meanwhile("print(get_customer(103).mrr);");
    for more in ["for n in [102, 103] { let c = get_customer(n); update_customer(c, #{mrr: 7}); }", ""] {
        ran(&scene, &["--no-snapshot", "-e", &format!("update_customer(101, #{{plan: \"x\"}}); {more}")]);
    }
    scene.meanwhile(&format!("update_customer(103, #{{mrr: {}}});", old.trim()));
    let passed = |run: usize| {
        format!("warning: {lost}nothing else of the run `run{run:04}` is left to be taken back, so it is passed over\n")
    };
    let second = format!("{}the one before it is `run0002`: -e\n", passed(3));
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    let said = format!("{second}warning: {lost}1 changed, 1 as it should be already\n");
    says_of_last(&scene, &undone, 3, 4, &said);
    // Neither what was brought back nor what was so already is asked for again.
    let left = format!("warning: {lost}nothing else of the run `run0002` is left to be taken back\n");
    let writes = scene.writes();
    says(&scene, &scene.onramp(&["undo", Said::at(&scene.place).id(2), "--yes"]), 4, &left);
    assert_eq!(scene.writes(), writes);
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    let said = format!("{second}{}the one before it is `run0001`: -e\n1 changed\n", passed(2));
    says_of_last(&scene, &undone, 3, 0, &said);
    // Where there is no other, the oldest of them is told.
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    says_of_last(&scene, &undone, 3, 4, &format!("{second}{left}"));
}

#[test]
fn whoever_gets_another_id_is_named_with_the_one_it_had() {
    let scene = Scene::new();
    // By what they are, because what is made within a millisecond has no order.
    let ids = |customer: &str| {
        let script = format!(
            "let c = {customer}; print(`customer ${{c.id}}`); \
             for k in list_customer_contacts(c) {{ print(`${{k.email}} ${{k.id}}`); }} \
             for o in list_customer_onboardings(c) {{ print(`${{o.phase}} ${{o.id}}`); }}"
        );
        let said = scene.meanwhile(&script);
        let pair = |line: &str| line.split_once(' ').map(|(what, id)| (what.to_string(), id.to_string())).unwrap();
        said.lines().map(pair).collect::<BTreeMap<_, _>>()
    };
    let old = ids("get_customer(102)");
    ran(&scene, &["-e", "delete_customer(102);"]);
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    assert_eq!(undone.code, Some(0), "{undone}");
    let now = ids("list_customers().first()");
    let told: Vec<&str> = undone.stderr.lines().filter(|line| line.contains(": made again as ")).collect();
    assert!(old.len() > 2 && old.keys().eq(now.keys()) && told.len() == old.len(), "{old:?} {now:?} {undone}");
    for (what, old) in &old {
        let end = format!(": made again as {}, was {old}", now[what]);
        assert!(told.iter().any(|line| line.ends_with(&end)), "{what}\n{undone}");
    }
}

#[test]
fn a_dry_run_of_an_undo_tells_of_conflicts_and_ends_as_the_undo_would() {
    let scene = Scene::new();
    ran(&scene, &["-e", "for n in [101, 102] { get_customer(n); update_customer(n, #{plan: \"x\"}); }"]);
    scene.meanwhile("update_customer(101, #{plan: \"y\"});");
    let writes = scene.writes();
    let conflict = "  Acme Corporation (customer clx9f8g7h6j5k4l3m2n1): `plan` was \"x\", and is \"y\" now\n";
    let left_out = format!("1 record was left out, because somebody has changed it since:\n{conflict}");
    let overruled = format!("warning: 1 record was changed since by somebody else, who is overruled:\n{conflict}");
    let refused = format!(
        "error: nothing was sent: 1 record was changed since by somebody else\n{conflict}hint: `--skip-conflicts` leaves them out and \
         does the others\nhint: `--force` takes them back all the same\n"
    );
    for (flags, code, said) in
        [(&[][..], 5, refused.as_str()), (&["--skip-conflicts"], 4, &left_out), (&["--force"], 0, &overruled)]
    {
        let dry = scene.onramp(&[&["undo", "--last", "--dry-run"], flags].concat());
        let end = if code == 5 { "" } else { "NOT SENT: this is only what would be done\n" };
        let said = format!("the last run is `{}`: -e\n{said}{end}", Said::at(&scene.place).id(1));
        assert_eq!((dry.code, dry.stderr.as_str()), (Some(code), said.as_str()), "{dry}");
        assert!(dry.stdout.contains("2 writes: 0 creates, 2 updates, 0 deletes\n"), "{dry}");
    }
    assert_eq!(scene.writes(), writes);
    // What was left out is still to be done.
    says_of_last(
        &scene,
        &scene.onramp(&["undo", "--last", "--yes", "--skip-conflicts"]),
        1,
        4,
        &format!("{left_out}1 changed, 1 left out\n"),
    );
    says_of_last(&scene, &scene.onramp(&["undo", "--last", "--yes"]), 1, 5, &refused);
    let forced = scene.onramp(&["undo", "--last", "--yes", "--force"]);
    says_of_last(&scene, &forced, 1, 0, &format!("{overruled}1 changed, 1 taken back before\n"));
    assert_eq!(scene.writes(), writes + 2);
}

#[test]
fn what_is_not_shown_of_an_undo_the_run_itself_shows() {
    let scene = Scene::new();
    ran(&scene, &["-e", "bulk_update_customers(list_customers().take(25), #{plan: \"x\"});"]);
    let runs = Said::at(&scene.place);
    let shown = runs.plain(&scene.onramp(&["undo", "--last", "--dry-run"]).stdout);
    assert!(shown.contains("\n  … and 5 (`onramp show run0001 --all` shows all)\n"), "{shown}");
    let all = scene.onramp(&["show", runs.id(1), "--all"]).stdout;
    assert_eq!(all.matches("updated customer").count(), 25, "{all}");
}

/// A run that deletes and updates, and an undo of it of which one write has failed.
fn undone_in_part() -> (Scene, std::collections::BTreeMap<String, serde_json::Value>) {
    let scene = Scene::with(&["--fault", "update-customer:status=403@4"]);
    ran(&scene, &["-e", "update_customer(110, #{plan: \"older\"});"]);
    let before = scene.workspace();
    ran(
        &scene,
        &["-e", "delete_customer(102); for n in [101, 103] { get_customer(n); update_customer(n, #{plan: \"x\"}); }"],
    );
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    assert!(undone.code == Some(4) && undone.stderr.contains(", 1 failed\n"), "{undone}");
    assert_ne!(scene.workspace(), before);
    (scene, before)
}

#[test]
fn an_undo_of_which_a_write_failed_is_finished_by_another_and_nothing_is_made_twice() {
    for again in [&["undo", "--last", "--yes"][..], &["retry", "--last"]] {
        let (scene, before) = undone_in_part();
        let runs = Said::at(&scene.place);
        let shown = runs.plain(&scene.onramp(&["show", runs.id(2)]).stdout);
        let told = ["\n  undone by  run0003 (failed)\n", "\n  `onramp undo run0002` takes back what is left\n"];
        assert!(told.iter().all(|told| shown.contains(told)), "{shown}");
        let deletes = scene.served.count("DELETE", "");
        let rest = scene.onramp(again);
        assert_eq!(rest.code, Some(0), "{rest}");
        assert_eq!((scene.workspace(), scene.served.count("DELETE", "")), (before, deletes), "{again:?} {rest}");
        let runs = Said::at(&scene.place);
        let more = scene.onramp(&["undo", runs.id(2), "--yes"]);
        says(
            &scene,
            &more,
            2,
            "error: the run `run0002` was taken back by `run0004` already\nhint: `onramp undo run0004` takes that back\n\
             hint: `onramp undo run0003` takes back what `run0003` has taken back of it before\n",
        );
    }
}

#[test]
fn what_an_undo_has_done_is_not_done_again_by_the_next_one_whatever_was_changed_since() {
    for again in ["undo", "retry", "resume"] {
        let scene = Scene::with(&["--fault", "update-onboarding:status=403@2"]);
        let code = "delete_contact(list_customer_contacts(102).first()); get_customer(101); \
                    update_customer(101, #{plan: \"x\"}); update_onboarding(list_onboardings().first(), #{notes: \"x\"});";
        ran(&scene, &["-e", code]);
        let undone = scene.onramp(&["undo", "--last", "--yes"]);
        assert!(undone.code == Some(4) && undone.stderr.contains("2 changed, 1 failed\n"), "{undone}");
        // What it has brought back is changed once more, and what it has made again is gone once more.
        let contacts = "list_customer_contacts(102)";
        let code = format!("update_customer(101, #{{plan: \"x\"}}); delete_contact({contacts}.first());");
        ran(&scene, &["-e", &code]);
        let runs = Said::at(&scene.place);
        let dry = scene.onramp(&["undo", runs.id(1), "--dry-run"]);
        assert!(dry.code == Some(0) && dry.stdout.contains("\n1 write: 0 creates, 1 update, 0 deletes\n"), "{dry}");
        let count = scene.meanwhile(&format!("print({contacts}.count());"));
        let writes = scene.writes();
        let rest = match again {
            "undo" => scene.onramp(&["undo", runs.id(1), "--yes"]),
            "retry" => scene.onramp(&["retry", runs.id(2)]),
            _ => {
                let died = scene.place.onramp(&["undo", runs.id(1), "--yes"]).env("ONRAMP_CRASH_AT", "after_intent:1");
                assert_eq!(scene.served.used_by(died).ran().code, None);
                scene.onramp(&["resume", "--last"])
            }
        };
        says(&scene, &rest, 0, "1 changed, 2 taken back before\n");
        assert_eq!(scene.writes(), writes + 1);
        let now = format!(
            "print(get_customer(101).plan); print(list_onboardings().first().notes == \"x\"); print({contacts}.count());"
        );
        assert_eq!(scene.meanwhile(&now), format!("x\nfalse\n{count}"));
    }
}

#[test]
fn who_took_back_what_is_told_to_the_end() {
    let scene = Scene::new();
    ran(&scene, &["-e", "update_customer(101, #{plan: \"x\"});"]);
    for n in 1..=2 {
        let run = Said::at(&scene.place).id(n).to_string();
        assert_eq!(scene.onramp(&["undo", &run, "--yes"]).code, Some(0));
    }
    let run = Said::at(&scene.place).id(1).to_string();
    let said = "error: the run `run0001` was taken back by `run0002`, and that by `run0003`\nhint: `onramp undo run0003` takes that back\n";
    says(&scene, &scene.onramp(&["undo", &run, "--yes"]), 2, said);
}

#[test]
fn of_a_run_that_was_taken_back_in_two_parts_both_are_named() {
    let scene = Scene::with(&["--fault", "delete-customer:status=422@2"]);
    let script = "create_customer(#{name: \"One\"}); create_customer(#{name: \"Two\"});";
    ran(&scene, &["-e", script, "--dry-run", "--save", "plan.json"]);
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    let undo = |n: usize| {
        let run = Said::at(&scene.place).id(n).to_string();
        scene.onramp(&["undo", &run, "--yes"])
    };
    assert_eq!((undo(1).code, undo(1).code), (Some(4), Some(0)));
    let part = "hint: `onramp undo run0002` takes back what `run0002` has taken back of it before\n";
    let both =
        "error: the run `run0001` was taken back by `run0003` already\nhint: `onramp undo run0003` takes that back\n";
    says(&scene, &undo(1), 2, &format!("{both}{part}"));
    assert_eq!(undo(3).code, Some(0));
    let apply = || scene.onramp(&["apply", "plan.json", "--yes"]);
    let stands = "error: the run `run0001` stands only in part: `run0002` took back some of it\n";
    says(&scene, &apply(), 2, &format!("{stands}{part}"));
    assert_eq!(undo(2).code, Some(0));
    assert_eq!(apply().code, Some(0));
    let names = "for c in list_customers().take(2) { print(c.name); }";
    let mut names: Vec<String> = scene.meanwhile(names).lines().map(str::to_string).collect();
    names.sort();
    assert_eq!(names, ["One", "Two"]);
}

#[test]
fn what_others_have_added_to_a_record_that_the_run_made_does_not_vanish_with_it_unless_it_is_forced() {
    let scene = Scene::new();
    let script = "let c = create_customer(#{name: \"Neu\"}); create_customer_contact(c, #{name: \"Ann\", email: \"ann@neu.example\"});";
    ran(&scene, &["-e", script]);
    scene.meanwhile(
        "let c = list_customers().first(); create_customer_contact(c, #{name: \"Bob\", email: \"bob@neu.example\"}); \
         create_onboarding(#{customer_id: c.id});",
    );
    // Also where nothing is read to be kept.
    let undone = scene.onramp(&["undo", "--last", "--yes", "--no-snapshot"]);
    let left = "1 changed, 1 failed\n  delete_customer Neu: it has 1 contact and 1 onboarding by now, which would vanish with it\n";
    says_of_last(&scene, &undone, 1, 4, left);
    let there =
        "let c = list_customers().first(); print(c.name); for k in list_customer_contacts(c) { print(k.name); }";
    assert_eq!(scene.meanwhile(there), "Neu\nBob\n");
    says_of_last(
        &scene,
        &scene.onramp(&["undo", "--last", "--yes"]),
        1,
        4,
        &left.replace("1 changed", "0 changed, 1 taken back before"),
    );
    let forced = scene.onramp(&["undo", "--last", "--yes", "--force"]);
    says_of_last(&scene, &forced, 1, 0, "1 changed, 1 taken back before\n");
    assert_eq!(scene.meanwhile("print(list_customers().any(|c| c.name == \"Neu\"));"), "false\n");
    // Also that can be taken back.
    let runs = Said::at(&scene.place);
    assert_eq!(scene.onramp(&["undo", runs.id(4), "--yes"]).code, Some(0));
    assert!(scene.meanwhile(there).starts_with("Neu\nBob\n"));
}

#[test]
#[cfg(unix)]
fn of_two_undos_of_one_run_that_were_asked_for_at_the_same_time_one_does_it() {
    let scene = Scene::new();
    ran(&scene, &["-e", "delete_customer(102);"]);
    let mut asked =
        Terminal::start(scene.served.used_by(scene.place.onramp(&["undo", "--last"])).env("NO_COLOR", "1"), 120);
    asked.shows("[y/N]");
    assert_eq!(scene.onramp(&["undo", "--last", "--yes"]).code, Some(0));
    let writes = scene.writes();
    asked.types("y\r");
    let (code, said, ..) = asked.ended();
    let run = Said::at(&scene.place).id(1).to_string();
    assert_eq!((code, scene.writes()), (Some(2), writes), "{said}");
    assert!(
        said.contains(&format!("error: nothing was sent: the run `{run}` goes on or is taken back in another process")),
        "{said}"
    );
    let runs = scene.onramp(&["runs"]).stdout;
    assert_eq!(runs.lines().count(), 3, "the second one leaves nothing: {runs}");
    let folders = std::fs::read_dir(scene.place.state().join("runs")).unwrap().count();
    assert_eq!(folders, 2, "and no folder");
}

#[test]
fn a_last_run_that_is_at_work_is_not_passed_over() {
    let scene = Scene::with(&["--fault", "update-customer:429=60s@3"]);
    ran(&scene, &["-e", "update_customer(110, #{plan: \"older\"});"]);
    let code = "update_customer(101, #{plan: \"x\"}); update_customer(103, #{plan: \"x\"});";
    let working = scene.served.used_by(scene.place.onramp(&["run", "-v", "-e", code])).started();
    working.says("429");
    let writes = scene.writes();
    let ran = scene.onramp(&["undo", "--last", "--yes"]);
    says(&scene, &ran, 2, "error: the run `run0002` is at work\nhint: stop it first: `onramp cancel run0002`\n");
    assert_eq!(scene.writes(), writes);
}

#[test]
fn a_run_of_which_all_is_back_already_is_closed_and_the_one_before_it_is_the_last() {
    let scene = Scene::new();
    ran(&scene, &["-e", "update_customer(110, #{plan: \"older\"});"]);
    let old = scene.meanwhile("print(get_customer(101).mrr);");
    ran(&scene, &["-e", "update_customer(101, #{mrr: 7});"]);
    scene.meanwhile(&format!("update_customer(101, #{{mrr: {}}});", old.trim()));
    let writes = scene.writes();
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    let said = "0 changed, 1 as it should be already\nthere was nothing to do: all is as the plan wants it\n";
    says_of_last(&scene, &undone, 2, 0, said);
    assert_eq!(scene.writes(), writes);
    says_of_last(&scene, &scene.onramp(&["undo", "--last", "--yes"]), 1, 0, "1 changed\n");
}
