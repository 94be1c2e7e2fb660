//! The request to stop: one flag that whoever waits or works looks at. It only says that somebody asked and why; what
//! is finished first and what is dropped is decided by those who look.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};
use tokio::sync::watch;

/// Why a run is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Ctrl-C, or the signals that mean the same.
    Interrupt,
    /// Nobody reads standard output any more.
    OutputClosed,
    /// The time for the whole run is over.
    Timeout,
    /// Somebody had the run cancelled, from another terminal.
    Cancelled,
    /// As many rows as were wanted for a first look are done.
    Enough,
}

/// A flag shared by everything that belongs to one run. Clones are the same flag.
#[derive(Clone, Debug)]
pub struct Stop {
    // Read at every step of a script, so it costs one relaxed load; the channel wakes those who wait.
    flag: Arc<AtomicU8>,
    wake: Arc<watch::Sender<()>>,
}

impl Default for Stop {
    fn default() -> Self {
        Stop { flag: Arc::new(AtomicU8::new(0)), wake: Arc::new(watch::Sender::new(())) }
    }
}

impl Stop {
    /// Asks to stop. The first reason stays.
    pub fn ask(&self, reason: Reason) {
        let code = match reason {
            Reason::Interrupt => 1,
            Reason::OutputClosed => 2,
            Reason::Timeout => 3,
            Reason::Cancelled => 4,
            Reason::Enough => 5,
        };
        let _ = self.flag.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        self.wake.send_replace(());
    }

    /// Takes the request back, for a session whose next line is a work of its own. Not where nobody reads standard output
    /// any more: that stays so.
    pub fn take_back(&self) {
        let (closed, none) = (2, 0);
        let _ = self.flag.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |code| (code != closed).then_some(none));
    }

    /// The reason, if somebody asked.
    pub fn asked(&self) -> Option<Reason> {
        match self.flag.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Reason::Interrupt),
            2 => Some(Reason::OutputClosed),
            3 => Some(Reason::Timeout),
            4 => Some(Reason::Cancelled),
            _ => Some(Reason::Enough),
        }
    }

    /// Resolves once somebody asks; at once if somebody has.
    pub async fn wait(&self) -> Reason {
        let mut wake = self.wake.subscribe();
        loop {
            if let Some(reason) = self.asked() {
                return reason;
            }
            // The sender lives as long as `self`, so this fails never; and if it did, the flag decides.
            if wake.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiters_wake_and_the_first_reason_stays() {
        let stop = Stop::default();
        assert_eq!(stop.asked(), None);
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.wait().await }
        });
        stop.ask(Reason::OutputClosed);
        stop.ask(Reason::Interrupt);
        assert_eq!(waiting.await.unwrap(), Reason::OutputClosed);
        assert_eq!(stop.wait().await, Reason::OutputClosed);
    }

    #[test]
    fn a_request_can_be_taken_back_unless_the_output_is_gone() {
        let stop = Stop::default();
        for reason in [Reason::Interrupt, Reason::Timeout] {
            stop.ask(reason);
            stop.take_back();
            assert_eq!(stop.asked(), None);
        }
        stop.ask(Reason::OutputClosed);
        stop.take_back();
        assert_eq!(stop.asked(), Some(Reason::OutputClosed));
    }
}
