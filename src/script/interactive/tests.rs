//! Lines on an engine without a connection.

use super::*;
use crate::{
    clock::Clock,
    project::Project,
    script::{Level, Limits, Sink, builtins::input::Inputs},
    session::{ConnectError, ConnectKind, Session},
    stop::Stop,
};
use proptest::prelude::*;

struct Silent;

impl Sink for Silent {
    fn data(&self, _: &str) -> bool {
        true
    }
    fn log(&self, _: Level, _: &str) {}
    fn flush(&self) {}
    fn width(&self) -> Option<usize> {
        None
    }
}

fn host() -> Arc<Host> {
    let refuse = || {
        Err(ConnectError { kind: ConnectKind::Configuration, message: "there is no connection".into(), hints: vec![] })
    };
    let session = Session::new(Box::new(refuse), String::new(), Clock::System, Stop::default());
    Host::with_inputs(session, Box::new(Silent), Project::of_working_directory(), Inputs::default(), Limits::default())
}

/// Runs a test on a stack like that of a session.
fn deep(test: impl FnOnce(Interactive) + Send + 'static) {
    let work = || test(Interactive::new(&host()));
    std::thread::Builder::new().stack_size(32 << 20).spawn(work).unwrap().join().unwrap();
}

/// What a line gives back, or its error and place.
fn said(session: &mut Interactive, text: &str) -> String {
    match session.eval("repl:1", text) {
        Ok(done) if !done.value => String::new(),
        Ok(_) => match session.show("repl:1", &Shape::Table { columns: None, rows: 50 }) {
            Ok(Shown::Text(text)) => text,
            Ok(other) => format!("{other:?}"),
            Err(fault) => fault.message,
        },
        Err(fault) => fault.message,
    }
}

#[test]
fn what_a_line_defines_lives_on_also_after_an_error() {
    deep(|mut session| {
        for (line, wanted) in [
            ("let x = 20; fn double(n) { n * 2 }", ""),
            ("double(x)", "40"),
            ("let y = 1; y = nope; let z = 2;", "there is no variable `nope`"),
            ("y", "1"),
            ("z", "there is no variable `z`"),
            ("let add = |n| n + x; add.call(1)", "21"),
            ("x = 30; add.call(1)", "31"),
            ("fn double(n) { n * 3 }", ""),
            ("double(2)", "6"),
            ("const LIMIT = 5; fn limit() { global::LIMIT }", ""),
            ("limit()", "5"),
            ("let x = \"new\"; x", "new"),
            ("x", "new"),
            ("nope +", "the script ends in the middle of a statement"),
            ("doubel(2)", "there is no function `doubel`"),
            ("limit() + double(1)", "8"),
            ("while true { break; } 7", "7"),
            ("return 9; 10", "9"),
            ("exit(); 10", ""),
            ("throw \"gone\"", "gone"),
            ("fn f(n) { if n > 0 { f(n - 1) } else { x } } f(3)", "there is no variable `x`"),
        ] {
            assert_eq!(said(&mut session, line), wanted, "{line}");
        }
    });
}

#[test]
fn the_last_value_has_a_name_and_a_switch_keeps_its_default() {
    deep(|mut session| {
        for (line, wanted) in [
            ("_", "there is no variable `_`"),
            ("40 + 1", "41"),
            ("_ + 1", "42"),
            ("let nothing = ();", ""),
            ("_", "42"),
            ("switch _ { 42 => \"it\", _ => \"other\" }", "it"),
            ("switch 3 { 1 => \"one\", _   => `${_}!` }", "it!"),
            ("[1, 2].map(|n| n + _.len()).to_json()", "[4,5]"),
        ] {
            assert_eq!(said(&mut session, line), wanted, "{line}");
        }
    });
}

#[test]
fn an_error_names_the_line_in_which_its_text_stands() {
    deep(|mut session| {
        session.eval("repl:1", "fn bad(n) {\n  n + nope\n}").unwrap();
        session.eval("repl:2", "let later = |n| bad(n); let list = [1];").unwrap();
        let fault = session.eval("repl:3", "\n later.call(1)").err().unwrap();
        let place = |place: &Option<crate::script::Place>| {
            place.as_ref().map(|place| format!("{}:{}:{}", place.source, place.line, place.column))
        };
        assert_eq!(place(&fault.place).as_deref(), Some("repl:1:2:7"));
        let frames: Vec<_> =
            fault.frames.iter().map(|frame| (frame.name.as_str(), place(&frame.called_at).unwrap())).collect();
        assert_eq!(frames, [("`bad`", "repl:2:1:17".to_string()), ("a closure", "repl:3:2:8".to_string())]);
    });
}

