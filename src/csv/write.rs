//! Cells to text. What is written can be read again exactly, whatever the cells hold, also without being told the
//! separator; `for_excel` trades that for files that spreadsheets open without doing anything.

/// Builds the text of a file, row by row.
pub struct Writer {
    out: String,
    separator: char,
    for_excel: bool,
}

impl Writer {
    /// With `for_excel` the text begins with a byte-order mark, lines end as on Windows, and cells that a spreadsheet
    /// would take for a formula are guarded.
    pub fn new(separator: char, for_excel: bool) -> Writer {
        Writer { out: if for_excel { "\u{feff}".into() } else { String::new() }, separator, for_excel }
    }

    /// Adds a row. Of each cell: its text, and whether it is a number, which is never guarded.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = (&'a str, bool)>) {
        let start = self.out.len();
        for (at, (cell, number)) in cells.into_iter().enumerate() {
            if at > 0 {
                self.out.push(self.separator);
            }
            self.cell(cell, self.for_excel && !number && acts(cell));
        }
        if self.out.len() == start {
            // A row with one empty cell would be a blank line, which readers leave out.
            self.out.push_str("\"\"");
        }
        self.out.push_str(if self.for_excel { "\r\n" } else { "\n" });
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.out
    }

    fn cell(&mut self, cell: &str, guard: bool) {
        // All separators, not only the one in use: so that a reader who looks for it cannot be misled.
        let quoted = cell.contains(['"', '\n', '\r', ',', ';', '\t', self.separator])
            || cell.starts_with(['\u{feff}', ' '])
            || cell.starts_with("sep=")
            || cell.ends_with(' ');
        let guard = if guard { "'" } else { "" };
        if quoted {
            self.out.push('"');
            self.out.push_str(guard);
            self.out.push_str(&cell.replace('"', "\"\""));
            self.out.push('"');
        } else {
            self.out.push_str(guard);
            self.out.push_str(cell);
        }
    }
}

/// Whether a spreadsheet would do something with a cell instead of showing it. A plain negative number only shows.
fn acts(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_negative_number(cell)
}

fn is_negative_number(cell: &str) -> bool {
    let Some(digits) = cell.strip_prefix('-') else { return false };
    let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
