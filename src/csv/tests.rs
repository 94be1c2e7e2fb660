//! Text to cells and back, by example and by property.

use super::*;
use proptest::prelude::*;

fn cells(text: &str, separator: char) -> Vec<Vec<String>> {
    Parser::new(text, separator)
        .map(|record| record.unwrap().cells.iter().map(|cell| cell.to_string()).collect())
        .collect()
}

fn broken(text: &str) -> Broken {
    Parser::new(text, ',').find_map(Result::err).unwrap()
}

#[test]
fn quotes_line_breaks_and_every_line_end_are_read() {
    assert_eq!(cells("a,b\n1,2", ','), [["a", "b"], ["1", "2"]]);
    assert_eq!(cells("a,b\r\n1,2\r\n", ','), [["a", "b"], ["1", "2"]]);
    assert_eq!(cells("a,b\r1,2\r", ','), [["a", "b"], ["1", "2"]]);
    assert_eq!(cells("\"a,\"\"x\"\"\",\"two\r\nlines\"\n,\n", ','), [["a,\"x\"", "two\r\nlines"], ["", ""]]);
    assert_eq!(cells("\"a\" ;5\" pipe; b \n", ';'), [["a", "5\" pipe", " b "]]);
    assert_eq!(cells("\n\na\n\n\"\"\n\r\n", ','), [["a"], [""]]);
    assert_eq!(cells("", ','), Vec::<Vec<String>>::new());
}

#[test]
fn rows_and_lines_are_counted_like_in_a_spreadsheet_and_an_editor() {
    let text = "a,b\r\n\"x\r\ny\",1\r\n\r\n3,4\r\n";
    let places: Vec<_> = Parser::new(text, ',').map(|record| record.map(|r| (r.row, r.line)).unwrap()).collect();
    assert_eq!(places, [(1, 1), (2, 2), (4, 5)]);
}

#[test]
fn quotes_that_make_no_sense_are_named() {
    assert_eq!(
        broken("a,b\n1,\"2\n3,4\n"),
        Broken { row: 2, line: 2, cell: 1, why: "a quote is opened and never closed" }
    );
    assert_eq!(broken("a\n\"1\"2"), Broken { row: 2, line: 2, cell: 0, why: "there is text behind the closing quote" });
}

#[test]
fn the_separator_is_found() {
    for (text, separator) in [
        ("a,b\n1,2\n", ','),
        ("a;b\n1,5;2\n", ';'),
        ("a\tb, c\n1\t2, 3\n", '\t'),
        ("name;price, EUR\nA;1,5\nB;2,0\n", ';'),
        ("\"a;b\",c\n\"1;2\",3\n", ','),
        ("name,note\nA,one; two; three\nB,four\n", ','),
        ("only\nfirst, second\n", ','),
        ("", ','),
        ("a;\"\tb\"\n", ';'),
        ("a,b;c\n1,2\n3,4;\n", ','),
    ] {
        assert_eq!(separator_of(text), (separator, text));
    }
    assert_eq!(separator_of("sep=;\r\na,b;c\r\n"), (';', "a,b;c\r\n"));
}

#[test]
fn encodings_are_recognised() {
    assert_eq!(decode(b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe".to_vec()), Ok(("Größe".into(), Encoding::Utf8)));
    assert_eq!(decode(b"Gr\xf6\xdfe \x80 \x81".to_vec()), Ok(("Größe € \u{81}".into(), Encoding::Windows1252)));
    assert_eq!(decode(b"\xff\xfea\0\xf6\0".to_vec()), Ok(("aö".into(), Encoding::Utf16)));
    assert_eq!(decode(b"\xfe\xff\0a\0\xf6".to_vec()), Ok(("aö".into(), Encoding::Utf16)));
    assert_eq!(decode(b"\xff\xfea".to_vec()), Err("says that it is UTF-16 and is not"));
    assert_eq!(decode(b"a\0b\0".to_vec()), Err("is not text: it holds zero bytes"));
}

#[test]
fn cells_for_spreadsheets_are_guarded_and_numbers_stay_numbers() {
    let mut writer = Writer::new(';', true);
    for cell in ["=1+1", "+49 30", "-5", "-5,25", "-x", "@a", "\tb", "\rc", "a=b", ""] {
        writer.row([(cell, false)]);
    }
    writer.row([("-1.5e7", true)]);
    let lines =
        "'=1+1\r\n'+49 30\r\n-5\r\n\"-5,25\"\r\n'-x\r\n'@a\r\n\"'\tb\"\r\n\"'\rc\"\r\na=b\r\n\"\"\r\n-1.5e7\r\n";
    assert_eq!(writer.finish(), format!("\u{feff}{lines}"));
}

fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,6}",
        "[a,;\t\"\r\n '=\u{feff}ö]{0,6}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
        Just("sep=;".to_string()),
    ]
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1_usize..5).prop_flat_map(|columns| prop::collection::vec(prop::collection::vec(any_cell(), columns), 1..8))
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_without_being_told_the_separator(rows in any_rows(), separator in 0_usize..3) {
        let separator = SEPARATORS[separator];
        let mut writer = Writer::new(separator, false);
        for row in &rows {
            writer.row(row.iter().map(|cell| (cell.as_str(), false)));
        }
        let written = writer.finish();
        let (text, encoding) = decode(written.clone().into_bytes()).unwrap();
        prop_assert_eq!(encoding, Encoding::Utf8);
        let (found, text) = separator_of(&text);
        prop_assert_eq!(cells(text, found), rows.clone());
        // Another reader, as a witness.
        let mut witness = ::csv::ReaderBuilder::new().has_headers(false).delimiter(separator as u8).from_reader(written.as_bytes());
        let seen: Vec<Vec<String>> = witness.records().map(|record| record.unwrap().iter().map(str::to_string).collect()).collect();
        prop_assert_eq!(seen, rows);
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok((text, _)) = decode(bytes) {
            let (separator, text) = separator_of(&text);
            prop_assert!(Parser::new(text, separator).count() <= text.len() + 1);
        }
    }

    #[test]
    fn no_text_of_quotes_and_breaks_brings_it_down(text in "[\"a,;\t\r\n ]{0,40}") {
        let (separator, text) = separator_of(&text);
        let lines = text.len() + 1;
        for record in Parser::new(text, separator) {
            let (row, line) = record.map_or_else(|b| (b.row, b.line), |r| (r.row, r.line));
            prop_assert!(row >= 1 && row <= line && line <= lines);
        }
    }
}
