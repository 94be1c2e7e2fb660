//! What a pool has in hand, and the way there: shared by the pool, by those who hand runs over, and by those who show it.

use crate::trigger::Wake;
use jiff::Timestamp;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, mpsc::Sender},
    time::Duration,
};

const LOCK: &str = "no code panics while it holds this lock";

pub(super) enum Message {
    Wake {
        run: String,
        not_before: Option<Timestamp>,
        group: String,
    },
    /// Nothing more is begun; what runs may take so long.
    Stop(Duration),
}

/// Hands runs to the pool. Clones hand to the same one.
#[derive(Clone)]
pub struct Handover {
    send: Arc<Mutex<Sender<Message>>>,
    at_work: AtWork,
}

impl Handover {
    pub(super) fn new(send: Sender<Message>, at_work: AtWork) -> Handover {
        Handover { send: Arc::new(Mutex::new(send)), at_work }
    }

    pub(super) fn send(&self, message: Message) {
        // A pool that has ended begins nothing; the next start hands its runs over again.
        let _ = self.send.lock().expect(LOCK).send(message);
    }
}

impl Wake for Handover {
    fn wake(&self, run: &str, not_before: Option<Timestamp>, group: &str) {
        let is_new = {
            let mut present = self.at_work.lock();
            let is_new = present.in_hand.insert(run.into());
            if is_new {
                present.on_the_way += 1;
                present.busy = true;
            }
            is_new
        };
        if is_new {
            self.send(Message::Wake { run: run.into(), not_before, group: group.into() });
        }
    }

    fn has(&self, run: &str) -> bool {
        self.at_work.has(run)
    }
}

/// What a pool is at. Clones show the same.
#[derive(Clone, Default)]
pub struct AtWork(Arc<Mutex<Present>>);

#[derive(Default)]
pub(super) struct Present {
    /// Runs that were handed over and not let go: they wait, are at work, or are tried again.
    pub(super) in_hand: HashSet<String>,
    /// Those of them that the pool has not taken in yet: what it says of itself says nothing of them.
    on_the_way: usize,
    busy: bool,
    pub(super) waiting: usize,
    pub(super) running: Vec<String>,
}

impl Present {
    /// The pool has taken in a run that was handed over.
    pub(super) fn taken_in(&mut self) {
        self.on_the_way -= 1;
    }

    /// Whether the pool is busy with what it has taken in. It is so in any case where more is on the way.
    pub(super) fn set_busy(&mut self, busy: bool) {
        self.busy = busy || self.on_the_way > 0;
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }
}

impl AtWork {
    /// How many runs wait, and which are at work.
    pub fn now(&self) -> (usize, Vec<String>) {
        let present = self.lock();
        (present.waiting, present.running.clone())
    }

    /// Whether it carries out a run, or will without anybody doing anything.
    pub fn has(&self, run: &str) -> bool {
        self.lock().in_hand.contains(run)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Present> {
        self.0.lock().expect(LOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_pool_is_busy_from_when_a_run_is_handed_over_also_where_it_has_not_heard_of_it_yet() {
        let (send, receive) = mpsc::channel();
        let at_work = AtWork::default();
        let handover = Handover::new(send, at_work.clone());
        let busy = || at_work.lock().is_busy();
        handover.wake("run", None, "script");
        handover.wake("run", None, "script");
        assert!(busy());
        // The pool was at the end of a turn in which there was nothing to do.
        at_work.lock().set_busy(false);
        assert!(busy());
        assert!(matches!(receive.try_recv(), Ok(Message::Wake { .. })));
        assert!(receive.try_recv().is_err());
        at_work.lock().taken_in();
        assert!(busy());
        at_work.lock().set_busy(false);
        assert!(!busy());
    }
}