#[test]
fn what_lacks_its_end_waits_and_what_is_wrong_is_said() {
    deep(|session| {
        for unfinished in [
            "let x = ",
            "fn f(",
            "fn f()",
            "fn f() {",
            "if true {",
            "if true { 1 } else",
            "[1,",
            "[1",
            "#{",
            "#{a:",
            "#{a: 1",
            "f(1,",
            "f(",
            "1 +",
            "x.",
            "`text",
            "`a ${1} b",
            "`a ${",
            "/* comment",
            "1 /* a /* b */",
            "let f = |x",
            "fn",
            "let",
            "for x in",
            "for x in y",
            "while true",
            "list_customers()\n  .filter(",
            "a && ",
            "x = [\n1,\n2\n",
            "// c\nlet x =",
            "switch 1 { 1 => 2,",
            "let x = #{ // note",
            "try { 1 }",
            "import",
        ] {
            let why = session.compile(unfinished).err().map(|error| format!("{error:?}"));
            assert!(!session.is_whole(unfinished), "{unfinished}: {why:?}");
        }
        for whole in [
            "",
            "1",
            "let x = 1",
            "// only",
            "/* both */ 1",
            "\"no end",
            "1 +* 2",
            ")",
            "}",
            "let 1 = 2",
            "f(1 2)",
            "x.1",
            "'a",
            "`a` + \"b\"",
            "if true { 1 } }",
            "`${\"}\"}`",
            "\"/*\"",
            "let x = 'ab'",
            "fn f() { 1 }",
            "1 2",
            "eval(\"1\")",
            "#{a 1}",
        ] {
            assert!(session.is_whole(whole), "{whole}");
        }
    });
}

#[test]
fn variables_and_functions_are_told() {
    deep(|mut session| {
        session
            .eval("a", "let rows = [1, 2]; const NAME = \"x\"; let me = #{name: \"Acme\"}; let rows = [3];")
            .unwrap();
        session.eval("b", "fn second() {} fn first(a, b) {} let f = |x| x; 5").unwrap();
        let told: Vec<_> =
            session.variables().into_iter().map(|own| format!("{}{} {}", own.name, own.constant, own.about)).collect();
        assert_eq!(
            told,
            [
                "NAMEtrue string \"x\"",
                "ffalse function",
                "mefalse object map of 1 field (Acme)",
                "rowsfalse array of 1 element"
            ]
        );
        assert_eq!(session.functions(), ["first(a, b)", "second()"]);
    });
}

fn completed(session: &Interactive, line: &str) -> Vec<String> {
    session.complete(line, line.len()).candidates.into_iter().map(|candidate| candidate.shown).collect()
}

