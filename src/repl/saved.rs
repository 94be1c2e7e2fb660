//! A session as a script: the lines that went well, in their order, below a header. What a script cannot say is a comment in
//! its place. Pure.

use crate::script::interactive::{Interactive, Return, Statement};
use std::collections::{BTreeMap, BTreeSet};

const RETURN: &str = "return";

/// A line that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    pub text: String,
    /// Whether it has defined functions and done nothing else.
    pub only_functions: bool,
    /// The functions that it has defined, with the number of their parameters.
    pub functions: BTreeSet<(String, usize)>,
    /// Its last statement, if that gave a value.
    pub value_in: Option<Statement>,
    /// What in it would end a script.
    pub returns: Option<Return>,
    /// Where in the text `_` stands for the value of an earlier line.
    pub meant_last: Vec<usize>,
}

/// Who can read a text.
pub trait Reader {
    /// Where in a text a statement begins.
    fn begin_of(&self, text: &str, statement: Statement) -> Option<usize>;

    /// Whether a text is a script.
    fn is_script(&self, text: &str) -> bool;
}

impl Reader for Interactive {
    fn begin_of(&self, text: &str, statement: Statement) -> Option<usize> {
        Interactive::begin_of(self, text, statement)
    }

    fn is_script(&self, text: &str) -> bool {
        Interactive::is_script(self, text)
    }
}

/// A session as a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Saved {
    pub text: String,
    /// How many lines are left out because a `return` of theirs would end the script.
    pub unsaid: usize,
}

/// The script that these lines make; those of `secret` hold a key, and nothing of them is written. A script holds each function
/// once, so lines whose functions were all defined again later are left out; and it knows no `_`, so values that were used in
/// this way get a name.
pub fn script(lines: &[Good], secret: &BTreeSet<usize>, reader: &dyn Reader) -> Saved {
    let mut text = String::from("// /// onramp\n// description = \"Saved from a session\"\n// ///\n\n");
    let (mut names, mut unsaid) = (Names::of(lines), 0);
    for (at, line) in lines.iter().enumerate() {
        let named = |own: &&(String, usize)| !own.0.starts_with("anon$");
        let again = |own: &(String, usize)| lines[at + 1..].iter().any(|later| later.functions.contains(own));
        if line.only_functions && line.functions.iter().filter(named).all(again) {
            continue;
        }
        let why = if secret.contains(&at) {
            "// A line that held a key was left out here".to_string()
        } else if let Some(said) = said(line, &names, at, reader) {
            if !said.is_empty() {
                text.push_str(&said);
                text.push('\n');
            }
            continue;
        } else {
            unsaid += 1;
            "// A line was left out here, because its `return` would end the script".to_string()
        };
        text.push_str(&why);
        if let Some(name) = names.leave_out(at, lines) {
            text.push_str(&format!("; what it gave is used below as `{name}`, which is to be defined here"));
        }
        text.push_str(if secret.contains(&at) { ".\n" } else { ":\n" });
        if !secret.contains(&at) {
            // A part of a comment wherever the engine sees the end of a line.
            line.text.trim().split(['\n', '\r']).for_each(|part| text.push_str(&format!("//   {part}\n")));
        }
    }
    Saved { text, unsaid }
}

/// What the values are called that later lines use.
struct Names {
    /// The name of those that are there.
    last: String,
    /// The line whose value each line uses that uses one.
    givers: BTreeMap<usize, usize>,
    /// The names of those that are not there, by line.
    left_out: BTreeMap<usize, String>,
}

impl Names {
    fn of(lines: &[Good]) -> Names {
        let uses = lines.iter().enumerate().filter(|(_, line)| !line.meant_last.is_empty());
        let giver = |at: usize| lines[..at].iter().rposition(|line| line.value_in.is_some());
        let givers = uses.filter_map(|(at, _)| Some((at, giver(at)?))).collect();
        Names { last: free("last", lines, 0), givers, left_out: BTreeMap::new() }
    }

    /// The name under which the value of this line is used, if it is.
    fn given_by(&self, at: usize) -> Option<&str> {
        self.givers.values().any(|giver| *giver == at).then_some(&self.last)
    }

