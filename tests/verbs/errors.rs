//! What verbs say when something is wrong: the first line and the place.

use super::{SOURCES, over};
use crate::harness::{run, run_in_sandbox};
use serde_json::{Value, json};

fn rows() -> Vec<Value> {
    vec![json!({"object": "customer", "mrr": 1, "name": "a"}), json!({"object": "customer", "mrr": "2", "name": "a"})]
}

/// The whole of standard error without the source line, for one source of rows.
fn said(source: &str, expression: &str) -> String {
    let ran = over(&rows(), &format!("let rows = {source};\nlet x = rows.{expression};\nfor row in x {{ row; }}"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    ran.stderr
}

#[test]
fn what_is_wrong_is_named_with_its_row() {
    for (expression, first, second) in [
        ("sum(\"mrr\")", "`sum`: `mrr` in row 2 (`clx0001`) is a string, where a number is needed", ""),
        ("average(|c| c.mrr)", "`average`: what the closure gives in row 2 (`clx0001`) is a string, where", ""),
        ("sort_by(\"mrr\")", "`sort_by`: `mrr` in row 2 (`clx0001`) is a string, but the rows before have numbers", ""),
        ("min_by(\"metadata\").x", "", ""),
        ("max_by(|c| [c.mrr])", "`max_by`: what the closure gives in row 1 (`clx0000`) is an array, which has no", ""),
        ("index_by(\"name\")", "`index_by`: `name` is `a` in two rows", "hint: use `group_by`"),
        ("where(#{mrrr: 1})", "a customer has no property `mrrr`", "hint: did you mean `mrr`?"),
        ("group_by(\"mrrr\")", "a customer has no property `mrrr`", "hint: did you mean `mrr`?"),
        ("pluck(\"mrrr\")", "a customer has no property `mrrr`", "hint: did you mean `mrr`?"),
        ("filter(|c| c.mrr)", "`filter`: the closure must give `true` or `false`, not an integer", ""),
        ("any(|c| 1)", "`any`: the closure must give `true` or `false`, not an integer", ""),
        ("chunk(0)", "`chunk`: it takes a number of rows from 1 up, not 0", ""),
        ("skip(-1)", "`skip`: it takes a number of rows from 0 up, not -1", ""),
        ("sort_by([])", "`sort_by`: it has no field to sort by", ""),
        ("join(5, \"id\", \"id\")", "`join`: the other rows are a list or an array, not an integer", ""),
        ("join(rows, \"id\", 5)", "`join`: it goes by a field's name or a closure, not by an integer", ""),
        (
            "join([#{id: \"clx0000\"}], \"id\", \"id\", \"name\")",
            "`join`: the rows have a field `name` already",
            "hint: say",
        ),
        ("sum()", "`sum`: the value in row 1 (`clx0000`) is an object map, where a number", "hint: name a field"),
        ("map(|c| c.mrr).sum(\"x\")", "`sum`: the rows must be object maps; one is an integer", "hint: give a closure"),
        ("where(#{mrr: |x| x})", "`where`: `mrr` cannot be compared with a function", "hint: for conditions"),
    ] {
        for source in SOURCES.iter().filter(|_| !first.is_empty()) {
            let said = said(source, expression);
            assert!(said.starts_with(&format!("error: {first}")), "{expression} over {source}: {said}");
            assert!(said.contains(second), "{expression} over {source}: {said}");
            assert!(said.contains("-e:2:"), "{expression} over {source}: {said}");
        }
    }
}

#[test]
fn an_error_in_a_closure_keeps_its_place_and_the_calls_on_the_way() {
    for verb in ["map(|c| c.nmae)", "sort_by(|c| c.nmae)", "sum(|c| c.nmae)", "group_by(|c| c.nmae)", "any(|c| c.nmae)"]
    {
        for source in SOURCES {
            let said = said(source, verb);
            assert!(said.contains("has no property `nmae`") && said.contains("-e:2:"), "{verb} over {source}: {said}");
            let name = verb.split('(').next().unwrap();
            assert!(said.contains(&format!("in `{name}`, called at -e:2:14")), "{verb} over {source}: {said}");
        }
    }
}

#[test]
fn sums_do_not_overflow_silently() {
    let rows = [json!({"n": i64::MAX}), json!({"n": 1})];
    for source in SOURCES {
        let ran = over(&rows, &format!("print({source}.sum(\"n\"));"));
        assert!(ran.stderr.starts_with("error: `sum`: the sum is too large for an integer"), "{ran}");
    }
    let back = [json!({"n": i64::MAX}), json!({"n": 1}), json!({"n": -1})];
    assert_eq!(over(&back, "print(list_customers().sum(\"n\"));").stdout, format!("{}\n", i64::MAX));
}

#[test]
fn a_throw_in_a_closure_can_be_caught_and_exit_passes() {
    for source in SOURCES {
        let script = format!("try {{ {source}.sum(|c| throw \"no\"); }} catch (e) {{ print(e); }}");
        assert_eq!(over(&rows(), &script).stdout, "no\n");
        let script = format!("try {{ {source}.sort_by(|c| exit()); }} catch (e) {{ print(\"caught\"); }}");
        assert_eq!(over(&rows(), &script).stdout, "");
    }
}

#[test]
fn a_list_walked_twice_walks_twice_and_a_held_one_is_fetched_once() {
    let pages = |script: &str| {
        let ran = run_in_sandbox(&["-v", "-e", script]).ran();
        ran.stderr.lines().filter(|line| line.starts_with("GET /customers?")).count()
    };
    let one = pages("list_customers().count();");
    assert_eq!(pages("let l = list_customers(); l.count(); l.sum(\"mrr\");"), 2 * one);
    assert_eq!(pages("let l = list_customers().hold(); l.count(); l.sum(\"mrr\"); for c in l {}"), one);
    assert_eq!(pages("list_customers().where(#{plan: \"pro\"}).map(|c| c.name).sort_by(|n| n);"), one);
    assert_eq!(pages("list_customers().take(3).chunk(2).to_array();"), 1);
    assert_eq!(pages("list_customers().first();"), 1);
    assert!(pages("list_customers().any(|c| true);") <= 2);
}

#[test]
fn a_run_can_be_stopped_inside_a_verb() {
    // Two million pairs from one call: without a look at the stop flag it would end long after the time-out.
    let script = r#"
        let rows = [];
        rows.pad(1500, #{k: 1});
        rows.hold().join(rows, "k", "k").count();
    "#;
    let begun = std::time::Instant::now();
    let ran = run(&["--timeout", "300ms", "-e", script]).ran();
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("time"), "{ran}");
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
