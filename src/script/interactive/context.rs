//! Where in a line the cursor stands: behind a dot, in the map of a call, in a string, in a name. Reads the text before the
//! cursor and nothing else; text that is no script at all is read as far as it makes sense.

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
    /// Brackets, braces of a text with values, parentheses around an expression.
    Other,
}

/// One that is open, with what has to be known when it closes.
struct Frame {
    open: Open,
    /// Where the expression begins that goes on behind it.
    chain: Option<usize>,
    template: bool,
}

/// What the words before mean for the next one.
#[derive(Default)]
struct Reader {
    frames: Vec<Frame>,
    /// Where the expression that is being written begins: `a.b(c).d` is one.
    chain: Option<usize>,
    /// Where the expression before the latest dot begins and ends.
    dotted: Option<(usize, usize)>,
    /// The latest name, and whether it is still the latest of all.
    name: Option<(usize, usize)>,
    compared: Option<String>,
    /// The variable of a `for` that was begun, and where what it walks over begins.
    each: Option<(Option<String>, Option<usize>)>,
    /// Whether the names being read are the parameters of a closure.
    in_params: bool,
    /// Whether an expression may begin here.
    fresh: bool,
}

impl Context {
    /// The context at the end of `text`.
    pub fn of(text: &str) -> Context {
        let mut reader = Reader { fresh: true, ..Reader::default() };
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let next = match c {
                '/' if rest.starts_with("//") => rest.find('\n').map(|end| at + end),
                '/' if rest.starts_with("/*") => rest.find("*/").map(|end| at + end + 2),
                '"' => match string_end(text, at + 1, '"') {
                    Some(end) => Some(reader.value(at, end)),
                    None => return reader.text(text, at + 1),
                },
                '`' => match reader.template(text, at, at + 1) {
                    Some(end) => Some(end),
                    None => return reader.text(text, at + 1),
                },
                '}' if reader.frames.last().is_some_and(|frame| frame.template) => {
                    reader.close();
                    match reader.template(text, reader.chain.unwrap_or(at), at + 1) {
                        Some(end) => Some(end),
                        None => return reader.text(text, at + 1),
                    }
                }
                '\'' => Some(reader.value(at, character_end(text, at))),
                c if c.is_alphabetic() || c == '_' => {
                    let end = at + word_end(rest);
                    if end == text.len() {
                        return reader.word(text, at, false);
                    }
                    Some(reader.named(text, at, end))
                }
                c if c.is_ascii_digit() => {
                    let end = at + word_end(rest);
                    if end == text.len() && !reader.after_dot(at) {
                        return reader.word(text, at, true);
                    }
                    Some(reader.value(at, end))
                }
                _ => Some(reader.sign(text, at, c)),
            };
            match next {
                Some(next) => at = next,
                None => return Context { start: text.len(), ..Context::default() },
            }
        }
        reader.word(text, text.len(), false)
    }
}

impl Reader {
    fn value(&mut self, from: usize, end: usize) -> usize {
        self.chain =
            self.chain.filter(|_| self.dotted.is_some_and(|(_, dot)| dot < from && !self.fresh)).or(Some(from));
        self.name = None;
        self.fresh = false;
        end
    }

    fn after_dot(&self, at: usize) -> bool {
        self.dotted.is_some_and(|(_, end)| end < at) && !self.fresh
    }

    fn named(&mut self, text: &str, from: usize, end: usize) -> usize {
        let name = &text[from..end];
        if self.in_params {
            if let Some(Open::Call { params, .. }) = self.frames.last_mut().map(|frame| &mut frame.open) {
                params.push(name.to_string());
            }
            return end;
        }
        match name {
            "for" => self.each = Some((None, None)),
            "in" if self.each.is_some() => {
                if let Some((_, begin)) = &mut self.each {
                    *begin = Some(end);
                }
            }
            _ if matches!(self.each, Some((None, _))) => self.each = Some((Some(name.to_string()), None)),
            _ => {}
        }
        if KEYWORDS.contains(&name) {
            self.begin();
            return end;
        }
        if !self.after_dot(from) || self.chain.is_none() {
            self.chain = Some(from);
        }
        self.name = Some((from, end));
        self.fresh = false;
        end
    }

    /// From here on another expression is written.
    fn begin(&mut self) {
        self.chain = None;
        self.dotted = None;
        self.name = None;
        self.fresh = true;
    }

