//! Colours for a line of script text while it is written: words of the language, strings, numbers, comments, and the bracket
//! that belongs to the one at the cursor. Adds escape sequences and changes nothing else.

const WORD: &str = "35";
const TEXT: &str = "32";
const NUMBER: &str = "33";
const COMMENT: &str = "2";
const COMMAND: &str = "36";
const BRACKET: &str = "1;34";

const WORDS: &[&str] = &[
    "let", "const", "if", "else", "switch", "while", "loop", "for", "in", "do", "until", "fn", "return", "throw",
    "try", "catch", "import", "export", "as", "break", "continue", "private", "true", "false", "this",
];

/// A piece of the line in one style.
struct Piece {
    from: usize,
    end: usize,
    style: Option<&'static str>,
}

/// The line with colours; `at` is the byte at which the cursor stands, if brackets are to be matched.
pub fn painted(line: &str, at: Option<usize>) -> String {
    let pieces = pieces(line);
    let partner = at.and_then(|at| partner(line, &pieces, at));
    let mut out = String::with_capacity(line.len() * 2);
    for piece in &pieces {
        let style = if partner == Some(piece.from) { Some(BRACKET) } else { piece.style };
        let text = &line[piece.from..piece.end];
        match style {
            Some(style) => out.push_str(&format!("\u{1b}[{style}m{text}\u{1b}[0m")),
            None => out.push_str(text),
        }
    }
    out
}

/// The whole line, piece by piece.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    if line.trim_start().starts_with(':') {
        let begin = line.len() - line.trim_start().len();
        from = begin + line[begin..].find(char::is_whitespace).unwrap_or(line.len() - begin);
        pieces.push(Piece { from: 0, end: from, style: Some(COMMAND) });
    }
    while let Some(c) = line[from..].chars().next() {
        let rest = &line[from..];
        let (length, style) = match c {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), Some(COMMENT)),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), Some(COMMENT)),
            '"' | '`' => (quoted(rest, c), Some(TEXT)),
            c if c.is_alphabetic() || c == '_' => {
                let end = word_end(rest);
                (end, WORDS.contains(&&rest[..end]).then_some(WORD))
            }
            c if c.is_ascii_digit() => (word_end(rest), Some(NUMBER)),
            c => (c.len_utf8(), None),
        };
        pieces.push(Piece { from, end: from + length, style });
        from += length;
    }
    pieces
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Behind a string that begins with `quote`.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where the bracket stands that belongs to the one under the cursor, or to the one before it.
fn partner(line: &str, pieces: &[Piece], at: usize) -> Option<usize> {
    let bracket = |piece: &Piece| {
        let c = line[piece.from..piece.end].chars().next()?;
        (piece.style.is_none() && "()[]{}".contains(c)).then_some(c)
    };
    let place = |wanted: usize| pieces.iter().position(|piece| piece.from == wanted && bracket(piece).is_some());
    let here = place(at).or_else(|| place(at.checked_sub(1)?))?;
    let own = bracket(&pieces[here])?;
    let (open, close) = match own {
        '(' | ')' => ('(', ')'),
        '[' | ']' => ('[', ']'),
        _ => ('{', '}'),
    };
    let mut depth = 0_i32;
    let mut look = |piece: &Piece| {
        let c = bracket(piece)?;
        depth += i32::from(c == open) - i32::from(c == close);
        (depth == 0).then_some(piece.from)
    };
    if own == open {
        pieces[here..].iter().find_map(&mut look)
    } else {
        pieces[..=here].iter().rev().find_map(&mut look)
    }
}

/// Whether there is a bracket under the cursor or before it.
pub fn is_at_bracket(line: &str, at: usize) -> bool {
    let is = |at: Option<usize>| at.and_then(|at| line.as_bytes().get(at)).is_some_and(|c| b"()[]{}".contains(c));
    is(Some(at)) || is(at.checked_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Styles as letters in braces, so that they can be read.
    fn read(line: &str, at: Option<usize>) -> String {
        let mut text = painted(line, at);
        for (style, letter) in
            [(WORD, "<w:"), (TEXT, "<t:"), (NUMBER, "<n:"), (COMMENT, "<c:"), (COMMAND, "<k:"), (BRACKET, "<b:")]
        {
            text = text.replace(&format!("\u{1b}[{style}m"), letter);
        }
        text.replace("\u{1b}[0m", ">")
    }

    #[test]
    fn each_kind_of_word_has_its_colour() {
        assert_eq!(read("let x = \"a\\\"b\" + 12; // no", None), "<w:let> x = <t:\"a\\\"b\"> + <n:12>; <c:// no>");
        assert_eq!(read("letter `open", None), "letter <t:`open>");
        assert_eq!(read(":load a.rhai", None), "<k::load> a.rhai");
    }

    #[test]
    fn the_other_bracket_is_found_past_those_in_strings() {
        assert_eq!(read("f(\")\", [x])", Some(11)), "f<b:(><t:\")\">, [x])");
        assert_eq!(read("f(x)", Some(1)), "f(x<b:)>");
        assert_eq!(read("f(x", Some(1)), "f(x");
        assert!(is_at_bracket("f(x)", 4) && !is_at_bracket("f(x)", 0) && !is_at_bracket("", 0));
    }

    proptest! {
        #[test]
        fn only_colours_are_added(line in "[a-z0-9é\"`(){}/* :\\\\\n]{0,40}", at in 0_usize..50) {
            let plain = painted(&line, Some(at));
            let mut text = plain;
            for style in [WORD, TEXT, NUMBER, COMMENT, COMMAND, BRACKET, "0"] {
                text = text.replace(&format!("\u{1b}[{style}m"), "");
            }
            prop_assert_eq!(text, line);
        }
    }
}
