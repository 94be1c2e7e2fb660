//! Where a script's header stands: finds the comment block, takes the comment signs off, and knows for each byte of the
//! TOML inside which line and column of the script it came from. Knows no key.

use super::Problem;
use crate::text;

/// What opens the block, behind `//`.
const WORD: &str = "onramp";

/// The TOML of a header, with the way back to the script.
pub(super) struct Block {
    pub toml: String,
    /// For each line of `toml`: where it begins there, its line in the script, and how many characters were taken off.
    lines: Vec<(usize, usize, usize)>,
}

impl Block {
    /// The line and the column in the script, both from 1, of a byte of `toml`.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let index = self.lines.partition_point(|(start, ..)| *start <= at).saturating_sub(1);
        let Some((start, line, taken)) = self.lines.get(index) else { return (1, 1) };
        let before = self.toml.get(*start..at.min(self.toml.len())).unwrap_or_default();
        (*line, taken + before.chars().filter(|c| *c != '\n').count() + 1)
    }
}

/// What a line is to somebody who looks for a header.
enum Line<'a> {
    Blank,
    /// A line comment: what stands behind `//`.
    Comment(&'a str),
    Code,
}

fn kind(line: &str) -> Line<'_> {
    let line = line.trim();
    match line.strip_prefix("//") {
        Some(rest) => Line::Comment(rest),
        None if line.is_empty() => Line::Blank,
        None => Line::Code,
    }
}

/// What opens and closes a header: a text without it has none.
pub const MARK: &str = "///";

/// What a comment marks: `// /// onramp` opens a block and gives its word, `// ///` closes it and gives none.
fn marker(comment: &str) -> Option<&str> {
    // `//////` is a ruler and `/// x` documentation: the marker stands apart from the comment sign.
    comment.strip_prefix([' ', '\t'])?.trim().strip_prefix(MARK).map(str::trim)
}

/// Whether this line of a block comment is, or ends in, what would open a header among line comments.
fn hides_marker(line: &str) -> bool {
    let signs = |text: &str| text.chars().all(|c| matches!(c, '*' | '/') || c.is_whitespace());
    line.rsplit_once(MARK).is_some_and(|(before, word)| {
        let word = word.split_once("*/").map_or(word, |(word, _)| word);
        let before = before.rsplit_once("*/").map_or(before, |(_, behind)| behind);
        word.trim() == WORD && signs(before)
    })
}

/// The header's block; none where the script has none. A block that would go unheeded (below code, a second one) is an
/// error, because what it forbids would be allowed.
pub(super) fn find(script: &str) -> Result<Option<Block>, Problem> {
    let lines: Vec<&str> = script.strip_prefix('\u{feff}').unwrap_or(script).lines().collect();
    let mut found: Option<Block> = None;
    let mut code_above = false;
    let mut in_comment = false;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let shebang = at == 0 && line.starts_with("#!");
        match kind(line) {
            _ if (in_comment || line.trim_start().starts_with("/*")) && hides_marker(line) => {
                return Err(problem(at, line, "the header stands in a block comment, where it goes unheeded")
                    .hint("write the header as `//` lines"));
            }
            _ if in_comment => {
                in_comment = !line.contains("*/");
                code_above |= line.split_once("*/").is_some_and(|(_, rest)| !rest.trim().is_empty());
            }
            Line::Comment(comment) => match marker(comment) {
                Some(WORD) if code_above => {
                    return Err(problem(at, line, "the header stands below code")
                        .hint("move the block to the top of the script"));
                }
                Some(WORD) if found.is_some() => {
                    return Err(
                        problem(at, line, "the script has two headers").hint("put everything into the first one")
                    );
                }
                Some(WORD) => {
                    let (block, end) = read(&lines, at)?;
                    found = Some(block);
                    at = end;
                }
                Some(word) if !code_above && !word.is_empty() && text::did_you_mean(word, [WORD]).is_some() => {
                    return Err(problem(at, line, &format!("`{}` opens no header", text::escape_control(word)))
                        .hint("did you mean `// /// onramp`?"));
                }
                _ => {}
            },
            Line::Blank => {}
            Line::Code if shebang => {}
            Line::Code if line.trim().starts_with("/*") => in_comment = !line.contains("*/"),
            Line::Code => code_above = true,
        }
        at += 1;
    }
    Ok(found)
}

