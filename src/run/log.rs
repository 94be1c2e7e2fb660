//! What a run said while it worked, kept beside its journal: one JSON object a line. Of a run that is not kept, nothing is.

use crate::{
    clock::Clock,
    script::{Level, Sink},
};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

/// Of a run that is not kept yet, the first so many lines wait.
const MOST_WAITING: usize = 10_000;

const LOCK: &str = "no code panics while it holds this lock";

/// A filter that takes secrets out of a text.
pub type Hide = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The log of one run. Clones are the same.
#[derive(Clone)]
pub struct Log {
    lines: Arc<Mutex<Lines>>,
    clock: Clock,
    hide: Hide,
}

enum Lines {
    Waiting(Vec<String>),
    Kept(File),
}

impl Log {
    /// A log whose lines wait until the run is kept.
    pub fn new(clock: Clock, hide: Hide) -> Log {
        Log { lines: Arc::new(Mutex::new(Lines::Waiting(Vec::new()))), clock, hide }
    }

    /// Writes to the run's folder from here on, and what waited first. A resumed run says everything again, so its log
    /// begins anew.
    pub fn keep(&self, folder: &Path) -> io::Result<()> {
        let mut lines = self.lines.lock().expect(LOCK);
        if let Lines::Waiting(waiting) = &*lines {
            let mut file = crate::store::private_file(&folder.join("log"))?;
            file.set_len(0)?;
            file.write_all(waiting.concat().as_bytes())?;
            *lines = Lines::Kept(file);
        }
        Ok(())
    }

    /// Adds a line.
    pub fn add(&self, level: &str, text: &str) {
        let line = serde_json::json!({ "at": self.clock.now(), "level": level, "text": (self.hide)(text) });
        let line = format!("{line}\n");
        match &mut *self.lines.lock().expect(LOCK) {
            Lines::Waiting(waiting) if waiting.len() < MOST_WAITING => waiting.push(line),
            Lines::Waiting(_) => {}
            // A log that cannot be written, on a full disk for example, holds up no run: the journal says what happened.
            Lines::Kept(file) => drop(file.write_all(line.as_bytes())),
        }
    }
}

/// A sink whose log lines are kept as well.
pub struct Tee {
    pub sink: Box<dyn Sink>,
    pub log: Log,
}

/// The log of what a session does at present, where that is kept. Clones are the same.
#[derive(Clone, Default)]
pub struct Present(Arc<Mutex<Option<Log>>>);

impl Present {
    /// From here on another log, or none.
    pub fn set(&self, log: Option<Log>) {
        *self.0.lock().expect(LOCK) = log;
    }
}

/// A sink of a session: the log lines of what it does are kept with that.
pub struct TeeOfLines {
    pub sink: Box<dyn Sink>,
    pub present: Present,
}

impl Sink for TeeOfLines {
    fn data(&self, text: &str) -> bool {
        self.sink.data(text)
    }

    fn log(&self, level: Level, text: &str) {
        if let Some(log) = &*self.present.0.lock().expect(LOCK) {
            log.add(word(level), text);
        }
        self.sink.log(level, text);
    }

    fn flush(&self) {
        self.sink.flush();
    }

    fn width(&self) -> Option<usize> {
        self.sink.width()
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

impl Sink for Tee {
    fn data(&self, text: &str) -> bool {
        self.sink.data(text)
    }

    fn log(&self, level: Level, text: &str) {
        self.log.add(word(level), text);
        self.sink.log(level, text);
    }

    fn flush(&self) {
        self.sink.flush();
    }

    fn width(&self) -> Option<usize> {
        self.sink.width()
    }
}
