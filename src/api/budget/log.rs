//! The log of sends: how many calls the server may be counting at a moment, and when there is room for one more. PURE:
//! one plain struct, whose every function takes `now` and the process that asks; nothing here waits, so that the log can
//! be shared and tested.

#[cfg(test)]
mod tests;

use super::{
    booked::Booked,
    own::{Own, WINDOW},
};
use crate::text::Rate;
use std::time::Duration;

/// A point in time, as the span since some fixed origin that all users of one log share.
pub type Moment = Duration;

/// A limit above this is no bound for the processes of one machine: a thousand calls a second.
const ROOMY: u32 = 60_000;

/// The calls of the last window: of all processes that share the log, and of others with the same key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The server's limit, once an answer told it.
    pub(super) limit: Option<u32>,
    /// When the answers came: to processes that nobody sits in front of,
    pub(super) batch: Booked,
    /// and to interactive ones.
    pub(super) by_hand: Booked,
    /// Until when the calls of others count.
    pub(super) foreign: Booked,
    /// How many calls were started and foreign ones booked, ever.
    pub(super) total: u64,
    pub(super) members: Vec<Member>,
}

/// A process that shares the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: u64,
    pub in_flight: u32,
    /// How long after its answer it counts a call.
    pub hold: Duration,
    pub interactive: bool,
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

impl Log {
    /// The rate that `own` keeps to at present.
    pub fn rate(&self, own: &Own) -> Rate {
        let terms = &own.terms;
        Rate { limit: terms.rate.map_or(self.limit.unwrap_or(terms.guess), |rate| rate.limit), window: terms.window() }
    }

    /// Whether `own` may start a call now.
    pub fn room(&mut self, now: Moment, own: &mut Own) -> Room {
        self.expire(now, own);
        if self.left(now, own) > 0 {
            return Room::Now;
        }
        let (horizon, hold) = (own.terms.horizon(now), own.terms.hold());
        let answers = if own.left(now) == 0 { vec![&own.answered] } else { vec![&self.batch, &self.by_hand] };
        let freed = answers.into_iter().filter_map(|booked| booked.first_after(horizon)).map(|at| at + hold);
        let foreign = self.foreign.first_after(Some(now)).filter(|_| own.left(now) > 0);
        freed.chain(foreign).min().map_or(Room::AfterAnAnswer, Room::At)
    }

    /// How many calls `own` could start at once. Three bounds hold: its own rate for its own calls; for those of all
    /// processes the server's limit, as much of it as falls into the window; for these and the foreign ones the limit.
    /// A rate above the server's limit takes its place.
    pub fn left(&self, now: Moment, own: &Own) -> u32 {
        let terms = &own.terms;
        let rate = terms.rate.map_or(0, |rate| rate.limit);
        let limit = self.limit.unwrap_or(if rate > 0 { rate } else { terms.guess });
        let part = u128::from(limit) * terms.window().as_nanos() / WINDOW.as_nanos();
        let part = u32::try_from(part).unwrap_or(u32::MAX);
        let by_hand = self.by_hand.after(terms.horizon(now)).saturating_add(self.in_flight(Some(true)));
        let batch = self.batch.after(terms.horizon(now)).saturating_add(self.in_flight(Some(false)));
        let all = by_hand.saturating_add(batch);
        let foreign = self.foreign.after(Some(now));
        let kept = |limit: u32| if self.leaves_a_tenth(own) { tenth(limit).saturating_sub(by_hand) } else { 0 };
        let free = |limit: u32, busy: u32| limit.saturating_sub(busy).saturating_sub(kept(limit));
        own.left(now).min(free(part.max(rate), all)).min(free(limit.max(rate), all.saturating_add(foreign)))
    }

    /// Whether some call is in flight.
    pub fn is_waiting_for_an_answer(&self) -> bool {
        self.in_flight(None) > 0
    }

    /// Whether the limit is so large that processes need not tell each other what they send.
    pub fn is_roomy(&self) -> bool {
        self.limit.is_some_and(|limit| limit > ROOMY)
    }

    /// A call starts.
    pub fn start(&mut self, now: Moment, own: &mut Own) -> Ticket {
        own.in_flight += 1;
        self.sign(own, own.in_flight);
        self.total = self.total.saturating_add(1);
        let horizon = own.terms.horizon(now);
        let busy = [self.in_flight(None), self.batch.after(horizon), self.by_hand.after(horizon)];
        let foreign = self.foreign.after(Some(now));
        Ticket { busy: busy.into_iter().chain([foreign]).map(u64::from).sum(), total: self.total }
    }

