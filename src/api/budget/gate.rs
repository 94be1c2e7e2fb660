//! The gate that a 429 closes for everybody: when it opens, and whether waiting for it has lasted too long. PURE: every
//! function takes `now` and the random number; nothing here waits.

use super::log::Moment;
use crate::api::{retry, settings::Timing};
use std::time::Duration;

/// After the gate opened, a refusal of a call that came this much later begins a new stretch: nobody was waiting.
const IDLE: Duration = Duration::from_secs(1);

/// How one process behaves at the gate.
#[derive(Debug)]
pub struct Manners {
    max_wait: Duration,
    base: Duration,
    cap: Duration,
    jitter: Duration,
}

/// One gate for all callers, those of other processes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    pub(super) opens: Moment,
    /// When the last 429 came.
    pub(super) closed: Moment,
    /// The first 429 since the last other answer.
    pub(super) since: Option<Moment>,
    /// How many came since.
    pub(super) refusals: u32,
}

/// What the gate says to somebody who wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    /// After a stretch of 429s one call goes first; the others wait for its answer.
    OneAtATime,
    /// Closed until then.
    Until(Moment),
    /// Closed for longer than anybody is willing to wait; so long already.
    Blocked(Duration),
}

impl Manners {
    /// Those of a process that waits for `max_wait` at most.
    pub fn new(max_wait: Duration, timing: &Timing) -> Self {
        Manners { max_wait, base: timing.backoff_base, cap: timing.backoff_cap, jitter: timing.gate_jitter }
    }
}

impl Gate {
    /// Whether somebody may send now who has been held up since `held`: what others waited before counts for nobody
    /// else.
    pub fn way(&self, now: Moment, manners: &Manners, held: Moment) -> Way {
        let since = self.since.unwrap_or(self.closed).max(held);
        match self.since {
            _ if now < self.opens && self.opens.saturating_sub(since) > manners.max_wait => {
                Way::Blocked(now.saturating_sub(since))
            }
            _ if now < self.opens => Way::Until(self.opens),
            Some(_) => Way::OneAtATime,
            None => Way::Open,
        }
    }

    /// Whether it is open and nobody has reason to think otherwise.
    pub fn is_at_rest(&self, now: Moment) -> bool {
        self.since.is_none() && self.opens <= now
    }

    /// A 429 came to a call that was sent at `sent`. Closes for `retry_after`, or for our own delay where the server
    /// says nothing or was not satisfied with what it said the last time.
    pub fn refuse(&mut self, now: Moment, sent: Moment, retry_after: Option<Duration>, manners: &Manners, random: f64) {
        if self.since.is_none() || sent > self.opens + IDLE {
            self.since = Some(now);
            self.refusals = 0;
        }
        // Of the many that were in flight together only one counts.
        if self.refusals == 0 || sent >= self.opens {
            self.refusals = self.refusals.saturating_add(1);
        }
        let own = retry::backoff(manners.base, manners.cap, self.refusals, random);
        let wait = match retry_after {
            Some(said) if self.refusals > 1 => said.max(own),
            Some(said) => said,
            None => own.max(manners.base / 2),
        };
        self.closed = now;
        self.opens = self.opens.max(now.saturating_add(wait).saturating_add(manners.jitter.mul_f64(random)));
    }

    /// Another answer came: the stretch is over.
    pub fn pass(&mut self) {
        self.since = None;
        self.refusals = 0;
    }
}
