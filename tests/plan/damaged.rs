//! Files that are no plan, or not the plan that was made: each is refused with what is wrong with it, and nothing is sent.

use super::Scene;
use onramp::session::plan::{Head, Plan, Workspace, read};

const HINT: &str = "hint: make the plan again with `onramp run FILE --dry-run --save plan.json`\n";

#[test]
fn a_file_that_is_no_whole_plan_is_refused_with_what_is_wrong_with_it() {
    let scene = Scene::new(&[]);
    scene.planned("update_customer(101, #{mrr: 1}); delete_contact(list_customer_contacts(102).first());");
    let whole = scene.read("plan.json");
    let cut = |at: usize| whole.as_bytes()[..at].to_vec();
    let with = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replacen(from, to, 1).into_bytes()
    };
    let by_hand = "it is damaged or was changed by hand: its `digest` is that of another plan";
    let in_the_middle = "it ends in the middle of its JSON";
    for (bytes, why, hint) in [
        (cut(0), in_the_middle, HINT),
        (cut(1), in_the_middle, HINT),
        (cut(whole.find("entries").unwrap()), in_the_middle, HINT),
        (cut(whole.len() / 2), in_the_middle, HINT),
        (cut(whole.len() - 3), in_the_middle, HINT),
        (b"name,plan\nAcme,care\n".to_vec(), "it is not JSON (line 1, column 2)", HINT),
        (b"[1, 2]".to_vec(), "it is JSON, but no plan", HINT),
        (b"{\"format\":\"other\"}".to_vec(), "it is JSON, but no plan: its `format` is not `onramp-plan`", HINT),
        (
            with("\"version\":1", "\"version\":7"),
            "it is a plan of version 7, made by onramp 0.1.0; this onramp reads version 1",
            "hint: use the onramp that made it, or make the plan again with this one\n",
        ),
        (with("\"version\":1,", ""), "it has no `version`", HINT),
        (with("\"position\":2", "\"position\":9"), "it is damaged: entry 2 calls itself 9", HINT),
        (
            with("delete_contact", "delete_all"),
            "it is damaged: entry 2 names `delete_all`, which is no operation that writes",
            HINT,
        ),
        (with("\"writes\":2", "\"writes\":1"), "it is damaged: its `quote` is not that of its entries", HINT),
        (with("\"deletes\":1", "\"deletes\":0"), "it is damaged: its `totals` are not those of its entries", HINT),
        // A value that somebody has put right by hand.
        (with("{\\\"mrr\\\":1}", "{\\\"mrr\\\":9}"), by_hand, HINT),
        (with("\"after\":1", "\"after\":9"), by_hand, HINT),
        (with("\"slug\":\"sandbox\"", "\"slug\":\"other\""), by_hand, HINT),
    ] {
        scene.write("bad.json", &bytes);
        for command in [&["apply", "bad.json", "--yes"][..], &["plan", "show", "bad.json"]] {
            let said = format!("error: the plan `bad.json` cannot be used: {why}\n{hint}");
            scene.onramp(command).assert_all(2, "", &said);
        }
    }
    for (bytes, why) in [
        (with("\"position\":2", "\"position\":\"2\""), "it is damaged: invalid type: string \"2\" (line 3, column "),
        (with("\"path\":[\"101\"]", "\"path\":[\"101\""), "it is not JSON (line 2, column "),
        (with("\"changes\":", "\"chances\":"), "it is damaged: unknown field `chances` (line 2, column "),
    ] {
        scene.write("bad.json", &bytes);
        let ran = scene.onramp(&["apply", "bad.json", "--yes"]);
        let begins = format!("error: the plan `bad.json` cannot be used: {why}");
        assert!(ran.code == Some(2) && ran.stderr.starts_with(&begins) && ran.stderr.ends_with(HINT), "{why}\n{ran}");
        assert_eq!(ran.stderr.lines().count(), 2, "{ran}");
    }
    assert_eq!(scene.writes(), 0);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let scene = Scene::new(&[]);
    scene.write("picture.png", b"\x89PNG\xff\xfe");
    std::fs::create_dir(scene.place.work().join("folder")).unwrap();
    for (name, why) in [
        ("missing.json", "there is no such file"),
        ("folder", "it is a folder"),
        ("picture.png", "it is not UTF-8 text"),
    ] {
        let said = format!("error: the plan `{name}` cannot be read: {why}\n");
        scene.onramp(&["apply", name, "--yes"]).assert_all(2, "", &said);
        scene.onramp(&["plan", "show", name]).assert_all(2, "", &said);
    }
}

#[test]
fn a_plan_for_another_workspace_is_refused() {
    let scene = Scene::new(&[]);
    scene.planned("update_customer(101, #{mrr: 1});");
    let plan = read(&scene.read("plan.json")).unwrap();
    let head = Head {
        onramp: plan.onramp,
        id: plan.id,
        created_at: plan.created_at,
        workspace: Workspace { id: "org_other".into(), slug: "other".into() },
        script: plan.script,
    };
    scene.write("other.json", Plan::new(head, plan.entries, 0).to_json());
    scene.onramp(&["apply", "other.json", "--yes"]).assert_all(
        5,
        "",
        "error: the plan is for the workspace `other`, and the key belongs to `sandbox`\nhint: use a key of that workspace\n",
    );
    assert_eq!(scene.writes(), 0);
    assert!(!scene.place.state().join("runs").exists(), "nothing is kept");
}
