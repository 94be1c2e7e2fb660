//! How values look: tables that fit, fields of one object, lists of values. Text in, lines out; writes nothing.

mod table;

use crate::{
    script::interactive::{Cell, Items, Shown},
    text,
};
use table::table;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;
/// Values that are no wider stand side by side.
const SHORT: usize = 10;
/// What lies within a value is taken apart where it has so many columns.
const ROOMY: usize = 30;
/// Of a text no more letters are shown in a terminal.
const LONGEST: usize = 20_000;

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
        Shown::Text(text) => plain(text, width),
        Shown::Rows { columns, cells, of } => {
            let (lines, left_out) = table(columns, cells, width);
            let mut notes: Vec<String> = cut_off(cells.len(), *of, ROWS_ON).into_iter().collect();
            if !left_out.is_empty() {
                let them = left_out.join(", ");
                notes.push(format!("left out for want of room: {them}; `:table {them}` shows them"));
            }
            View { lines, note: (!notes.is_empty()).then(|| notes.join("\n")) }
        }
        Shown::Fields(all) if all.is_empty() => View { lines: vec!["#{}".into()], note: None },
        Shown::Fields(all) => View { lines: fields(all, width), note: None },
        Shown::Values { items, of } => View { lines: values(items, width), note: cut_off(items.len(), *of, VALUES_ON) },
    }
}

/// What narrows a list and what shows all of it.
const ROWS_ON: (&str, &str) = ("where", "`:csv FILE` writes");
const VALUES_ON: (&str, &str) = ("filter", "`:json` shows");

fn cut_off(shown: usize, of: Items, (narrows, all): (&str, &str)) -> Option<String> {
    let what = match of {
        Items::All(all) if all <= shown => return None,
        Items::All(all) => format!("the first {shown} of {all}"),
        Items::More => format!("the first {shown} of a longer list"),
    };
    Some(format!("{what}: `_.skip({shown})` goes on, `_.{narrows}(…)` narrows it, {all} all of it"))
}

/// A text, which in a terminal is no longer than anybody reads.
fn plain(text: &str, width: Option<usize>) -> View {
    let end = width.and_then(|_| text.char_indices().nth(LONGEST)).map_or(text.len(), |(at, _)| at);
    let lines = text[..end].lines().map(str::to_string).collect();
    let note = (end < text.len())
        .then(|| format!("the first {LONGEST} of {} letters; `print(_)` shows all of them", text.chars().count()));
    View { lines, note }
}

/// The fields of an object, one below the other. Long values go on in the next line.
fn fields(all: &[(String, Cell)], width: Option<usize>) -> Vec<String> {
    let names = all.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, cell) in all {
        let beside = width.map_or(usize::MAX, |width| width.saturating_sub(names + GAP));
        if beside >= 12 {
            let room = " ".repeat(names - name.width() + GAP);
            let mut parts = beside_the_name(cell, beside).into_iter();
            lines.push(format!("{name}{room}{}", parts.next().unwrap_or_default()).trim_end().to_string());
            lines.extend(parts.map(|part| format!("{}{part}", " ".repeat(names + GAP))));
        } else {
            // Too narrow for two columns.
            let width = width.unwrap_or(usize::MAX).max(8);
            lines.push(text::shortened(name, width).into_owned());
            let parts = wrapped(&cell.text, width - GAP).into_iter().filter(|part| !part.is_empty());
            lines.extend(parts.map(|part| format!("{}{part}", " ".repeat(GAP))));
        }
    }
    lines
}

/// A value in so many columns: in one line where it fits, else taken apart where there is something in it, and room.
fn beside_the_name(cell: &Cell, width: usize) -> Vec<String> {
    let Some(inner) = cell.inner.as_ref().filter(|_| width >= ROOMY && cell.text.width() > width) else {
        return wrapped(&cell.text, width);
    };
    let mut lines = lay_out(inner, Some(width)).lines;
    if let Shown::Rows { cells, of: Items::All(all), .. } = &**inner
        && *all > cells.len()
    {
        lines.push(format!("… and {} more", all - cells.len()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Cell {
        Cell { text: text.into(), number: text.parse::<f64>().is_ok(), inner: None }
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
                "the first 1 of a longer list: `_.skip(1)` goes on, `_.where(…)` narrows it, `:csv FILE` writes all of it"
            )
        );
        let shown = Shown::Values { items: vec!["1".into()], of: Items::All(3) };
        assert!(lay_out(&shown, None).note.is_some_and(|note| note.starts_with("the first 1 of 3: ")));
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
    fn what_is_too_long_for_a_line_is_taken_apart() {
        let inner = |text: &str, inner: Shown| Cell { inner: Some(Box::new(inner)), ..cell(text) };
        let json = "{\"name\":\"Acme\",\"plan\":\"enterprise\"}";
        let owner = Shown::Fields(vec![("name".into(), cell("Acme")), ("plan".into(), cell("enterprise"))]);
        let all = rows(&["id", "name"], &[&["1", "A"], &["2", "B"]], Items::All(9));
        let object =
            |text: &str| Shown::Fields(vec![("owner".into(), inner(text, owner.clone())), ("id".into(), cell("7"))]);
        let wide = lay_out(&object(json), Some(80)).lines;
        assert_eq!(wide, ["owner  {\"name\":\"Acme\",\"plan\":\"enterprise\"}", "id     7"]);
        let narrow = lay_out(&object(json), Some(40)).lines;
        assert_eq!(narrow, ["owner  name  Acme", "       plan  enterprise", "id     7"]);
        let grouped = Shown::Fields(vec![("pro".into(), inner(&"x".repeat(60), all))]);
        let lines = lay_out(&grouped, Some(40)).lines;
        assert_eq!(lines, ["pro  id  name", "      1  A", "      2  B", "     … and 7 more"]);
        // A pipe has all the room there is.
        assert_eq!(lay_out(&object(json), None).lines, wide);
    }

    #[test]
    fn of_a_time_that_has_no_room_the_day_is_shown() {
        let table =
            rows(&["name", "created_at"], &[&["Tidewater Cosmetics", "2026-05-15T05:45:34.940Z"]], Items::All(1));
        assert_eq!(lay_out(&table, Some(60)).lines[1], "Tidewater Cosmetics  2026-05-15T05:45:34.940Z");
        assert_eq!(lay_out(&table, Some(40)).lines[1], "Tidewater Cosmetics  2026-05-15…");
        assert_eq!(lay_out(&table, Some(28)).lines[1], "Tidewater Cosm…  2026-05-15…");
    }

    #[test]
    fn a_text_longer_than_anybody_reads_is_cut_in_a_terminal_alone() {
        let shown = Shown::Text("日\n".repeat(LONGEST));
        let View { lines, note } = lay_out(&shown, Some(80));
        assert_eq!(lines.len(), LONGEST / 2);
        assert_eq!(note.as_deref(), Some("the first 20000 of 40000 letters; `print(_)` shows all of them"));
        assert_eq!(lay_out(&shown, None), View { lines: vec!["日".to_string(); LONGEST], note: None });
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
