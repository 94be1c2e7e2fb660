//! The rate budget: waiting for a free slot in the log of sends and for the gate that a 429 closes, both of them shared
//! with the other processes that use the key. The callers of one process are served in the order in which they came.
//! Decides nothing about attempts.

mod book;
mod booked;
mod gate;
mod log;
#[cfg(test)]
mod model;
mod own;
mod share;
#[cfg(test)]
mod tests;

pub use book::FORMAT;
pub use log::Seen;
pub use share::{Ledger, Share, Unshared};

use super::settings::Timing;
use crate::{
    stop::{Reason, Stop},
    text::Rate,
};
use gate::{Manners, Way};
use log::{Moment, Room, Ticket};
use own::Terms;
use share::Desk;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// The longest of all waits without another look.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One budget for all callers of a client (design, section 6).
pub struct Budget {
    state: Mutex<State>,
    /// Held by the caller whose turn it is, while it waits; fair, so the others stand in line.
    turn: tokio::sync::Mutex<()>,
    /// Tells the one whose turn it is that the state has changed.
    changed: Notify,
    manners: Manners,
    clock: Clock,
    /// The longest wait without another look at what other processes do.
    poll: Duration,
}

struct State {
    desk: Desk,
    /// Since when the gate has held up this process.
    held: Option<Moment>,
    /// When there is room again for the one whose turn it is, while there is none.
    room_at: Option<Moment>,
}

/// Where moments come from.
enum Clock {
    Own(Instant),
    Shared(Arc<dyn Ledger>),
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
    /// A budget at `rate`, or at `guess` calls a minute until headers say more; shared with others, or for this process
    /// alone.
    pub fn new(rate: Option<Rate>, guess: u32, max_wait: Duration, timing: &Timing, share: Option<Share>) -> Self {
        let interactive = share.as_ref().is_some_and(|share| share.interactive);
        let ledger = share.map(|share| share.ledger);
        let terms = Terms { id: ledger.as_ref().map_or(0, |ledger| ledger.id()), rate, guess, interactive };
        let poll = (terms.window() / 50).clamp(Duration::from_millis(10), Duration::from_secs(1));
        Budget {
            state: Mutex::new(State { desk: Desk::new(terms, ledger.clone()), held: None, room_at: None }),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            manners: Manners::new(max_wait, timing),
            clock: ledger.map_or_else(|| Clock::Own(Instant::now()), Clock::Shared),
            poll,
        }
    }

    /// The rate that it keeps to at present.
    pub fn rate(&self) -> Rate {
        let now = self.now();
        self.state().desk.with(now, false, |book, own| book.log.rate(own))
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
                () = until(wake) => {}
            }
        }
    }

    /// A pass, or when to look again (`None`: after an answer).
    fn admit(&self, counted: bool) -> Result<Result<Pass<'_>, Option<Instant>>, Halt> {
        let now = self.now();
        let mut state = self.state();
        let State { desk, held, room_at } = &mut *state;
        let mut full_until = None;
        let looked = desk.with(now, false, |book, own| {
            match book.gate.way(now, &self.manners, held.unwrap_or(now)) {
                Way::Open => *held = None,
                Way::OneAtATime if !counted || !book.log.is_waiting_for_an_answer() => {}
                Way::OneAtATime => return Ok(Err(None)),
                Way::Until(moment) => {
                    held.get_or_insert(now);
                    return Ok(Err(Some(moment)));
                }
                Way::Blocked(waited) => return Err(Halt::Blocked(waited)),
            }
            if !counted {
                return Ok(Ok(None));
            }
            Ok(match book.log.room(now, own) {
                Room::Now => Ok(Some(book.log.start(now, own))),
                Room::At(moment) => {
                    full_until = Some(moment);
                    Err(Some(moment))
                }
                Room::AfterAnAnswer => Err(None),
            })
        })?;
        if counted {
            *room_at = full_until;
        }
        let poll = desk.is_shared().then_some(self.poll);
        let in_time = |moment: Moment| Instant::now() + moment.saturating_sub(now).min(poll.unwrap_or(DAY));
        Ok(match looked {
            Ok(ticket) => Ok(Pass { budget: self, ticket, counted, sent: now }),
            Err(wake) => Err(wake.or_else(|| poll.map(|poll| now + poll)).map(in_time)),
        })
    }

    /// How long nobody can send anything from here, because the rate is used up; `None` where nobody waits for that.
    pub fn wait(&self) -> Option<Duration> {
        let room_at = self.state().room_at?;
        room_at.checked_sub(self.now()).filter(|wait| !wait.is_zero())
    }

    /// How many calls would be let through at once.
    pub fn left(&self) -> u32 {
        let now = self.now();
        self.state().desk.left(now)
    }

    fn now(&self) -> Moment {
        match &self.clock {
            Clock::Own(origin) => origin.elapsed(),
            Clock::Shared(ledger) => ledger.now(),
        }
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
            state.desk.with(now, false, |book, own| {
                book.gate.pass();
                book.log.finish(now, own, ticket, seen);
            });
        }
        self.left(&state, now)
    }

    /// A 429 came: the slot is free again, and everybody waits. Gives the wait, `None` where it is longer than anybody
    /// is willing to wait, and the number of calls that the log has room for.
    pub fn refused(mut self, retry_after: Option<Duration>) -> (Option<Duration>, Option<u32>) {
        let now = self.budget.now();
        let mut state = self.budget.state();
        let held = *state.held.get_or_insert(now);
        let (ticket, manners) = (self.ticket.take(), &self.budget.manners);
        let way = state.desk.with(now, true, |book, own| {
            book.gate.refuse(now, self.sent, retry_after, manners, fastrand::f64());
            if let Some(ticket) = ticket {
                book.log.release(own, ticket);
            }
            book.gate.way(now, manners, held)
        });
        let wait = match way {
            Way::Blocked(_) => None,
            Way::Until(moment) => Some(moment - now),
            Way::Open | Way::OneAtATime => Some(Duration::ZERO),
        };
        (wait, self.left(&state, now))
    }

    /// The request never left this machine.
    pub fn unsent(mut self) -> Option<u32> {
        let now = self.budget.now();
        let mut state = self.budget.state();
        if let Some(ticket) = self.ticket.take() {
            state.desk.with(now, false, |book, own| book.log.release(own, ticket));
        }
        self.left(&state, now)
    }

    /// No answer came, and nobody knows whether the server counted the call.
    pub fn lost(mut self) -> Option<u32> {
        self.book();
        self.left(&self.budget.state(), self.budget.now())
    }

    fn book(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let now = self.budget.now();
            self.budget.state().desk.with(now, false, |book, own| book.log.finish(now, own, ticket, Seen::default()));
        }
    }

    fn left(&self, state: &State, now: Moment) -> Option<u32> {
        self.counted.then(|| state.desk.left(now))
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
