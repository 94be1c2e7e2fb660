//! What the words before the cursor mean for the next one: what is open, what stands before a dot. Fed word by word.

use super::{Context, KEYWORDS, Open, Place};

/// One that is open, with what has to be known when it closes.
pub struct Frame {
    open: Open,
    /// Where the expression begins that goes on behind it.
    chain: Option<usize>,
    template: bool,
}

/// What the words before mean for the next one.
#[derive(Default)]
pub struct Reader {
    frames: Vec<Frame>,
    /// Where the expression that is being written begins: `a.b(c).d` is one.
    chain: Option<usize>,
    /// Where the expression before the latest dot begins and ends.
    dotted: Option<(usize, usize)>,
    /// The latest name, and whether it is still the latest of all.
    name: Option<(usize, usize)>,
    compared: Option<String>,
    /// Whether `import` was the latest word.
    imports: bool,
    /// The variable of a `for` that was begun, and where what it walks over begins.
    each: Option<(Option<String>, Option<usize>)>,
    /// Whether the names being read are the parameters of a closure.
    in_params: bool,
    /// Whether an expression may begin here.
    fresh: bool,
}

impl Reader {
    /// At the beginning of a text.
    pub fn new() -> Reader {
        Reader { fresh: true, ..Reader::default() }
    }

    /// Whether what is open at last is a text in back-ticks with a value in it.
    pub fn in_template(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.template)
    }

    /// Whether nothing is open.
    pub fn is_closed(&self) -> bool {
        self.frames.is_empty()
    }

    /// Where the expression begins that is being written.
    pub fn begun(&self) -> Option<usize> {
        self.chain
    }

    /// A literal, or a value in brackets, from here to there: gives where it ends.
    pub fn value(&mut self, from: usize, end: usize) -> usize {
        self.imports = false;
        self.chain =
            self.chain.filter(|_| self.dotted.is_some_and(|(_, dot)| dot < from && !self.fresh)).or(Some(from));
        self.name = None;
        self.fresh = false;
        end
    }

    /// Whether what begins here stands behind a dot.
    pub fn after_dot(&self, at: usize) -> bool {
        self.dotted.is_some_and(|(_, end)| end < at) && !self.fresh
    }

    /// A name, from here to there: gives where it ends.
    pub fn named(&mut self, text: &str, from: usize, end: usize) -> usize {
        let name = &text[from..end];
        if self.in_params {
            if let Some(Open::Call { params, .. }) = self.frames.last_mut().map(|frame| &mut frame.open) {
                params.push(name.to_string());
            }
            return end;
        }
        self.imports = name == "import";
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

    /// Anything else: gives where it ends.
    pub fn sign(&mut self, text: &str, at: usize, c: char) -> usize {
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

    /// What was opened last is closed.
    pub fn close(&mut self) {
        self.in_params = false;
        self.begin();
        if let Some(frame) = self.frames.pop() {
            self.chain = frame.chain;
            self.fresh = self.chain.is_none();
        }
    }

    /// Reads a text in back-ticks, which began at `begin`, from `from` to its end or into the value that begins in it.
    /// `None` where the text before the cursor ends in it.
    pub fn template(&mut self, text: &str, begin: usize, from: usize) -> Option<usize> {
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

    /// The context in a string whose content begins at `start`.
    pub fn text(self, text: &str, start: usize) -> Context {
        let place = Place::Text { compared: self.compared, imported: self.imports };
        let open = self.frames.into_iter().map(|frame| frame.open).collect();
        Context { place, start, word: text[start..].to_string(), open }
    }

    /// The word that begins at `start` and ends where the text does.
    pub fn word(self, text: &str, start: usize, number: bool) -> Context {
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
