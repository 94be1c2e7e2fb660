//! Sessions that are saved as scripts: the scripts, whole, and what they do when they run.

use crate::harness::{NOW, Onramp};

fn piped(input: &str) -> Onramp {
    Onramp::new(&["repl", "--sandbox", "--now", NOW]).stdin(input)
}

#[test]
fn the_good_lines_are_saved_as_a_script() {
    let input =
        "fn f() { 1 }\nlet x = f()\nnope\nfn f() { 2 }\nprint(x + f())\n:save session.rhai\n:save session.rhai\n";
    let ran = piped(input).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "3\n"), "{ran}");
    assert!(ran.stderr.contains("wrote `session.rhai`; `onramp check session.rhai` looks at it\n"), "{ran}");
    assert!(
        ran.stderr
            .ends_with("error: there is a file `session.rhai` already\nhint: name another one, or remove it first\n"),
        "{ran}"
    );
    let script = std::fs::read_to_string(ran.folder().join("session.rhai")).unwrap();
    assert_eq!(
        script,
        "// /// onramp\n// description = \"Saved from a session\"\n// ///\n\nlet x = f();\nfn f() { 2 }\nprint(x + f());\n"
    );
    crate::harness::run(&["session.rhai"]).file("session.rhai", script).ran().assert_all(0, "4\n", "");
}

#[test]
fn a_saved_session_runs_also_where_it_has_used_last_values() {
    let input = "get_customer(101)\n_.mrr + 0\nlet one = 1; (_ - 1) + (one + one)\nif true { _ } else { 0 }\nlet ao = [_, /* _ */ _];\nprint(_)\n:save s.rhai\n";
    let ran = piped(input).ran();
    assert_eq!((ran.code, ran.stdout.lines().last()), (Some(0), Some("125001")), "{ran}");
    let script = std::fs::read_to_string(ran.folder().join("s.rhai")).unwrap();
    let body = "let last = get_customer(101);\nlet last = last.mrr + 0;\nlet one = 1; let last = (last - 1) + (one + one);\n\
                let last = if true { last } else { 0 };\n\
                let ao = [last, /* _ */ last];\nprint(last);\n";
    assert!(script.ends_with(body), "{script}");
    crate::harness::run(&["s.rhai", "--sandbox"]).file("s.rhai", script).ran().assert_all(0, "125001\n", "");
}

#[test]
fn a_script_that_returns_its_value_is_loaded_at_once_and_saved_without_ending_there() {
    let long: String = (0..3000).map(|n| format!("let v{n} = {n}; v{n} + 1;\n")).collect();
    let ran = piped(":load long.rhai\n_ + 1\nreturn _ * 2\nexit()\nprint(_)\n:save s.rhai\n")
        .file("long.rhai", format!("{long}return v7;\n"))
        .args(&["--max-run-time", "60s"])
        .ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "8\n16\n16\n"), "{ran}");
    let script = std::fs::read_to_string(ran.folder().join("s.rhai")).unwrap();
    let end = "\nlet last = v7;\nlet last = last + 1;\nlet last = last * 2;\nprint(last);\n";
    assert!(script.ends_with(end), "{}", &script[script.len() - 200..]);
}

#[test]
fn a_saved_session_goes_on_behind_what_returns_and_says_where_a_key_was() {
    let input = "let n = 3;\nfor i in 0..9 { n += 1; if n > 5 { return n } }\nprint(`${_} ${n}`)\n\
                 let f = |x| { return x * 2; }; let z = f.call(n); if z == 12 { if true { return(z) } } z + 1\nprint(_)\n\
                 switch z { 1 => 2, _ => return [z, n] } // both\nprint(_)\nreturn print(\"once\")\n\
                 if n < 0 { return 1 } let after = 1;\nafter + \"pivotal_K8s9zXw7VuTq5RsPo3Nm1LkJ\".len()\nprint(_)\n\
                 :save s.rhai\n";
    let ran = piped(input).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "6\n6 6\n12\n12\n[12, 6]\n[12, 6]\nonce\n33\n33\n"), "{ran}");
    assert_eq!(
        ran.stderr,
        "warning: lines that hold a key were left out\nwarning: 1 line left out because of its `return`; comments tell \
         where\nwrote `s.rhai`; `onramp check s.rhai` looks at it\n"
    );
    let script = std::fs::read_to_string(ran.folder().join("s.rhai")).unwrap();
    let body = "let n = 3;\nlet last = (|| { for i in 0..9 { n += 1; if n > 5 { return n } } }).call();\nprint(`${last} ${n}`);\n\
                let f = |x| { return x * 2; }; let z = f.call(n); let last = (|| { if z == 12 { if true { return(z) } } z + 1 \
                }).call();\nprint(last);\n\
                let last = (|| { switch z { 1 => 2, _ => return [z, n] } // both\n}).call();\nprint(last);\nprint(\"once\");\n\
                // A line was left out here, because its `return` would end the script:\n\
                //   if n < 0 { return 1 } let after = 1;\n\
                // A line that held a key was left out here; what it gave is used below as `left_out`, which is to be defined \
                here.\nprint(left_out);\n";
    assert_eq!(script, format!("// /// onramp\n// description = \"Saved from a session\"\n// ///\n\n{body}"));
    crate::harness::run(&["s.rhai"]).file("s.rhai", &script).ran().assert_all(
        2,
        "",
        "error: there is no variable `left_out`\n  --> s.rhai:17:7\n     |\n  17 | print(left_out);\n     |       ^\n\
         hint: define it first: `let left_out = …`\nthe script was not started because of 1 error\n",
    );
    let defined = script.replace("\nprint(left_out)", "\nlet left_out = 33;\nprint(left_out)");
    let printed = "6 6\n12\n[12, 6]\nonce\n33\n";
    crate::harness::run(&["s.rhai"]).file("s.rhai", defined).ran().assert_all(0, printed, "");
}