    fn sign(&mut self, text: &str, at: usize, c: char) -> usize {
        let end = at + c.len_utf8();
        match c {
            _ if c.is_whitespace() => {}
            '.' if text[end..].starts_with('.') => {
                self.begin();
                return end + 1;
            }
            '.' => {
                self.dotted = self.chain.map(|from| (from, at - usize::from(text[..at].ends_with('?'))));
                self.name = None;
            }
            '?' if text[end..].starts_with('.') => {}
            '(' => {
                let called = self.name.take().filter(|(_, end)| text[*end..at].trim().is_empty());
                let open = match called {
                    Some((from, end)) => Open::Call {
                        name: text[from..end].to_string(),
                        receiver: self
                            .dotted
                            .filter(|(begin, _)| self.chain == Some(*begin) && *begin < from)
                            .map(|(begin, dot)| text[begin..dot].to_string()),
                        argument: 0,
                        params: Vec::new(),
                    },
                    None => Open::Other,
                };
                let chain = if matches!(open, Open::Other) { Some(at) } else { self.chain };
                self.open(open, chain);
            }
            '[' => {
                let chain = self.chain.filter(|_| !self.fresh).or(Some(at));
                self.open(Open::Other, chain);
            }
            '{' if text[..at].ends_with('#') => {
                let chain = Some(at - 1);
                self.open(Open::Map { used: Vec::new(), key: None }, chain);
            }
            '{' => {
                let each =
                    self.each.take().and_then(|(name, begin)| Some((name?, text[begin?..at].trim().to_string())));
                self.open(Open::Block { each }, None);
            }
            ')' | ']' | '}' => self.close(),
            ',' => {
                match self.frames.last_mut().map(|frame| &mut frame.open) {
                    Some(Open::Call { argument, params, .. }) if !self.in_params => {
                        *argument += 1;
                        params.clear();
                    }
                    Some(Open::Map { key, .. }) => *key = None,
                    _ => {}
                }
                self.begin();
            }
            ':' => {
                if let (Some(Open::Map { used, key }), Some((from, end))) =
                    (self.frames.last_mut().map(|frame| &mut frame.open), self.name)
                {
                    used.push(text[from..end].to_string());
                    *key = Some(text[from..end].to_string());
                }
                self.begin();
            }
            '|' => {
                let in_call = matches!(self.frames.last().map(|frame| &frame.open), Some(Open::Call { .. }));
                self.in_params = in_call && self.fresh && !self.in_params && !text[end..].starts_with('|');
                self.begin();
            }
            ';' => {
                self.each = None;
                self.compared = None;
                self.begin();
            }
            '=' | '!' if text[end..].starts_with('=') => {
                self.compared = self.name.map(|(from, end)| text[from..end].to_string());
                self.begin();
                return end + 1;
            }
            _ => self.begin(),
        }
        if !matches!(c, '=' | '!') && !c.is_whitespace() {
            self.compared = None;
        }
        end
    }

    fn open(&mut self, open: Open, chain: Option<usize>) {
        self.frames.push(Frame { open, chain, template: false });
        self.in_params = false;
        self.begin();
    }

    fn close(&mut self) {
        self.in_params = false;
        self.begin();
        if let Some(frame) = self.frames.pop() {
            self.chain = frame.chain;
            self.fresh = self.chain.is_none();
        }
    }

    /// Reads a text in back-ticks, which began at `begin`, from `from` to its end or into the value that begins in it.
    /// `None` where the text before the cursor ends in it.
    fn template(&mut self, text: &str, begin: usize, from: usize) -> Option<usize> {
        let rest = &text[from..];
        let end = rest.find('`');
        let value = rest.find("${");
        match (end, value) {
            (Some(end), value) if value.is_none_or(|value| end < value) => {
                self.begin();
                Some(self.value(begin, from + end + 1))
            }
            (_, Some(value)) => {
                self.open(Open::Other, Some(begin));
                if let Some(frame) = self.frames.last_mut() {
                    frame.template = true;
                }
                Some(from + value + 2)
            }
            _ => None,
        }
    }

    fn text(self, text: &str, start: usize) -> Context {
        let place = Place::Text { compared: self.compared };
        let open = self.frames.into_iter().map(|frame| frame.open).collect();
        Context { place, start, word: text[start..].to_string(), open }
    }

