//! The scripts that are killed.

/// A script, and how many of its writes can be under way at once.
pub struct Case {
    pub name: &'static str,
    pub script: &'static str,
    pub in_flight: usize,
}

pub const CASES: [Case; 4] = [
    Case {
        name: "bulk update",
        script: r#"
let rows = list_customers().map(|c| #{id: c.id, display_id: c.display_id, name: c.name}).to_array();
let done = bulk_update_customers(rows, |c| #{plan: `p${c.display_id}`, mrr: c.display_id}, #{in_flight: 4, report: "out.csv"});
print(`${done.changed} ${done.unchanged} ${done.failed}`);
for row in done.rows { print(`${row.row} ${row.id} ${row.label} ${row.outcome}`); }
"#,
        in_flight: 4,
    },
    Case {
        name: "bulk create",
        script: r#"
let rows = [];
for n in 1..31 { rows.push(#{n: n, name: `Made ${n}`}); }
let done = bulk_create_customers(rows, |row| #{name: row.name, mrr: row.n}, #{in_flight: 4, report: "out.csv"});
print(`${done.changed} ${done.unchanged} ${done.failed}`);
for row in done.rows { print(`${row.row} ${row.label} ${row.outcome}`); }
"#,
        in_flight: 4,
    },
    Case {
        name: "bulk delete",
        script: r#"
let rows = list_customers().map(|c| #{id: c.display_id, name: c.name}).to_array();
let done = bulk_delete_customers(rows, #{in_flight: 4, report: "out.csv"});
print(`${done.changed} ${done.unchanged} ${done.failed}`);
for row in done.rows { print(`${row.row} ${row.id} ${row.label} ${row.outcome}`); }
"#,
        in_flight: 4,
    },
    Case {
        name: "single calls",
        script: r#"
for n in 1..7 {
    let c = create_customer(#{name: `Solo ${n}`});
    print(`${c.id} ${c.display_id} ${c.slug}`);
    let again = update_customer(c, #{plan: `p${n}`});
    print(again.plan);
    let o = create_onboarding(#{customer_id: c.id, notes: `note ${n}`});
    print(o.display_id);
    print(update_onboarding(o.display_id, #{phase: "review"}).phase);
    if n % 2 == 0 { print(delete_customer(c).deleted); }
    try { delete_contact(`no-such-${n}`) } catch (e) { print(e.code) }
}
"#,
        in_flight: 1,
    },
];

/// Prints what is in a workspace, without what two workspaces never have in common.
pub const DUMP: &str = r#"
let lines = list_customers().map(|c| `${c.name} ${c.slug} ${c.status} ${c.plan} ${c.mrr}`).to_array();
for o in list_onboardings() { lines.push(`${o.customer_id.len() > 0} ${o.phase} ${o.state} ${o.notes}`); }
lines.sort();
for line in lines { print(line); }
"#;