    /// What the last value is called in this line.
    fn used_in(&self, at: usize) -> &str {
        let left_out = self.givers.get(&at).and_then(|giver| self.left_out.get(giver));
        left_out.unwrap_or(&self.last)
    }

    /// The value of this line is not there: gives the name of it, which nothing else has, so that whoever uses it is told.
    fn leave_out(&mut self, at: usize, lines: &[Good]) -> Option<&str> {
        self.given_by(at)?;
        let name = free("left_out", lines, self.left_out.len());
        Some(self.left_out.entry(at).or_insert(name))
    }
}

/// A name that no line has in it; the first `taken` ones are others'.
fn free(word: &str, lines: &[Good], taken: usize) -> String {
    let names = std::iter::once(word.to_string()).chain((2..).map(|n| format!("{word}_{n}")));
    let mut free = names.filter(|name| !lines.iter().any(|line| line.text.contains(name)));
    free.nth(taken).unwrap_or_default()
}

/// What a line is in the script, as a statement that others can follow. None where it cannot be said.
fn said(line: &Good, names: &Names, at: usize, reader: &dyn Reader) -> Option<String> {
    let new = names.given_by(at).map_or(String::new(), |name| format!("let {name} = "));
    let last = names.used_in(at).to_string();
    let mut edits: Vec<(usize, usize, String)> =
        line.meant_last.iter().map(|place| (*place, 1, last.clone())).collect();
    let mut end = "";
    match line.returns {
        Some(Return::Last(begin)) => {
            let behind = &line.text[begin + RETURN.len()..];
            edits.push((begin, RETURN.len() + behind.len() - behind.trim_start().len(), new));
        }
        // What would end the script ends a closure that is called at once.
        Some(Return::Within { first, defines: false }) => {
            edits.push((reader.begin_of(&line.text, first)?, 0, format!("{new}(|| {{ ")));
            end = "}).call();";
        }
        Some(Return::Within { defines: true, .. }) => return None,
        None if new.is_empty() => {}
        None => edits.push((reader.begin_of(&line.text, line.value_in?)?, 0, new)),
    }
    // From the end on, so that the places before stay; what begins with `_` is named before it is used.
    edits.sort_by_key(|(place, removed, _)| std::cmp::Reverse((*place, *removed)));
    let mut text = line.text.clone();
    for (place, removed, new) in edits {
        text.replace_range(place..place + removed, &new);
    }
    if end.is_empty() {
        return Some(ended(&text, line.only_functions));
    }
    let text = format!("{}{}{end}", text.trim(), if ends_in_comment(&text) { "\n" } else { " " });
    // Functions cannot be defined inside of others.
    reader.is_script(&text).then_some(text)
}

/// A text as a statement that others can follow.
fn ended(text: &str, only_functions: bool) -> String {
    let text = text.trim();
    if only_functions || text.is_empty() || text.ends_with(';') && !ends_in_comment(text) {
        // Of a `return` alone nothing is left.
        return text.strip_prefix(';').unwrap_or(text).to_string();
    }
    format!("{text}{};", if ends_in_comment(text) { "\n" } else { "" })
}

