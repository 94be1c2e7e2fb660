//! Whether anything comes back from the service at all, to whichever call: a call that goes without an answer while others
//! get theirs is given up like any other, and one that shares that fate with all is worth some patience. Waits for nothing.

use super::retry;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// When the service was last heard of.
#[derive(Debug)]
pub struct Reach {
    begun: Instant,
    /// Microseconds since `begun`; 0 before the first answer.
    heard: AtomicU64,
}

impl Reach {
    pub fn new() -> Self {
        Reach { begun: Instant::now(), heard: AtomicU64::new(0) }
    }

    /// An answer came, whatever it says.
    pub fn hear(&self) {
        self.heard.fetch_max(self.moment(Instant::now()).max(1), Ordering::Relaxed);
    }

    /// Since when a call has been cut off, of which another attempt got no answer: `since`, unless somebody has heard of the
    /// service after that.
    pub fn cut_off(&self, since: Option<Instant>) -> Instant {
        let heard = self.heard.load(Ordering::Relaxed);
        since.filter(|since| heard <= self.moment(*since)).unwrap_or_else(Instant::now)
    }

    /// Whether a call that has been cut off since `since` is to go on after an attempt that began at `begun`: the service was
    /// there before, which a wrong address never is; nobody has heard of it for more than that attempt; and not for
    /// `max_wait` yet.
    pub fn is_worth_waiting(&self, since: Instant, begun: Instant, max_wait: Duration) -> bool {
        self.heard.load(Ordering::Relaxed) > 0 && since <= begun && since.elapsed() < max_wait
    }

    fn moment(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.begun).as_micros()).unwrap_or(u64::MAX)
    }
}

/// The delay between two rounds of attempts while nothing comes back: some way up to `cap`, and never next to nothing.
pub fn delay(cap: Duration, random: f64) -> Duration {
    cap / 2 + retry::backoff(cap / 2, cap / 2, 1, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn patience_is_for_a_service_that_was_there_and_is_gone_for_everybody() {
        let (reach, minute) = (Reach::new(), Duration::from_secs(60));
        let pass = || tokio::time::advance(Duration::from_secs(20));
        let since = reach.cut_off(None);
        pass().await;
        assert!(!reach.is_worth_waiting(since, Instant::now(), minute), "nothing was ever heard");
        reach.hear();
        pass().await;
        let since = reach.cut_off(None);
        assert!(!reach.is_worth_waiting(since, since - Duration::from_secs(1), minute), "one attempt alone");
        pass().await;
        assert_eq!(reach.cut_off(Some(since)), since);
        assert!(reach.is_worth_waiting(since, Instant::now(), minute));
        pass().await;
        assert!(reach.is_worth_waiting(since, Instant::now(), minute));
        pass().await;
        assert!(!reach.is_worth_waiting(since, Instant::now(), minute), "for too long");
        let (since, begun) = (Instant::now(), Instant::now());
        pass().await;
        reach.hear();
        pass().await;
        let since = reach.cut_off(Some(since));
        assert!(!reach.is_worth_waiting(since, begun, minute), "somebody else got an answer meanwhile");
    }

    #[test]
    fn the_delay_lies_between_half_its_cap_and_the_cap() {
        let cap = Duration::from_secs(10);
        assert_eq!([delay(cap, 0.0), delay(cap, 1.0)], [cap / 2, cap]);
    }
}
