//! Rows as a table of plain text. Knows only the cells' texts; where they come from and where the table goes is the
//! business of others.

use crate::text;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A cell's text, with control characters shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    side: Side,
}

/// Where a column of such cells stands. It stands right if all of its cells can, and one wants to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Either,
}

impl Cell {
    /// Nothing.
    pub fn empty() -> Cell {
        Cell { text: String::new(), side: Side::Either }
    }

    pub fn text(text: &str) -> Cell {
        Cell { text: text::escape_control(text).into_owned(), side: Side::Left }
    }

    /// A number, or a text that reads as one.
    pub fn number(text: &str) -> Cell {
        Cell { side: Side::Right, ..Cell::text(text) }
    }
}

/// The rows below their heads. On a terminal of this width long cells are broken; elsewhere each row is one line.
pub fn draw(columns: &[String], rows: Vec<Vec<Cell>>, width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width.clamp(20, u16::MAX as usize) as u16);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(columns.iter().map(|name| text::escape_control(name).into_owned()));
    let right: Vec<bool> = (0..columns.len())
        .map(|at| {
            rows.iter().all(|row| row[at].side != Side::Left) && rows.iter().any(|row| row[at].side == Side::Right)
        })
        .collect();
    for row in rows {
        table.add_row(row.into_iter().map(|cell| cell.text));
    }
    for (at, right) in right.into_iter().enumerate() {
        if let Some(column) = table.column_mut(at).filter(|_| right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
