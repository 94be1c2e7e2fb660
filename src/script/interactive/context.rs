//! Where in a line the cursor stands: behind a dot, in the map of a call, in a string, in a name. Reads the text before the
//! cursor and nothing else; text that is no script at all is read as far as it makes sense.

mod lex;
mod locals;
mod reader;

pub use lex::KEYWORDS;
pub use locals::locals;

use reader::Reader;

/// What is being written at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub place: Place,
    /// Where in the text the word begins that is being written.
    pub start: usize,
    /// As much of it as there is.
    pub word: String,
    /// What is open around it, outermost first.
    pub open: Vec<Open>,
}

/// What kind of word it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nothing that could be completed: a comment.
    #[default]
    Nothing,
    /// A name where a value can stand.
    Name,
    /// A number.
    Number,
    /// What follows the dot behind this expression.
    Member(String),
    /// A key of the object map that is open.
    Key,
    /// Inside a string.
    Text {
        /// The field that it is compared with, as in `c.status == "…`.
        compared: Option<String>,
        /// Whether it names a module: `import "…`.
        imported: bool,
    },
}

/// Something that is open at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// The arguments of a call.
    Call {
        name: String,
        /// What it is called on.
        receiver: Option<String>,
        /// Which argument, from 0.
        argument: usize,
        /// The parameters of the closure that this argument is.
        params: Vec<String>,
    },
    /// An object map: the keys so far, and the one whose value is being written.
    Map { used: Vec<String>, key: Option<String> },
    /// A block, with the variable of its `for` and what that walks over.
    Block { each: Option<(String, String)> },
    /// A variable that the text itself defines, with what it is given: open as long as the text goes on.
    Let { name: String, value: Option<String> },
    /// Brackets, braces of a text with values, parentheses around an expression.
    Other,
}

impl Context {
    /// The context at the end of `text`.
    pub fn of(text: &str) -> Context {
        read(text, |_, _| false).unwrap_or_default()
    }
}

/// Behind the bracket that closes the one at the beginning of `text`: the first behind which nothing of it is open any more.
pub fn closing(text: &str) -> Option<usize> {
    let mut end = None;
    let closed = |reader: &Reader, at: usize| {
        if reader.is_closed() && text[..at].ends_with([')', ']']) {
            end = Some(at);
        }
        end.is_some()
    };
    read(text, closed);
    end
}

/// The context at the end of `text`; `None` where `enough` says that it has seen enough. It is asked behind each sign.
fn read(text: &str, mut enough: impl FnMut(&Reader, usize) -> bool) -> Option<Context> {
    let mut reader = Reader::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let next = match c {
            '/' if rest.starts_with("//") => rest.find('\n').map(|end| at + end),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| at + end + 2),
            '"' => match lex::string_end(text, at + 1, '"') {
                Some(end) => Some(reader.value(at, end)),
                None => return Some(reader.text(text, at + 1)),
            },
            '`' => match reader.template(text, at, at + 1) {
                Some(end) => Some(end),
                None => return Some(reader.text(text, at + 1)),
            },
            '}' if reader.in_template() => {
                reader.close();
                match reader.template(text, reader.begun().unwrap_or(at), at + 1) {
                    Some(end) => Some(end),
                    None => return Some(reader.text(text, at + 1)),
                }
            }
            '\'' => Some(reader.value(at, lex::character_end(text, at))),
            c if c.is_alphabetic() || c == '_' => {
                let end = at + lex::word_end(rest);
                if end == text.len() {
                    return Some(reader.word(text, at, false));
                }
                Some(reader.named(text, at, end))
            }
            c if c.is_ascii_digit() => {
                let end = at + lex::word_end(rest);
                if end == text.len() && !reader.after_dot(at) {
                    return Some(reader.word(text, at, true));
                }
                Some(reader.value(at, end))
            }
            _ => {
                let end = reader.sign(text, at, c);
                if enough(&reader, end) {
                    return None;
                }
                Some(end)
            }
        };
        match next {
            Some(next) => at = next,
            None => return Some(Context { start: text.len(), ..Context::default() }),
        }
    }
    Some(reader.word(text, text.len(), false))
}

#[cfg(test)]
mod tests;
