//! The rate limit: a sliding window of counted requests for each key. Owns the counting and the numbers of the headers;
//! must not read any clock (both times are handed in) nor decide what counts.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Rate;

/// What `Limit` and `Remaining` say where there is no limit.
const UNLIMITED: u32 = 1_000_000_000;
/// The window that `Reset` speaks of where there is no limit.
const UNLIMITED_WINDOW: Duration = Duration::from_secs(60);

/// The logs of all keys.
pub(super) struct Limits {
    rate: Option<Rate>,
    logs: Mutex<HashMap<&'static str, VecDeque<Instant>>>,
}

/// Where a key stands, and whether the request it asked for was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Until the oldest counted request leaves the window.
    pub frees_in: Duration,
}

impl Limits {
    pub fn new(rate: Option<Rate>) -> Self {
        Self { rate, logs: Mutex::default() }
    }

    /// Counts a request of this key if fewer than the limit were counted within the last window. A refused one is not
    /// counted, so waiting always helps.
    pub fn count(&self, bucket: &'static str, now: Instant) -> Standing {
        self.look(Some(bucket), now, true)
    }

    /// Where a key stands, counting nothing. Without a key: an untouched bucket.
    pub fn peek(&self, bucket: Option<&'static str>, now: Instant) -> Standing {
        self.look(bucket, now, false)
    }

    fn look(&self, bucket: Option<&'static str>, now: Instant, count: bool) -> Standing {
        let (Some(rate), Some(bucket)) = (self.rate, bucket) else {
            let limit = self.rate.map_or(UNLIMITED, |rate| rate.limit);
            let frees_in = self.rate.map_or(UNLIMITED_WINDOW, |rate| rate.window);
            return Standing { allowed: true, limit, remaining: limit, frees_in };
        };
        let mut logs = self.logs.lock().expect("nothing panics while it holds the logs");
        let log = logs.entry(bucket).or_default();
        while log.front().is_some_and(|&at| now.saturating_duration_since(at) >= rate.window) {
            log.pop_front();
        }
        let limit = rate.limit as usize;
        let allowed = log.len() < limit;
        if count && allowed {
            log.push_back(now);
        }
        let frees_in = match log.front() {
            Some(&at) => rate.window.saturating_sub(now.saturating_duration_since(at)),
            None => rate.window,
        };
        Standing { allowed, limit: rate.limit, remaining: (limit - log.len().min(limit)) as u32, frees_in }
    }

    /// The limit all keys have.
    pub fn rate(&self) -> Option<Rate> {
        self.rate
    }
}

impl Standing {
    /// Whole seconds until a slot is free: rounded up, at least 1.
    pub fn retry_after(&self) -> u64 {
        (self.frees_in.as_nanos().div_ceil(1_000_000_000) as u64).max(1)
    }

    /// The Unix second by which the oldest counted request has left the window.
    pub fn reset(&self, wall: Timestamp) -> i64 {
        let nanos = wall.as_nanosecond() + self.frees_in.as_nanos() as i128;
        nanos.div_euclid(1_000_000_000) as i64 + i64::from(nanos.rem_euclid(1_000_000_000) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(limit: u32) -> Limits {
        Limits::new(Some(Rate { limit, window: Duration::from_secs(60) }))
    }

    #[test]
    fn a_request_is_counted_while_fewer_than_the_limit_lie_in_the_window() {
        let (limits, start) = (limits(2), Instant::now());
        let at = |s: u64| start + Duration::from_secs(s);
        assert_eq!(limits.count("k", at(0)).remaining, 1);
        assert_eq!(limits.count("k", at(20)).remaining, 0);
        let refused = limits.count("k", at(59));
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after(), 1);
        // The window slides: only the request of second 0 has left, and the refused one never counted.
        assert!(limits.count("k", at(60)).allowed);
        assert_eq!(limits.count("k", at(61)).retry_after(), 19);
        assert!(limits.count("k", at(80)).allowed);
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let (limits, now) = (limits(1), Instant::now());
        assert!(limits.count("live", now).allowed);
        assert!(limits.count("test", now).allowed);
        assert!(!limits.count("live", now).allowed);
    }

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let (limits, start) = (limits(1), Instant::now());
        limits.count("k", start);
        assert_eq!(limits.count("k", start + Duration::from_millis(58_200)).retry_after(), 2);
        assert_eq!(limits.count("k", start + Duration::from_millis(59_999)).retry_after(), 1);
    }

    #[test]
    fn reset_is_the_second_by_which_the_oldest_has_left() {
        let (limits, start) = (limits(5), Instant::now());
        let wall = Timestamp::from_millisecond(1_000_000_500).unwrap();
        assert_eq!(limits.count("k", start).reset(wall), 1_000_061);
        let later = limits.count("k", start + Duration::from_secs(10));
        assert_eq!(later.reset(wall), 1_000_051);
    }

    #[test]
    fn looking_counts_nothing() {
        let (limits, now) = (limits(3), Instant::now());
        limits.count("k", now);
        assert_eq!(limits.peek(Some("k"), now).remaining, 2);
        assert_eq!(limits.peek(Some("k"), now).remaining, 2);
        assert_eq!(limits.peek(None, now).remaining, 3);
    }

    #[test]
    fn without_a_rate_everything_passes() {
        let (limits, now) = (Limits::new(None), Instant::now());
        let standing = limits.count("k", now);
        assert!(standing.allowed);
        assert_eq!((standing.limit, standing.remaining), (UNLIMITED, UNLIMITED));
    }
}