    /// Its answer came, or nobody knows whether the server counted it: the slot stays busy for a window from now.
    pub fn finish(&mut self, now: Moment, own: &mut Own, ticket: Ticket, seen: Seen) {
        self.end(own);
        own.answered(now);
        let at = own.terms.step(now);
        if own.terms.interactive { &mut self.by_hand } else { &mut self.batch }.book(at, 1);
        self.learn(now, own, &ticket, seen);
    }

    /// The server did not count the call.
    pub fn release(&mut self, own: &mut Own, _: Ticket) {
        self.end(own);
    }

    /// Enters a process among the members, or what it has in flight now.
    pub fn sign(&mut self, own: &Own, in_flight: u32) {
        let (id, hold) = (own.terms.id, own.terms.hold());
        match self.members.iter_mut().find(|member| member.id == id) {
            Some(member) => member.in_flight = in_flight,
            None => self.members.push(Member { id, in_flight, hold, interactive: own.terms.interactive }),
        }
    }

    /// Strikes out the members that `lives` does not know. The server may have counted what they had in flight as late
    /// as now.
    pub fn roll_call(&mut self, now: Moment, lives: impl Fn(u64) -> bool) {
        let (batch, by_hand) = (&mut self.batch, &mut self.by_hand);
        self.members.retain(|member| {
            let stays = lives(member.id);
            if !stays && member.in_flight > 0 {
                if member.interactive { &mut *by_hand } else { &mut *batch }.book(now, member.in_flight);
            }
            stays
        });
    }

    /// Forgets what nobody counts any more.
    pub fn expire(&mut self, now: Moment, own: &mut Own) {
        own.expire(now);
        let hold = self.members.iter().map(|member| member.hold).fold(own.terms.hold(), Duration::max);
        if let Some(horizon) = now.checked_sub(hold) {
            self.batch.forget(horizon);
            self.by_hand.forget(horizon);
        }
        self.foreign.forget(now);
    }

    /// Whether nobody uses it, and nothing in it counts any more.
    pub fn is_deserted(&self) -> bool {
        let booked = [&self.batch, &self.by_hand, &self.foreign];
        self.members.is_empty() && booked.iter().all(|booked| booked.last().is_none())
    }

    fn end(&mut self, own: &mut Own) {
        own.in_flight -= 1;
        self.sign(own, own.in_flight);
    }

    fn in_flight(&self, interactive: Option<bool>) -> u32 {
        let members = self.members.iter().filter(|member| interactive.is_none_or(|kind| member.interactive == kind));
        members.fold(0, |sum, member| sum.saturating_add(member.in_flight))
    }

    fn leaves_a_tenth(&self, own: &Own) -> bool {
        !own.terms.interactive && self.members.iter().any(|member| member.interactive)
    }

    /// Takes over the limit, and books what the server counts beyond the calls that we know of.
    fn learn(&mut self, now: Moment, own: &Own, ticket: &Ticket, seen: Seen) {
        let Some(limit) = seen.limit.filter(|limit| *limit > 0).map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
        else {
            return;
        };
        self.limit = Some(limit);
        let Some(remaining) = seen.remaining else { return };
        // The server looked at some moment while the call was in flight. What it counted of ours was busy when the call
        // started or was started since. A log that was lost meanwhile begins its count anew.
        let explained = ticket.busy.saturating_add(self.total.saturating_sub(ticket.total));
        let foreign = u64::from(limit).saturating_sub(remaining).saturating_sub(explained);
        if let Some(foreign) = u32::try_from(foreign).ok().filter(|foreign| *foreign > 0) {
            let window = own.terms.window();
            let reset = seen.reset_in.map_or(window, |reset| reset + Duration::from_secs(1));
            self.foreign.book(own.terms.step(now + reset.min(window)), foreign);
            self.total = self.total.saturating_add(u64::from(foreign));
        }
    }
}

/// What an interactive session is left. Of a limit of 1 nothing can be left.
fn tenth(limit: u32) -> u32 {
    limit.div_ceil(10).min(limit.saturating_sub(1))
}