/// Whether what is written behind a text might be a part of a comment.
fn ends_in_comment(text: &str) -> bool {
    text.trim().lines().next_back().unwrap_or_default().contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(text: &str, functions: &[(&str, usize)]) -> Good {
        let functions = functions.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        let only_functions = text.starts_with("fn");
        Good { text: text.into(), only_functions, functions, value_in: None, returns: None, meant_last: Vec::new() }
    }

    /// Statements begin where their places are.
    struct There;

    impl Reader for There {
        fn begin_of(&self, _: &str, statement: Statement) -> Option<usize> {
            Some(statement.inside)
        }

        fn is_script(&self, text: &str) -> bool {
            !text.contains("fn ")
        }
    }

    const HEADER: &str = "// /// onramp\n// description = \"Saved from a session\"\n// ///\n\n";

    fn line(text: &str, value_in: Option<usize>, meant_last: &[usize]) -> Good {
        let value_in = value_in.map(|inside| Statement { nth: 0, inside });
        Good { value_in, meant_last: meant_last.to_vec(), ..good(text, &[]) }
    }

    fn returning(returns: Return, line: Good) -> Good {
        Good { returns: Some(returns), ..line }
    }

    #[track_caller]
    fn assert_body(lines: &[Good], secret: &[usize], body: &str) {
        let saved = script(lines, &secret.iter().copied().collect(), &There);
        assert_eq!(saved.text, format!("{HEADER}{body}"));
    }

    #[test]
    fn last_values_that_are_used_get_a_name() {
        let lines = [
            line("let x = 1; x + 1", Some(11), &[]),
            line("let y = 2;", None, &[]),
            line("_ + _", Some(0), &[0, 4]),
            line("5", Some(0), &[]),
            line("print(_)", None, &[6]),
        ];
        let body = "let x = 1; let last = x + 1;\nlet y = 2;\nlast + last;\nlet last = 5;\nprint(last);\n";
        assert_body(&lines, &[], body);
        let chained = [line("1", Some(0), &[]), line("_ + 1", Some(0), &[0]), line("_", Some(0), &[0])];
        assert_body(&chained, &[], "let last = 1;\nlet last = last + 1;\nlast;\n");
    }

    #[test]
    fn what_would_end_the_script_ends_a_line_of_it() {
        let last = Return::Last;
        let within = |nth, inside, defines| Return::Within { first: Statement { nth, inside }, defines };
        let lines = [
            returning(last(0), line("return 1", Some(0), &[])),
            line("_", Some(0), &[0]),
            returning(last(11), line("let y = 2; return(y)", Some(11), &[])),
            returning(last(0), line("return;", None, &[])),
            returning(within(1, 11, false), line("let z = 1; if z > 0 { return z } 5 // five", Some(33), &[])),
            returning(within(0, 0, false), line("if _ > 0 { return _ }", Some(0), &[3, 18])),
            returning(within(0, 0, true), line("if true { return 1 }\nlet b = 1;", Some(0), &[])),
            returning(within(0, 0, false), line("if true { return 1 } fn one() { 1 }", Some(0), &[])),
            line("_ + 1", Some(0), &[0]),
        ];
        assert_body(
            &lines,
            &[],
            "let last = 1;\nlast;\nlet y = 2; (y);\nlet z = 1; let last = (|| { if z > 0 { return z } 5 // five\n}).call();\n\
             (|| { if last > 0 { return last } }).call();\n\
             // A line was left out here, because its `return` would end the script:\n//   if true { return 1 }\n//   let b = 1;\n\
             // A line was left out here, because its `return` would end the script; what it gave is used below as `left_out`, \
             which is to be defined here:\n//   if true { return 1 } fn one() { 1 }\nleft_out + 1;\n",
        );
        assert_eq!(script(&lines, &BTreeSet::new(), &There).unsaid, 2);
    }

    #[test]
    fn of_lines_with_a_key_nothing_is_written_but_that_they_are_missing() {
        let lines = [
            line("1", Some(0), &[]),
            line("_ + 1", Some(0), &[0]),
            line("\"key one\"", Some(0), &[]),
            line("let k = \"key two\";", None, &[]),
            line("print(_)", Some(0), &[6]),
            line("\"key three\" + _", Some(0), &[14]),
            line("print(_)", None, &[6]),
        ];
        assert_body(
            &lines,
            &[2, 3, 5],
            "let last = 1;\nlast + 1;\n\
             // A line that held a key was left out here; what it gave is used below as `left_out`, which is to be defined here.\n\
             // A line that held a key was left out here.\nlet last = print(left_out);\n\
             // A line that held a key was left out here; what it gave is used below as `left_out_2`, which is to be defined \
             here.\nprint(left_out_2);\n",
        );
    }

    #[test]
    fn the_lines_follow_each_other_as_statements() {
        let lines = [
            good("fn f() { 1 }", &[("f", 0)]),
            good("let x = #{a: 1}", &[]),
            good("fn f() { 2 }", &[("f", 0)]),
            good("x.a // note;", &[]),
            good("print(x);", &[]),
        ];
        assert_body(&lines, &[], "let x = #{a: 1};\nfn f() { 2 }\nx.a // note;\n;\nprint(x);\n");
    }
}
