//! A session as a script: the lines that went well, in their order, below a header. Pure.

use std::collections::BTreeSet;

/// A line that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    pub text: String,
    /// Whether it has defined functions and done nothing else.
    pub only_functions: bool,
    /// The functions that it has defined, with the number of their parameters.
    pub functions: BTreeSet<(String, usize)>,
}

/// The script that these lines make. A script holds each function once, so lines whose functions were all defined again
/// later are left out.
pub fn script(lines: &[Good]) -> String {
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
        Good { text: text.into(), only_functions: text.starts_with("fn"), functions }
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
        assert_eq!(script(&lines), format!("{header}{body}"));
    }
}
