//! The real program at a pseudo-terminal: keys go in, and what a person would see comes out, by a terminal emulator.
//! Unix only, as the terminals are.

use super::{Onramp, PATIENCE, pty};
use std::{
    fs::File,
    io::{Read, Write},
    os::fd::AsRawFd,
    process::Child,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};
use vt100::Parser;

pub const ENTER: &str = "\r";
pub const TAB: &str = "\t";
pub const CTRL_C: &str = "\u{3}";
pub const CTRL_D: &str = "\u{4}";
pub const CTRL_R: &str = "\u{12}";
pub const UP: &str = "\u{1b}[A";

/// A program at a terminal of its own. It is killed when this is dropped.
pub struct Terminal {
    child: Child,
    keys: File,
    seen: Arc<Seen>,
    command: String,
    // Its folders go with it.
    onramp: Onramp,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    screen: Parser,
    raw: Vec<u8>,
    over: bool,
}

impl Terminal {
    /// Starts it at a terminal of this many columns.
    pub fn start(mut onramp: Onramp, columns: u16) -> Terminal {
        let rows = 200;
        let command = onramp.command();
        command.env("TERM", "xterm-256color");
        let shown = format!("{command:?}");
        let (child, main) = pty::spawn(command, rows, columns);
        let screen = Parser::new(nonzero(rows), nonzero(columns), 0);
        let state = Mutex::new(State { screen, raw: Vec::new(), over: false });
        let seen = Arc::new(Seen { state, changed: Condvar::new() });
        let mut output = main.try_clone().unwrap();
        let watched = seen.clone();
        thread::spawn(move || watched.fill(&mut output));
        Terminal { child, keys: main, seen, command: shown, onramp }
    }

    /// Presses these keys.
    pub fn types(&mut self, keys: impl AsRef<[u8]>) {
        self.keys.write_all(keys.as_ref()).unwrap();
    }

    /// Waits until the screen is as `enough` wants it, and gives it back.
    #[track_caller]
    pub fn until(&self, what: &str, enough: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.seen.state();
        loop {
            let screen = state.screen.screen().contents();
            if enough(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.over, "{}\nnever showed {what}, but\n{screen}", self.command);
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the screen holds this.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits until the last line of the screen is this prompt, with nothing behind it.
    #[track_caller]
    pub fn prompts(&self, prompt: &str) -> String {
        self.until(prompt, |screen| screen.lines().next_back().is_some_and(|line| line.trim_end() == prompt))
    }

    /// Types a line and waits for the prompt behind its answer. Gives back the answer.
    #[track_caller]
    pub fn answers(&mut self, line: &str, prompt: &str) -> String {
        let before = self.prompts(prompt).lines().count();
        self.types(line);
        self.types(ENTER);
        let screen = self.until(prompt, |screen| {
            screen.lines().count() > before && screen.lines().next_back().is_some_and(|line| line.trim_end() == prompt)
        });
        let lines: Vec<&str> = screen.lines().skip(before).collect();
        lines[..lines.len() - 1].iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    /// Makes the terminal this wide.
    pub fn resize(&mut self, columns: u16) {
        let size = libc::winsize { ws_row: 200, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        self.seen.state().screen.screen_mut().set_size(nonzero(200), nonzero(columns));
        // SAFETY: the descriptor is open, and the pointer leads to a live value.
        assert_eq!(unsafe { libc::ioctl(self.keys.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }, 0);
    }

    /// Sends a signal that no key sends.
    pub fn signal(&self, signal: i32) {
        // SAFETY: the process is our child and has not been waited for.
        assert_eq!(unsafe { libc::kill(i32::try_from(self.child.id()).unwrap(), signal) }, 0);
    }

    /// Whether the terminal shows what is typed, as shells leave it.
    pub fn echoes(&self) -> bool {
        // SAFETY: zeroes are a valid value, the descriptor is open, and the pointer leads to a live value.
        unsafe {
            let mut modes: libc::termios = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(self.keys.as_raw_fd(), &raw mut modes), 0);
            modes.c_lflag & libc::ECHO != 0
        }
    }

    /// Whether it ends within this time.
    pub fn ends_within(&self, time: Duration) -> bool {
        let state = self.seen.state();
        self.seen.changed.wait_timeout_while(state, time, |state| !state.over).unwrap().0.over
    }

    /// Waits for its end. Gives back the exit code, the last screen, and everything that was written, escapes and all.
    #[track_caller]
    pub fn ended(mut self) -> (Option<i32>, String, String, Onramp) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.seen.state();
        while !state.over {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{}\ndid not end, but\n{}", self.command, state.screen.screen().contents());
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
        let (screen, raw) = (state.screen.screen().contents(), String::from_utf8_lossy(&state.raw).into_owned());
        drop(state);
        let code = self.child.wait().unwrap().code();
        let onramp = std::mem::replace(&mut self.onramp, Onramp::new(&[]));
        (code, screen, raw, onramp)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Seen {
    /// A test that has failed says so once, not once for each of its threads.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fill(&self, output: &mut File) {
        let mut piece = [0; 4096];
        loop {
            // Once the program is gone, Linux gives an error instead of an end.
            let count = output.read(&mut piece).unwrap_or(0);
            let mut state = self.state();
            state.screen.process(&piece[..count]);
            state.raw.extend_from_slice(&piece[..count]);
            state.over = count == 0;
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }
}

fn nonzero(count: u16) -> std::num::NonZero<u16> {
    count.try_into().unwrap()
}
