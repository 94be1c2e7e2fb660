//! The report of a bulk call: a CSV with the columns of the rows, and what became of each. It can be mended and run again.

use super::tally::End;
use crate::{
    csv::Writer,
    project::{FileError, Project},
    script::{builtins::files::cells, host::Host},
};
use rhai::{Dynamic, Map};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

/// The report's own columns, behind those of the rows.
pub const COLUMNS: [&str; 6] = ["_call", "_row", "_id", "_outcome", "_code", "_error"];

/// A report in the making.
pub struct Report {
    host: Arc<Host>,
    path: String,
    call: u64,
    /// Those of the first row.
    columns: Option<Vec<String>>,
    writer: Writer,
}

impl Report {
    /// `call` is the number of the bulk call among the run's.
    pub fn new(host: &Arc<Host>, path: &str, call: u64) -> Report {
        Report { host: host.clone(), path: path.into(), call, columns: None, writer: Writer::new(',', false) }
    }

    /// Adds a row.
    pub fn row(&mut self, row: u64, value: &Dynamic, id: &str, end: &End) {
        let map = value.read_lock::<Map>();
        let columns = self.columns.get_or_insert_with(|| {
            let own = map.iter().flat_map(|map| map.keys()).map(ToString::to_string);
            let mut columns: Vec<String> = own.collect();
            self.host.in_their_order(&mut columns);
            // A report that is worked through again has these columns already.
            columns.retain(|name| !COLUMNS.contains(&name.as_str()));
            let all = columns.iter().map(String::as_str).chain(COLUMNS);
            self.writer.row(all.map(|name| (name, false)));
            columns
        });
        let cell = |name: &String| {
            let value = map.as_ref().and_then(|map| map.get(name.as_str())).cloned().unwrap_or_default();
            // What no cell can hold, such as a closure, is left empty: the row is told by its number and its id.
            cells::written(&value).unwrap_or_default()
        };
        let mut cells: Vec<(String, bool)> = columns.iter().map(cell).collect();
        let (code, message) = match end {
            End::Failed { code, message } => (code.as_str(), message.as_str()),
            _ => ("", ""),
        };
        let own = [&self.call.to_string(), &row.to_string(), id, end.word(), code, message];
        cells.extend(own.into_iter().enumerate().map(|(at, text)| (text.replace('\0', ""), at < 2)));
        self.writer.row(cells.iter().map(|(text, number)| (text.as_str(), *number)));
    }

    /// Writes it beside a run's record, where only its owner may read it. A report without rows is no file.
    pub fn keep(self, folder: &Path) -> io::Result<()> {
        if self.columns.is_none() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(folder.join(format!("failed-{}.csv", self.call)))?;
        file.write_all(self.writer.finish().as_bytes())
    }

    /// Writes it, whole or not at all.
    pub fn write(self, project: &Project) -> Result<(), FileError> {
        project.write(&self.path, self.writer.finish().as_bytes())
    }
}
