//! What the live view of `onramp watch` and `onramp serve` shows: counts that the service keeps, and what the runs at work
//! say of themselves in the store.

use super::pool::AtWork;
use crate::{
    cli::status,
    pace::{Board, Glance, Lane},
    session::{Stage, Standing as Progress},
    store::{Run, Store},
    text::Rate,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

/// Counts since the beginning, and how the folders stand.
#[derive(Default)]
pub struct Sums {
    waiting: AtomicUsize,
    paused: AtomicUsize,
    done: AtomicUsize,
    failed: AtomicUsize,
}

impl Sums {
    /// So many files wait in the folders, of which so many are paused.
    pub fn set_folders(&self, waiting: usize, paused: usize) {
        self.waiting.store(waiting, Relaxed);
        self.paused.store(paused, Relaxed);
    }

    pub fn add_done(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    pub fn add_failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }
}

/// Looks at what there is, each time anew.
pub fn look(store: Store, sums: Arc<Sums>, at_work: AtWork) -> impl Fn() -> Board + Send {
    move || {
        let (queued, runs) = at_work.now();
        Board {
            waiting: sums.waiting.load(Relaxed) + queued,
            running: runs.iter().filter_map(|run| lane(&store, run)).collect(),
            done: sums.done.load(Relaxed),
            failed: sums.failed.load(Relaxed),
            paused: sums.paused.load(Relaxed),
        }
    }
}

/// A look that fails is made up for by the next.
fn lane(store: &Store, id: &str) -> Option<Lane> {
    let run = store.find(id).ok()?.pop()?;
    let name = store.file_of(id).ok()?.map_or_else(|| run.script.clone(), |file| file.new.name);
    Some(Lane { glance: glance(&run), run: run.id, name })
}

/// What a run said of its bulk call at its last beat.
fn glance(run: &Run) -> Option<Glance> {
    let Progress { bulk, limit_per_minute, seconds_held, paused, .. } = status::standing(run);
    let Stage { call, operation, done, total, changed, unchanged, skipped, failed } = bulk?;
    let limit = limit_per_minute.and_then(|limit| u32::try_from(limit).ok());
    let rate = limit.map(|limit| Rate { limit, window: Duration::from_secs(60) });
    let requests = run.counts.requests;
    let (what, held) = (operation, seconds_held.map(Duration::from_secs));
    Some(Glance { call, what, done, total, changed, unchanged, skipped, failed, requests, rate, held, paused })
}
