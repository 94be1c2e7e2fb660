//! Ctrl-C and the signals that mean the same: the first asks to stop, the second ends the process at once, and so does the
//! first where a question waits for its answer.

use crate::{
    error::{Failure, Kind},
    repl::{Activity, Answer},
    stop::{Reason, Stop},
    ui::Ui,
};
use std::time::Instant;

/// The exit code of a process that was stopped at once.
const INTERRUPTED: i32 = 130;

/// Listens from now on. Called once per process.
pub fn listen(stop: &Stop, ui: &Ui) -> Result<(), Failure> {
    let (stop, ui) = (stop.clone(), ui.clone());
    ctrlc::set_handler(move || {
        if stop.asked().is_some() {
            std::process::exit(INTERRUPTED);
        }
        if ui.is_asking() {
            // No answer is none: nothing is in flight before the first write.
            ui.notice("");
            ui.failure(&Failure::new(Kind::Interrupted, "nothing was sent"));
            std::process::exit(INTERRUPTED);
        }
        // Said first, so that it stands before what follows from it.
        ui.notice("stopping after what is in flight; Ctrl-C again stops at once");
        stop.ask(Reason::Interrupt);
    })
    .map_err(|error| Failure::bug(&format!("signals cannot be listened for ({error})")))
}

/// Listens for a session, whose lines are stopped one by one. Called once per process.
pub fn listen_for_lines(stop: &Stop, activity: &Activity) -> Result<(), Failure> {
    let (stop, activity) = (stop.clone(), activity.clone());
    let terminal = Terminal::now();
    ctrlc::set_handler(move || match activity.signalled(Instant::now()) {
        Answer::Stop => stop.ask(Reason::Interrupt),
        Answer::Ignore => {}
        Answer::End => {
            terminal.restore();
            std::process::exit(INTERRUPTED);
        }
    })
    .map_err(|error| Failure::bug(&format!("signals cannot be listened for ({error})")))
}

/// How the terminal was before a line editor changed it.
#[cfg(unix)]
struct Terminal(Option<libc::termios>);

#[cfg(unix)]
impl Terminal {
    fn now() -> Terminal {
        let mut modes = std::mem::MaybeUninit::<libc::termios>::uninit();
        // SAFETY: the pointer leads to memory of the right size, which is read only where the call says it is filled.
        let known = unsafe { libc::tcgetattr(libc::STDIN_FILENO, modes.as_mut_ptr()) } == 0;
        // SAFETY: `tcgetattr` has filled it.
        Terminal(known.then(|| unsafe { modes.assume_init() }))
    }

    fn restore(&self) {
        if let Some(modes) = &self.0 {
            // SAFETY: the modes are those that the system gave for this terminal. Where it fails there is no terminal.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, modes) };
        }
    }
}

/// Elsewhere the system gives the console back by itself.
#[cfg(not(unix))]
struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn now() -> Terminal {
        Terminal
    }
    fn restore(&self) {}
}
