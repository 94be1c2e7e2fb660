//! What a plan says that it takes, held against the requests that its application sends.

use super::Scene;
use serde_json::Value;

/// The parts of a plan's quote: writes, reads, children.
fn quoted(scene: &Scene) -> (usize, usize, usize) {
    let plan: Value = serde_json::from_str(&scene.read("plan.json")).unwrap();
    let of = |name: &str| plan["quote"][name].as_u64().unwrap() as usize;
    (of("writes"), of("reads"), of("children"))
}

#[test]
fn an_application_sends_as_many_requests_as_its_plan_quotes() {
    for (script, quote) in [
        // A blind update is read first.
        ("update_customer(101, #{mrr: 1});", (1, 2, 0)),
        ("update_customer(101, #{mrr: 1}); update_customer(101, #{mrr: 2});", (2, 2, 0)),
        // Rows of one list are looked at by the page.
        ("bulk_update_customers(list_customers(#{status: \"at_risk\"}), #{plan: \"care\"});", (11, 2, 0)),
        ("bulk_update_customers(list_customers(), #{plan: \"care\"});", (120, 3, 0)),
        ("for c in list_customers().filter(|c| c.display_id == 101) { update_customer(c, #{mrr: 3}); }", (1, 2, 0)),
        ("for k in list_customer_contacts(101).take(2) { update_contact(k, #{title: \"x\"}); }", (2, 2, 0)),
        // What vanishes with a customer is read, so that an undo can make it again.
        ("delete_customer(101); delete_customer(102);", (2, 3, 4)),
        ("delete_contact(list_customer_contacts(101).first());", (1, 2, 0)),
        (
            "let c = create_customer(#{name: \"Neu\"}); create_onboarding(#{customer_id: c.id}); delete_customer(c);",
            (3, 1, 2),
        ),
    ] {
        let scene = Scene::new(&["--rate", "6000/min"]);
        let shown = scene.planned(script);
        assert_eq!(quoted(&scene), quote, "{script}\n{shown}");
        let (writes, reads, children) = quote;
        let all = writes + reads + children;
        let line = format!("\napplying it takes about {all} request");
        assert!(shown.stdout.contains(&line), "{line}{shown}");
        let before = scene.served.asked();
        let applied = scene.onramp(&["apply", "plan.json", "--yes"]);
        assert_eq!((applied.code, scene.served.asked() - before), (Some(0), all), "{script}\n{applied}");
    }
}

#[test]
fn where_nobody_knows_how_far_down_the_records_stand_the_quote_is_an_upper_bound() {
    let scene = Scene::new(&["--rate", "25/min"]);
    let shown = scene.planned("for n in 101..113 { update_customer(n, #{mrr: 1}); }");
    let quote = "applying it takes at most 26 requests: 12 writes, 14 reads to see that nothing has moved\n\
                 at 25/min that is up to 1 min\n";
    assert!(shown.stdout.contains(quote), "{shown}");
    let scene = Scene::new(&[]);
    scene.planned("for n in 101..113 { update_customer(n, #{mrr: 1}); }");
    let before = scene.served.asked();
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    assert!(scene.served.asked() - before <= 26);
}

#[test]
fn without_snapshots_nothing_is_read_only_because_it_is_written_to() {
    let script = "for c in list_customers().take(1) { delete_customer(c); } update_customer(110, #{mrr: 5});";
    for (flags, reads) in [(&[][..], 5), (&["--no-snapshot"][..], 2)] {
        let scene = Scene::new(&[]);
        let ran = scene.onramp(&[&["run", "-e", script], flags].concat());
        assert_eq!((ran.code, scene.writes()), (Some(0), 2), "{ran}");
        assert_eq!(scene.served.count("GET", "/api/"), reads, "{flags:?} {:#?}", scene.served.log());
        let back = scene.onramp(&["undo", "--last", "--dry-run"]);
        assert_eq!(back.stderr.contains("cannot be taken back"), !flags.is_empty(), "{back}");
    }
    let scene = Scene::new(&[]);
    scene.planned("delete_customer(101);");
    let before = scene.served.asked();
    let applied = scene.onramp(&["apply", "plan.json", "--yes", "--no-snapshot"]);
    assert_eq!((applied.code, scene.served.asked() - before), (Some(0), 3), "{applied}");
    let called = scene.onramp(&["call", "update_customer", "id=110", "mrr=5", "--no-snapshot"]);
    assert_eq!((called.code, scene.served.asked() - before), (Some(0), 5), "{called}");
}

#[test]
fn the_quote_counts_the_runs_that_are_at_work_as_well() {
    let scene = Scene::new(&["--rate", "20/min", "--fault", "update-customer:delay=1h@3"]);
    let slow = "bulk_update_customers(list_customers().take(50).to_array(), #{plan: \"care\"}, #{in_flight: 1});";
    let running = scene.served.used_by(scene.place.onramp(&["run", "-e", slow])).started();
    loop {
        let status = scene.onramp(&["status", "--output", "json"]);
        if status.stdout.contains("\"done\": 2,") {
            break;
        }
    }
    let planned = scene.planned("update_customer(101, #{mrr: 1});");
    let last = planned.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "at 20/min that is within one window; beside 1 other run at work, which has 48 writes to go, at least 2 min"
    );
    drop(running);
}
