//! Which separator a text uses, found by trying them: the one that cuts the header into several columns and most rows
//! into as many.

use super::parse::Parser;
use std::borrow::Cow;

/// The separators that are looked for. Where two fit equally well the earlier one is meant: commas stand in texts and
/// numbers, the others hardly ever.
pub const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// So many rows tell enough.
const SAMPLE: usize = 100;

/// The text's separator, and the text without the line `sep=;` that some spreadsheets write for each other.
pub fn separator_of(text: &str) -> (char, &str) {
    if let Some(rest) = text.strip_prefix("sep=") {
        let mut letters = rest.chars();
        let separator = letters.next().filter(|c| SEPARATORS.contains(c));
        if let (Some(separator), Some(end)) =
            (separator, ["\r\n", "\n", "\r"].iter().find_map(|end| letters.as_str().strip_prefix(end)))
        {
            return (separator, end);
        }
    }
    let best = SEPARATORS.into_iter().rev().max_by_key(|separator| fit(text, *separator));
    (best.filter(|separator| fit(text, *separator).0 > 0).unwrap_or(','), text)
}

/// How well a separator fits: per mille of the rows that have as many cells as the header, and the header's cells.
/// (0, 0) where it does not separate anything.
fn fit(text: &str, separator: char) -> (usize, usize) {
    let mut columns = 0;
    let (mut rows, mut even) = (0, 0);
    for record in Parser::new(text, separator).take(SAMPLE) {
        rows += 1;
        // Cells that were written in quotes hold none when they are borrowed. Quotes in the middle of a cell are what a
        // wrong separator leaves of a quoted one.
        let is_stray = |cell: &Cow<'_, str>| matches!(cell, Cow::Borrowed(text) if text.contains('"'));
        let (cells, stray) = record.map_or((0, true), |r| (r.cells.len(), r.cells.iter().any(is_stray)));
        if rows == 1 {
            columns = cells;
        }
        even += usize::from(cells == columns && !stray);
    }
    if columns < 2 { (0, 0) } else { (even * 1000 / rows, columns) }
}
