//! The log of sends: how many calls the server may be counting at a moment, and when there is room for one more. PURE:
//! one plain struct, whose every function takes `now`; nothing here waits, so that the state can be shared and tested.

#[cfg(test)]
mod tests;

use crate::text::Rate;
use std::{collections::VecDeque, time::Duration};

/// A point in time, as the span since some fixed origin that all users of one log share.
pub type Moment = Duration;

/// Slots that become free within this fraction of the window become free together. It bounds the log to that many
/// entries at any rate (the sandbox has no limit and takes tens of thousands of calls a second), and costs 15 ms of a
/// minute.
const STEPS: u32 = 4096;

/// The window of the service (API notes, "Rate limits").
const WINDOW: Duration = Duration::from_secs(60);

/// The calls of the last window, our own and those of others with the same key.
#[derive(Debug)]
pub struct Log {
    window: Duration,
    limit: u32,
    /// `--rate` was given: headers change neither limit nor window.
    fixed: bool,
    /// By how much the server's limit exceeds a fixed one: so many calls of others take nothing from ours.
    slack: u32,
    in_flight: u32,
    own: Booked,
    foreign: Booked,
    /// How many calls were started and foreign ones booked, ever.
    total: u64,
}

/// Slots that are busy until a moment, the next to be free first.
#[derive(Debug, Default)]
struct Booked {
    entries: VecDeque<(Moment, u32)>,
    count: u32,
}

/// A call in flight.
#[derive(Debug)]
pub struct Ticket {
    /// How many calls the server may have been counting when this one was started, itself included.
    busy: u64,
    total: u64,
}

/// Whether there is room for one more call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Now,
    /// Not before this moment.
    At(Moment),
    /// All slots are in flight: when one of them is answered, look again.
    AfterAnAnswer,
}

/// What an answer's headers say about the rate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// How long after the answer the server's window is over, by the server's own clock.
    pub reset_in: Option<Duration>,
}

impl Booked {
    fn expire(&mut self, now: Moment) {
        while let Some((_, count)) = self.entries.pop_front_if(|(until, _)| *until <= now) {
            self.count -= count;
        }
    }

    fn book(&mut self, until: Moment, count: u32) {
        let at = self.entries.partition_point(|(known, _)| *known < until);
        match self.entries.get_mut(at) {
            Some((known, there)) if *known == until => *there = there.saturating_add(count),
            _ => self.entries.insert(at, (until, count)),
        }
        self.count = self.count.saturating_add(count);
    }

    fn next(&self) -> Option<Moment> {
        self.entries.front().map(|(until, _)| *until)
    }
}

impl Log {
    /// An empty log: with the rate that somebody set, or with a first guess that headers correct.
    pub fn new(rate: Option<Rate>, guess: u32) -> Self {
        Log {
            window: rate.map_or(WINDOW, |rate| rate.window),
            limit: rate.map_or(guess, |rate| rate.limit),
            fixed: rate.is_some(),
            slack: 0,
            in_flight: 0,
            own: Booked::default(),
            foreign: Booked::default(),
            total: 0,
        }
    }

    /// The rate that it keeps to at present.
    pub fn rate(&self) -> Rate {
        Rate { limit: self.limit, window: self.window }
    }

    /// Whether a call may start now.
    pub fn room(&mut self, now: Moment) -> Room {
        self.own.expire(now);
        self.foreign.expire(now);
        if self.left() > 0 {
            return Room::Now;
        }
        match self.own.next().into_iter().chain(self.foreign.next()).min() {
            Some(moment) => Room::At(moment),
            None => Room::AfterAnAnswer,
        }
    }

    /// How many calls could start at once, as of the last look.
    pub fn left(&self) -> u32 {
        let foreign = self.foreign.count.saturating_sub(self.slack);
        self.limit.saturating_sub(self.in_flight.saturating_add(self.own.count).saturating_add(foreign))
    }

    /// Whether a call is in flight.
    pub fn is_waiting_for_an_answer(&self) -> bool {
        self.in_flight > 0
    }

    /// A call starts.
    pub fn start(&mut self) -> Ticket {
        self.in_flight += 1;
        self.total += 1;
        let busy = u64::from(self.in_flight) + u64::from(self.own.count) + u64::from(self.foreign.count);
        Ticket { busy, total: self.total }
    }

    /// Its answer came, or nobody knows whether the server counted it: the slot stays busy for a window from now.
    pub fn finish(&mut self, now: Moment, ticket: Ticket, seen: Seen) {
        self.in_flight -= 1;
        let until = self.step(now + self.window + self.margin());
        self.own.book(until, 1);
        self.learn(now, &ticket, seen);
    }

    /// The server did not count it.
    pub fn release(&mut self, _: Ticket) {
        self.in_flight -= 1;
    }

    /// Takes over the limit, and books what the server counts beyond the calls that we know of.
    fn learn(&mut self, now: Moment, ticket: &Ticket, seen: Seen) {
        let Some(limit) = seen.limit.filter(|limit| *limit > 0).map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
        else {
            return;
        };
        if self.fixed {
            self.slack = limit.saturating_sub(self.limit);
        } else {
            self.limit = limit;
        }
        let Some(remaining) = seen.remaining else { return };
        // The server looked at some moment while the call was in flight. What it counted of ours was busy when the call
        // started or was started since.
        let explained = ticket.busy + (self.total - ticket.total);
        let foreign = u64::from(limit).saturating_sub(remaining).saturating_sub(explained);
        if let Some(foreign) = u32::try_from(foreign).ok().filter(|foreign| *foreign > 0) {
            let reset = seen.reset_in.map_or(self.window, |reset| reset + Duration::from_secs(1));
            self.foreign.book(self.step(now + reset.min(self.window)), foreign);
            self.total += u64::from(foreign);
        }
    }

    /// So that neither a clock's granularity nor its drift turns an exact fit into a 429.
    fn margin(&self) -> Duration {
        Duration::from_millis(5) + self.window / 10_000
    }

    /// The end of the step that `moment` lies in.
    fn step(&self, moment: Moment) -> Moment {
        let step = (self.window / STEPS).as_nanos().max(1);
        let nanos = moment.as_nanos().div_ceil(step) * step;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
