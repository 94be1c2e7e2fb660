//! Where words and literals end. Knows no meaning.

/// Behind these another expression begins.
pub const KEYWORDS: &[&str] = &[
    "let", "const", "if", "else", "switch", "while", "loop", "for", "in", "do", "until", "fn", "return", "throw",
    "try", "catch", "import", "export", "as", "break", "continue", "private", "global", "true", "false",
];

/// Behind the word that the text begins with.
pub fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Behind the closing quote of the string whose content begins at `from`.
pub fn string_end(text: &str, from: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // A string in quotes does not go on in the next line.
            '\n' => return Some(from + at),
            c if c == quote => return Some(from + at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Behind the character literal that begins at `at`.
pub fn character_end(text: &str, at: usize) -> usize {
    let mut letters = text[at..].char_indices().skip(1);
    let second = letters.next().map(|(_, c)| c);
    if second == Some('\\') {
        letters.next();
    }
    match letters.next() {
        Some((end, '\'')) => at + end + 1,
        _ => at + 1,
    }
}
