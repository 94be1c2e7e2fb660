//! `onramp logs`: what a run said while it worked.

use super::{
    output::{Format, Output},
    stored::{self, Which},
};
use crate::{config, error::Failure, script::Sink, store::Lock, ui::Ui};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    thread,
    time::Duration,
};

/// Show what a run said while it worked
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line has its time and its level: what `log_info`, `log_warn` and `log_error` said. What a script prints is data \
and is not kept.

Exit codes: 0 all went well; 2 there is no such run, or its log cannot be read.")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Show what is added, until the run ends
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    format: Format,
}

/// Between two looks at a log that is followed.
const TICK: Duration = Duration::from_millis(200);

#[derive(Deserialize, Serialize)]
struct Line {
    at: jiff::Timestamp,
    level: String,
    text: String,
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let store = stored::store()?;
    let run = args.which.find(&store)?;
    let folder = store.folder(&run.id);
    let (path, output) = (folder.join("log"), args.format.output);
    let mut log = Tail::default();
    let mut all = Vec::new();
    loop {
        // Asked before the last look, so that what came in between is seen.
        let over = !args.follow || !Lock::is_held(&folder);
        let lines = log.more(&path, over).map_err(|error| {
            Failure::usage(format!("the log of the run `{}` cannot be read: {}", run.id, config::reason(&error)))
        })?;
        if output == Output::Json {
            all.extend(lines.iter().map(|line| json!(line)));
        } else if !lines.iter().all(|line| show(line, output, ui)) || !ui.flush() {
            return Ok(0);
        }
        if over {
            break;
        }
        thread::sleep(TICK);
    }
    if output == Output::Json {
        output.object(ui, &Value::Array(all));
    }
    Ok(0)
}

fn show(line: &Line, output: Output, ui: &Ui) -> bool {
    if output == Output::Jsonl {
        return ui.data(&json!(line).to_string());
    }
    ui.data(&format!("{}  {:<5}  {}", stored::when(line.at), line.level, line.text))
}

/// A file that grows at its end.
#[derive(Default)]
struct Tail {
    read: u64,
    /// The beginning of a line that is not whole yet.
    rest: Vec<u8>,
}

impl Tail {
    /// The whole lines that came since the last look. A log that was begun anew is read anew. `last` says that no more will
    /// come: half a line is left out then, for its process ended in the middle of it.
    fn more(&mut self, path: &Path, last: bool) -> io::Result<Vec<Line>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            // Nothing has been said yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() < self.read {
            *self = Tail::default();
        }
        file.seek(SeekFrom::Start(self.read))?;
        self.read += file.read_to_end(&mut self.rest)? as u64;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        if last {
            self.rest.clear();
        }
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(|_| io::ErrorKind::InvalidData.into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write};

    #[test]
    fn whole_lines_come_once_and_a_log_that_begins_anew_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Tail::default();
        let mut texts =
            |last| -> Vec<String> { log.more(&path, last).unwrap().into_iter().map(|line| line.text).collect() };
        let line = |text: &str| format!("{}\n", json!({"at": "2026-05-26T12:00:00Z", "level": "info", "text": text}));
        assert_eq!(texts(false), [""; 0], "there is no file yet");
        let two = line("two");
        let (half, other) = two.split_at(20);
        fs::write(&path, line("one") + half).unwrap();
        assert_eq!(texts(false), ["one"]);
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(other.as_bytes()).unwrap();
        assert_eq!(texts(false), ["two"]);
        fs::write(&path, line("anew")).unwrap();
        assert_eq!(texts(true), ["anew"]);
    }
}
