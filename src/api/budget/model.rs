//! A model of the server's sliding window, and workers that call it, in virtual time.

use super::{Budget, Seen};
use crate::stop::Stop;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

pub const SECOND: Duration = Duration::from_secs(1);

/// A sliding window on a server: counts a call when it takes it, half-way between request and answer.
pub struct Server {
    limit: usize,
    window: Duration,
    latency: Duration,
    taken: Mutex<VecDeque<Instant>>,
    pub refused: Mutex<u32>,
}

impl Server {
    pub fn new(limit: usize, window: Duration, latency_ms: u64) -> Arc<Self> {
        let latency = Duration::from_millis(latency_ms);
        let (taken, refused) = Default::default();
        Arc::new(Server { limit, window, latency, taken, refused })
    }

    /// Calls of somebody else with the same key.
    pub fn foreign(&self, calls: usize) {
        let now = Instant::now();
        self.taken.lock().unwrap().extend(std::iter::repeat_n(now, calls));
    }

    /// What is left, or how long to wait.
    async fn answer(&self) -> Result<Seen, Duration> {
        tokio::time::sleep(self.latency / 2).await;
        let now = Instant::now();
        let seen = {
            let mut taken = self.taken.lock().unwrap();
            while taken.pop_front_if(|at| *at + self.window <= now).is_some() {}
            if taken.len() >= self.limit {
                *self.refused.lock().unwrap() += 1;
                let wait = taken[0] + self.window - now;
                Err(Duration::from_secs(wait.as_secs() + 1))
            } else {
                taken.push_back(now);
                let remaining = Some((self.limit - taken.len()) as u64);
                Ok(Seen { limit: Some(self.limit as u64), remaining, reset_in: Some(self.window) })
            }
        };
        tokio::time::sleep(self.latency / 2).await;
        seen
    }
}

fn take(left: &Mutex<usize>) -> bool {
    let mut left = left.lock().unwrap();
    *left > 0 && {
        *left -= 1;
        true
    }
}

/// Makes `calls` with `workers` in flight and gives the time it took.
pub async fn run(budget: &Arc<Budget>, server: &Arc<Server>, calls: usize, workers: usize) -> Duration {
    let begun = Instant::now();
    let left = Arc::new(Mutex::new(calls));
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let (budget, server, left) = (budget.clone(), server.clone(), left.clone());
            tokio::spawn(async move {
                let stop = Stop::default();
                while take(&left) {
                    loop {
                        let pass = budget.enter(&stop, true).await.unwrap();
                        match server.answer().await {
                            Ok(seen) => {
                                pass.answered(seen);
                                break;
                            }
                            Err(wait) => pass.refused(Some(wait)),
                        };
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}
