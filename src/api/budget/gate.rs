//! The gate that a 429 closes for everybody: when it opens, and whether waiting for it has lasted too long. PURE: every
//! function takes `now` and the random number; nothing here waits.

use super::log::Moment;
use crate::api::retry;
use std::time::Duration;

/// After the gate opened, a refusal of a call that came this much later begins a new stretch: nobody was waiting.
const IDLE: Duration = Duration::from_secs(1);

/// One gate for all callers.
#[derive(Debug)]
pub struct Gate {
    max_wait: Duration,
    base: Duration,
    cap: Duration,
    jitter: Duration,
    opens: Moment,
    /// When the last 429 came.
    closed: Moment,
    /// The first 429 since the last other answer.
    since: Option<Moment>,
    /// How many came since.
    refusals: u32,
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

impl Gate {
    /// An open gate.
    pub fn new(max_wait: Duration, base: Duration, cap: Duration, jitter: Duration) -> Self {
        let zero = Moment::ZERO;
        Gate { max_wait, base, cap, jitter, opens: zero, closed: zero, since: None, refusals: 0 }
    }

    /// Whether somebody may send now.
    pub fn way(&self, now: Moment) -> Way {
        let since = self.since.unwrap_or(self.closed);
        match self.since {
            _ if now < self.opens && self.opens - since > self.max_wait => Way::Blocked(now - since),
            _ if now < self.opens => Way::Until(self.opens),
            Some(_) => Way::OneAtATime,
            None => Way::Open,
        }
    }

    /// A 429 came to a call that was sent at `sent`. Closes for `retry_after`, or for our own delay where the server
    /// says nothing or was not satisfied with what it said the last time.
    pub fn refuse(&mut self, now: Moment, sent: Moment, retry_after: Option<Duration>, random: f64) {
        if self.since.is_none() || sent > self.opens + IDLE {
            self.since = Some(now);
            self.refusals = 0;
        }
        // Of the many that were in flight together only one counts.
        if self.refusals == 0 || sent >= self.opens {
            self.refusals += 1;
        }
        let own = retry::backoff(self.base, self.cap, self.refusals, random);
        let wait = match retry_after {
            Some(said) if self.refusals > 1 => said.max(own),
            Some(said) => said,
            None => own.max(self.base / 2),
        };
        self.closed = now;
        self.opens = self.opens.max(now + wait + self.jitter.mul_f64(random));
    }

    /// Another answer came: the stretch is over.
    pub fn pass(&mut self) {
        self.since = None;
        self.refusals = 0;
    }
}
