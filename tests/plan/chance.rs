//! Scripts by chance over workspaces by chance, with loops, single calls, bulk verbs and filters: the plan of a dry run holds
//! the writes that the real run sends, in their order and to the byte; what the script sees is the same; and the plan, written
//! and read back, brings another workspace to the same state.

use super::world::{Sent, World};
use onramp::{
    api::request::Request,
    session::plan::{Entry, Plan, provisional::Made, read},
};
use proptest::{prelude::*, test_runner::Config};
use std::collections::{BTreeMap, BTreeSet};

/// What the statements below rest on. Names and not ids are printed: those of new records differ.
const PRELUDE: &str = r#"
fn nth(all, n) { if all.len() == 0 { () } else { all[n % all.len()] } }
fn customer(n) { nth(list_customers().to_array(), n) }
fn contact(n) { nth(list_customer_contacts(customer(n)).to_array(), n / 3) }
fn onboarding(n) { nth(list_onboardings().to_array(), n) }
fn tell(what, rows) {
    let names = rows.to_array().map(|r| if "name" in r { r.name } else { `${r.phase}/${r.state}/${r.notes}` });
    names.sort();
    print(`${what}: ${names}`);
}
fn refused(e) { if type_of(e) == "map" { e.get("code").to_string() } else { "no such record" } }
fn told(result) { print(`${result.changed} ${result.unchanged} ${result.skipped} ${result.failed}`); }
"#;

const STATUS: [&str; 5] = ["onboarding", "active", "at_risk", "churned", "archived"];
const PHASE: [&str; 4] = ["before_getting_started", "review", "launch", "completed"];
const STATE: [&str; 4] = ["active", "paused", "at_risk", "waiting"];

/// One statement, before it is known which records there are.
type Op = (u8, u16, u16);

fn statement((what, a, b): Op, at: usize) -> String {
    let pick = |all: &[&str], n: u16| all[usize::from(n) % all.len()].to_string();
    let (status, other) = (pick(&STATUS, a), pick(&STATUS, b));
    let (phase, state) = (pick(&PHASE, b), pick(&STATE, b / 5));
    let set = [
        format!("status: \"{other}\""),
        format!("plan: \"p{}\"", b % 3),
        "domain: ()".to_string(),
        format!("mrr: {}", b % 4 * 100),
        format!("metadata: #{{n: {}, t: \"ü\"}}", b % 3),
        format!("name: \"Renamed {at}\", slug: \"slug-{}\"", b % 4),
    ];
    let set = &set[usize::from(a / 7) % set.len()];
    match what {
        0 => {
            format!("create_customer(#{{name: \"New {at}\", {set}}});").replace("name: \"Renamed", "domain: \"Renamed")
        }
        1 => format!(
            "create_customer_contact(customer({a}), #{{name: \"Ann {at}\", email: \"Ann{}@x.example\"}});",
            b % 9
        ),
        2 => format!("create_onboarding(#{{customer_id: customer({a}).id, phase: \"{phase}\", notes: \"n{at}\"}});"),
        3 | 4 => format!("update_customer(customer({a}), #{{{set}}});"),
        5 => format!("update_contact(contact({a}), #{{title: \"t{}\", labels: [\"l{}\"]}});", b % 3, b % 2),
        6 => format!("update_contact(contact({a}), #{{email: \"ann{}@x.example\"}});", b % 9),
        7 => format!("update_onboarding(onboarding({a}), #{{state: \"{state}\", notes: \"n{}\"}});", b % 3),
        8 => {
            format!("update_onboarding(onboarding({a}), #{{waiting_on_customer: {}, phase: \"{phase}\"}});", b % 2 == 0)
        }
        9 => format!("delete_customer(customer({a}));"),
        10 => format!("delete_contact(contact({a}));"),
        11 => format!("delete_onboarding(onboarding({a}));"),
        12 => format!(
            "told(bulk_update_customers(list_customers(#{{status: \"{status}\"}}), #{{{set}}}, #{{in_flight: 1}}));"
        ),
        13 => format!(
            "told(bulk_update_customers(list_customers().filter(|c| c.mrr != () && c.mrr > {}), |c| if c.status == \"{status}\" \
             {{ () }} else {{ #{{status: \"{other}\", mrr: {}}} }}, #{{in_flight: 1}}));",
            u32::from(b) * 3,
            b % 5
        ),
        14 => format!(
            "told(bulk_create_onboardings(list_customers(#{{status: \"{status}\"}}).take(3), \
             |c| #{{customer_id: c.id, notes: \"for \" + c.name}}, #{{in_flight: 1}}));"
        ),
        15 => format!(
            "told(bulk_create_customer_contacts(list_customers().take(3), |c| #{{name: \"Bo {at}\", email: \"bo{}@x.example\"}}, \
             #{{id: |c| c.id, in_flight: 1}}));",
            b % 4
        ),
        16 => format!("told(bulk_delete_contacts(list_customer_contacts(customer({a})), #{{in_flight: 1}}));"),
        17 => format!(
            "told(bulk_update_onboardings(list_onboardings(#{{state: \"{state}\"}}), #{{phase: \"{phase}\"}}, #{{in_flight: 1}}));"
        ),
        18 => format!(
            "for c in list_customers(#{{status: \"{status}\"}}) {{ if c.plan != \"p1\" {{ update_customer(c, #{{plan: \"p1\"}}); }} \
             for o in list_customer_onboardings(c) {{ update_onboarding(o, #{{notes: c.name}}); }} }}"
        ),
        19 => format!("tell(\"customers\", list_customers(#{{status: \"{status}\"}}));"),
        20 => format!("tell(\"onboardings\", list_onboardings(#{{state: \"{state}\"}}));"),
        21 => format!("tell(\"phase\", list_onboardings(#{{phase: \"{phase}\", customer_id: customer({a}).id}}));"),
        _ => format!("tell(\"contacts\", list_customer_contacts(customer({a})));"),
    }
}

