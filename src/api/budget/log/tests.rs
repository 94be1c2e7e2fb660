//! The log of sends as a function of time: never too many, never idle without need, always small.

use super::*;
use crate::{
    api::budget::own::{STEPS, Terms},
    text::Rate,
};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

fn rate(limit: u32, window: Duration) -> Option<Rate> {
    Some(Rate { limit, window })
}

fn seen(limit: u64, remaining: u64) -> Seen {
    Seen { limit: Some(limit), remaining: Some(remaining), reset_in: None }
}

/// A log and the one process that uses it.
struct One {
    log: Log,
    own: Own,
}

impl One {
    fn new(rate: Option<Rate>, guess: u32) -> One {
        One { log: Log::default(), own: Own::new(Terms { id: 1, rate, guess, interactive: false }) }
    }

    fn room(&mut self, now: Moment) -> Room {
        self.log.room(now, &mut self.own)
    }

    fn left(&self, now: Moment) -> u32 {
        self.log.left(now, &self.own)
    }

    fn start(&mut self, now: Moment) -> Ticket {
        self.log.start(now, &mut self.own)
    }

    fn finish(&mut self, now: Moment, ticket: Ticket, seen: Seen) {
        self.log.finish(now, &mut self.own, ticket, seen);
    }

    fn foreign(&self, now: Moment) -> u32 {
        self.log.foreign.after(Some(now))
    }
}

proptest! {
    /// Wherever between request and answer the server counts, no window of its own ever holds more than the limit; and
    /// nobody waits longer than until the oldest answer is one window old.
    #[test]
    fn no_window_of_the_server_holds_more_than_the_limit(
        limit in 1..20_u32,
        window_ms in 50..5000_u64,
        calls in prop::collection::vec((0..200_u64, 0..300_u64, 0.0..=1.0_f64), 1..200),
    ) {
        let window = window_ms as u32 * MS;
        let mut log = One::new(rate(limit, window), 60);
        let mut now = Moment::ZERO;
        let mut flying: Vec<(Moment, Ticket)> = Vec::new();
        let mut answers: Vec<Moment> = Vec::new();
        let mut counted: Vec<Moment> = Vec::new();
        for (gap, latency, at) in calls {
            let mut until = now + gap as u32 * MS;
            loop {
                flying.sort_by_key(|(end, _)| *end);
                while flying.first().is_some_and(|(end, _)| *end <= until) {
                    let (end, ticket) = flying.remove(0);
                    log.finish(end, ticket, Seen::default());
                    answers.push(end);
                }
                now = until;
                match log.room(now) {
                    Room::Now => break,
                    Room::At(moment) => {
                        let busy = log.log.batch.after(log.own.terms.horizon(now));
                        let oldest = answers[answers.len() - busy as usize];
                        prop_assert!(moment > now && moment <= oldest + window.mul_f64(1.001) + 6 * MS);
                        until = flying.first().map_or(moment, |(end, _)| moment.min(*end));
                    }
                    Room::AfterAnAnswer => until = flying[0].0,
                }
            }
            let latency = latency as u32 * MS;
            flying.push((now + latency, log.start(now)));
            counted.push(now + latency.mul_f64(at));
        }
        counted.sort();
        for pair in counted.windows(limit as usize + 1) {
            prop_assert!(pair[limit as usize] - pair[0] >= window);
        }
    }
}

#[test]
fn tens_of_thousands_of_calls_a_second_leave_a_small_log() {
    let mut log = One::new(None, 60);
    let first = log.start(Moment::ZERO);
    log.finish(Moment::ZERO, first, seen(1_000_000_000, 1_000_000_000));
    for n in 0..3_000_000_u32 {
        let now = n * Duration::from_micros(40);
        assert_eq!(log.room(now), Room::Now);
        let ticket = log.start(now);
        log.finish(now, ticket, seen(1_000_000_000, 1_000_000_000 - u64::from(n.min(1_500_000))));
    }
    let entries = log.log.batch.entries().len();
    assert!(entries <= STEPS as usize + 2, "{entries}");
    let count = log.log.batch.after(None);
    assert!(count > 1_400_000, "they still count: {count}");
}

#[test]
fn headers_set_the_limit_unless_somebody_else_did() {
    let now = Moment::ZERO;
    let mut log = One::new(None, 30);
    assert_eq!(log.left(now), 30);
    let ticket = log.start(now);
    log.finish(now, ticket, seen(600, 599));
    assert_eq!(log.left(now), 599);
    let ticket = log.start(now);
    log.finish(now, ticket, seen(0, 0));
    assert_eq!(log.left(now), 598, "a limit of 0 is a mistake");
    let mut fixed = One::new(rate(10, 6000 * MS), 30);
    let ticket = fixed.start(now);
    fixed.finish(now, ticket, seen(600, 599));
    assert_eq!(fixed.left(now), 9);
}

