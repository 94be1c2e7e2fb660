//! Rows as a table that fits: how wide each column is, and which ones there is no room for. Text in, lines out.

use super::GAP;
use crate::{script::interactive::Cell, text::shortened};
use unicode_width::UnicodeWidthStr;

/// A column is not made narrower than this, while there are more than two.
const READABLE: usize = 12;
/// Nor any column than this.
const NARROWEST: usize = 6;
/// A day, and a sign that there is more: what is left of a time where there is no room for it.
const DAY: usize = 11;

/// Rows below their headings, and the columns that had no room.
pub fn table(columns: &[String], rows: &[Vec<Cell>], width: Option<usize>) -> (Vec<String>, Vec<String>) {
    let of_column = |at: usize| rows.iter().filter_map(move |row| row.get(at)).filter(|cell| !cell.text.is_empty());
    let measured = |at: usize| {
        let heading = columns[at].width();
        let all = |is: &dyn Fn(&Cell) -> bool| of_column(at).next().is_some() && of_column(at).all(is);
        let kind = match () {
            () if all(&|cell| cell.number) => Kind::Number,
            () if all(&|cell| is_time(&cell.text)) => Kind::Time { day: heading.max(DAY) },
            () => Kind::Text,
        };
        Column { width: of_column(at).map(|cell| cell.text.width()).max().unwrap_or(0).max(heading), kind }
    };
    let mut widths: Vec<Column> = (0..columns.len()).map(measured).collect();
    let mut kept = columns.len();
    if let Some(width) = width {
        kept = fit(&mut widths, width);
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (at, (cell, Column { width, kind })) in cells.zip(&widths).enumerate() {
            // Hours without their minutes tell nobody anything.
            let most =
                if matches!(kind, Kind::Time { .. }) && is_time(cell) && cell.width() > *width { DAY } else { *width };
            let cell = shortened(cell, most.min(*width));
            let room = " ".repeat(width.saturating_sub(cell.width()));
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            line.push_str(&if *kind == Kind::Number { format!("{room}{cell}") } else { format!("{cell}{room}") });
        }
        line.trim_end().to_string()
    };
    let mut lines = vec![line(&mut columns.iter().map(String::as_str))];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(|cell| cell.text.as_str()))));
    (lines, columns[kept..].to_vec())
}

/// A column of a table.
#[derive(Clone, Copy)]
struct Column {
    width: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It stands to the right and is never cut: it would be another number.
    Number,
    /// The day is enough where there is no room for more, in so many columns.
    Time {
        day: usize,
    },
    Text,
}

impl Column {
    /// Its width where texts have no more than `cap` columns.
    fn within(&self, cap: usize) -> usize {
        if self.kind == Kind::Number { self.width } else { self.width.min(cap) }
    }
}

/// Whether a text is a time as the API writes it: `2026-05-26T17:21:09.412Z`.
fn is_time(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00";
    let fits = |(c, form): (&u8, &u8)| if *form == b'0' { c.is_ascii_digit() } else { c == form };
    text.len() > form.len() && text.as_bytes().iter().zip(form).all(fits)
}

/// Makes the columns narrow enough, times first and then the widest, and drops the last ones where that is not enough.
/// Gives back how many columns are left.
fn fit(widths: &mut Vec<Column>, room: usize) -> usize {
    let gaps = |count: usize| GAP * count.saturating_sub(1);
    let total = |widths: &[Column], cap: usize| -> usize {
        widths.iter().map(|column| column.within(cap)).sum::<usize>() + gaps(widths.len())
    };
    if total(widths, usize::MAX) > room {
        for column in widths.iter_mut() {
            if let Kind::Time { day } = column.kind {
                column.width = column.width.min(day);
            }
        }
    }
    loop {
        if total(widths, usize::MAX) <= room {
            return widths.len();
        }
        // Few columns that can be read are worth more than many that cannot.
        let narrowest = if widths.len() > 2 { READABLE } else { NARROWEST };
        if total(widths, narrowest) <= room {
            // The widest text that lets everything fit; there is one, because the narrowest does.
            let cap = (narrowest..=room).rev().find(|cap| total(widths, *cap) <= room).unwrap_or(narrowest);
            for column in widths.iter_mut() {
                column.width = column.within(cap);
            }
            return widths.len();
        }
        if widths.len() == 1 {
            widths[0].width = room.max(1);
            return 1;
        }
        widths.pop();
    }
}
