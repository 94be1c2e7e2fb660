//! The only writer to standard output and standard error. Filters secrets out of everything, keeps the two streams in
//! step, and notices when nobody reads any more. Decides nothing about what is said.

mod board;
mod glance;
mod progress;
mod question;

pub use progress::Followed;
pub use question::drop_what_is_typed;

use crate::{
    error::Failure,
    script::{Level, Sink},
    secret::{Redactor, Secret},
    text,
};
use indicatif::ProgressDrawTarget;
use progress::Bar;
use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// Standard output is handed on in pieces of this size, or earlier when the script waits.
const BUFFER: usize = 64 << 10;

/// The two streams. Clones write to the same ones.
#[derive(Clone)]
pub struct Ui(Arc<Inner>);

struct Inner {
    out: Mutex<Vec<u8>>,
    redactor: Mutex<Redactor>,
    closed: AtomicBool,
    /// Somebody is being asked something.
    asking: AtomicBool,
    failed: Mutex<Option<io::Error>>,
    terminal: bool,
    colour: bool,
    bar: Bar,
}

/// A script's sink where standard output belongs to something else: its data goes to standard error.
pub struct Aside(Ui);

impl Sink for Aside {
    fn data(&self, text: &str) -> bool {
        self.0.error_line(&text::escape_block(text));
        true
    }

    fn log(&self, level: Level, text: &str) {
        self.0.log(level, text);
    }

    fn flush(&self) {
        Sink::flush(&self.0);
    }

    fn width(&self) -> Option<usize> {
        None
    }
}

impl Ui {
    /// Writes a script's data to standard error, for the case that standard output is for something else.
    pub fn aside(&self) -> Aside {
        Aside(self.clone())
    }

    /// The process's own streams. `colour_wanted` is false where `NO_COLOR` says so.
    pub fn new(colour_wanted: bool) -> Ui {
        Ui(Arc::new(Inner {
            out: Mutex::new(Vec::new()),
            redactor: Mutex::new(Redactor::default()),
            closed: AtomicBool::new(false),
            asking: AtomicBool::new(false),
            failed: Mutex::new(None),
            terminal: io::stdout().is_terminal(),
            colour: colour_wanted && io::stderr().is_terminal(),
            bar: Bar::default(),
        }))
    }

    /// Keeps a secret out of both streams from now on.
    pub fn hide(&self, secret: Secret) {
        self.0.redactor.lock().expect(LOCK).add(secret);
    }

    /// Whether a text holds something that is kept out of both streams.
    pub fn hides(&self, text: &str) -> bool {
        self.0.redactor.lock().expect(LOCK).redact(text) != text
    }

