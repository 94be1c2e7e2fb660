//! What others may ask of a run while it works, and what it says of itself to them. Counts and one flag; who shows them and
//! where they come from is decided elsewhere.

use super::{LOCK, SessionError};
use crate::{
    api::{client::Client, error::CallError},
    stop::Stop,
    store::Counts,
    text::Rate,
};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex, OnceLock, Weak,
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

    /// The same, with counts that begin here.
    pub fn counting_anew(&self) -> Control {
        Control { paused: self.paused.clone(), progress: self.progress.counting_anew() }
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
pub struct Progress {
    shared: Arc<Shared>,
    /// What was done before it began.
    before: Counts,
}

#[derive(Debug, Default)]
struct Shared {
    requests: AtomicU64,
    changed: AtomicU64,
    /// What earlier attempts have changed, which a run that goes on comes by only one after the other.
    recorded: AtomicU64,
    unchanged: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
    bulk: Mutex<Option<Stage>>,
    rate: Mutex<Option<Rate>>,
    /// Until when the service takes nothing.
    held: Mutex<Option<Instant>>,
    /// The client, once there is one.
    client: OnceLock<Weak<Client>>,
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
    /// How long nothing goes out from here, because the rate limit is used up or the service takes nothing after a 429.
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
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn changed(&self, count: u64) {
        self.shared.changed.fetch_add(count, Ordering::Relaxed);
    }

    /// Earlier attempts of the run have changed so much.
    pub fn goes_on_from(&self, changed: u64) {
        self.shared.recorded.store(changed, Ordering::Relaxed);
    }

    pub(super) fn unchanged(&self, count: u64) {
        self.shared.unchanged.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self, count: u64) {
        self.shared.skipped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, count: u64) {
        self.shared.failed.fetch_add(count, Ordering::Relaxed);
    }

    /// Sets or ends the bulk call in progress.
    pub(super) fn stage(&self, stage: Option<Stage>) {
        *self.shared.bulk.lock().expect(LOCK) = stage;
    }

    pub(super) fn on_stage(&self, change: impl FnOnce(&mut Stage)) {
        self.shared.bulk.lock().expect(LOCK).as_mut().map(change);
    }

    /// The bulk call in progress.
    pub fn bulk(&self) -> Option<Stage> {
        self.shared.bulk.lock().expect(LOCK).clone()
    }

    /// The rate that the budget keeps to.
    pub(super) fn keep_to(&self, rate: Rate) {
        *self.shared.rate.lock().expect(LOCK) = Some(rate);
    }

    /// The rate that the budget keeps to, once something was sent.
    pub fn rate(&self) -> Option<Rate> {
        *self.shared.rate.lock().expect(LOCK)
    }

    /// The service takes nothing for so long.
    pub fn hold(&self, span: Duration) {
        let mut held = self.shared.held.lock().expect(LOCK);
        *held = (*held).max(Instant::now().checked_add(span));
    }

    /// The requests go out by this client.
    pub(super) fn goes_by(&self, client: &Arc<Client>) {
        // A session connects once.
        let _ = self.shared.client.set(Arc::downgrade(client));
    }

    /// How long nothing goes out from here, because the service takes nothing or the rate limit is used up; `None` where
    /// something may.
    pub fn held(&self) -> Option<Duration> {
        let held = *self.shared.held.lock().expect(LOCK);
        let held = held.and_then(|until| until.checked_duration_since(Instant::now())).filter(|left| !left.is_zero());
        let wait = self.shared.client.get().and_then(Weak::upgrade).and_then(|client| client.wait());
        held.max(wait)
    }

    /// What the run has done.
    pub fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (shared, before) = (&self.shared, &self.before);
        Counts {
            requests: of(&shared.requests) - before.requests,
            changed: of(&shared.changed).max(of(&shared.recorded)) - before.changed,
            unchanged: of(&shared.unchanged) - before.unchanged,
            skipped: of(&shared.skipped) - before.skipped,
            failed: of(&shared.failed) - before.failed,
        }
    }

    /// The same, with counts that begin here.
    fn counting_anew(&self) -> Progress {
        let whole = Progress { shared: self.shared.clone(), before: Counts::default() };
        Progress { before: whole.counts(), ..whole }
    }
}
