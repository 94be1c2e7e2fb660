//! What verbs give at the edges: nothing, one row, `()`, equal values, values of many kinds.

use super::{SOURCES, all_give, over};
use serde_json::{Value, json};

fn rows() -> Vec<Value> {
    vec![
        json!({"n": 3, "plan": "pro", "f": 1.5, "tag": "a"}),
        json!({"n": 1, "plan": "free", "f": null, "tag": "b"}),
        json!({"n": null, "plan": null, "f": 2, "tag": "c"}),
        json!({"n": 3, "plan": "pro", "f": 0.5, "tag": "d"}),
        json!({"n": -2, "plan": "", "f": null, "tag": "e"}),
    ]
}

#[test]
fn rows_are_picked() {
    all_give(
        &rows(),
        &[
            ("rows.filter(|r| r.n == 3).pluck(\"tag\")", r#"["a", "d"]"#),
            ("rows.where(#{n: 3}).pluck(\"tag\")", r#"["a", "d"]"#),
            ("rows.where(#{n: 3.0, plan: \"pro\"}).count()", "2"),
            ("rows.where(#{n: -2..3}).pluck(\"tag\")", r#"["b", "e"]"#),
            ("rows.where(#{n: -2..=3}).count()", "4"),
            ("rows.where(#{f: 1..=2}).pluck(\"tag\")", r#"["a", "c"]"#),
            ("rows.where(#{plan: [\"free\", ()]}).pluck(\"tag\")", r#"["b", "c"]"#),
            ("rows.where(#{plan: ()}).count()", "1"),
            ("rows.where(#{plan: []}).count()", "0"),
            ("rows.where(#{}).count()", "5"),
            ("rows.where(#{n: \"3\"}).count()", "0"),
            ("rows.take(2).pluck(\"tag\")", r#"["a", "b"]"#),
            ("rows.take(0)", "[]"),
            ("rows.take(99).count()", "5"),
            ("rows.skip(3).pluck(\"tag\")", r#"["d", "e"]"#),
            ("rows.skip(99)", "[]"),
            ("rows.skip(1).take(2).skip(1).pluck(\"tag\")", r#"["c"]"#),
            ("rows.first().tag", r#""a""#),
            ("rows.skip(9).first()", "null"),
            ("rows.unique_by(\"n\").pluck(\"tag\")", r#"["a", "b", "c", "e"]"#),
            ("rows.unique_by(|r| r.plan == \"pro\").pluck(\"tag\")", r#"["a", "b"]"#),
            ("rows.chunk(2).map(|c| c.pluck(\"tag\"))", r#"[["a", "b"], ["c", "d"], ["e"]]"#),
            ("rows.chunk(5).count()", "1"),
            ("rows.map(|r| r.n).filter(|n| n != ())", "[3, 1, 3, -2]"),
            ("rows.pluck(|r| r.tag + \"!\").first()", r#""a!""#),
            ("rows.any(|r| r.n == 1)", "true"),
            ("rows.any(#{n: 7})", "false"),
            ("rows.all(|r| r.tag != \"z\")", "true"),
            ("rows.all(#{n: 3})", "false"),
            ("rows.take(0).any(|r| true)", "false"),
            ("rows.take(0).all(|r| false)", "true"),
        ],
    );
}

#[test]
fn numbers_are_made_of_rows() {
    all_give(
        &rows(),
        &[
            ("rows.sum(\"n\")", "5"),
            ("rows.sum(\"f\")", "4.0"),
            ("rows.sum(|r| (r.n ?? 0) * 2)", "10"),
            ("rows.pluck(\"n\").sum()", "5"),
            ("rows.take(0).sum(\"n\")", "0"),
            ("rows.average(\"n\")", "1.25"),
            ("rows.take(0).average(\"n\")", "null"),
            ("rows.where(#{n: ()}).average(\"n\")", "null"),
            ("rows.min_by(\"n\").tag", r#""e""#),
            ("rows.max_by(\"n\").tag", r#""a""#),
            ("rows.max_by(|r| r.tag).tag", r#""e""#),
            ("rows.take(0).min_by(\"n\")", "null"),
            ("rows.where(#{n: ()}).max_by(\"n\")", "null"),
            ("rows.count_by(\"plan\")", r#"{"pro": 2, "free": 1, "": 2}"#),
            ("rows.count_by(\"n\")", r#"{"3": 2, "1": 1, "": 1, "-2": 1}"#),
            ("rows.count_by(|r| r.f == ())", r#"{"true": 2, "false": 3}"#),
            ("rows.take(0).count_by(\"n\")", "{}"),
            ("rows.group_by(\"plan\").pro.pluck(\"tag\")", r#"["a", "d"]"#),
            ("rows.group_by(|r| r.plan ?? \"none\").keys()", r#"["", "free", "none", "pro"]"#),
            ("rows.index_by(\"tag\").c.f", "2"),
            ("rows.take(0).index_by(\"tag\")", "{}"),
        ],
    );
}

#[test]
fn sorting_is_stable_and_puts_nothing_last() {
    all_give(
        &rows(),
        &[
            ("rows.sort_by(\"n\").pluck(\"tag\")", r#"["e", "b", "a", "d", "c"]"#),
            ("rows.sort_by(\"-n\").pluck(\"tag\")", r#"["a", "d", "b", "e", "c"]"#),
            ("rows.sort_by(\"f\").pluck(\"tag\")", r#"["d", "a", "c", "b", "e"]"#),
            ("rows.sort_by([\"-plan\", \"f\"]).pluck(\"tag\")", r#"["d", "a", "b", "e", "c"]"#),
            ("rows.sort_by([\"plan\", |r| r.tag]).pluck(\"tag\")", r#"["e", "b", "a", "d", "c"]"#),
            ("rows.sort_by(|r| if r.n == () { () } else { -r.n }).pluck(\"tag\")", r#"["a", "d", "b", "e", "c"]"#),
            ("rows.take(0).sort_by(\"n\")", "[]"),
            ("rows.sort_by(\"n\").where(#{plan: \"pro\"}).pluck(\"tag\")", r#"["a", "d"]"#),
            ("rows.map(|r| #{tag: r.tag, n: r.n}).sort_by(\"-tag\").first()", r#"{"tag": "e", "n": -2}"#),
            ("rows.sort_by(\"n\").hold().sort_by(\"tag\").first().tag", r#""a""#),
        ],
    );
}

#[test]
fn rows_find_their_partners() {
    let others = r#"[#{k: 3, p: "x"}, #{k: 3.0, p: "y"}, #{k: (), p: "z"}, #{k: 1, p: "w"}]"#;
    let pairs = format!("rows.join({others}, \"n\", \"k\").map(|r| r.tag + r.right.p)");
    let held = format!("rows.join({others}.hold(), \"n\", |o| o.k, \"o\").map(|r| r.tag + r.o.p)");
    let none = format!("rows.join({others}, \"tag\", \"p\")");
    let itself = "rows.join(list_customers(), \"tag\", \"tag\").first().right.tag";
    all_give(
        &rows(),
        &[
            (&pairs, r#"["ax", "ay", "bw", "dx", "dy"]"#),
            (&held, r#"["ax", "ay", "bw", "dx", "dy"]"#),
            (&none, "[]"),
            (itself, r#""a""#),
        ],
    );
}

#[test]
fn the_right_row_has_the_name_of_its_object() {
    let rows = [json!({"object": "customer", "name": "Acme"})];
    all_give(&rows, &[("[#{n: \"Acme\"}].join(rows, \"n\", \"name\").first().customer.name", r#""Acme""#)]);
}

#[test]
fn an_array_stays_as_it_was_whatever_closures_do() {
    let script = r#"
        let rows = [#{n: 1, inner: #{x: [1]}}, #{n: 2, inner: #{x: []}}];
        print(rows.map(|r| { r.n += 1; r.inner.x.push(9); r }));
        rows.filter(|r| { r.n = 7; true });
        rows.sort_by(|r| { r.inner.x.clear(); r.n });
        rows.any(|r| { r.remove("n"); false });
        let same = rows.map(|r| r);
        same[0].n = 100;
        let kept = rows.map(|r| #{row: r});
        kept[1].row.n = 100;
        let found = [];
        rows.all(|r| { found.push(r); true });
        found[0].n = 100;
        let groups = rows.group_by("n");
        groups["1"][0].n = 100;
        print(rows);
    "#;
    let ran = over(&[], script);
    let changed = r#"[#{"inner": #{"x": [1, 9]}, "n": 2}, #{"inner": #{"x": [9]}, "n": 3}]"#;
    let same = r#"[#{"inner": #{"x": [1]}, "n": 1}, #{"inner": #{"x": []}, "n": 2}]"#;
    assert_eq!(ran.stdout.replace("#{", "{"), format!("{changed}\n{same}\n").replace("#{", "{"), "{ran}");
}

#[test]
fn a_constant_array_has_the_verbs_too() {
    let ran = over(&[], "const A = [3, 1, 2]; print(A.sort_by(|x| x)); print(A.filter(|x| x > 1)); print(A.sum());");
    assert_eq!(ran.stdout, "[1, 2, 3]\n[3, 2]\n6\n", "{ran}");
}

#[test]
fn values_of_all_kinds_survive_being_held() {
    let script = r#"
        let rows = [#{at: parse_time("2026-05-26T12:00:00Z"), f: |x| x + 1, c: 'ß', r: 0.1}].hold();
        let row = rows.first();
        print([row.at.year, row.f.call(2), row.c, row.r, rows.count(), rows.hold().pluck("c").first()]);
    "#;
    let ran = over(&[], script);
    assert_eq!(ran.stdout, "[2026, 3, ß, 0.1, 1, ß]\n", "{ran}");
}

#[test]
fn a_field_that_the_server_left_out_is_nothing_in_every_kind_of_rows() {
    let rows = [json!({"object": "customer", "name": "Acme"})];
    let conditions = "rows.where(#{mrr: ()}).count()";
    all_give(&rows, &[("rows.sum(\"mrr\")", "0"), (conditions, "1"), ("rows.first().plan", "null")]);
    assert_eq!(SOURCES.len(), 3);
}
