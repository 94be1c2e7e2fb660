//! How values look: tables that fit, fields of one object, lists of values. Text in, lines out; writes nothing.

use crate::{
    script::interactive::{Cell, Items, Shown},
    text,
};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;
/// A column is not made narrower than this, while there are more than two.
const READABLE: usize = 12;
/// Nor any column than this.
const NARROWEST: usize = 6;
/// Values that are no wider stand side by side.
const SHORT: usize = 10;

/// Lines of data, and a note about what is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub lines: Vec<String>,
    pub note: Option<String>,
}

/// Lays a value out in `width` columns; as wide as it is where nothing limits it.
pub fn lay_out(shown: &Shown, width: Option<usize>) -> View {
    match shown {
        Shown::Nothing => View::default(),
        Shown::Text(text) => View { lines: text.lines().map(str::to_string).collect(), note: None },
        Shown::Rows { columns, cells, of } => {
            let (lines, left_out) = table(columns, cells, width);
            let mut notes: Vec<String> = cut_off(cells.len(), *of).into_iter().collect();
            if !left_out.is_empty() {
                let them = left_out.join(", ");
                notes.push(format!("left out for want of room: {them}; `:table {them}` shows them"));
            }
            View { lines, note: (!notes.is_empty()).then(|| notes.join("\n")) }
        }
        Shown::Fields(all) if all.is_empty() => View { lines: vec!["#{}".into()], note: None },
        Shown::Fields(all) => View { lines: fields(all, width), note: None },
        Shown::Values { items, of } => View { lines: values(items, width), note: cut_off(items.len(), *of) },
    }
}

fn cut_off(shown: usize, of: Items) -> Option<String> {
    let what = match of {
        Items::All(all) if all <= shown => return None,
        Items::All(all) => format!("the first {shown} of {all}"),
        Items::More => format!("the first {shown} of a longer list"),
    };
    Some(format!("{what}; look closer with `_.where(…)` or `_.skip({shown})`, or write all to a file with `:csv FILE`"))
}

/// Rows below their headings, and the columns that had no room.
fn table(columns: &[String], rows: &[Vec<Cell>], width: Option<usize>) -> (Vec<String>, Vec<String>) {
    let natural = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.width());
        cells.chain([columns[at].width()]).max().unwrap_or(0)
    };
    let right = |at: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.text.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.number)
    };
    let mut widths: Vec<(usize, bool)> = (0..columns.len()).map(|at| (natural(at), right(at))).collect();
    let mut kept = columns.len();
    if let Some(width) = width {
        kept = fit(&mut widths, width);
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (at, (cell, (width, right))) in cells.zip(&widths).enumerate() {
            let cell = shortened(cell, *width);
            let room = " ".repeat(width.saturating_sub(cell.width()));
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            line.push_str(&if *right { format!("{room}{cell}") } else { format!("{cell}{room}") });
        }
        line.trim_end().to_string()
    };
    let mut lines = vec![line(&mut columns.iter().map(String::as_str))];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(|cell| cell.text.as_str()))));
    (lines, columns[kept..].to_vec())
}

/// Makes the columns narrow enough, the widest first, and drops the last ones where that is not enough. A number is never
/// cut: it would be another number. Gives back how many columns are left.
fn fit(widths: &mut Vec<(usize, bool)>, room: usize) -> usize {
    loop {
        let gaps = GAP * widths.len().saturating_sub(1);
        let total: usize = widths.iter().map(|(width, _)| width).sum();
        if total + gaps <= room {
            return widths.len();
        }
        // Few columns that can be read are worth more than many that cannot.
        let narrowest = if widths.len() > 2 { READABLE } else { NARROWEST };
        let firm = |(width, number): &(usize, bool)| if *number { *width } else { (*width).min(narrowest) };
        let least: usize = widths.iter().map(firm).sum();
        if least + gaps <= room {
            // The widest text that lets everything fit; there is one, because the narrowest does.
            let with = |cap: usize| -> usize {
                widths.iter().map(|(width, number)| if *number { *width } else { (*width).min(cap) }).sum()
            };
            let cap = (narrowest..=room).rev().find(|cap| with(*cap) + gaps <= room).unwrap_or(narrowest);
            for (width, number) in widths.iter_mut() {
                if !*number {
                    *width = (*width).min(cap);
                }
            }
            return widths.len();
        }
        if widths.len() == 1 {
            widths[0].0 = room.max(1);
            return 1;
        }
        widths.pop();
    }
}

/// The fields of an object, one below the other. Long values go on in the next line.
fn fields(all: &[(String, Cell)], width: Option<usize>) -> Vec<String> {
    let names = all.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, cell) in all {
        let beside = width.map_or(usize::MAX, |width| width.saturating_sub(names + GAP));
        if beside >= 12 {
            let room = " ".repeat(names - name.width() + GAP);
            let mut parts = wrapped(&cell.text, beside).into_iter();
            lines.push(format!("{name}{room}{}", parts.next().unwrap_or_default()).trim_end().to_string());
            lines.extend(parts.map(|part| format!("{}{part}", " ".repeat(names + GAP))));
        } else {
            // Too narrow for two columns.
            let width = width.unwrap_or(usize::MAX).max(8);
            lines.push(shortened(name, width).into_owned());
            let parts = wrapped(&cell.text, width - GAP).into_iter().filter(|part| !part.is_empty());
            lines.extend(parts.map(|part| format!("{}{part}", " ".repeat(GAP))));
        }
    }
    lines
}

