//! What somebody at a terminal is asked, and who is not.

use super::Scene;
use crate::harness::terminal::Terminal;

fn at_terminal(scene: &Scene, args: &[&str]) -> Terminal {
    Terminal::start(scene.served.used_by(scene.place.onramp(args)).env("NO_COLOR", "1"), 120)
}

#[test]
fn an_application_asks_at_a_terminal_after_it_has_looked() {
    let scene = Scene::new(&[]);
    scene.planned("update_customer(101, #{mrr: 1}); delete_customer(102);");
    let question = "apply this to the workspace `sandbox`? 2 writes: 0 creates, 1 update, 1 delete [y/N]";
    for no in ["n\r", "\x03"] {
        let mut asked = at_terminal(&scene, &["apply", "plan.json"]);
        asked.shows(question);
        asked.types(no);
        let (code, said, ..) = asked.ended();
        assert_eq!((code, scene.writes()), (Some(130), 0), "{said}");
        assert!(said.trim_end().ends_with("error: nothing was sent") && !said.contains("in flight"), "{said}");
    }
    assert!(!scene.place.state().join("runs").exists(), "nothing is kept");

    scene.meanwhile("update_customer(101, #{mrr: 5});");
    let (code, said, ..) = at_terminal(&scene, &["apply", "plan.json"]).ended();
    assert!(code == Some(5) && !said.contains("[y/N]"), "drift needs no answer: {said}");
    scene.meanwhile("update_customer(101, #{mrr: 1});");

    let writes = scene.writes();
    let mut asked = at_terminal(&scene, &["apply", "plan.json"]);
    asked.shows(question);
    asked.types("y\r");
    let (code, said, ..) = asked.ended();
    assert_eq!((code, scene.writes()), (Some(0), writes + 1), "{said}");
}

#[test]
fn without_a_terminal_an_application_needs_a_yes_and_spends_no_request_on_the_question() {
    let scene = Scene::new(&[]);
    scene.planned("update_customer(101, #{mrr: 1});");
    let asked = scene.served.asked();
    scene.onramp(&["apply", "plan.json"]).assert_all(
        2,
        "",
        "error: `onramp apply` asks before it writes, and there is no terminal\nhint: add `--yes` to go on without a question\n",
    );
    assert_eq!(scene.served.asked(), asked);
}

#[test]
fn a_test_key_is_no_reason_to_ask() {
    let scene = Scene::new(&[]);
    let onramp = scene.served.used_by(scene.place.onramp(&["run", "-e", "update_customer(101, #{mrr: 1});"]));
    let (code, said, ..) =
        Terminal::start(onramp.env("PIVOTAL_API_KEY", "pivotal_test_sandbox_key").env("NO_COLOR", "1"), 120).ended();
    assert!(code == Some(0) && !said.contains("[y/N]"), "{said}");
    assert_eq!(scene.writes(), 1);
}