#[test]
fn what_our_own_log_explains_is_not_foreign() {
    let mut log = One::new(None, 60);
    // Three in flight, answered out of order: each may or may not count the others.
    let (a, b, c) = (log.start(MS), log.start(MS), log.start(MS));
    log.finish(10 * MS, c, seen(60, 57));
    log.finish(20 * MS, a, seen(60, 58));
    log.finish(30 * MS, b, seen(60, 57));
    assert_eq!((log.foreign(30 * MS), log.left(30 * MS)), (0, 57));
    // An answer that was long under way: the server looked before the slots of the others were free again.
    let late = log.start(40 * MS);
    let after = 61_000 * MS;
    assert_eq!(log.room(after), Room::Now);
    log.finish(after, late, seen(60, 56));
    assert_eq!((log.foreign(after), log.left(after)), (0, 59));
}

#[test]
fn foreign_use_is_booked_once_and_until_the_reset_at_the_latest() {
    let mut log = One::new(None, 60);
    for n in 0..3_u32 {
        let ticket = log.start(n * MS);
        let reset_in = Some(Duration::from_secs(20));
        log.finish(n * MS, ticket, Seen { limit: Some(60), remaining: Some(60 - 41 - u64::from(n)), reset_in });
    }
    assert_eq!((log.foreign(3 * MS), log.left(3 * MS)), (40, 17));
    assert_eq!(log.room(20_900 * MS), Room::Now);
    assert_eq!(log.foreign(20_900 * MS), 40);
    let after = 21_100 * MS;
    log.room(after);
    assert_eq!((log.foreign(after), log.left(after)), (0, 57));
    // Without a reset, or with one beyond the window, a window is the bound.
    for reset_in in [None, Some(Duration::from_secs(9000))] {
        let mut log = One::new(None, 60);
        let ticket = log.start(Moment::ZERO);
        log.finish(Moment::ZERO, ticket, Seen { limit: Some(60), remaining: Some(0), reset_in });
        assert_eq!(log.left(Moment::ZERO), 0);
        assert!(matches!(log.room(59_000 * MS), Room::At(_)));
        assert_eq!(log.room(60_100 * MS), Room::Now);
    }
}

#[test]
fn below_the_server_s_limit_others_take_nothing_from_a_fixed_rate() {
    let now = Moment::ZERO;
    let mut log = One::new(rate(10, 60_000 * MS), 60);
    let ticket = log.start(now);
    log.finish(now, ticket, seen(60, 60 - 41));
    assert_eq!(log.left(now), 9, "10 of ours and 40 of others are within 60");
    let ticket = log.start(now);
    log.finish(now, ticket, seen(60, 60 - 57));
    assert_eq!(log.left(now), 3);
}

#[test]
fn a_full_log_waits_for_an_answer_or_for_the_oldest_slot() {
    let mut log = One::new(rate(2, 6000 * MS), 60);
    let (a, b) = (log.start(MS), log.start(MS));
    assert_eq!(log.room(MS), Room::AfterAnAnswer);
    log.finish(10 * MS, a, Seen::default());
    let Room::At(moment) = log.room(11 * MS) else { panic!("there is an oldest slot") };
    assert!(moment >= 6010 * MS && moment < 6020 * MS, "{moment:?}");
    log.log.release(&mut log.own, b);
    assert_eq!((log.room(12 * MS), log.left(12 * MS)), (Room::Now, 1));
}

/// Two processes on one log: what each could start after the first has sent `calls`.
fn beside(first: Option<Rate>, second: Option<Rate>, limit: u64, calls: u32) -> (u32, u32) {
    let mut log = Log::default();
    let own = |id, rate| Own::new(Terms { id, rate, guess: 60, interactive: false });
    let (mut first, second) = (own(1, first), own(2, second));
    for n in 1..=u64::from(calls) {
        let ticket = log.start(MS, &mut first);
        log.finish(MS, &mut first, ticket, seen(limit, limit - n));
    }
    (log.left(2 * MS, &first), log.left(2 * MS, &second))
}

#[test]
fn a_rate_bounds_the_calls_of_its_own_process_and_the_limit_those_of_all() {
    let minute = 60_000 * MS;
    assert_eq!(beside(None, None, 60, 20), (40, 40));
    // As much as the rate allows, and as much as the limit leaves.
    assert_eq!(beside(rate(30, minute), None, 60, 20), (10, 40));
    assert_eq!(beside(None, rate(30, minute), 60, 20), (40, 30));
    assert_eq!(beside(None, rate(30, minute), 60, 50), (10, 10));
    // The same rate, above what the limit allows in so short a window: then it is the limit of all.
    let short = rate(60, 6000 * MS);
    assert_eq!(beside(short, short, 60, 20), (40, 40));
    // A rate above the limit takes its place for this process alone.
    assert_eq!(beside(None, rate(100, minute), 60, 20), (40, 80));
    // One call a second beside 600 a minute: others may use ten of them.
    assert_eq!(beside(None, rate(1, 1000 * MS), 600, 9), (591, 1));
    assert_eq!(beside(None, rate(1, 1000 * MS), 600, 10), (590, 0));
}