/// Values in one line where they fit, else one below the other.
fn values(items: &[String], width: Option<usize>) -> Vec<String> {
    let line = format!("[{}]", items.join(", "));
    if width.is_none_or(|width| line.width() <= width) {
        return vec![line];
    }
    let width = width.unwrap_or(usize::MAX);
    if items.iter().any(|item| item.width() > SHORT) {
        return items.iter().flat_map(|item| wrapped(item, width)).collect();
    }
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.width() + 2 + item.width() <= width => {
                line.push_str(", ");
                line.push_str(item);
            }
            _ => lines.extend(wrapped(item, width)),
        }
    }
    lines
}

/// A text in pieces of at most `width` columns.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width && used > 0 {
            parts.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// A text in at most `width` columns, with `…` where something was cut off.
fn shortened(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mut used = 0;
    let fits = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let count = fits.count();
    text::cut(text, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Cell {
        Cell { text: text.into(), number: text.parse::<f64>().is_ok() }
    }

    fn rows(columns: &[&str], rows: &[&[&str]], of: Items) -> Shown {
        Shown::Rows {
            columns: columns.iter().map(ToString::to_string).collect(),
            cells: rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect(),
            of,
        }
    }

    #[test]
    fn a_table_is_cut_to_the_width_and_numbers_stay_whole() {
        let shown = rows(
            &["id", "name", "mrr"],
            &[&["101", "Acme Corporation of the North", "125000"], &["7", "日本", ""]],
            Items::All(2),
        );
        let lay = |width| lay_out(&shown, width);
        assert_eq!(
            lay(None).lines,
            [" id  name                              mrr", "101  Acme Corporation of the North  125000", "  7  日本"]
        );
        assert_eq!(
            lay(Some(30)).lines,
            [" id  name                  mrr", "101  Acme Corporation…  125000", "  7  日本"]
        );
        let narrow = lay(Some(14));
        assert_eq!(narrow.lines, [" id  name", "101  Acme Cor…", "  7  日本"]);
        assert_eq!(narrow.note.as_deref(), Some("left out for want of room: mrr; `:table mrr` shows them"));
    }

    #[test]
    fn what_is_cut_off_is_said() {
        let shown = rows(&["a"], &[&["1"]], Items::More);
        assert_eq!(
            lay_out(&shown, None).note.as_deref(),
            Some(
                "the first 1 of a longer list; look closer with `_.where(…)` or `_.skip(1)`, or write all to a file \
                 with `:csv FILE`"
            )
        );
        let shown = Shown::Values { items: vec!["1".into()], of: Items::All(3) };
        assert!(lay_out(&shown, None).note.is_some_and(|note| note.starts_with("the first 1 of 3; ")));
    }

    #[test]
    fn fields_stand_in_two_columns_or_one_below_the_other() {
        let shown =
            Shown::Fields(vec![("name".into(), cell("Acme")), ("metadata".into(), cell("{\"tier\":\"gold\"}"))]);
        assert_eq!(lay_out(&shown, Some(80)).lines, ["name      Acme", "metadata  {\"tier\":\"gold\"}"]);
        assert_eq!(lay_out(&shown, Some(22)).lines, ["name      Acme", "metadata  {\"tier\":\"gol", "          d\"}"]);
        assert_eq!(lay_out(&shown, Some(12)).lines, ["name", "  Acme", "metadata", "  {\"tier\":\"g", "  old\"}"]);
    }

    #[test]
    fn values_stand_in_a_line_where_they_fit() {
        let shown = Shown::Values { items: vec!["1".into(), "\"two\"".into()], of: Items::All(2) };
        assert_eq!(lay_out(&shown, Some(20)).lines, ["[1, \"two\"]"]);
        assert_eq!(lay_out(&shown, Some(6)).lines, ["1", "\"two\""]);
        let numbers = Shown::Values { items: (1..=9).map(|n| n.to_string()).collect(), of: Items::All(9) };
        assert_eq!(lay_out(&numbers, Some(14)).lines, ["1, 2, 3, 4, 5", "6, 7, 8, 9"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            cells in proptest::collection::vec(proptest::collection::vec("[a-z日 ]{0,30}|[0-9]{1,9}", 4), 0..6),
            width in 10_usize..120
        ) {
            let texts: Vec<Vec<&str>> = cells.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            let texts: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
            let table = rows(&["display_id", "name", "状態", "created_at"], &texts, Items::All(6));
            let object = Shown::Fields(cells.iter().flatten().map(|text| ("a_field".into(), cell(text))).collect());
            let values = Shown::Values { items: cells.concat(), of: Items::More };
            for shown in [table, object, values] {
                for line in lay_out(&shown, Some(width)).lines {
                    prop_assert!(line.width() <= width.max(10), "{line:?}");
                }
            }
        }
    }
}