#[test]
fn candidates_fit_the_place() {
    deep(|mut session| {
        session
            .eval(
                "a",
                "let acme = #{object: \"customer\", name: \"Acme\", owner: #{email: \"a@b\"}}; let accounts = [acme];",
            )
            .unwrap();
        session.eval("b", "fn access(level) {}").unwrap();
        for number in 100..103 {
            let json =
                format!(r#"{{"object":"customer","id":"cus_{number}","display_id":{number},"name":"Acme {number}"}}"#);
            session.host.seen.note_json(&json);
        }
        assert_eq!(completed(&session, "acc"), ["access(level)", "accounts"]);
        assert_eq!(completed(&session, "acme.na"), ["name"]);
        assert_eq!(completed(&session, "acme.owner.e"), ["email"]);
        assert!(completed(&session, "acme.owner.").contains(&"keys()".to_string()));
        assert_eq!(completed(&session, "accounts[0].own"), ["owner"]);
        assert_eq!(completed(&session, "accounts.filter(|a| a.own"), ["owner"]);
        assert_eq!(completed(&session, "list_customers().filter(|c| c.stat"), ["status"]);
        assert_eq!(completed(&session, "for c in list_contacts_of { c.em"), Vec::<String>::new());
        assert_eq!(completed(&session, "for c in list_customer_contacts(7) { c.em"), ["email"]);
        assert_eq!(completed(&session, "get_onboarding(7).ph"), ["phase"]);
        assert_eq!(completed(&session, "list_customers().filt"), ["filter(|row| …)"]);
        assert_eq!(completed(&session, "acme.update_c"), ["update_customer(fields)"]);
        assert_eq!(completed(&session, "update_onboarding(7, #{ph").len(), 1);
        assert!(completed(&session, "update_onboarding(7, #{ph")[0].starts_with("phase: "));
        assert_eq!(completed(&session, "update_customer(7, #{status: \"ac"), ["active"]);
        assert_eq!(completed(&session, "update_customer(7, #{status: \"a\", stat"), Vec::<String>::new());
        assert!(completed(&session, "update_customer(7, #{status: ").contains(&"\"churned\"".to_string()));
        assert_eq!(completed(&session, "list_customers().where(#{pl"), ["plan"]);
        assert_eq!(completed(&session, "list_customers().pluck(\"pl"), ["plan"]);
        assert_eq!(completed(&session, "x.filter(|c| c.status == \"chu"), ["churned"]);
        assert_eq!(completed(&session, "get_customer(10"), ["100  Acme 100", "101  Acme 101", "102  Acme 102"]);
        assert_eq!(completed(&session, "get_customer(\"cus_102"), ["cus_102  Acme 102"]);
        assert_eq!(completed(&session, "let x = \"Acme 1"), ["Acme 100", "Acme 101", "Acme 102"]);
        assert_eq!(completed(&session, "get_onboarding(10"), Vec::<String>::new());
        assert_eq!(completed(&session, "// acc"), Vec::<String>::new());
        assert_eq!(completed(&session, "bulk_update_customers(accounts, |c| #{sta").len(), 1);
        assert_eq!(completed(&session, "accounts.bulk_update_customers(#{status: \"chu"), ["churned"]);
        assert_eq!(completed(&session, "bulk_update_customers(accounts, #{}, #{sta"), Vec::<String>::new());
        assert_eq!(completed(&session, "get_customer("), ["100  Acme 100", "101  Acme 101", "102  Acme 102"]);
        assert_eq!(completed(&session, "create_onboarding(#{customer_id: 102"), ["102  Acme 102"]);
        assert_eq!(completed(&session, "list_onboardings(#{customer_id: \"cus_101"), ["cus_101  Acme 101"]);
        assert_eq!(completed(&session, "update_onboarding(7, #{state: ").len(), 4);
        assert_eq!(completed(&session, "acme.get(\"na"), ["name"]);
        assert_eq!(completed(&session, "let mine = get_onboarding(7); mine.ph"), ["phase"]);
        assert_eq!(completed(&session, "fn f(special) { spe"), ["special"]);
        assert_eq!(completed(&session, "[1, 2].filt"), ["filter(|row| …)"]);
        assert_eq!(completed(&session, "#{a: 1}.key"), ["keys()"]);
        assert_eq!(completed(&session, "now().in_z"), ["in_zone(name)"]);
        assert_eq!(completed(&session, "(today() - days(1)).in_z"), Vec::<String>::new());
        assert_eq!(completed(&session, "run.trig"), ["trigger"]);
        assert_eq!(completed(&session, "acme.name.sle"), Vec::<String>::new());
        assert_eq!(completed(&session, "import \"scr"), ["scripts/"]);
        assert_eq!(completed(&session, "import \"scripts/dev/"), Vec::<String>::new());
        assert_eq!(session.complete("read_text(\"Cargo.t", 18).candidates[0].text, "Cargo.toml");
        assert!(completed(&session, "").len() < 200);
    });
}

/// Lines of all kinds: broken scripts, letters of all scripts, control characters, much of one thing, deep nesting.
fn line() -> impl Strategy<Value = String> {
    let part = "[a-d_ 0-9=+.,;:(){}\\[\\]|\"'`$#!<>/*\n-]{0,24}";
    prop_oneof![
        6 => part,
        2 => "let [a-d] = [^;]{0,8};?",
        2 => "fn [a-d]\\([a-d]?\\) \\{[a-d+ 0-9]{0,6}\\}",
        2 => "(throw|loop \\{ break;|switch _|import \"x|return|exit\\(\\))[ a-d{}=>_;]{0,8}",
        2 => "\\PC{0,20}",
        1 => "[\\x00-\\x1f\\x7f-\\u{9f}a(\"`]{0,12}",
        1 => ("[(\\[{!-]|#\\{a:|if a \\{|`\\$\\{|\\|b\\||/\\*|a\\.|_ ", 1_usize..400, part)
            .prop_map(|(open, count, rest)| format!("{}{rest}", open.repeat(count))),
        1 => ("[a-z0-9\"'+]", 1_usize..50_000).prop_map(|(letter, count)| letter.repeat(count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_line_ends_a_session_or_loses_a_variable(lines in proptest::collection::vec(line(), 1..8)) {
        deep(move |mut session| {
            session.eval("keep", "let kept = #{a: [1, 2, 3]}; const HELD = \"x\"; fn stays() { 1 }").unwrap();
            for line in &lines {
                session.is_whole(line);
                session.complete(line, line.len());
                session.look_at("line", line);
                // Either way will do; what counts is what is left.
                if let Ok(done) = session.eval("line", line) && done.value {
                    let _ = session.show("line", &Shape::Table { columns: None, rows: 5 });
                }
            }
            assert_eq!(said(&mut session, "kept.a.len() + stays()"), "4", "{lines:?}");
            assert_eq!(said(&mut session, "HELD"), "x", "{lines:?}");
        });
    }
}
