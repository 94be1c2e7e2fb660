//! The plan of a dry run held against the calls of the real one, and applied to a third workspace.

use super::{
    side::{Side, call, clock, json},
    twin::Twin,
};
use crate::{docs::blocks, harness::bless_or_compare};
use onramp::{
    api::{operation::Effect, request::Call},
    session::{
        overlay::Overlay,
        plan::{Head, Plan, Script, Workspace, provisional::Made, read, render},
    },
    text::parse_rate,
};
use std::{collections::BTreeMap, fs, path::Path};

pub fn head() -> Head {
    Head {
        onramp: "0.1.0".into(),
        id: "0123456789abcdef0123456789abcdef".into(),
        created_at: super::side::NOW.parse().unwrap(),
        workspace: Workspace { id: "org_sandbox".into(), slug: "sandbox".into() },
        script: Script { path: "scripts/tidy.rhai".into(), sha256: "00".repeat(32) },
    }
}

/// The plan's writes are those of the real run, in order and to the byte; read back and applied to a fresh workspace
/// they bring it to the same state.
pub fn held_against_the_real_run(twin: &Twin, customers: u32, seed: u64) {
    let plan = twin.overlay.borrow().plan(head());
    let text = plan.to_json();
    let plan_read = read(&text).unwrap_or_else(|bad| panic!("{bad}\n{text}"));
    assert_eq!(plan_read, plan);
    let fresh = Side::new(customers, seed);
    let made = applied(&plan, &fresh);
    assert_eq!(plan.entries.len(), twin.sent.len());
    for (entry, sent) in plan.entries.iter().zip(&twin.sent) {
        let planned = entry.call(&made).unwrap();
        assert_eq!(planned.operation.name, sent.operation.name);
        assert_eq!((planned.path, planned.body), (sent.path.clone(), sent.body.clone()));
    }
    assert_eq!(fresh.dump(), twin.real.dump());
}

/// Sends a plan's writes; gives what was made.
pub fn applied(plan: &Plan, side: &Side) -> BTreeMap<usize, Made> {
    let mut made = BTreeMap::new();
    for entry in &plan.entries {
        let call = entry.call(&made).unwrap();
        let answer = side.call(&call).unwrap_or_else(|error| panic!("{call:?}: {error}"));
        if call.operation.effect == Effect::Create {
            let row = json(&answer.body);
            let id = row["id"].as_str().unwrap().to_string();
            made.insert(entry.position, Made { id, display_id: row["display_id"].as_i64().unwrap() });
        }
    }
    made
}

#[test]
fn ids_inside_of_texts_are_replaced_when_a_plan_is_applied() {
    let mut twin = Twin::new(3, 1);
    let create = call("create_customer", &[], Some(r#"{"name":"Parent"}"#));
    twin.write(&create, &create);
    let body =
        r#"{"name":"Child","metadata":{"parent":"new_customer_1","n":9000000000000001,"note":"see new_customer_1."}}"#;
    twin.dry(&call("create_customer", &[], Some(body))).unwrap();
    let plan = twin.overlay.borrow().plan(head());
    let fresh = Side::new(3, 1);
    let made = applied(&plan, &fresh);
    let child = json(&fresh.call(&call("get_customer", &[&made[&2].id], None)).unwrap().body);
    let parent = &made[&1];
    let wanted =
        serde_json::json!({"parent": parent.id, "n": parent.display_id, "note": format!("see {}.", parent.id)});
    assert_eq!(child["metadata"], wanted);
}

#[test]
fn the_page_about_the_format_shows_a_plan_as_it_is_made_and_read() {
    let (live, mut overlay) = (Side::new(120, 1), Overlay::new(clock()));
    let mut send = |call: &Call| json(&overlay.call(call, &|call| live.call(call)).unwrap().0.body);
    let made = send(&call("create_customer", &[], Some(r#"{"name":"Blue Bottle","plan":"growth"}"#)));
    let contact = r#"{"name":"Ada King","email":"Ada@example.com"}"#;
    send(&call("create_customer_contact", &[made["id"].as_str().unwrap()], Some(contact)));
    let mut waiting = call("list_onboardings", &[], None);
    waiting.set_query("state", "waiting".into());
    let first = send(&waiting)["data"][0]["id"].as_str().unwrap().to_string();
    for _ in 0..2 {
        send(&call("update_onboarding", &[&first], Some(r#"{"waiting_on_customer":false}"#)));
    }
    let plan = overlay.plan(head()).with_rate(parse_rate("60/min").unwrap());

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plan-format.md");
    let text = fs::read_to_string(&page).unwrap();
    let blocks = blocks(&text);
    let [document, shown] = &blocks[..] else { panic!("{} blocks", blocks.len()) };
    let fenced = |language: &str, text: &str| format!("```{language}\n{text}```");
    let blessed = text.replacen(&fenced("json", &document.text), &fenced("json", &plan.to_json()), 1).replacen(
        &fenced("text", &shown.text),
        &fenced("text", &render::text(&plan, &render::Options::default())),
        1,
    );
    bless_or_compare(&page, &blessed).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(read(&plan.to_json()).unwrap(), plan);
}

#[test]
fn what_must_be_unique_is_free_again_once_nobody_has_it() {
    let mut twin = Twin::new(3, 2);
    twin.look_at_all();
    let both = |twin: &mut Twin, name: &str, path: &[&str], body: Option<&str>| {
        let call = call(name, path, body);
        twin.write(&call, &call);
    };
    // Two customers of the sandbox, so that both worlds know them by the same ids.
    let (one, two) = (twin.pools[0][0].real.0.clone(), twin.pools[0][1].real.0.clone());
    for slug in ["first", "second"] {
        both(&mut twin, "update_customer", &[&one], Some(&format!(r#"{{"slug":"{slug}"}}"#)));
    }
    for slug in ["second", "first"] {
        both(&mut twin, "update_customer", &[&two], Some(&format!(r#"{{"slug":"{slug}"}}"#)));
    }
    both(&mut twin, "delete_customer", &[&one], None);
    both(&mut twin, "update_customer", &[&two], Some(r#"{"slug":"second"}"#));
    for name in ["First", "Second"] {
        both(&mut twin, "create_customer", &[], Some(&format!(r#"{{"name":"{name}"}}"#)));
    }
    for email in ["A@x.example", "a@X.example", "b@x.example"] {
        let contact = format!(r#"{{"name":"Ada","email":"{email}"}}"#);
        both(&mut twin, "create_customer_contact", &[&two], Some(&contact));
    }
    let made = twin.overlay.borrow().entries().len();
    assert_eq!(made, 9, "of twelve writes three are refused");
    held_against_the_real_run(&twin, 3, 2);
}