fn script(ops: &[Op]) -> String {
    let mut script = PRELUDE.to_string();
    for (at, op) in ops.iter().enumerate() {
        let statement = statement(*op, at);
        script.push_str(&format!("try {{ {statement} }} catch (e) {{ print(\"{at}: \" + refused(e)); }}\n"));
    }
    script + "tell(\"all\", list_customers()); tell(\"all\", list_onboardings());\n"
}

/// The plan's writes with the ids that the real run's creates got.
fn as_sent(plan: &Plan, ids: &[(String, i64)]) -> Vec<Sent> {
    let (mut made, mut ids) = (BTreeMap::new(), ids.iter());
    let sent = |entry: &Entry| {
        let call = entry.call(&made).unwrap();
        let request = Request::build(&call, None).unwrap();
        if entry.operation.starts_with("create_") {
            let (id, display_id) = ids.next().cloned().unwrap_or_default();
            made.insert(entry.position, Made { id, display_id });
        }
        let body = String::from_utf8(request.body.unwrap_or_default()).unwrap();
        (request.method.as_str().to_string(), request.target, body)
    };
    plan.entries.iter().map(sent).collect()
}

fn held(ops: &[Op], customers: u32, seed: u64) -> Plan {
    let script = script(ops);
    let (planned, real, applied) =
        (World::new(customers, seed), World::new(customers, seed), World::new(customers, seed));
    let before = planned.records();
    let dry = planned.run(&script, true);
    assert_eq!((planned.sent(), planned.records()), (Vec::new(), before), "a dry run sends no write\n{script}");
    let did = real.run(&script, false);
    assert_eq!((&dry.lines, &dry.end), (&did.lines, &did.end), "what the script saw\n{script}");
    assert_eq!(did.end, "done", "{script}");
    let plan = dry.plan.unwrap();
    let plan = read(&plan.to_json()).unwrap();
    let expected = as_sent(&plan, &real.created());
    let found = real.sent();
    for (at, (expected, found)) in expected.iter().zip(&found).enumerate() {
        assert_eq!(expected, found, "write {} of {script}", at + 1);
    }
    assert_eq!(expected.len(), found.len(), "{script}\nthe plan has {expected:#?}\nsent were {found:#?}");
    applied.apply(&plan);
    assert_eq!(applied.records(), real.records(), "{script}");
    plan
}

#[test]
fn every_kind_of_write_takes_part_in_such_scripts() {
    let ops: Vec<Op> = (0..69_u16).map(|n| ((n % 23) as u8, n.wrapping_mul(2311), n.wrapping_mul(7919))).collect();
    let plan = held(&ops, 12, 7);
    let kinds: BTreeSet<&str> = plan.entries.iter().map(|entry| entry.operation.as_str()).collect();
    assert!(kinds.len() == 9 && plan.entries.len() > 60, "{} {kinds:?}", plan.entries.len());
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, max_shrink_iters: 120, ..Config::default() })]

    #[test]
    fn a_plan_holds_the_writes_of_the_real_run_and_brings_about_the_same(
        ops in prop::collection::vec((0_u8..23, any::<u16>(), any::<u16>()), 1..24),
        customers in 1_u32..14,
        seed in 0_u64..50,
    ) {
        held(&ops, customers, seed);
    }
}
