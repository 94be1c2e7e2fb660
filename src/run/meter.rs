//! How fast a run is, from a few looks at its counts: for those who watch it. Pure; the time is handed in.

use crate::{
    session::{Stage, Standing},
    text::Rate,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The stretch of time that a speed is about.
const STRETCH: Duration = Duration::from_secs(60);

/// Looks at a run's counts now and then.
#[derive(Debug)]
pub struct Meter {
    /// Requests at earlier looks, none older than needed for a minute.
    looks: VecDeque<(Instant, u64)>,
    /// The bulk call at its first look, and the requests by then.
    bulk: Option<(Stage, Instant, u64)>,
}

impl Meter {
    pub fn new(now: Instant) -> Meter {
        Meter { looks: VecDeque::from([(now, 0)]), bulk: None }
    }

    /// What is to be said of a run that has sent so many requests, is at this bulk call, and keeps to this rate.
    pub fn look(&mut self, now: Instant, requests: u64, bulk: Option<Stage>, rate: Option<Rate>) -> Standing {
        self.looks.push_back((now, requests));
        while self.looks.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= STRETCH) {
            self.looks.pop_front();
        }
        let seconds_left = bulk.as_ref().and_then(|bulk| self.left(now, requests, bulk, rate));
        if bulk.is_none() {
            self.bulk = None;
        }
        Standing {
            paused: false,
            bulk,
            requests_per_minute: self.looks.front().and_then(|(at, before)| {
                let span = now.duration_since(*at).as_secs_f64();
                (span >= 1.0).then(|| ((requests - before) as f64 * 60.0 / span).round() as u64)
            }),
            limit_per_minute: rate.map(|rate| per_minute(rate).round() as u64),
            seconds_left: seconds_left.map(|left| left.ceil() as u64),
        }
    }

    /// Seconds until the bulk call is done: by its speed so far, and no sooner than the budget allows.
    fn left(&mut self, now: Instant, requests: u64, bulk: &Stage, rate: Option<Rate>) -> Option<f64> {
        let same = |(first, ..): &(Stage, Instant, u64)| {
            first.operation == bulk.operation && first.total == bulk.total && first.done <= bulk.done
        };
        let begun = self.bulk.take().filter(same).unwrap_or_else(|| (bulk.clone(), now, requests));
        let (first, at, before) = &begun;
        let (done, span) = (bulk.done - first.done, now.duration_since(*at).as_secs_f64());
        let open = bulk.total?.checked_sub(bulk.done)? as f64;
        let left = (done > 0).then(|| {
            let sent = (requests - before) as f64 / done as f64;
            let budget = rate.map_or(0.0, |rate| open * sent * 60.0 / per_minute(rate));
            (open * span / done as f64).max(budget)
        });
        self.bulk = Some(begun);
        left
    }
}

fn per_minute(rate: Rate) -> f64 {
    f64::from(rate.limit) * 60.0 / rate.window.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(done: u64) -> Option<Stage> {
        let operation = "update_customer".to_string();
        Some(Stage { operation, done, total: Some(1000), changed: done, unchanged: 0, skipped: 0, failed: 0 })
    }

    #[test]
    fn the_time_left_follows_from_the_speed_and_is_no_shorter_than_the_budget_allows() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let rate = Some(Rate { limit: 60, window: Duration::from_secs(6) });
        let mut meter = Meter::new(begun);
        assert_eq!(meter.look(begun, 0, stage(0), None).seconds_left, None, "nothing is known yet");
        let burst = meter.look(after(2), 60, stage(60), rate);
        assert_eq!((burst.seconds_left, burst.limit_per_minute), (Some(94), Some(600)), "940 rows at ten a second");
        assert_eq!(meter.look(after(2), 60, stage(60), None).seconds_left, Some(32), "at thirty a second, so far");
        assert_eq!(meter.look(after(100), 500, stage(500), rate).seconds_left, Some(100));
        assert_eq!(meter.look(after(101), 500, stage(0), rate).seconds_left, None, "another bulk call");
    }

    #[test]
    fn the_speed_is_that_of_the_last_minute() {
        let begun = Instant::now();
        let mut meter = Meter::new(begun);
        let mut said = Vec::new();
        for second in 0..=180_u64 {
            // One a second for two minutes, then none.
            let standing = meter.look(begun + Duration::from_secs(second), second.min(120), None, None);
            said.push(standing.requests_per_minute);
        }
        assert_eq!([said[0], said[30], said[120], said[150], said[180]], [None, Some(60), Some(60), Some(30), Some(0)]);
        assert!(meter.looks.len() < 70, "{}", meter.looks.len());
    }
}
