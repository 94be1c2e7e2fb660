//! Faults on purpose, so that people see how a script fares on a bad day. `spec` is the language, `parse` reads it,
//! `wire` breaks connections, `damage` spoils answers; here is which requests are struck, and which keys are revoked.
//! Must not answer anything itself: the gate does, and says when.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::auth::Principal;
use super::ident::mix;
use super::problem::Problem;
use spec::When;

mod damage;
mod parse;
mod spec;
mod wire;

pub(super) use damage::{injected, page, spoil};
pub(super) use spec::Kind;
pub use spec::{Fault, HELP};
pub(super) use wire::{Line, Wires};

/// The one operation that needs no key.
const KEYLESS: &str = "get-health";

/// The faults of a sandbox, and how far each has counted.
pub(super) struct Faults {
    all: Vec<Counted>,
    seed: u64,
    revoked: Mutex<HashSet<&'static str>>,
}

struct Counted {
    fault: Fault,
    requests: AtomicU64,
}

/// What strikes one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Strike {
    /// The sum of all delays.
    pub delay: Duration,
    /// Of everything else the first that was given.
    pub kind: Option<Kind>,
    /// The faults as they are written, for the log.
    pub shown: Option<String>,
}

impl Faults {
    /// Faults with their counts at nothing. Shares follow from the seed.
    pub fn new(faults: &[Fault], seed: u64) -> Self {
        let all = faults.iter().map(|fault| Counted { fault: fault.clone(), requests: AtomicU64::new(0) }).collect();
        Self { all, seed, revoked: Mutex::default() }
    }

    /// Counts a request to this operation and says what strikes it. Every fault counts for itself, whether or not
    /// another one strikes as well.
    pub fn strike(&self, operation: &str) -> Strike {
        let mut strike = Strike::default();
        for (index, counted) in self.all.iter().enumerate() {
            let fault = &counted.fault;
            if !fault.is_for(operation) {
                continue;
            }
            let number = counted.requests.fetch_add(1, Ordering::Relaxed) + 1;
            if !strikes(fault.when, number, mix(self.seed ^ mix(index as u64))) {
                continue;
            }
            match fault.kind {
                Kind::Delay(time) => strike.delay = strike.delay.saturating_add(time),
                _ if strike.kind.is_some() => continue,
                kind => strike.kind = Some(kind),
            }
            strike.shown = Some(match strike.shown {
                Some(before) => format!("{before}, {fault}"),
                None => fault.to_string(),
            });
        }
        strike
    }

    /// Makes this key a revoked one from now on.
    pub fn revoke(&self, principal: &Principal) {
        self.revoked.lock().expect(LOCK).insert(principal.id);
    }

    /// Refuses a key that was revoked.
    pub fn admit(&self, principal: &'static Principal) -> Result<&'static Principal, Problem> {
        if self.revoked.lock().expect(LOCK).contains(principal.id) { Err(Problem::revoked()) } else { Ok(principal) }
    }
}

const LOCK: &str = "nothing panics while it holds the set";

/// Whether the request of this number, from 1, is struck.
fn strikes(when: When, number: u64, salt: u64) -> bool {
    match when {
        When::Always => true,
        When::Numbers(from, to) => from <= number && to.is_none_or(|to| number <= to),
        When::Share(percent) => mix(salt.wrapping_add(number)) % 100 < u64::from(percent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str], seed: u64) -> Faults {
        Faults::new(&texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>(), seed)
    }

    fn struck(texts: &[&str], seed: u64, requests: u64) -> Vec<u64> {
        let faults = faults(texts, seed);
        (1..=requests).filter(|_| faults.strike("get-me").kind.is_some()).collect()
    }

    #[test]
    fn numbers_count_from_one_and_each_fault_counts_for_itself() {
        assert_eq!(struck(&["cut@3"], 1, 9), [3]);
        assert_eq!(struck(&["cut@2-4"], 1, 9), [2, 3, 4]);
        assert_eq!(struck(&["cut@8-"], 1, 9), [8, 9]);
        assert_eq!(struck(&["cut@1", "get-me:empty@2", "list-customers:cut@3"], 1, 9), [1, 2]);
    }

    #[test]
    fn a_share_is_about_as_large_as_it_says_and_follows_from_the_seed() {
        let first = struck(&["cut@10%"], 1, 10_000);
        assert!((900..1100).contains(&first.len()), "{}", first.len());
        assert_eq!(struck(&["cut@10%"], 1, 10_000), first);
        assert_ne!(struck(&["cut@10%"], 2, 10_000), first);
        assert_eq!(struck(&["cut@100%"], 1, 50).len(), 50);
    }

    #[test]
    fn delays_add_up_and_of_the_others_the_first_given_strikes() {
        let faults = faults(&["delay=1s", "status=503@1", "cut", "get-me:delay=500ms"], 1);
        let first = faults.strike("get-me");
        assert_eq!((first.delay, first.kind), (Duration::from_millis(1500), Some(Kind::Status(503))));
        assert_eq!(first.shown.as_deref(), Some("delay=1s, status=503@1, get-me:delay=500ms"));
        assert_eq!(faults.strike("get-me").kind, Some(Kind::Cut));
        assert_eq!(faults.strike("get-health").delay, Duration::from_secs(1));
    }

    #[test]
    fn a_request_that_needs_no_key_does_not_count_for_revoking() {
        let faults = faults(&["revoke@1"], 1);
        assert_eq!(faults.strike(KEYLESS), Strike::default());
        assert_eq!(faults.strike("get-me").kind, Some(Kind::Revoke));
    }
}
