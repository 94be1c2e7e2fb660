//! What a text has defined itself before the cursor: its variables, with what they were given, and the parameters of the
//! function that is being written. Knows nothing of scopes: a name too many is no harm where candidates are shown.

use super::{Open, lex};

/// What comes next, as the words before say.
enum Wanted {
    Nothing,
    /// The name of a variable.
    Variable,
    /// The name of a function.
    Function,
    /// The parameters of a function.
    Params,
}

/// A variable whose value is being read.
struct Value {
    /// Which one of those that were found.
    of: usize,
    begin: usize,
    depth: usize,
}

/// The variables of a text in their order.
pub fn locals(text: &str) -> Vec<Open> {
    let mut found: Vec<Open> = Vec::new();
    let (mut at, mut depth, mut wanted) = (0, 0_usize, Wanted::Nothing);
    let mut value: Option<Value> = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut end = at + c.len_utf8();
        match c {
            '/' if rest.starts_with("//") => end = rest.find('\n').map_or(text.len(), |line| at + line),
            '/' if rest.starts_with("/*") => end = rest.find("*/").map_or(text.len(), |close| at + close + 2),
            '"' => end = lex::string_end(text, end, '"').unwrap_or(text.len()),
            '`' => end = rest[1..].find('`').map_or(text.len(), |close| at + close + 2),
            '\'' => end = lex::character_end(text, at),
            c if c.is_alphabetic() || c == '_' => {
                end = at + lex::word_end(rest);
                // The last word is still being written.
                if end == text.len() {
                    break;
                }
                let name = text[at..end].to_string();
                wanted = match (wanted, name.as_str()) {
                    (_, "let" | "const") => Wanted::Variable,
                    (_, "fn") => Wanted::Function,
                    (Wanted::Variable, _) => {
                        found.push(Open::Let { name, value: None });
                        Wanted::Nothing
                    }
                    (Wanted::Params, _) => {
                        found.push(Open::Let { name, value: None });
                        Wanted::Params
                    }
                    (other, _) => other,
                };
            }
            '=' if value.is_none() && !rest.starts_with("==") && matches!(found.last(), Some(Open::Let { .. })) => {
                if matches!(found.last(), Some(Open::Let { value: None, .. })) {
                    value = Some(Value { of: found.len() - 1, begin: end, depth });
                }
            }
            '(' if matches!(wanted, Wanted::Function) => {
                wanted = Wanted::Params;
                depth += 1;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                if c == ')' && matches!(wanted, Wanted::Params) {
                    wanted = Wanted::Nothing;
                }
                depth = depth.saturating_sub(1);
            }
            ';' => {
                if let Some(Value { of, begin, .. }) = value.take_if(|value| depth <= value.depth)
                    && let Some(Open::Let { value, .. }) = found.get_mut(of)
                {
                    *value = Some(text[begin..at].trim().to_string());
                }
            }
            _ => {}
        }
        at = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_known_with_what_they_were_given() {
        let found = |text: &str| -> Vec<(String, Option<String>)> {
            let one = |open| match open {
                Open::Let { name, value } => (name, value),
                other => panic!("{other:?}"),
            };
            locals(text).into_iter().map(one).collect()
        };
        let own = |name: &str, value: Option<&str>| (name.to_string(), value.map(str::to_string));
        assert_eq!(found("let c = get_customer(7); c."), [own("c", Some("get_customer(7)"))]);
        assert_eq!(
            found("let f = |x| { let y = \";\"; y }; const K = [1;"),
            [own("f", Some("|x| { let y = \";\"; y }")), own("y", None), own("K", None)]
        );
        assert_eq!(found("fn own(first, second) { first == sec"), [own("first", None), own("second", None)]);
        assert_eq!(found("// let a = 1;\nlet b; b = 2; le"), [own("b", Some("2"))]);
        assert_eq!(found("let x"), []);
    }
}
