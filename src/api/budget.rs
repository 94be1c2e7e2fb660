//! The rate budget of one process: waiting for a free slot in the log of sends and for the gate that a 429 closes.
//! Callers are served in the order in which they came. Decides nothing about attempts.

mod gate;
mod log;
#[cfg(test)]
mod tests;

pub use log::Seen;

use super::settings::Timing;
use crate::{
    stop::{Reason, Stop},
    text::Rate,
};
use gate::{Gate, Way};
use log::{Log, Moment, Room, Ticket};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// One budget for all callers of a client (design, section 6).
pub struct Budget {
    state: Mutex<State>,
    /// Held by the caller whose turn it is, while it waits; fair, so the others stand in line.
    turn: tokio::sync::Mutex<()>,
    /// Tells the one whose turn it is that the state has changed.
    changed: Notify,
    origin: Instant,
}

struct State {
    log: Log,
    gate: Gate,
}

/// The permission to send one request. Whoever drops it without a word (a cancelled call) leaves its slot booked.
pub struct Pass<'a> {
    budget: &'a Budget,
    /// `None` for a call that does not count.
    ticket: Option<Ticket>,
    counted: bool,
    sent: Moment,
}

/// Why there is no permission.
#[derive(Debug, PartialEq, Eq)]
pub enum Halt {
    /// Somebody asked to stop.
    Stopped(Reason),
    /// Because of 429s nothing can be sent for longer than `--max-wait`; so long already.
    Blocked(Duration),
}

impl Budget {
    /// A budget at `rate`, or at `guess` calls a minute until headers say more.
    pub fn new(rate: Option<Rate>, guess: u32, max_wait: Duration, timing: &Timing) -> Self {
        let gate = Gate::new(max_wait, timing.backoff_base, timing.backoff_cap, timing.gate_jitter);
        Budget {
            state: Mutex::new(State { log: Log::new(rate, guess), gate }),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            origin: Instant::now(),
        }
    }

    /// Waits until one request may be sent.
    ///
    /// A call that does not count (`get_health`) takes no slot and stands in no line. It respects the gate all the
    /// same: a 429 can come from a proxy that limits by address, and then it would only make things worse.
    pub async fn enter(&self, stop: &Stop, counted: bool) -> Result<Pass<'_>, Halt> {
        let _turn = match (counted, self.turn.try_lock()) {
            (false, _) => None,
            (true, Ok(turn)) => Some(turn),
            (true, Err(_)) => tokio::select! {
                biased;
                reason = stop.wait() => return Err(Halt::Stopped(reason)),
                turn = self.turn.lock() => Some(turn),
            },
        };
        loop {
            if let Some(reason) = stop.asked() {
                return Err(Halt::Stopped(reason));
            }
            let wake = match self.admit(counted)? {
                Ok(pass) => return Ok(pass),
                Err(wake) => wake,
            };
            tokio::select! {
                biased;
                reason = stop.wait() => return Err(Halt::Stopped(reason)),
                () = self.changed.notified(), if counted => {}
                () = until(wake.map(|moment| self.origin + moment)) => {}
            }
        }
    }

    /// A pass, or the moment to look again (`None`: after an answer).
    fn admit(&self, counted: bool) -> Result<Result<Pass<'_>, Option<Moment>>, Halt> {
        let now = self.now();
        let mut state = self.state();
        match state.gate.way(now) {
            Way::Blocked(waited) => return Err(Halt::Blocked(waited)),
            Way::Until(moment) => return Ok(Err(Some(moment))),
            Way::OneAtATime if counted && state.log.is_waiting_for_an_answer() => return Ok(Err(None)),
            Way::OneAtATime | Way::Open => {}
        }
        if !counted {
            return Ok(Ok(Pass { budget: self, ticket: None, counted, sent: now }));
        }
        Ok(match state.log.room(now) {
            Room::Now => Ok(Pass { budget: self, ticket: Some(state.log.start()), counted, sent: now }),
            Room::At(moment) => Err(Some(moment)),
            Room::AfterAnAnswer => Err(None),
        })
    }

    /// How many calls would be let through at once.
    pub fn left(&self) -> u32 {
        let now = self.now();
        let mut state = self.state();
        // The look itself lets what is past fall out of the log.
        state.log.room(now);
        state.log.left()
    }

    fn now(&self) -> Moment {
        self.origin.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The functions on the state do not panic; if one did, the log would still be an upper bound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl Pass<'_> {
    /// An answer came that is no 429. Gives the number of calls that could be sent at once.
    pub fn answered(mut self, seen: Seen) -> Option<u32> {
        let now = self.budget.now();
        let mut state = self.budget.state();
        // A call that does not count says nothing about those that do.
        if let Some(ticket) = self.ticket.take() {
            state.gate.pass();
            state.log.finish(now, ticket, seen);
        }
        self.left(&state)
    }

    /// A 429 came: the slot is free again, and everybody waits. Gives the wait, `None` where it is longer than anybody
    /// is willing to wait, and the number of calls that the log has room for.
    pub fn refused(mut self, retry_after: Option<Duration>) -> (Option<Duration>, Option<u32>) {
        let now = self.budget.now();
        let mut state = self.budget.state();
        state.gate.refuse(now, self.sent, retry_after, fastrand::f64());
        if let Some(ticket) = self.ticket.take() {
            state.log.release(ticket);
        }
        let wait = match state.gate.way(now) {
            Way::Blocked(_) => None,
            Way::Until(moment) => Some(moment - now),
            Way::Open | Way::OneAtATime => Some(Duration::ZERO),
        };
        (wait, self.left(&state))
    }

    /// The request never left this machine.
    pub fn unsent(mut self) -> Option<u32> {
        let mut state = self.budget.state();
        if let Some(ticket) = self.ticket.take() {
            state.log.release(ticket);
        }
        self.left(&state)
    }

    /// No answer came, and nobody knows whether the server counted the call.
    pub fn lost(mut self) -> Option<u32> {
        self.book();
        self.left(&self.budget.state())
    }

    fn book(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let now = self.budget.now();
            self.budget.state().log.finish(now, ticket, Seen::default());
        }
    }

    fn left(&self, state: &State) -> Option<u32> {
        self.counted.then(|| state.log.left())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.book();
        if self.counted {
            self.budget.changed.notify_one();
        }
    }
}