    /// Whether standard output is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.0.terminal
    }

    /// The text without secrets, for other sinks.
    pub fn hidden(&self, text: &str) -> String {
        self.0.redactor.lock().expect(LOCK).redact(text).into_owned()
    }

    /// A line of data. False once nobody reads standard output any more, or it cannot be written.
    pub fn line(&self, line: &str) -> bool {
        if self.0.closed.load(Ordering::Relaxed) {
            return false;
        }
        let line = self.0.redactor.lock().expect(LOCK).redact(line).into_owned();
        let mut out = self.0.out.lock().expect(LOCK);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        if self.0.terminal || out.len() >= BUFFER { self.hand_on(&mut out) } else { true }
    }

    /// Hands on what is held back of standard output.
    pub fn flush(&self) -> bool {
        self.hand_on(&mut self.0.out.lock().expect(LOCK))
    }

    /// Why standard output could not be written, where it was not simply closed: a full disk, for example.
    pub fn output_error(&self) -> Option<io::Error> {
        self.0.failed.lock().expect(LOCK).take()
    }

    /// Whether somebody sits at a terminal and can be asked.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && (io::stderr().is_terminal() || question::terminal().is_ok())
    }

    /// Asks somebody at a terminal, and hears whether it is `y` or `yes`. `None` where nobody is there.
    pub fn ask(&self, question: &str) -> Option<bool> {
        if !self.can_ask() {
            return None;
        }
        self.flush();
        let question = self.hidden(question);
        // Before it is shown: Ctrl-C may come as soon as it is.
        self.0.asking.store(true, Ordering::SeqCst);
        let said = self.0.bar.away(|| question::answer_to(&question, show));
        self.0.asking.store(false, Ordering::SeqCst);
        Some(said.is_ok_and(|said| matches!(said.trim().to_lowercase().as_str(), "y" | "yes")))
    }

    /// Whether somebody is being asked something at this moment.
    pub fn is_asking(&self) -> bool {
        self.0.asking.load(Ordering::SeqCst)
    }

    /// A line about what goes on.
    pub fn status(&self, line: &str) {
        self.error_line(line);
    }

    /// A line that must not wait for anybody who reads standard output slowly.
    pub fn notice(&self, line: &str) {
        self.write_error(line);
    }

    /// Something to be careful about.
    pub fn warn(&self, message: &str) {
        self.error_line(&format!("{} {message}", self.painted("33", "warning:")));
    }

    /// A failure, whole.
    pub fn failure(&self, failure: &Failure) {
        self.error_line(&self.told(failure, "error", "1;31"));
    }

    /// A failure, whole, of a process that ends at once: it does not wait for anybody who reads standard output slowly.
    pub fn last_words(&self, failure: &Failure) {
        self.write_error(&self.told(failure, "error", "1;31"));
    }

    /// Something that looks like a failure and stops nothing, whole.
    pub fn warning(&self, failure: &Failure) {
        self.error_line(&self.told(failure, "warning", "33"));
    }

    fn told(&self, failure: &Failure, heading: &str, style: &str) -> String {
        let mut lines = failure.lines(&self.painted(style, heading));
        for line in &mut lines {
            if let Some(rest) = line.strip_prefix("hint:") {
                *line = format!("{}{rest}", self.painted("36", "hint:"));
            }
        }
        lines.join("\n")
    }

    fn painted(&self, style: &str, word: &str) -> String {
        if self.0.colour { format!("\u{1b}[{style}m{word}\u{1b}[0m") } else { word.to_string() }
    }

    fn error_line(&self, line: &str) {
        // What was said before comes first, also where both streams end in one file.
        self.flush();
        self.write_error(line);
    }

    fn write_error(&self, line: &str) {
        let line = self.0.redactor.lock().expect(LOCK).redact(line).into_owned();
        self.0.bar.aside(|| {
            // Nobody can be told that standard error is gone.
            let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
        });
    }

    fn bar(&self) -> &Bar {
        &self.0.bar
    }

    /// Where progress is drawn; hidden unless standard error is a terminal that can.
    fn draw_target() -> ProgressDrawTarget {
        ProgressDrawTarget::stderr()
    }

    /// The width of the terminal that progress is drawn on.
    fn columns() -> usize {
        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
    }

    fn hand_on(&self, out: &mut Vec<u8>) -> bool {
        if !out.is_empty() && !self.0.closed.load(Ordering::Relaxed) {
            let write = || {
                let mut stdout = io::stdout().lock();
                stdout.write_all(out).and_then(|()| stdout.flush())
            };
            // Where only standard error is a terminal, a slow reader of the data must not hold up the progress.
            let written = if self.0.terminal { self.0.bar.aside(write) } else { write() };
            if let Err(error) = written {
                self.0.closed.store(true, Ordering::Relaxed);
                if error.kind() != io::ErrorKind::BrokenPipe {
                    *self.0.failed.lock().expect(LOCK) = Some(error);
                }
            }
        }
        out.clear();
        !self.0.closed.load(Ordering::Relaxed)
    }
}

const LOCK: &str = "no code panics while it holds this lock";

impl Sink for Ui {
    fn data(&self, text: &str) -> bool {
        self.line(&if self.0.terminal { text::escape_block(text) } else { text.into() })
    }

    fn log(&self, level: Level, text: &str) {
        let text = text::escape_block(text);
        match level {
            Level::Info => self.error_line(&text),
            Level::Warn => self.warn(&text),
            Level::Error => self.error_line(&format!("{} {text}", self.painted("31", "error:"))),
        }
    }

    fn flush(&self) {
        Ui::flush(self);
    }

    fn width(&self) -> Option<usize> {
        self.0.terminal.then(|| terminal_size().unwrap_or(80))
    }
}

/// Writes to the terminal, also where standard error goes elsewhere.
fn show(text: &str) -> io::Result<()> {
    let write = |place: &mut dyn Write| place.write_all(text.as_bytes()).and_then(|()| place.flush());
    if io::stderr().is_terminal() { write(&mut io::stderr().lock()) } else { write(&mut question::terminal()?) }
}

fn terminal_size() -> Option<usize> {
    terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width))
}
