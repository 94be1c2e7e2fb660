//! What concerns one process alone: on which terms it sends, and which of the calls are its own. PURE.

use super::{booked::Booked, log::Moment};
use crate::text::Rate;
use std::time::Duration;

/// The window of the service (API notes, "Rate limits").
pub const WINDOW: Duration = Duration::from_secs(60);

/// Slots that become free within this fraction of the window become free together. It bounds the log to that many
/// entries at any rate (the sandbox has no limit and takes tens of thousands of calls a second, and processes that share
/// a log read and write it with each call), and costs 60 ms of a minute.
pub const STEPS: u32 = 1024;

/// On which terms a process sends.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Tells it from the others that share the log.
    pub id: u64,
    /// `--rate`: bounds its own calls, and headers change nothing about it.
    pub rate: Option<Rate>,
    /// The limit until headers say more.
    pub guess: u32,
    /// Somebody sits in front of it: the others leave it a tenth of the limit.
    pub interactive: bool,
}

/// One process: its terms and its calls.
#[derive(Debug)]
pub struct Own {
    pub terms: Terms,
    pub in_flight: u32,
    /// When its answers came. Kept only with a rate, which alone asks for it.
    pub answered: Booked,
}

impl Terms {
    /// The time within which calls are counted.
    pub fn window(&self) -> Duration {
        self.rate.map_or(WINDOW, |rate| rate.window)
    }

    /// How long after its answer a call keeps its slot: the window, and a little more so that neither a clock's
    /// granularity nor its drift turns an exact fit into a 429.
    pub fn hold(&self) -> Duration {
        self.window() + Duration::from_millis(5) + self.window() / 10_000
    }

    /// The answers after this moment still keep their slots; `None`: all of them do.
    pub fn horizon(&self, now: Moment) -> Option<Moment> {
        now.checked_sub(self.hold())
    }

    /// The end of the step that `moment` lies in.
    pub fn step(&self, moment: Moment) -> Moment {
        let step = (self.window() / STEPS).as_nanos().max(1);
        let nanos = moment.as_nanos().div_ceil(step) * step;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Own {
    /// A process that has sent nothing.
    pub fn new(terms: Terms) -> Own {
        Own { terms, in_flight: 0, answered: Booked::default() }
    }

    /// How many calls more its own rate allows; no end of them where it has none.
    pub fn left(&self, now: Moment) -> u32 {
        let Some(rate) = self.terms.rate else { return u32::MAX };
        rate.limit.saturating_sub(self.in_flight).saturating_sub(self.answered.after(self.terms.horizon(now)))
    }

    /// An answer came.
    pub fn answered(&mut self, now: Moment) {
        if self.terms.rate.is_some() {
            self.answered.book(self.terms.step(now), 1);
        }
    }

    /// Forgets what keeps no slot any more.
    pub fn expire(&mut self, now: Moment) {
        if let Some(horizon) = self.terms.horizon(now) {
            self.answered.forget(horizon);
        }
    }
}
