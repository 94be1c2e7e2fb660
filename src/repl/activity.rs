//! What the session is at, for whoever gets its signals: reading a line, running one, or in between. Stops nothing itself.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

/// A second Ctrl-C that comes sooner than this belongs to the first one.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// What to do about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The line that runs is to be stopped.
    Stop,
    /// Nothing: what it was meant for has just ended.
    Ignore,
    /// The process is to end at once.
    End,
}

const BETWEEN: u8 = 0;
const READING: u8 = 1;
const RUNNING: u8 = 2;

/// Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<(AtomicU8, Mutex<Option<Instant>>)>);

/// Ends a phase when it is dropped.
pub struct Phase(Activity, u8);

impl Drop for Phase {
    fn drop(&mut self) {
        self.0.0.0.store(self.1, Ordering::SeqCst);
    }
}

impl Activity {
    /// A line is being read: Ctrl-C is a key of the editor, and other signals end the process.
    pub fn reading(&self) -> Phase {
        Phase(self.clone(), self.0.0.swap(READING, Ordering::SeqCst))
    }

    /// A line runs.
    pub fn running(&self) -> Phase {
        *self.0.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        Phase(self.clone(), self.0.0.swap(RUNNING, Ordering::SeqCst))
    }

    /// A signal has come at this instant.
    pub fn signalled(&self, now: Instant) -> Answer {
        match self.0.0.load(Ordering::SeqCst) {
            READING => Answer::End,
            BETWEEN => Answer::Ignore,
            _ => {
                let mut first = self.0.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match *first {
                    None => {
                        *first = Some(now);
                        Answer::Stop
                    }
                    Some(first) if now.saturating_duration_since(first) < IMPATIENCE => Answer::Ignore,
                    Some(_) => Answer::End,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_stops_what_runs_and_a_later_one_ends_everything() {
        let activity = Activity::default();
        let now = Instant::now();
        assert_eq!(activity.signalled(now), Answer::Ignore);
        {
            let _running = activity.running();
            assert_eq!(activity.signalled(now), Answer::Stop);
            assert_eq!(activity.signalled(now + IMPATIENCE / 2), Answer::Ignore);
            {
                let _question = activity.reading();
                assert_eq!(activity.signalled(now), Answer::End);
            }
            assert_eq!(activity.signalled(now + IMPATIENCE), Answer::End);
        }
        assert_eq!(activity.signalled(now), Answer::Ignore);
        let _again = activity.running();
        assert_eq!(activity.signalled(now), Answer::Stop);
    }
}
