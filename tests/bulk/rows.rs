//! What a bulk call does with its rows, and what it says of them.

use super::Scene;
use crate::harness::run_in_sandbox;

/// More rows than one group holds, as script text.
const NUMBERS: &str =
    "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]";

#[test]
fn a_write_that_would_change_nothing_is_not_sent_and_v_says_so() {
    let script = r#"
let c = get_customer(101);
print(update_customer(c, #{name: c.name}).name == c.name);
let done = bulk_update_customers(list_customers().take(3), |c| #{plan: c.plan});
print(`${done.ok} ${done.changed} ${done.unchanged} ${done.failed}`);
"#;
    let scene = Scene::new(script, &[]);
    scene.run(&[]).assert_all(0, "true\n3 0 3 0\n", "");
    assert_eq!(scene.count("PATCH", ""), 0);
    let ran = scene.run(&["-v"]);
    let said = ran.stderr.lines().filter(|line| line.ends_with(": not sent, it would change nothing"));
    assert_eq!(said.filter(|line| line.starts_with("PATCH /customers/")).count(), 4, "{ran}");
    assert_eq!(scene.count("PATCH", ""), 0);
}

#[test]
fn a_row_that_comes_twice_is_written_in_its_order_whichever_form_its_id_has() {
    let script = r#"
let c = get_customer(101);
let rows = [#{id: c.id, plan: "one"}, #{display_id: 101, plan: "two"}, #{id: "101", plan: "three"}, #{id: c.id, plan: "four"}];
let done = bulk_update_customers(rows, |row| #{plan: row.plan}, #{in_flight: 8});
print(`${done.changed} ${get_customer(101).plan}`);
"#;
    // Were they sent together, the later ones would overtake the first.
    let scene =
        Scene::new(script, &["--fault", "update-customer:delay=150ms@1", "--fault", "update-customer:delay=70ms@2"]);
    scene.run(&[]).assert_all(0, "4 four\n", "");
}

#[test]
fn one_row_that_fails_stops_no_other_and_the_run_ends_with_4() {
    let script = r#"
let rows = [#{id: 101}, #{id: "nobody", name: "Nobody"}, #{name: "No id"}, #{id: 102}, #{id: 103}];
let done = bulk_update_customers(rows, |row| if row.id == 103 { () } else { #{plan: "new"} });
print(`${done.ok} ${done.changed} ${done.unchanged} ${done.skipped} ${done.failed}`);
for f in done.failures { print(`${f.row} ${f.id} ${f.label} ${f.code}: ${f.message}`); }
print(done.retry_rows.len());
for row in done.rows { print(`${row.row} ${row.outcome}`); }
"#;
    let script = script.replace("row.id == 103", "row.get(\"id\") == 103");
    run_in_sandbox(&["-e", &script]).ran().assert_all(
        4,
        "2 2 0 1 2\n\
         2 nobody Nobody customer_not_found: There is no customer `nobody`.\n\
         3  No id invalid_argument: the row has no `id` or `display_id`\n\
         2\n1 changed\n2 failed\n3 failed\n4 changed\n5 skipped\n",
        "error: 2 rows failed; the others are done\n  \
         row 2, Nobody: There is no customer `nobody`.\n  \
         row 3, No id: the row has no `id` or `display_id`\n",
    );
}

#[test]
fn a_bulk_call_inside_the_closure_of_another_one_is_refused() {
    let code = "bulk_update_customers([#{id: 101}], |row| { bulk_delete_contacts([]); () });";
    run_in_sandbox(&["-e", code]).ran().assert_all(
        1,
        "",
        "error: a bulk call cannot be made inside the closure of another one\n  --> -e:1:45\n    |\n  1 | \
         bulk_update_customers([#{id: 101}], |row| { bulk_delete_contacts([]); () });\n    |                                             ^\n\
         hint: make the second one after the first, with the rows that it gives back\n",
    );
}

#[test]
fn the_first_rows_are_done_and_the_others_when_it_goes_on() {
    let script = r#"
let done = bulk_update_customers(list_customers(), |c| #{plan: `p${c.display_id}`}, #{report: "out.csv"});
print(`${done.changed} ${done.rows.count()}`);
"#;
    let scene = Scene::new(script, &["--customers", "12"]);
    let ran = scene.run(&["--first", "5"]);
    let id = scene.id();
    ran.assert_all(
        0,
        "",
        &format!(
            "the first rows are done: 5 changed, 0 unchanged, 0 failed\n\
             look at them; `onramp resume {id}` goes on with the others\n"
        ),
    );
    assert_eq!(scene.count("PATCH", "/customers/"), 5);
    assert_eq!(scene.read("out.csv").lines().count(), 6);
    scene.resume().assert_all(0, "12 12\n", "");
    assert_eq!(scene.count("PATCH", "/customers/"), 12);
    assert_eq!(scene.read("out.csv").lines().count(), 13);
}

#[test]
fn rows_that_failed_are_mended_and_run_again_alone() {
    let script = r#"
let done = bulk_update_customers(read_csv("rows.csv"), |row| #{mrr: parse_int(row.mrr), domain: row.domain}, #{report: "out.csv"});
print(`${done.changed} ${done.failed}`);
"#
    .replace("parse_int(row.mrr)", "if row.mrr == \"many\" { row.mrr } else { parse_int(row.mrr) }");
    let scene = Scene::new(&script, &[]);
    let rows = "id,mrr,domain\n101,5,a.example\n102,many,b.example\n103,7,c.example\nnobody,8,d.example\n";
    scene.write("rows.csv", rows);
    scene.run(&[]).assert_all(
        4,
        "2 2\n",
        "error: 2 rows failed; the others are done\n  \
         row 2: `mrr` takes a whole number, not a string\n  \
         row 4: There is no customer `nobody`.\n",
    );
    let report = scene.read("out.csv");
    let lines: Vec<&str> = report.lines().collect();
    // The columns stand as in the file that the rows are from.
    assert_eq!(lines[0], "id,mrr,domain,_call,_row,_id,_outcome,_code,_error");
    assert!(lines[1].starts_with("101,5,a.example,") && lines[1].ends_with(",1,101,changed,,"), "{report}");
    assert!(lines[2].contains(",2,102,failed,invalid_"), "{report}");
    assert!(lines[4].contains(",4,nobody,failed,customer_not_found,"), "{report}");
    let sent = scene.count("PATCH", "");
    scene.write("rows.csv", &rows.replace("many", "6").replace("nobody", "104"));
    std::fs::rename(scene.place.work().join("out.csv"), scene.place.work().join("failed.csv")).unwrap();
    scene.run(&["--rows", "failed.csv"]).assert_all(0, "2 0\n", "");
    assert_eq!(scene.count("PATCH", ""), sent + 2);
    assert_eq!(scene.meanwhile("for id in 101..105 { print(get_customer(id).mrr) }"), "5\n6\n7\n8\n");
}

#[test]
fn rows_of_a_held_table_and_rows_with_more_columns_are_reported_in_the_order_of_their_table() {
    let script = r#"
read_csv("other.csv");
let rows = read_csv("rows.csv", #{hold: true});
let done = bulk_update_customers(rows, |row| #{plan: row.plan}, #{id: |row| row.which, report: "held.csv"});
print(`${done.changed} ${done.failed}`);
let found = match_rows(rows, list_customers(), #{by: "display_id", column: "which"});
bulk_update_customers(found.matched, |row| #{plan: row.plan}, #{report: "matched.csv"});
"#;
    let scene = Scene::new(script, &[]);
    scene.write("other.csv", "plan,zone\nx,y\n");
    scene.write("rows.csv", "which,plan,also\n101,held,a\n102,held,b\n");
    scene.run(&[]).assert_all(0, "2 0\n", "");
    let own = "_call,_row,_id,_outcome,_code,_error";
    let first = "101,held,a,3,1,101,changed,,";
    let held = scene.read("held.csv");
    assert_eq!(held.lines().take(2).collect::<Vec<_>>(), [&format!("which,plan,also,{own}"), first], "{held}");
    let matched = scene.read("matched.csv");
    assert_eq!(matched.lines().next(), Some(format!("which,plan,also,id,{own}").as_str()), "{matched}");
}

#[test]
fn enough_failures_end_the_run_with_4_and_it_goes_on() {
    let script = r#"
let rows = [#{id: 101}, #{id: "x1"}, #{id: "x2"}, #{id: "x3"}, #{id: 102}];
let done = bulk_update_customers(rows, #{plan: "new"}, #{stop_after_failures: 2, in_flight: 1});
print(`${done.changed} ${done.failed}`);
"#;
    let scene = Scene::new(script, &[]);
    let ran = scene.run(&[]);
    let id = scene.id();
    let expected = format!(
        "error: 2 rows failed, and `stop_after_failures` says that this is enough\n  --> script.rhai:3:12\n    |\n  3 | \
         let done = bulk_update_customers(rows, #{{plan: \"new\"}}, #{{stop_after_failures: 2, in_flight: 1}});\n    |            ^\n\
         hint: `onramp resume {id}` goes on where it stopped; 1 change made so far\n"
    );
    ran.assert_all(4, "", &expected);
    scene.resume().assert_all(
        4,
        "2 3\n",
        "error: 3 rows failed; the others are done\n  row 2: There is no customer `x1`.\n  \
         row 3: There is no customer `x2`.\n  row 4: There is no customer `x3`.\n",
    );
}

#[test]
fn what_waits_when_enough_have_failed_is_not_sent() {
    let script = r#"
let rows = NUMBERS.map(|n| #{id: `x${n}`});
bulk_update_customers(rows, #{plan: "new"}, #{stop_after_failures: 3, in_flight: 1, report: "out.csv"});
"#;
    let scene = Scene::new(&script.replace("NUMBERS", NUMBERS), &[]);
    let ran = scene.run(&[]);
    assert!(ran.code == Some(4) && ran.stderr.starts_with("error: 3 rows failed, and "), "{ran}");
    assert_eq!(scene.count("PATCH", ""), 3);
    assert_eq!(scene.read("out.csv").lines().count(), 4);
}

#[test]
fn rows_go_out_in_their_order() {
    let script =
        format!("bulk_update_customers({NUMBERS}.map(|n| #{{id: 100 + n}}), #{{plan: `new`}}, #{{in_flight: 1}});");
    let scene = Scene::new(&script, &[]);
    assert_eq!(scene.run(&[]).code, Some(0));
    let log = scene.served.log();
    let sent: Vec<&str> = log.iter().filter_map(|line| line.strip_prefix("PATCH ")).collect();
    assert_eq!(sent.len(), 30);
    for (at, line) in sent.iter().enumerate() {
        assert!(line.contains(&format!("/customers/{}:", 101 + at)), "{sent:#?}");
    }
}

#[test]
fn rows_without_ids_are_matched_by_a_field_whatever_its_case_and_blanks() {
    let script = r#"
let all = list_customers().to_array();
let rows = [#{company: "  " + all[0].name.to_upper() + " "}, #{company: "Nobody Inc"}, #{company: ""}];
let m = match_rows(rows, all, #{by: "name", column: "company"});
print(`${m.matched.len()} ${m.ambiguous.len()} ${m.missing.len()} ${m.matched[0].id == all[0].id}`);
create_customer(#{name: all[1].name});
let twice = match_rows([#{name: all[1].name}], list_customers(), #{by: "name"});
print(`${twice.matched.len()} ${twice.ambiguous[0].candidates.len()}`);
let done = bulk_update_customers(m.matched, #{plan: "matched"});
print(done.changed);
"#;
    run_in_sandbox(&["-e", script]).ran().assert_all(0, "1 0 2 true\n0 2\n1\n", "");
}

#[test]
fn what_somebody_may_not_write_stops_the_call_before_its_first_row() {
    let code = "bulk_update_customers([#{id: 101}], |row| #{plann: \"x\"});";
    let ran = run_in_sandbox(&["-e", code, "--no-check"]).ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: `update_customer`: it has no field `plann`\n"), "{ran}");
}

#[test]
fn a_record_that_is_created_is_named_in_its_row_and_in_the_report() {
    let script = r#"
let rows = [#{name: "One"}, #{name: ""}, #{name: "Three"}];
let done = bulk_create_customers(rows, |row| row, #{report: "out.csv"});
for row in done.rows { print(if row.id == () { "none" } else { get_customer(row.id).name }); }
print(read_csv("out.csv").map(|row| row._id).to_array() == done.rows.map(|row| row.id ?? "").to_array());
"#;
    const TOLD: &str = "error: 1 row failed; the others are done\n  row 2: `name` must not be empty.\n";
    let scene = Scene::new(script, &[]);
    scene.run(&[]).assert_all(4, "One\nnone\nThree\ntrue\n", TOLD);
}

#[test]
fn of_many_rows_that_failed_the_first_are_told_and_where_to_find_the_others() {
    let script = "bulk_update_customers([1, 2, 3, 4, 5].map(|n| #{id: `x${n}`}), #{plan: \"gold\"});";
    let scene = Scene::new(script, &[]);
    let ran = scene.run(&[]);
    let id = scene.id();
    let expected = format!(
        "error: 5 rows failed; there are no others\n  row 1: There is no customer `x1`.\n  \
         row 2: There is no customer `x2`.\n  row 3: There is no customer `x3`.\n  and 2 more\n\
         hint: `onramp show {id}` lists them\n"
    );
    ran.assert_all(4, "", &expected);
}
