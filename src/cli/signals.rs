//! Ctrl-C and the signals that mean the same: the first asks to stop, the second ends the process at once.

use crate::{
    error::Failure,
    stop::{Reason, Stop},
    ui::Ui,
};

/// The exit code of a process that was stopped at once.
const INTERRUPTED: i32 = 130;

/// Listens from now on. Called once per process.
pub fn listen(stop: &Stop, ui: &Ui) -> Result<(), Failure> {
    let (stop, ui) = (stop.clone(), ui.clone());
    ctrlc::set_handler(move || {
        if stop.asked().is_some() {
            std::process::exit(INTERRUPTED);
        }
        // Said first, so that it stands before what follows from it.
        ui.notice("stopping after what is in flight; Ctrl-C again stops at once");
        stop.ask(Reason::Interrupt);
    })
    .map_err(|error| Failure::bug(&format!("signals cannot be listened for ({error})")))
}