    /// The word that begins at `start` and ends where the text does.
    fn word(self, text: &str, start: usize, number: bool) -> Context {
        let in_key = matches!(self.frames.last().map(|frame| &frame.open), Some(Open::Map { key: None, .. }));
        let dotted = self
            .dotted
            .filter(|_| !self.fresh && self.name.is_none())
            .filter(|(_, dot)| text[*dot..start].trim_start_matches('?').trim_start_matches('.').trim().is_empty());
        let place = match dotted {
            Some((from, dot)) => Place::Member(text[from..dot].to_string()),
            None if in_key => Place::Key,
            None if self.in_params => Place::Nothing,
            None if number => Place::Number,
            None => Place::Name,
        };
        let open = self.frames.into_iter().map(|frame| frame.open).collect();
        Context { place, start, word: text[start..].to_string(), open }
    }
}

/// Behind these another expression begins.
pub const KEYWORDS: &[&str] = &[
    "let", "const", "if", "else", "switch", "while", "loop", "for", "in", "do", "until", "fn", "return", "throw",
    "try", "catch", "import", "export", "as", "break", "continue", "private", "global", "true", "false",
];

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Behind the closing quote of the string whose content begins at `from`.
fn string_end(text: &str, from: usize, quote: char) -> Option<usize> {
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
fn character_end(text: &str, at: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(text: &str) -> (Place, String) {
        let context = Context::of(text);
        (context.place, context.word)
    }

    fn member(of: &str) -> Place {
        Place::Member(of.into())
    }

    #[test]
    fn the_word_at_the_cursor_is_found_with_its_place() {
        let mut wrong = Vec::new();
        for (text, wanted, word) in [
            ("", Place::Name, ""),
            ("list_cu", Place::Name, "list_cu"),
            ("let x = get_", Place::Name, "get_"),
            ("x.na", member("x"), "na"),
            ("x.", member("x"), ""),
            ("x?.na", member("x"), "na"),
            ("a + b.c[0].d(1, \"x\").e", member("b.c[0].d(1, \"x\")"), "e"),
            ("list_customers().filter(|c| c.na", member("c"), "na"),
            ("f(x.y, z.", member("z"), ""),
            ("update_customer(7, #{", Place::Key, ""),
            ("update_customer(7, #{na", Place::Key, "na"),
            ("update_customer(7, #{name: \"x\", pl", Place::Key, "pl"),
            ("update_customer(7, #{name: na", Place::Name, "na"),
            ("update_customer(7, #{status: \"ac", Place::Text { compared: None }, "ac"),
            ("c.status == \"ac", Place::Text { compared: Some("status".into()) }, "ac"),
            ("`a ${b.c", member("b"), "c"),
            ("`a ${b} c", Place::Text { compared: None }, " c"),
            ("`a ${b}`.le", member("`a ${b}`"), "le"),
            ("get_customer(10", Place::Number, "10"),
            ("1..x", Place::Name, "x"),
            ("// na", Place::Nothing, ""),
            ("/* na", Place::Nothing, ""),
            ("f(|na", Place::Nothing, "na"),
            ("x.y na", Place::Name, "na"),
        ] {
            if place(text) != (wanted, word.to_string()) {
                wrong.push((text, place(text)));
            }
        }
        assert_eq!(wrong, []);
    }

    #[test]
    fn what_is_open_is_known() {
        let open = |text: &str| Context::of(text).open;
        let call = |name: &str, receiver: Option<&str>, argument, params: &[&str]| Open::Call {
            name: name.into(),
            receiver: receiver.map(Into::into),
            argument,
            params: params.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(open("f(1, 2, "), [call("f", None, 2, &[])]);
        assert_eq!(open("x.y.f(g(1), "), [call("f", Some("x.y"), 1, &[])]);
        assert_eq!(open("x.map(|a, b| a."), [call("map", Some("x"), 0, &["a", "b"])]);
        let map = Open::Map { used: vec!["a".into(), "b".into()], key: Some("b".into()) };
        assert_eq!(open("f(7, #{a: 1, b: "), [call("f", None, 1, &[]), map]);
        let each = Some(("c".into(), "list_customers()".into()));
        assert_eq!(open("for c in list_customers() { c."), [Open::Block { each }]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-cé0-9 .,:;#{}()\\[\\]|\"'`$/*=!?\\\\\n]{0,40}") {
            let context = Context::of(&text);
            prop_assert!(text.is_char_boundary(context.start));
            prop_assert_eq!(&text[context.start..], context.word);
        }
    }
}
