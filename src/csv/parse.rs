//! Text to records. Knows where each record stands, so that every complaint can name its row and line. Judges only
//! quotes: whatever else people write is a cell.

use std::borrow::Cow;

/// One row of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The row as a spreadsheet counts it: from 1, blank rows included.
    pub row: usize,
    /// The line it begins in, from 1. Cells with line breaks make it differ from the row.
    pub line: usize,
    pub cells: Vec<Cow<'a, str>>,
}

/// A place where the quotes make no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub row: usize,
    pub line: usize,
    /// The cell's position in its row, from 0.
    pub cell: usize,
    pub why: &'static str,
}

/// Walks over the records of a text. Blank rows are left out.
pub struct Parser<'a> {
    rest: &'a str,
    separator: char,
    row: usize,
    line: usize,
}

/// What stands behind a cell.
#[derive(PartialEq, Eq)]
enum Behind {
    Separator,
    RowEnd,
}

impl<'a> Parser<'a> {
    /// `separator` must be none of the quote and the line breaks.
    pub fn new(text: &'a str, separator: char) -> Parser<'a> {
        Parser { rest: text, separator, row: 0, line: 1 }
    }

    fn cell(&mut self) -> Result<(Cow<'a, str>, Behind), &'static str> {
        if !self.rest.starts_with('"') {
            let end = self.rest.find([self.separator, '\n', '\r']).unwrap_or(self.rest.len());
            let (cell, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Ok((Cow::Borrowed(cell), self.behind()));
        }
        let cell = self.quoted().ok_or("a quote is opened and never closed")?;
        let blank = self.rest.len() - self.rest.trim_start_matches(|c| c == ' ' && c != self.separator).len();
        self.rest = &self.rest[blank..];
        match self.rest.chars().next() {
            None | Some('\n' | '\r') => Ok((cell, self.behind())),
            Some(next) if next == self.separator => Ok((cell, self.behind())),
            Some(_) => Err("there is text behind the closing quote"),
        }
    }

    /// The inside of a quoted cell, with doubled quotes made single; `None` where it does not end.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let inside = &self.rest[1..];
        let mut end = 0;
        loop {
            end += inside[end..].find('"')?;
            if !inside[end + 1..].starts_with('"') {
                break;
            }
            end += 2;
        }
        let raw = &inside[..end];
        self.rest = &inside[end + 1..];
        self.line += line_breaks(raw);
        Some(if raw.contains('"') { Cow::Owned(raw.replace("\"\"", "\"")) } else { Cow::Borrowed(raw) })
    }

    /// Steps over what stands behind a cell.
    fn behind(&mut self) -> Behind {
        if let Some(rest) = self.rest.strip_prefix(self.separator) {
            self.rest = rest;
            return Behind::Separator;
        }
        for end in ["\r\n", "\n", "\r"] {
            if let Some(rest) = self.rest.strip_prefix(end) {
                self.rest = rest;
                self.line += 1;
                break;
            }
        }
        Behind::RowEnd
    }
}

impl<'a> Iterator for Parser<'a> {
    type Item = Result<Record<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            self.row += 1;
            let (row, line) = (self.row, self.line);
            let blank = self.rest.starts_with(['\n', '\r']);
            let mut cells = Vec::new();
            loop {
                match self.cell() {
                    Ok((cell, behind)) => {
                        cells.push(cell);
                        if behind == Behind::RowEnd {
                            break;
                        }
                    }
                    Err(why) => {
                        self.rest = "";
                        return Some(Err(Broken { row, line, cell: cells.len(), why }));
                    }
                }
            }
            if !blank {
                return Some(Ok(Record { row, line, cells }));
            }
        }
        None
    }
}

fn line_breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(at, b)| **b == b'\n' || (**b == b'\r' && bytes.get(at + 1) != Some(&b'\n')))
        .count()
}
