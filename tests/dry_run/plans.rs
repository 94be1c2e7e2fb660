//! The plan of a dry run held against the calls of the real one, and applied to a third workspace.

use super::{
    side::{Side, call, json},
    twin::Twin,
};
use onramp::{
    api::{operation::Effect, request::Call},
    session::plan::{Head, Plan, Script, Workspace, provisional::Made, read},
};
use std::collections::BTreeMap;

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
        assert_eq!(forms(twin, &planned), forms(twin, sent));
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

/// A call with each record by its canonical id: where a script names one that the plan makes by its display id, the
/// plan names it by the other.
fn forms(twin: &Twin, call: &Call) -> (Vec<String>, Option<String>) {
    let canonical = |id: &str, pool: usize| {
        let pair = twin.pools[pool].iter().find(|pair| pair.real.1 == id && pair.dry.1 != pair.real.1);
        pair.map_or_else(|| id.to_string(), |pair| pair.real.0.clone())
    };
    let pool = match call.operation.path {
        path if path.starts_with("/contacts") => 1,
        path if path.starts_with("/onboardings") => 2,
        _ => 0,
    };
    let path = call.path.iter().map(|id| canonical(id, pool)).collect();
    let body = call.body.as_ref().map(|body| {
        let text = String::from_utf8(body.clone()).unwrap();
        let id = json(body)["customer_id"].as_str().map(str::to_string);
        match id {
            Some(id) => text.replace(&format!("\"{id}\""), &format!("\"{}\"", canonical(&id, 0))),
            None => text,
        }
    });
    (path, body)
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
