//! What others may ask of a run while it works, and what it says of itself to them. Counts and one flag; who shows them and
//! where they come from is decided elsewhere.

use super::{LOCK, SessionError};
use crate::{api::error::CallError, stop::Stop, store::Counts, text::Rate};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Shared by a run and by those who watch it. Clones are the same.
#[derive(Clone, Debug)]
pub struct Control {
    paused: Arc<watch::Sender<bool>>,
    pub progress: Progress,
}

impl Default for Control {
    fn default() -> Self {
        Control { paused: Arc::new(watch::Sender::new(false)), progress: Progress::default() }
    }
}

impl Control {
    /// Holds the run before its next call, or lets it go on.
    pub fn pause(&self, paused: bool) {
        self.paused.send_if_modified(|was| std::mem::replace(was, paused) != paused);
    }

    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Returns when the run is not paused; an error where somebody asks to stop meanwhile.
    pub(super) fn pass(&self, stop: &Stop) -> Result<(), SessionError> {
        if !self.is_paused() {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime without input and output needs nothing of the system");
        let mut paused = self.paused.subscribe();
        runtime.block_on(async {
            tokio::select! {
                biased;
                reason = stop.wait() => Err(CallError::Stopped(reason).into()),
                _ = paused.wait_for(|paused| !paused) => Ok(()),
            }
        })
    }
}

/// How far a run is. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requests: AtomicU64,
    changed: AtomicU64,
    unchanged: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
    bulk: Mutex<Option<Stage>>,
    rate: Mutex<Option<Rate>>,
    /// Until when the service takes nothing.
    held: Mutex<Option<Instant>>,
}

/// What a run says of itself while it works, to whoever looks from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Held by somebody, and sending nothing.
    pub paused: bool,
    /// The bulk call in progress.
    pub bulk: Option<Stage>,
    /// Requests sent in the last minute, or since the attempt began.
    pub requests_per_minute: Option<u64>,
    /// How many the rate budget lets through in a minute.
    pub limit_per_minute: Option<u64>,
    /// How long the bulk call will take from here.
    pub seconds_left: Option<u64>,
    /// How long the service takes no requests from here, after a 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_held: Option<u64>,
}

/// A bulk call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its number among the run's calls.
    #[serde(default)]
    pub call: u64,
    pub operation: String,
    pub done: u64,
    /// Rows in all, where that is known.
    pub total: Option<u64>,
    pub changed: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub failed: u64,
}

impl Progress {
    /// A request has been sent.
    pub fn sent(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn changed(&self, count: u64) {
        self.0.changed.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn unchanged(&self, count: u64) {
        self.0.unchanged.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self, count: u64) {
        self.0.skipped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, count: u64) {
        self.0.failed.fetch_add(count, Ordering::Relaxed);
    }

    /// Sets or ends the bulk call in progress.
    pub(super) fn stage(&self, stage: Option<Stage>) {
        *self.0.bulk.lock().expect(LOCK) = stage;
    }

    pub(super) fn on_stage(&self, change: impl FnOnce(&mut Stage)) {
        self.0.bulk.lock().expect(LOCK).as_mut().map(change);
    }

    /// The bulk call in progress.
    pub fn bulk(&self) -> Option<Stage> {
        self.0.bulk.lock().expect(LOCK).clone()
    }

    /// The rate that the budget keeps to.
    pub(super) fn keep_to(&self, rate: Rate) {
        *self.0.rate.lock().expect(LOCK) = Some(rate);
    }

    /// The rate that the budget keeps to, once something was sent.
    pub fn rate(&self) -> Option<Rate> {
        *self.0.rate.lock().expect(LOCK)
    }

    /// The service takes nothing for so long.
    pub fn hold(&self, span: Duration) {
        let mut held = self.0.held.lock().expect(LOCK);
        *held = (*held).max(Instant::now().checked_add(span));
    }

    /// How long the service takes nothing from here; `None` where it does.
    pub fn held(&self) -> Option<Duration> {
        let held = *self.0.held.lock().expect(LOCK);
        held.and_then(|until| until.checked_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// What the run has done.
    pub fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let shared = &self.0;
        Counts {
            requests: of(&shared.requests),
            changed: of(&shared.changed),
            unchanged: of(&shared.unchanged),
            skipped: of(&shared.skipped),
            failed: of(&shared.failed),
        }
    }
}
