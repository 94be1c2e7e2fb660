//! How fast a bulk call goes and how long it will still take, from a few glances at its counts. Pure: time and counts are
//! handed in; who shows them is decided elsewhere.

use crate::text::Rate;
use std::{collections::VecDeque, time::Duration};

/// A rate above this is none: nobody meets it.
const NO_LIMIT: u32 = 1_000_000;
/// The rate of requests is that of the last minute, whatever the service's window.
const MINUTE: Duration = Duration::from_secs(60);

/// A bulk call, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// Its number among the run's calls.
    pub call: u64,
    /// The operation; empty where there is no bulk call, and nothing to tell but what the whole run waits for.
    pub what: String,
    pub done: u64,
    /// Rows in all, where that is known.
    pub total: Option<u64>,
    pub changed: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub failed: u64,
    /// What the whole run has sent.
    pub requests: u64,
    /// What the budget allows, once that is known.
    pub rate: Option<Rate>,
    /// How long nothing can be sent from here, because the service has said so or the rate is used up.
    pub held: Option<Duration>,
    /// Somebody has it paused.
    pub paused: bool,
}

/// Runs that start by themselves, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Files and runs whose turn has not come.
    pub waiting: usize,
    pub running: Vec<Lane>,
    /// Since the beginning.
    pub done: usize,
    pub failed: usize,
    /// Folders that are held up by a run that stopped.
    pub paused: usize,
}

/// One run of them that is at work.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub run: String,
    /// What people know it by: its file, or its script.
    pub name: String,
    /// Its bulk call, if it is at one.
    pub glance: Option<Glance>,
}

/// What follows from several glances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Requests in the last minute.
    pub in_a_minute: u64,
    /// So many it may be.
    pub limit: Option<u64>,
    /// How long it will still take.
    pub left: Option<Duration>,
}

/// Remembers as much of the past as the pace needs. Moments are counted from the beginning of the run.
#[derive(Debug)]
pub struct Meter {
    /// Of the last minute, about one for each second: the moment, and the requests by then.
    past: VecDeque<(Duration, u64)>,
    begun: Option<Begun>,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    call: u64,
    at: Duration,
    requests: u64,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter { past: VecDeque::from([(Duration::ZERO, 0)]), begun: None }
    }
}

impl Meter {
    /// The pace at this moment.
    pub fn look(&mut self, now: Duration, glance: &Glance) -> Pace {
        let begun = match self.begun {
            Some(begun) if begun.call == glance.call => begun,
            _ => {
                // The first rows may be done by the first look.
                let requests = glance.requests.saturating_sub(glance.changed + glance.failed);
                let begun = Begun { call: glance.call, at: now, requests };
                *self.begun.insert(begun)
            }
        };
        if self.past.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= Duration::from_secs(1)) {
            self.past.push_back((now, glance.requests));
        }
        while self.past.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= MINUTE) {
            self.past.pop_front();
        }
        let before = self.past.front().map_or(glance.requests, |(_, requests)| *requests);
        let rate = glance.rate.filter(|rate| rate.limit < NO_LIMIT && !rate.window.is_zero());
        let limit = rate.map(|rate| (f64::from(rate.limit) * 60.0 / rate.window.as_secs_f64()).round() as u64);
        let so_far = SoFar {
            elapsed: now.saturating_sub(begun.at),
            sent: glance.requests.saturating_sub(begun.requests),
            // A look a second late would count two windows as one minute.
            in_a_minute: glance.requests.saturating_sub(before).min(limit.unwrap_or(u64::MAX)),
        };
        Pace { in_a_minute: so_far.in_a_minute, limit, left: left(glance, rate, so_far).filter(|_| !glance.paused) }
    }
}

/// What a bulk call has taken by now.
#[derive(Clone, Copy)]
struct SoFar {
    elapsed: Duration,
    sent: u64,
    in_a_minute: u64,
}

/// How long the rows that are left will take: as long as the budget makes them wait, or longer where all is slow, and never
/// less than until the service takes requests again. A budget lets `limit` requests through at once and the next when the
/// window is over, and another run may have used it up before: in the first window the speed so far says little, and later
/// that of the last minute says most.
fn left(glance: &Glance, rate: Option<Rate>, so_far: SoFar) -> Option<Duration> {
    let rows = glance.total?.saturating_sub(glance.done);
    if glance.done == 0 {
        return None;
    }
    // Rows that change nothing send nothing.
    let sending = (glance.changed + glance.failed) as f64 / glance.done as f64;
    let to_send = (rows as f64 * sending).ceil();
    let by_speed = if so_far.elapsed > MINUTE && so_far.in_a_minute > 0 && to_send > 0.0 {
        MINUTE.mul_f64(to_send / so_far.in_a_minute as f64)
    } else {
        so_far.elapsed.mul_f64(rows as f64 / glance.done as f64)
    };
    let (by_budget, by_speed) = rate.map_or((Duration::ZERO, by_speed), |rate| {
        let limit = u64::from(rate.limit.max(1));
        let windows = |full: u64| rate.window.saturating_mul(u32::try_from(full).unwrap_or(u32::MAX));
        let to_send = to_send as u64;
        let by_budget = windows((so_far.sent + to_send).saturating_sub(1) / limit).saturating_sub(so_far.elapsed);
        let at_most =
            if to_send > 0 && so_far.elapsed <= rate.window { windows(to_send.div_ceil(limit)) } else { Duration::MAX };
        (by_budget, by_speed.min(at_most))
    });
    let held = glance.held.filter(|_| rows > 0).unwrap_or_default();
    Some(by_speed.max(by_budget).max(held))
}

#[cfg(test)]
mod tests;
