//! Ctrl-C and the signals that mean the same: the first asks to stop, the second ends the process at once, and so does the
//! first where a question waits for its answer.

use crate::{
    error::{Failure, Kind},
    repl::{Activity, Answer},
    run::Kept,
    stop::{Reason, Stop},
    ui::Ui,
};
use std::{
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

/// The exit code of a process that was stopped at once.
const INTERRUPTED: i32 = 130;

/// So long a process that is stopped at once waits for its own last words: somebody may not read them.
const WORDS: Duration = Duration::from_millis(200);

/// What a process that is stopped at once says of the way on.
#[derive(Clone, Default)]
pub struct LastWords(Arc<OnceLock<Kept>>);

impl LastWords {
    /// They are about this run, which can be resumed.
    pub fn are_about(&self, run: &Kept) {
        // A process has one run.
        let _ = self.0.set(run.clone());
    }

    fn say(&self, ui: &Ui) {
        let Some(run) = self.0.get().cloned() else { return };
        let (ui, (said, heard)) = (ui.clone(), mpsc::channel());
        let say = move || {
            run.while_open(|| {
                let failure = Failure::new(Kind::Interrupted, "stopped at once").hint(format!(
                    "`onramp resume {}` goes on where it stopped, and finds out what became of what was in flight",
                    run.id()
                ));
                ui.last_words(&failure);
                // Nobody waits any more where it took too long.
                let _ = said.send(());
                // Until the process is gone, or else the run could still come to an end.
                loop {
                    thread::park();
                }
            });
        };
        // Where there is no thread to spare, or nothing to say, the end comes without words.
        if thread::Builder::new().name("last words".into()).spawn(say).is_ok() {
            let _ = heard.recv_timeout(WORDS);
        }
    }
}

/// Listens from now on. Called once per process.
pub fn listen(stop: &Stop, ui: &Ui) -> Result<LastWords, Failure> {
    let (stop, ui, words) = (stop.clone(), ui.clone(), LastWords::default());
    let last = words.clone();
    ctrlc::set_handler(move || {
        if stop.asked().is_some() {
            last.say(&ui);
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
    .map_err(|error| Failure::bug(&format!("signals cannot be listened for ({error})")))?;
    Ok(words)
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
