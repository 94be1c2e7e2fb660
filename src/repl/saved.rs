//! A session as a script: the lines that went well, in their order, below a header. Pure.

use std::collections::BTreeSet;

const RETURN: &str = "return ";

/// A line that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    pub text: String,
    /// Whether it has defined functions and done nothing else.
    pub only_functions: bool,
    /// The functions that it has defined, with the number of their parameters.
    pub functions: BTreeSet<(String, usize)>,
    /// A place in the text inside the statement that gave the value, if it gave one.
    pub value_in: Option<usize>,
    /// Where in the text `_` stands for the value of an earlier line.
    pub meant_last: Vec<usize>,
}

/// The script that these lines make. A script holds each function once, so lines whose functions were all defined again
/// later are left out; and it knows no `_`, so values that were used in this way get a name. `begin_of` says where in a text
/// the statement begins that this place is in.
pub fn script(lines: &[Good], begin_of: &mut dyn FnMut(&str, usize) -> Option<usize>) -> String {
    let lines = &without_last(lines, begin_of);
    let mut text = String::from("// /// onramp\n// description = \"Saved from a session\"\n// ///\n\n");
    for (at, line) in lines.iter().enumerate() {
        let named = |own: &&(String, usize)| !own.0.starts_with("anon$");
        let again = |own: &(String, usize)| lines[at + 1..].iter().any(|later| later.functions.contains(own));
        if line.only_functions && line.functions.iter().filter(named).all(again) {
            continue;
        }
        text.push_str(&ended(line));
        text.push('\n');
    }
    text
}

/// The lines with a variable for each last value that a later line uses.
fn without_last(lines: &[Good], begin_of: &mut dyn FnMut(&str, usize) -> Option<usize>) -> Vec<Good> {
    let taken = |name: &str| lines.iter().any(|line| line.text.contains(name));
    let name = std::iter::once("last".to_string()).chain((2..).map(|n| format!("last_{n}"))).find(|name| !taken(name));
    let name = name.unwrap_or_default();
    let mut used = BTreeSet::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| !line.meant_last.is_empty()) {
        used.extend(lines[..at].iter().rposition(|line| line.value_in.is_some()));
    }
    let named = lines.iter().enumerate().map(|(at, line)| {
        let defined = line.value_in.and_then(|inside| {
            let new = if used.contains(&at) { format!("let {name} = ") } else { String::new() };
            match line.text[inside..].starts_with(RETURN) {
                // It would end the script, and not only the line.
                true => Some((inside, RETURN.len(), new)),
                false if new.is_empty() => None,
                false => Some((begin_of(&line.text, inside)?, 0, new)),
            }
        });
        let mut edits: Vec<(usize, usize, String)> =
            line.meant_last.iter().map(|place| (*place, 1, name.clone())).chain(defined).collect();
        // From the end on, so that the places before stay; what begins with `_` is named before it is used.
        edits.sort_by_key(|(place, removed, _)| std::cmp::Reverse((*place, *removed)));
        let mut text = line.text.clone();
        for (place, removed, new) in edits {
            text.replace_range(place..place + removed, &new);
        }
        Good { text, ..line.clone() }
    });
    named.collect()
}

/// A line as a statement that others can follow.
fn ended(line: &Good) -> String {
    let text = line.text.trim();
    let last = text.lines().next_back().unwrap_or_default();
    if line.only_functions || last.ends_with(';') {
        return text.to_string();
    }
    // Behind a comment it would be a part of it.
    format!("{text}{};", if last.contains("//") { "\n" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(text: &str, functions: &[(&str, usize)]) -> Good {
        let functions = functions.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        let only_functions = text.starts_with("fn");
        Good { text: text.into(), only_functions, functions, value_in: None, meant_last: Vec::new() }
    }

    #[test]
    fn last_values_that_are_used_get_a_name() {
        let line = |text: &str, value_in: Option<usize>, meant_last: &[usize]| Good {
            value_in,
            meant_last: meant_last.to_vec(),
            ..good(text, &[])
        };
        let lines = [
            line("let x = 1; x + 1", Some(11), &[]),
            line("let y = 2;", None, &[]),
            line("_ + _", Some(0), &[0, 4]),
            line("5", Some(0), &[]),
            line("print(_)", None, &[6]),
        ];
        let body = "let x = 1; let last = x + 1;\nlet y = 2;\nlast + last;\nlet last = 5;\nprint(last);\n";
        let mut told = |_: &str, at: usize| Some(at);
        let made = script(&lines, &mut told);
        assert!(made.ends_with(body), "{made}");
        let chained = [line("1", Some(0), &[]), line("_ + 1", Some(0), &[0]), line("_", Some(0), &[0])];
        let made = script(&chained, &mut told);
        assert!(made.ends_with("let last = 1;\nlet last = last + 1;\nlast;\n"), "{made}");
        let returned =
            [line("return 1", Some(0), &[]), line("_", Some(0), &[0]), line("let y = 2; return y", Some(11), &[])];
        let made = script(&returned, &mut told);
        assert!(made.ends_with("let last = 1;\nlast;\nlet y = 2; y;\n"), "{made}");
    }

    #[test]
    fn the_lines_follow_each_other_as_statements() {
        let lines = [
            good("fn f() { 1 }", &[("f", 0)]),
            good("let x = #{a: 1}", &[]),
            good("fn f() { 2 }", &[("f", 0)]),
            good("x.a // note", &[]),
            good("print(x);", &[]),
        ];
        let header = "// /// onramp\n// description = \"Saved from a session\"\n// ///\n\n";
        let body = "let x = #{a: 1};\nfn f() { 2 }\nx.a // note\n;\nprint(x);\n";
        assert_eq!(script(&lines, &mut |_, at| Some(at)), format!("{header}{body}"));
    }
}
