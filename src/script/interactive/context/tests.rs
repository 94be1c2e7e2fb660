//! What stands at the cursor, in many texts, and in texts that are none.

use super::*;
use proptest::prelude::*;

fn place(text: &str) -> (Place, String) {
    let context = Context::of(text);
    (context.place, context.word)
}

fn member(of: &str) -> Place {
    Place::Member(of.into())
}

fn text(compared: Option<&str>, imported: bool) -> Place {
    Place::Text { compared: compared.map(Into::into), imported }
}

#[test]
fn the_word_at_the_cursor_is_found_with_its_place() {
    let mut wrong = Vec::new();
    for (line, wanted, word) in [
        ("", Place::Name, ""),
        ("list_cu", Place::Name, "list_cu"),
        ("let x = get_", Place::Name, "get_"),
        ("x.na", member("x"), "na"),
        ("x.", member("x"), ""),
        ("x?.na", member("x"), "na"),
        ("a + b.c[0].d(1, \"x\").e", member("b.c[0].d(1, \"x\")"), "e"),
        ("list_customers().filter(|c| c.na", member("c"), "na"),
        ("f(x.y, z.", member("z"), ""),
        ("update_customer(7, #{", Place::Key, ""),
        ("update_customer(7, #{na", Place::Key, "na"),
        ("update_customer(7, #{name: \"x\", pl", Place::Key, "pl"),
        ("update_customer(7, #{name: na", Place::Name, "na"),
        ("update_customer(7, #{status: \"ac", text(None, false), "ac"),
        ("c.status == \"ac", text(Some("status"), false), "ac"),
        ("import \"li", text(None, true), "li"),
        ("import \"lib\" as l; f(\"li", text(None, false), "li"),
        ("`a ${b.c", member("b"), "c"),
        ("`a ${b} c", text(None, false), " c"),
        ("`a ${b}`.le", member("`a ${b}`"), "le"),
        ("get_customer(10", Place::Number, "10"),
        ("1..x", Place::Name, "x"),
        ("// na", Place::Nothing, ""),
        ("/* na", Place::Nothing, ""),
        ("f(|na", Place::Nothing, "na"),
        ("x.y na", Place::Name, "na"),
    ] {
        if place(line) != (wanted, word.to_string()) {
            wrong.push((line, place(line)));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn what_is_open_is_known() {
    let open = |text: &str| Context::of(text).open;
    let call = |name: &str, receiver: Option<&str>, argument, params: &[&str]| Open::Call {
        name: name.into(),
        receiver: receiver.map(Into::into),
        argument,
        params: params.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(open("f(1, 2, "), [call("f", None, 2, &[])]);
    assert_eq!(open("x.y.f(g(1), "), [call("f", Some("x.y"), 1, &[])]);
    assert_eq!(open("x.map(|a, b| a."), [call("map", Some("x"), 0, &["a", "b"])]);
    let map = Open::Map { used: vec!["a".into(), "b".into()], key: Some("b".into()) };
    assert_eq!(open("f(7, #{a: 1, b: "), [call("f", None, 1, &[]), map]);
    let each = Some(("c".into(), "list_customers()".into()));
    assert_eq!(open("for c in list_customers() { c."), [Open::Block { each }]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-cé0-9 .,:;#{}()\\[\\]|\"'`$/*=!?\\\\\n]{0,40}") {
        let context = Context::of(&text);
        prop_assert!(text.is_char_boundary(context.start));
        prop_assert_eq!(&text[context.start..], context.word);
    }
}

#[test]
fn a_bracket_is_closed_by_its_own_and_by_none_in_a_text_or_a_comment() {
    for (closed, rest) in [
        ("[]", ""),
        ("[1, [2], (3)]", ".len()"),
        ("(a.b(\"x)\", ')'))", "[0]"),
        ("[`a ${f([1])} ]`, 2]", " + [3]"),
        ("[1, // one)\n 2]", "]"),
        ("[1, /* one] */ 2]", ""),
        ("[#{a: [1], b: |x| x[0]}, { let y = (1); y }]", ")"),
    ] {
        assert_eq!(closing(&format!("{closed}{rest}")), Some(closed.len()), "{closed}{rest}");
    }
    for open in ["", "[", "[1, (2)", "[\"]", "[`${1]`", "[1 // ]", "[1 /* ]"] {
        assert_eq!(closing(open), None, "{open}");
    }
}