/// The block that opens at line `start`, and the line of its end.
fn read(lines: &[&str], start: usize) -> Result<(Block, usize), Problem> {
    let mut block = Block { toml: String::new(), lines: Vec::new() };
    for (at, line) in lines.iter().enumerate().skip(start + 1) {
        let content = match kind(line) {
            Line::Blank => "",
            Line::Code => break,
            Line::Comment(comment) => match marker(comment) {
                Some("") => return Ok((block, at)),
                Some(WORD) => {
                    return Err(problem(at, line, "the script has two headers")
                        .hint("end the first one with `// ///`, and put everything into it"));
                }
                _ => comment.strip_prefix(' ').unwrap_or(comment),
            },
        };
        let content = content.trim_end();
        let taken = line.trim_end().strip_suffix(content).map_or(0, |before| before.chars().count());
        block.lines.push((block.toml.len(), at + 1, taken));
        block.toml.push_str(content);
        block.toml.push('\n');
    }
    Err(problem(start, lines[start], "the header has no end").hint("end it with a line `// ///`"))
}

/// A problem with a whole line.
fn problem(at: usize, line: &str, message: &str) -> Problem {
    Problem::new(at + 1, line.chars().take_while(|c| c.is_whitespace()).count() + 1, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(script: &str) -> Option<String> {
        find(script).unwrap_or_else(|problem| panic!("{problem}")).map(|block| block.toml)
    }

    #[test]
    fn the_block_may_stand_below_comments_and_a_shebang() {
        let body = "// /// onramp\n// a = 1\n//\n//b = 2\n// ///\nprint(1);";
        for above in [
            "",
            "\u{feff}",
            "#!/usr/bin/env onramp\n",
            "// words\n\n",
            "/* a\n b */\n",
            "/* see `/// onramp` */\n",
            "//////\n",
        ] {
            assert_eq!(toml(&format!("{above}{body}")).as_deref(), Some("a = 1\n\nb = 2\n"), "{above}");
        }
        assert_eq!(toml(&body.replace('\n', "\r\n")).as_deref(), Some("a = 1\n\nb = 2\n"));
        assert_eq!(toml("// just words\nprint(1);"), None);
        assert_eq!(toml("/// documentation\nfn f() {}"), None);
        assert_eq!(toml(""), None);
    }

    #[test]
    fn a_place_is_one_of_the_script() {
        let block = find("// words\n  // /// onramp\n  //  ä = 1\n//b = 2\n// ///\n").unwrap().unwrap();
        assert_eq!(block.toml, " ä = 1\nb = 2\n");
        assert_eq!(block.place(0), (3, 6));
        assert_eq!(block.place(" ä =".len()), (3, 10));
        assert_eq!(block.place(" ä = 1\n".len()), (4, 3));
        assert_eq!(block.place(usize::MAX).0, 4);
    }

    #[test]
    fn a_block_that_would_go_unheeded_is_an_error() {
        for (script, message, line) in [
            ("let a = 1;\n// /// onramp\n// ///", "the header stands below code", 2),
            ("// /// onramp\n// ///\n// /// onramp\n// ///", "the script has two headers", 3),
            ("// /// onramp\n// /// onramp\n// ///", "the script has two headers", 2),
            ("// /// onramp\n// a = 1\nprint(1);\n// ///", "the header has no end", 1),
            ("\n// /// onramp", "the header has no end", 2),
            (
                "/*\n// /// onramp\n// allow = []\n// ///\n*/",
                "the header stands in a block comment, where it goes unheeded",
                2,
            ),
            ("/*\n * /// onramp\n */", "the header stands in a block comment, where it goes unheeded", 2),
            ("/* /// onramp\nallow = []\n/// */", "the header stands in a block comment, where it goes unheeded", 1),
            ("/*\n a */ // /// onramp\n// ///", "the header stands in a block comment, where it goes unheeded", 2),
            ("// /// Onrmap\n// ///", "`Onrmap` opens no header", 1),
        ] {
            let problem = find(script).err().expect(script);
            assert_eq!((problem.message.as_str(), problem.line), (message, line), "{script}");
        }
    }
}
