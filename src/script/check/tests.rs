//! What `script/check` does, by example.

use super::*;
use crate::session::{Allowed, Capability};

/// Modules that are not looked at: nothing is said of what they define.
struct NoModules;

impl Modules for NoModules {
    fn find(&self, _path: &str, _importer: &str) -> Lookup {
        Lookup::Unknown
    }
}

fn looked_at(text: &str) -> Report {
    check("t", text, &NoModules, &Allow::default())
}

fn messages(text: &str) -> Vec<String> {
    looked_at(text).findings.into_iter().map(|f| f.message).collect()
}

#[test]
fn findings_come_in_the_order_of_the_text_and_once_each() {
    let found = messages("fn f() { nope() } nada(1); let g = |x| y + x + y; nope2();");
    assert_eq!(
        found,
        [
            "there is no function `nope`",
            "there is no function `nada`",
            "there is no variable `y`",
            "there is no function `nope2`"
        ]
    );
}

/// Pieces that, put together, are often nearly a script.
const PIECES: &[&str] = &[
    "let x = ",
    "x",
    "y",
    ";",
    "\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "#{",
    "a: ",
    ",",
    "|x| ",
    "|| ",
    "fn f(x) ",
    "f(1)",
    ".",
    "?.",
    "::",
    "global::",
    "m::f(1)",
    "import \"a\" as m",
    "export ",
    "const K = 1",
    "if ",
    "else ",
    "for i in ",
    "while ",
    "loop ",
    "break ",
    "return ",
    "throw ",
    "try ",
    "catch (e) ",
    "switch ",
    "=> ",
    "_ ",
    "1",
    "-1",
    "2.5",
    "\"t\"",
    "`a${x}b`",
    "'c'",
    "true",
    "()",
    "+ ",
    "= ",
    "== ",
    "&& ",
    "?? ",
    ".. ",
    "in ",
    "!",
    "this",
    "call(f)",
    "Fn(\"f\")",
    "update_customer(",
    "list_customers(",
    "get_customer(",
    ".map(",
    ".take(2)",
    "status: \"x\"",
    "limit: 500",
    "é",
    "\u{1b}",
    "/* ",
    "*/ ",
    "// ",
    "private ",
    "do ",
    "until ",
    "f!(x)",
    "print(",
    "is_def_fn(\"f\", 1)",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_makes_it_panic(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40),
        other in ".{0,40}",
    ) {
        for text in [pieces.concat(), other] {
            let report = looked_at(&text);
            // Every place is in the text.
            for place in report.findings.iter().filter_map(|finding| finding.place.as_ref()) {
                proptest::prop_assert!(place.line >= 1 && place.line <= text.lines().count() + 1, "{place:?} in {text:?}");
            }
        }
    }
}

#[test]
fn what_the_header_does_not_allow_is_found_before_a_run() {
    let rules = ["update_customer.plan"].map(|rule| Allowed::parse(rule).unwrap()).to_vec();
    let capability = Capability::new(Some(rules), None, None);
    let text = r#"get_customer(1); update_customer(1, #{plan: "x", mrr: 5}); fn f(c) { c.delete_customer() }"#;
    let found: Vec<_> =
        check("t", text, &NoModules, capability.allow()).findings.into_iter().map(|f| f.message).collect();
    assert_eq!(
        found,
        [
            "`update_customer`: the script's header does not allow it to set `mrr`",
            "`delete_customer`: the script's header allows `update_customer.plan`"
        ]
    );
}
