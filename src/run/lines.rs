//! The long-lived thread of a session: one script that is given its text line by line. Each line is watched as a whole
//! run is, with a time of its own; the thread and what it holds live on. Knows no terminal and no command.

use super::{
    STACK,
    watch::{GRACE, TICK, own_time},
    words,
};
use crate::{
    memory::{Bounds, Halted},
    script::{Fault, Host, Interactive},
    stop::Reason,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Something to be done with the session on its thread.
type Work = Box<dyn FnOnce(&mut Interactive) + Send>;

/// A session on a thread of its own, with a script's stack and a script's bounds of memory.
pub struct Lines {
    host: Arc<Host>,
    work: Sender<Work>,
    thread: JoinHandle<()>,
    halted: Halted,
}

/// Why a piece of work came to nothing.
pub enum Gone {
    /// onramp itself failed; the session goes on. The text says what it was doing.
    Bug(String),
    /// The thread was halted or could not be stopped: the session is over.
    Over(Box<Fault>),
    /// onramp itself failed, and the session is over with it.
    Lost(String),
}

impl Lines {
    /// Starts the thread of a session. The error says why the system gives none.
    pub fn start(host: &Arc<Host>) -> Result<Lines, String> {
        let halted = Halted::default();
        let (work, jobs) = mpsc::channel::<Work>();
        let on_thread = {
            let (host, halted) = (host.clone(), halted.clone());
            move || {
                let _bounds = Bounds::set(host.limits.ceiling(), STACK, &halted);
                let mut session = Interactive::new(&host);
                for job in jobs {
                    job(&mut session);
                }
            }
        };
        let thread = thread::Builder::new().name("script".into()).stack_size(STACK).spawn(on_thread);
        let thread = thread.map_err(|error| format!("no thread for the session could be made ({error})"))?;
        Ok(Lines { host: host.clone(), work, thread, halted })
    }

    /// What the session works with.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Does something with the session, on its thread, and waits for it, by the limits of one run. `meanwhile` is called
    /// a few times a second.
    pub fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Interactive) -> T + Send + 'static,
        mut meanwhile: impl FnMut(),
    ) -> Result<T, Gone> {
        let (reply, answer) = mpsc::channel();
        let before = own_time(&self.thread).unwrap_or_default();
        let job: Work = Box::new(move |session| {
            let done = catch_unwind(AssertUnwindSafe(|| work(session)));
            // Nobody waits any more for a line that was left behind.
            let _ = reply.send(done.map_err(|panic| words(&panic)));
        });
        if self.work.send(job).is_err() {
            return Err(self.over());
        }
        self.answer(&answer, before, &mut meanwhile)?.map_err(Gone::Bug)
    }

    fn answer<T>(&self, answer: &Receiver<T>, before: Duration, meanwhile: &mut dyn FnMut()) -> Result<T, Gone> {
        let (limits, stop) = (&self.host.limits, self.host.session.stop());
        let begun = Instant::now();
        let mut told: Option<Duration> = None;
        loop {
            let left = limits.timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
            let tick = left.filter(|left| !left.is_zero()).map_or(TICK, |left| left.min(TICK));
            match answer.recv_timeout(tick) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => return Err(self.over()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            meanwhile();
            if let Some(why) = self.halted.why() {
                return Err(Gone::Over(Box::new(limits.halted(why))));
            }
            let own = own_time(&self.thread).unwrap_or_default().saturating_sub(before);
            if own >= limits.run_time {
                self.host.run_out_of_time();
            }
            if left.is_some_and(|left| left.is_zero()) {
                stop.ask(Reason::Timeout);
            }
            // Told to stop, a line may still be in a function that nobody can interrupt.
            let deadline = match stop.asked() {
                Some(_) => *told.get_or_insert(own) + GRACE,
                None => limits.run_time.saturating_add(GRACE),
            };
            if own >= deadline {
                let fault =
                    if left.is_some_and(|left| left.is_zero()) { limits.timed_out() } else { limits.out_of_time() };
                return Err(Gone::Over(Box::new(fault)));
            }
        }
    }

    /// The thread is not there any more.
    fn over(&self) -> Gone {
        match self.halted.why() {
            Some(why) => Gone::Over(Box::new(self.host.limits.halted(why))),
            None => Gone::Lost("the session's thread has ended".into()),
        }
    }
}
