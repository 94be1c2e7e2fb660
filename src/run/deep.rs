//! Threads with the stack that scripts need. One whose work is done waits for more: the check of a script and its run are
//! two pieces of work, and a thread costs as much as either takes for a small script. Knows no script and no limit.

use super::{STACK, watch};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const LOCK: &str = "no code panics while it holds this lock";

/// A thread that does one piece of work after the other, until nobody can send it any.
struct Worker {
    thread: JoinHandle<()>,
    jobs: mpsc::Sender<Box<dyn FnOnce() + Send>>,
}

/// The one that waits.
static IDLE: Mutex<Option<Worker>> = Mutex::new(None);

impl Worker {
    fn start() -> io::Result<Worker> {
        let (jobs, given) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let work = move || given.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().name("script".into()).stack_size(STACK).spawn(work)?;
        Ok(Worker { thread, jobs })
    }
}

/// Work on such a thread, and what comes of it. Where it is dropped before the work has ended, the thread ends with it, if
/// it ever does.
pub struct Work<T> {
    worker: Worker,
    /// The thread's processor time when it began.
    before: Duration,
    done: Arc<Done<T>>,
}

struct Done<T> {
    ended: AtomicBool,
    result: Mutex<Option<thread::Result<T>>>,
}

impl<T: Send + 'static> Work<T> {
    /// Begins some work. Whoever calls this is unparked at its end.
    pub fn begin(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Work<T>> {
        let idle = IDLE.lock().expect(LOCK).take();
        let worker = idle.map_or_else(Worker::start, Ok)?;
        let before = watch::own_time(&worker.thread).unwrap_or_default();
        let done = Arc::new(Done { ended: AtomicBool::new(false), result: Mutex::new(None) });
        let (told, watcher) = (done.clone(), thread::current());
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            *told.result.lock().expect(LOCK) = Some(result);
            told.ended.store(true, Ordering::Release);
            watcher.unpark();
        };
        worker.jobs.send(Box::new(job)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(Work { worker, before, done })
    }

    /// The processor time that it has taken; `None` where the system cannot tell.
    pub fn own_time(&self) -> Option<Duration> {
        watch::own_time(&self.worker.thread).map(|own| own.saturating_sub(self.before))
    }

    pub fn has_ended(&self) -> bool {
        self.done.ended.load(Ordering::Acquire)
    }

    /// What came of work that has ended, or the panic that it ended with. `None` before its end.
    pub fn result(self) -> Option<thread::Result<T>> {
        let result = self.done.result.lock().expect(LOCK).take()?;
        *IDLE.lock().expect(LOCK) = Some(self.worker);
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic;

    fn ended<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> thread::Result<T> {
        let work = Work::begin(work).unwrap();
        while !work.has_ended() {
            thread::park();
        }
        work.result().unwrap()
    }

    #[test]
    fn work_gives_what_came_of_it_and_a_panic_is_no_end_of_the_thread() {
        assert_eq!(ended(|| 7).unwrap(), 7);
        let broken = ended(|| -> u8 { panic::panic_any("broken") }).unwrap_err();
        assert_eq!(broken.downcast_ref(), Some(&"broken"));
        assert_eq!(ended(|| thread::current().name().map(str::to_string)).unwrap().as_deref(), Some("script"));
    }

    #[test]
    fn before_its_end_there_is_no_result_and_its_time_is_counted_from_its_beginning() {
        let (go, wait) = mpsc::channel::<()>();
        let work = Work::begin(move || wait.recv().is_ok()).unwrap();
        assert!(!work.has_ended());
        assert!(work.own_time().is_none_or(|own| own < Duration::from_secs(1)));
        assert!(work.result().is_none());
        assert!(go.send(()).is_ok(), "the thread that was left behind is still at it");
    }
}
