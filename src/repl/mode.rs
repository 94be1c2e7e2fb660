//! What a session does with writes: holds them back, sends them, or works in a sandbox. The prompt shows it, and every
//! write is held against it below the script.

use super::ask::Questions;
use crate::{
    session::{Guard, Refusal, Write},
    text,
};
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// What happens to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is not sent.
    Plan,
    /// It is sent at once, to a live workspace.
    Live,
    /// It is sent at once, to an embedded workspace.
    Sandbox,
}

impl Mode {
    /// As `:mode` takes it.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Plan => "plan",
            Mode::Live => "live",
            Mode::Sandbox => "sandbox",
        }
    }

    /// What it means, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Mode::Plan => "plan: writes are planned and not sent; `:plan` shows them, `:apply` sends them",
            Mode::Live => "LIVE: writes are sent at once; `:mode plan` holds them back",
            Mode::Sandbox => "sandbox: writes go to the embedded workspace",
        }
    }
}

/// The mode of a session, which can change between two lines. Clones are the same switch.
#[derive(Clone, Debug)]
pub struct Switch(Arc<AtomicU8>);

impl Switch {
    pub fn new(mode: Mode) -> Switch {
        let switch = Switch(Arc::default());
        switch.set(mode);
        switch
    }

    pub fn set(&self, mode: Mode) {
        self.0.store(mode as u8, Ordering::SeqCst);
    }

    pub fn mode(&self) -> Mode {
        match self.0.load(Ordering::SeqCst) {
            0 => Mode::Plan,
            1 => Mode::Live,
            _ => Mode::Sandbox,
        }
    }
}

/// What holds the writes of a session against its mode. A delete on a live workspace is asked about, unless `yes`.
pub fn guard(switch: &Switch, questions: &Questions, yes: bool) -> Guard {
    let (switch, questions) = (switch.clone(), questions.clone());
    Guard::new(move |write| match switch.mode() {
        Mode::Sandbox => Ok(()),
        Mode::Plan => Err(Refusal {
            message: format!("`{}` was not sent: the session is in plan mode, which sends no write", write.operation),
            hint: "say `:mode live` to send writes at once, or start the session with `--writes`".into(),
        }),
        Mode::Live if write.deletes && !yes => confirmed(write, &questions),
        Mode::Live => Ok(()),
    })
}

fn confirmed(write: &Write<'_>, questions: &Questions) -> Result<(), Refusal> {
    let what = format!("{} {}", write.operation, text::escape_control(&write.ids.join(" ")));
    let message = |why: &str| format!("`{}` was not sent: {why}", write.operation);
    match questions.ask(format!("{what}: delete it from the live workspace? [y/N] ")) {
        Some(true) => Ok(()),
        Some(false) => Err(Refusal {
            message: message("it was not confirmed"),
            hint: "answer `y` to delete, or start the session with `--yes`".into(),
        }),
        None => Err(Refusal {
            message: message("deletes are asked about, and there is nobody to ask"),
            hint: "start the session with `--yes` to delete without a question".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_what_it_was_set_to() {
        let switch = Switch::new(Mode::Plan);
        for mode in [Mode::Live, Mode::Sandbox, Mode::Plan] {
            switch.clone().set(mode);
            assert_eq!(switch.mode(), mode);
            assert!(mode.about().to_lowercase().starts_with(mode.word()));
        }
    }
}
