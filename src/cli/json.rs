//! JSON text laid out anew without touching a value: numbers keep their digits, strings their escapes, members their
//! order. Expects valid JSON.

/// With line breaks and an indentation of two.
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut opened = false;
    tokens(json, |token| {
        if matches!(token, "}" | "]") {
            depth = depth.saturating_sub(1);
            if !opened {
                line_break(&mut out, depth);
            }
        } else if opened {
            line_break(&mut out, depth);
        }
        opened = matches!(token, "{" | "[");
        out.push_str(token);
        match token {
            "{" | "[" => depth += 1,
            "," => line_break(&mut out, depth),
            ":" => out.push(' '),
            _ => {}
        }
    });
    out
}

/// On one line, without any white space between its parts.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    tokens(json, |token| out.push_str(token));
    out
}

fn line_break(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Brackets, commas, colons, strings and the words between them.
fn tokens<'a>(json: &'a str, mut each: impl FnMut(&'a str)) {
    let mut rest = json.trim_ascii_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            '"' => string_end(rest),
            _ => rest.find(|c: char| c.is_ascii_whitespace() || "{}[],:\"".contains(c)).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(end);
        each(token);
        rest = behind.trim_ascii_start();
    }
}

/// Behind the closing quote of the string that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn layout_changes_and_values_do_not() {
        let json = "{ \"a\":[1.10,-2E5 , 18446744073709551616],\"b\":{},\"c\":[ ],\n\"d\": \"x: {\\\"}\\\\\"}";
        let wanted = "{\n  \"a\": [\n    1.10,\n    -2E5,\n    18446744073709551616\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": \"x: {\\\"}\\\\\"\n}";
        assert_eq!(pretty(json), wanted);
        assert_eq!(compact(&pretty(json)), compact(json));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_taken_without_a_panic(text in r#"[\[\]{},:" \\a-c0-9é\n]{0,60}"#) {
            pretty(&text);
            compact(&text);
        }
    }
}
