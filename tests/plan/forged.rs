//! Plans whose digest is right and that would do something else than they show: whoever approves sees the changes, and what
//! is sent is the body.

use super::Scene;
use onramp::session::plan::{Entry, Exact, Head, Plan, read};

/// What somebody does to an entry.
type Forgery = fn(&mut Entry);

const SCRIPT: &str = "
    let made = create_customer(#{name: \"Neu\", mrr: 5, plan: ()});
    create_customer_contact(made, #{name: \"Ann\", email: \"Ann@Neu.example\", is_primary: ()});
    create_customer_contact(101, #{name: \"Bob\", email: \"bob@neu.example\"});
    create_onboarding(#{customer_id: 102, started_at: \"2026-05-26T12:00:00+02:00\", waiting_on_customer: true});
    let c = get_customer(101);
    update_customer(101, #{plan: \"care\", mrr: c.mrr, domain: (), metadata: #{tier: 1.50, \"a b\": [1, \"é\"]}});
    for o in list_onboardings().take(40) { update_onboarding(o, #{state: \"waiting\", waiting_on_customer: false, notes: \"x\"}); }
    for o in list_onboardings().take(40) { update_onboarding(o, #{state: \"paused\", waiting_on_customer: true}); }
    delete_contact(list_customer_contacts(103).first());";

#[test]
fn an_entry_that_does_something_else_than_it_shows_is_refused_and_all_others_are_taken() {
    let scene = Scene::new(&[]);
    scene.planned(SCRIPT);
    let plan = read(&scene.read("plan.json")).unwrap();
    let forged = |position: usize, forge: Forgery| {
        let mut plan = plan.clone();
        forge(&mut plan.entries[position - 1]);
        let Plan { onramp, id, created_at, workspace, script, entries, .. } = plan;
        let head = Head { onramp, id, created_at, workspace, script };
        read(&Plan::new(head, entries, 0).to_json()).map(drop)
    };
    fn exact(text: &str) -> Exact {
        serde_json::from_str(text).unwrap()
    }
    let forgeries: [(usize, Forgery); 12] = [
        // More is sent than is shown, or another value.
        (1, |entry| entry.body = Some(r#"{"name":"Neu","mrr":5,"status":"churned"}"#.into())),
        (5, |entry| entry.body = entry.body.as_ref().map(|body| body.replacen('{', "{\"slug\":\"gone\",", 1))),
        (5, |entry| entry.body = entry.body.as_ref().map(|body| body.replace("care", "free"))),
        (5, |entry| drop(entry.as_is.insert("mrr".into(), exact("1")))),
        (5, |entry| drop(entry.as_is.remove("mrr"))),
        // More is shown than is sent.
        (1, |entry| entry.changes[0].after = Some(exact("\"Old\""))),
        (2, |entry| entry.changes.retain(|change| change.field != "email")),
        (5, |entry| entry.body = Some("{}".into())),
        // It is sent to another record.
        (5, |entry| entry.path = vec!["102".into()]),
        (plan.entries.len(), |entry| entry.path = vec!["101".into()]),
        (plan.entries.len(), |entry| entry.operation = "delete_customer".into()),
        (2, |entry| entry.changes[0].after = Some(exact("\"clx9f8g7h6j5k4l3m2n1\""))),
    ];
    assert_eq!(forged(1, |_| ()), Ok(()));
    for (at, (position, forge)) in forgeries.into_iter().enumerate() {
        let why = forged(position, forge).unwrap_err().message;
        let wanted = format!("it was changed by hand: entry {position} would do something else than it shows");
        assert_eq!(why, wanted, "forgery {at}");
    }
}
