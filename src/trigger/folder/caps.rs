//! How large a file may be that is taken, and how many rows it may have. Counts rows as the scripts' readers do.

use crate::{csv, text};
use std::{
    fs::File,
    io::{self, Read, Seek},
};

/// What a file may have at the most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// In bytes.
    pub size: Option<u64>,
    /// Rows behind the header of a CSV file, lines of a file of JSON lines, members of a JSON list.
    pub rows: Option<u64>,
}

impl Caps {
    /// Why a file of so many bytes is not taken, behind its name.
    pub fn size(&self, size: u64) -> Option<String> {
        let most = self.size.filter(|most| size > *most)?;
        Some(format!("is larger than {}: it has {}", text::size(most), text::size(size)))
    }

    /// Why a file with so many rows is not taken, behind its name. What has no rows may have any number of them.
    pub fn rows(&self, name: &str, mut file: &File) -> io::Result<Option<String>> {
        let (Some(most), Some(count)) = (self.rows, counter(name)) else { return Ok(None) };
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        let rows = count(bytes).filter(|rows| *rows > most);
        let all = |count: u64| text::plural(count as usize, "row");
        Ok(rows.map(|rows| format!("has {}; at most {most} may come in one file", all(rows))))
    }
}

/// How the rows of a file of this name are counted.
fn counter(name: &str) -> Option<fn(Vec<u8>) -> Option<u64>> {
    let ending = name.rsplit_once('.')?.1.to_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "txt" => Some(records),
        "jsonl" | "ndjson" => Some(lines),
        "json" => Some(members),
        _ => None,
    }
}

/// Behind the header.
fn records(bytes: Vec<u8>) -> Option<u64> {
    let (text, _) = csv::decode(bytes).ok()?;
    let (separator, text) = csv::separator_of(&text);
    Some((csv::Parser::new(text, separator).count() as u64).saturating_sub(1))
}

fn lines(bytes: Vec<u8>) -> Option<u64> {
    Some(bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64)
}

/// `None` for what is no list: whether it makes sense, its script says.
fn members(bytes: Vec<u8>) -> Option<u64> {
    serde_json::from_slice::<Vec<serde::de::IgnoredAny>>(&bytes).ok().map(|all| all.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn refused(name: &str, content: &str, rows: u64) -> Option<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        Caps { size: None, rows: Some(rows) }.rows(name, &file).unwrap()
    }

    #[test]
    fn rows_are_counted_as_scripts_read_them() {
        let cells = "a;b\n1;\"two\nlines\"\n\n2;x\n";
        assert_eq!(refused("a.csv", cells, 2), None);
        assert_eq!(refused("a.CSV", cells, 1).unwrap(), "has 2 rows; at most 1 may come in one file");
        assert_eq!(refused("a.jsonl", "{}\n\n{}", 1).unwrap(), "has 2 rows; at most 1 may come in one file");
        assert_eq!(refused("a.json", "[1, 2, 3]", 2).unwrap(), "has 3 rows; at most 2 may come in one file");
        for (name, content) in
            [("a.csv", ""), ("a.csv", "a,b\n"), ("a.json", "{\"a\": 1}"), ("a.pdf", "x\ny\n"), ("a", "x\n")]
        {
            assert_eq!(refused(name, content, 0), None, "{name}");
        }
    }

    #[test]
    fn a_size_is_held_against_the_cap() {
        let caps = Caps { size: Some(1 << 10), rows: None };
        assert_eq!(caps.size(1 << 10), None);
        assert_eq!(caps.size(2 << 10).unwrap(), "is larger than 1 KiB: it has 2 KiB");
        assert_eq!(Caps::default().size(u64::MAX), None);
    }
}
