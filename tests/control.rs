//! Waiting, failing, ending and sorting, and the limits that can be set, through the real program.

use crate::harness::{Ran, run};
use std::time::{Duration, Instant};

fn eval(text: &str) -> Ran {
    run(&["-e", text]).ran()
}

#[test]
fn exit_ends_a_script_well_past_every_catch() {
    eval("print(1); exit(); print(2)").assert_all(0, "1\n", "");
    let inside = "fn f() { try { exit(0) } catch { print(2) } } [1].map(|x| f()); print(3)";
    eval(inside).assert_all(0, "", "");
}

#[test]
fn exit_with_1_is_a_failure_and_no_other_code_is_taken() {
    let ran = eval("print(1); try { exit(1) } catch { print(2) }");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "1\n"), "{ran}");
    assert!(ran.stderr.starts_with("error: the script ended itself with `exit(1)`\n  --> -e:1:17\n"), "{ran}");
    let ran = eval("exit(75)");
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: `exit`: a script can end with 0 or 1, not with 75\n"), "{ran}");
}

#[test]
fn fail_is_an_error_of_the_script_and_can_be_caught_as_one() {
    let ran = eval("fn f() { fail(\"no customer is left\") } f()");
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: no customer is left\n  --> -e:1:10\n"), "{ran}");
    eval("try { fail(\"a\") } catch (e) { print(e.type + \" \" + e.message) }").assert_all(0, "failed a\n", "");
}

#[test]
fn sleeping_is_no_time_of_the_scripts_own_and_an_interrupt_ends_it() {
    let run_time = run(&["--max-run-time", "300ms", "-e", "sleep(0.5); sleep(\"100ms\"); print(1)"]).ran();
    run_time.assert_all(0, "1\n", "");
    let begun = Instant::now();
    let running = run(&["-e", "log_info(\"begun\"); try { sleep(1000) } catch { print(2) }"]).started();
    running.says("begun");
    running.interrupt();
    assert_eq!(running.ended().code, Some(130));
    assert!(begun.elapsed() < Duration::from_secs(30));
    for wrong in ["sleep(-1)", "sleep(0.0/0.0)", "sleep(\"soon\")", "sleep(1e300)"] {
        assert_eq!(eval(wrong).code, Some(1), "{wrong}");
    }
}

#[test]
fn sorting_is_stable_with_every_kind_of_comparison() {
    let rows = "let a = [#{n: 1, k: 2}, #{n: 2, k: 1}, #{n: 3, k: 2}, #{n: 4, k: 1}];";
    for comparison in ["x.k < y.k", "x.k <= y.k", "x.k - y.k", "if x.k < y.k { -1 } else { x.k - y.k }"] {
        let sort = format!("{rows} a.sort(|x, y| {comparison}); print(a.map(|r| r.n));");
        eval(&sort).assert_all(0, "[2, 4, 1, 3]\n", "");
        let order = format!("{rows} print(a.order_by(|x, y| {comparison}).map(|r| r.n)); print(a[0].n)");
        eval(&order).assert_all(0, "[2, 4, 1, 3]\n1\n", "");
    }
}

#[test]
fn an_error_in_a_comparison_keeps_its_place_and_the_array_its_order() {
    let ran = eval("let a = [3, 1, 2];\ntry { a.sort(|x, y| x.nope) } catch { print(a) }\na.sort(|x, y| \"less\");");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "[3, 1, 2]\n"), "{ran}");
    let said = "error: `sort`: the closure must give an integer, `true` or `false`, not a string\n  --> -e:3:3\n";
    assert!(ran.stderr.starts_with(said), "{ran}");
}

#[test]
fn a_limit_of_the_header_holds_and_a_flag_wins_over_it() {
    let script = "// /// onramp\n// max_run_time = \"200ms\"\n// ///\nlet n = 0; while n < 100000000 { n += 1 }\n";
    let ran = run(&["limited.rhai"]).file("limited.rhai", script).ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: the script ran for more than 200 ms, waiting not counted\n"), "{ran}");
    let ran = run(&["--max-run-time", "400ms", "limited.rhai"]).file("limited.rhai", script).ran();
    assert!(ran.stderr.starts_with("error: the script ran for more than 400 ms, waiting not counted\n"), "{ran}");
    assert_eq!(run(&["--max-memory", "much", "-e", "1"]).ran().code, Some(2));
}

#[test]
fn functions_that_stand_in_for_the_engines_own_do_what_those_did() {
    let script = r#"
        let s = "é"; s.pad(5, "ab"); print(s); s.pad(7, '-'); print(s); s.pad(2, 'x'); print(s.len());
        let a = [1]; a.pad(3, #{x: [1, "a"]}); print(a); a.pad(-1, 0); print(a.len());
        let b = blob(2, 255); b.pad(3, 1); print(b); print(blob(2));
        print("a,b,,".split(",")); print("".split(",")); print("ab".split("")); print("a-b".split('-'));
        let r = "aXa"; r.replace("a", "bb"); r.replace('X', "y"); r.replace("y", 'z'); r.replace('z', '-'); print(r);
        print(`${[(), 'c', 1.5, #{}]} ${#{"a b": [true]}}` + [1]);
        print("hé".to_chars());
    "#;
    let expected = "éabab\néabab--\n7\n[1, #{\"x\": [1, \"a\"]}, #{\"x\": [1, \"a\"]}]\n3\n[ffff01]\n[0000]\n\
        [\"a\", \"b\", \"\", \"\"]\n[\"\"]\n[\"\", \"a\", \"b\", \"\"]\n[\"a\", \"b\"]\nbb-bb\n\
        [(), c, 1.5, #{}] #{\"a b\": [true]}[1]\n[h, é]\n";
    eval(script).assert_all(0, expected, "");
}
