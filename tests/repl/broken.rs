//! Lines as they should not be: deep, huge, in no language. None of them ends the session, and none loses a variable.

use crate::harness::{NOW, Onramp};

/// `open` so many times, and then `close`.
fn nest(open: &str, close: &str, count: usize) -> String {
    format!("{}{}", open.repeat(count), close.repeat(count))
}

fn deep(count: usize) -> Vec<String> {
    let pairs = [
        ("(", ")"),
        ("[", "]"),
        ("#{a:", "}"),
        ("{", "}"),
        ("if true {", "}"),
        ("`${", "}`"),
        ("/*", "*/"),
        ("switch 1 {", "}"),
        ("-", "1"),
        ("!", "true"),
        ("|a|", "1"),
    ];
    let around = [("x", ".a"), ("f", "()"), ("kept", "[0]"), ("1", "+1"), ("true", " && true"), ("let z =", " ||")];
    let mut lines: Vec<String> = pairs.iter().map(|(open, close)| nest(open, close, count)).collect();
    lines.extend(around.iter().map(|(begin, part)| format!("{begin}{}", part.repeat(count))));
    lines.extend(["a", "1", "'", "_", "_ ", ":"].iter().map(|word| word.repeat(count)));
    lines.push(format!("\"{}\"", "b".repeat(count)));
    lines.push(format!("fn f{count}() {{{}}}", nest("{", "}", count)));
    lines
}

const ODD: &[&str] = &[
    "\u{202e}\u{200b} let x = 1",
    "\u{feff}1",
    "\0",
    "\u{1b}[31m",
    "\"\u{7}\"",
    "let 日本 = 1",
    "👩‍👩‍👧",
    "\"👩‍👩‍👧\".len()",
    "\u{7f}\u{80}",
    "let a\u{301} = 1",
    "\u{2028} 1",
    ":undo \0",
    ":mode \u{202e}",
    ":time (((",
    "kept = ()",
    "let kept_too = kept; kept_too.a.push(4); throw 1",
    "while true { nope_at_all() }",
];

#[test]
fn no_line_however_broken_ends_a_session_or_loses_a_variable() {
    let mut input = String::from("const kept = #{a: [1, 2, 3]}; let held = \"x\"; fn stays() { 1 }\n");
    let long = |word: &str, count: usize| format!("{word} {}", "x/".repeat(count));
    let commands = [":help", ":load", ":save", ":csv", ":table", ":nothing"].map(|word| long(word, 20_000));
    let lines = [10, 64, 65, 5_000, 100_000].into_iter().flat_map(deep).chain(commands);
    for line in lines.chain(ODD.iter().map(ToString::to_string)) {
        // What lacks its end would go on with the next one, so each is followed by what ends nothing.
        input += &format!("{line}\n;)\n");
    }
    input += "kept.a.len() + stays()\nheld\n";
    // From a file: a pipe would have to be filled and emptied at the same time.
    let onramp = Onramp::new(&["repl", "--sandbox", "--now", NOW]).file("lines", input);
    let ran = onramp.within("exec \"$0\" \"$@\" < lines").ran();
    assert!(ran.code == Some(1) && ran.stdout.ends_with("\n4\nx\n"), "{}\n{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("a bug in onramp"), "{}", ran.stderr);
}
