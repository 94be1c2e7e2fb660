//! Watches a running script from outside: its own time, the run's time-out, and whether its thread was halted. Looks a
//! few times a second and works out nothing else; how a script is told to stop is the host's business.

use super::deep::Work;
use crate::{
    memory::Halted,
    script::{Fault, Host, Limits},
    stop::Reason,
};
use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two looks.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// How much longer a script may compute when it has been told to stop: the longest that one function may take that
/// cannot be interrupted. After that it is left behind.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// Waits until a script's work has ended: `None`. Where it never will, why not.
pub fn until_end<T: Send + 'static>(work: &Work<T>, host: &Host, halted: &Halted) -> Option<Fault> {
    let limits = &host.limits;
    let stop = host.session.stop();
    let begun = Instant::now();
    // The script's own time when it was told that the run's time is over.
    let mut told: Option<Duration> = None;
    while !work.has_ended() {
        if let Some(why) = halted.why() {
            return Some(limits.halted(why));
        }
        let own = work.own_time().unwrap_or_default();
        if own >= limits.run_time {
            host.run_out_of_time();
        }
        if own >= limits.run_time.saturating_add(GRACE) {
            return Some(limits.out_of_time());
        }
        let left = limits.timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
        if left == Some(Duration::ZERO) {
            stop.ask(Reason::Timeout);
            let told = *told.get_or_insert(own);
            if own >= told + GRACE {
                return Some(limits.timed_out());
            }
        }
        thread::park_timeout(left.filter(|left| !left.is_zero()).map_or(TICK, |left| left.min(TICK)));
    }
    None
}

/// Waits until work that cannot be told to stop has ended. False where it was halted or has used up its time.
pub fn work_ends<T: Send + 'static>(work: &Work<T>, limits: &Limits, halted: &Halted) -> bool {
    while !work.has_ended() {
        if halted.why().is_some() || work.own_time().unwrap_or_default() >= limits.run_time {
            return false;
        }
        thread::park_timeout(TICK);
    }
    true
}

/// The processor time of a thread. Unlike time by the clock it leaves out every kind of waiting: for the API, a file, a
/// pager that nobody scrolls, or a turn on a busy machine. `None` where the system cannot tell.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn own_time<T>(thread: &JoinHandle<T>) -> Option<Duration> {
    use std::os::unix::thread::JoinHandleExt;
    let mut clock = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the thread has not been joined, so its handle is valid, and both pointers lead to live values.
    let known = unsafe {
        libc::pthread_getcpuclockid(thread.as_pthread_t(), &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut time) == 0
    };
    known.then(|| Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32))
}

/// The processor time of a thread: unknown on this system, so that only a time-out bounds a run.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn own_time<T>(_thread: &JoinHandle<T>) -> Option<Duration> {
    None
}
