//! The way out of a bulk call's writes: their intents are made safe in groups, on a thread of their own so that the script
//! goes on meanwhile; then they are sent, and what became of each is recorded before anything else is done with it. Knows no
//! order of rows but the one in which they come.

use super::{
    LOCK, Session, SessionError,
    crash::{self, Point},
    journal::Recorder,
    sent::{self, Prepared, Returned},
    write::Outcome,
};
use crate::{api::client::Client, clock::Clock, store::StoreError, text::Rate};
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    task::Poll,
    thread::{self, JoinHandle, Thread},
    time::Duration,
};
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task,
};

/// So many intents are made safe together, at the most, at any rate that the service has: what a loss of power leaves in
/// doubt.
pub(super) const GROUP: usize = 20;
/// The same where there is next to no limit, as in a sandbox.
const LARGE_GROUP: usize = 512;
/// Writing to a disk takes about so long, now and then.
const WRITING: Duration = Duration::from_millis(10);
/// While more writes than this are safe and wait for their turn, a large group waits for more.
const ENOUGH: usize = 128;

/// How many intents are made safe together at the most, at this rate: twenty, or as many writes as the rate lets through
/// while a disk writes. Otherwise calls would wait for the disk and not for the rate.
pub(super) fn group_at(rate: Rate) -> usize {
    let meanwhile = f64::from(rate.limit) / rate.window.as_secs_f64() * WRITING.as_secs_f64();
    (meanwhile as usize).clamp(GROUP, LARGE_GROUP)
}

/// The row of a write that was handed in, and what became of it, as it stands in the journal; `None` where it was not sent
/// after all, or where the error of another row ends the run.
pub(super) type Sent = (u64, Option<Result<Outcome, SessionError>>);

/// What bounds the writes of a bulk call.
#[derive(Clone)]
pub(super) struct Bounds {
    /// One for each write that may be in flight.
    pub permits: Arc<Semaphore>,
    /// Set when nothing more may go out: writes that have not begun give up.
    pub closed: Arc<AtomicBool>,
    /// How many may still fail before nothing more goes out.
    pub bearable: Arc<AtomicU64>,
}

impl Bounds {
    /// One more has failed.
    pub fn fail(&self) {
        if self.bearable.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.closed.store(true, Ordering::SeqCst);
        }
    }
}

/// The way out, while there is a bulk call.
pub(super) struct Outgoing {
    lane: Arc<Lane>,
    /// Writes whose intents are safe, in their order.
    line: Line,
    /// Where there is a journal: the thread that makes intents safe.
    keeper: Option<(mpsc::Sender<Vec<Prepared>>, JoinHandle<()>)>,
}

type Line = UnboundedSender<Prepared>;

/// What each write needs on its way.
struct Lane {
    /// How many writes are safe and wait for their turn.
    stock: AtomicUsize,
    /// The thread that makes intents safe, once it waits for the stock to run low.
    keeper: OnceLock<Thread>,
    client: Arc<Client>,
    recorder: Option<Arc<Recorder>>,
    clock: Clock,
    bounds: Bounds,
    /// What has come back and is not entered yet; each with its place among those in flight.
    back: Mutex<Vec<(Returned, OwnedSemaphorePermit)>>,
    answer: mpsc::Sender<Vec<Sent>>,
}

impl Outgoing {
    /// A way out to the API of `session`; `answer` is told what became of each write.
    pub fn new(session: &Session, bounds: Bounds, answer: mpsc::Sender<Vec<Sent>>) -> Result<Outgoing, SessionError> {
        let link = session.link()?;
        let lane = Arc::new(Lane {
            stock: AtomicUsize::new(0),
            keeper: OnceLock::new(),
            client: link.client().clone(),
            recorder: session.recorder(),
            clock: session.clock().clone(),
            bounds,
            back: Mutex::default(),
            answer,
        });
        let (line, safe) = unbounded_channel();
        link.runtime().spawn(release(lane.clone(), safe));
        let keeper = match &lane.recorder {
            None => None,
            Some(recorder) => {
                let (recorder, lane, line) = (recorder.clone(), lane.clone(), line.clone());
                let (hand, groups) = mpsc::channel();
                let thread = thread::Builder::new().name("journal".into());
                let thread = thread.spawn(move || keep(&recorder, &lane, &line, &groups)).map_err(no_thread)?;
                Some((hand, thread))
            }
        };
        Ok(Outgoing { lane, line, keeper })
    }

    /// Lets these writes go, in their order, once their intents are safe.
    pub fn hand(&self, group: Vec<Prepared>) {
        match &self.keeper {
            Some((keeper, _)) => {
                if let Err(lost) = keeper.send(group) {
                    self.lane.fail(rows_of(&lost.0), no_thread(io::ErrorKind::BrokenPipe.into()));
                }
            }
            None => self.lane.enqueue(&self.line, group),
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some((hand, thread)) = self.keeper.take() {
            drop(hand);
            // It does nothing that panics; and if it did, the writes of the call are over all the same.
            let _ = thread.join();
        }
    }
}

/// Makes intents safe as they come, those together that came while the last ones were made safe; and where there are very many,
/// those that came until there are hardly any safe ones left to send: each time costs both processors something.
fn keep(recorder: &Recorder, lane: &Lane, line: &Line, groups: &mpsc::Receiver<Vec<Prepared>>) {
    let mut waiting = VecDeque::new();
    while let Ok(group) = groups.recv() {
        waiting.extend(group);
        while !waiting.is_empty() {
            let most = group_at(lane.client.pace().rate);
            if most > GROUP {
                lane.wait_until_low();
            }
            groups.try_iter().for_each(|group| waiting.extend(group));
            let group: Vec<Prepared> = waiting.drain(..waiting.len().min(most)).collect();
            if lane.bounds.closed.load(Ordering::SeqCst) {
                // Nothing more goes out, so nothing is meant, either.
                lane.tell(rows_of(&group).into_iter().map(|row| (row, None)).collect());
                continue;
            }
            match make_safe(recorder, &group) {
                Ok(()) => lane.enqueue(line, group),
                Err(error) => lane.fail(rows_of(&group), error),
            }
        }
    }
}

fn rows_of(group: &[Prepared]) -> Vec<u64> {
    group.iter().map(|prepared| prepared.number.1).collect()
}

fn make_safe(recorder: &Recorder, group: &[Prepared]) -> Result<(), SessionError> {
    // Of a write in doubt the intent is safe already.
    let intents: Vec<_> = group.iter().filter_map(Prepared::intended).collect();
    if intents.is_empty() {
        return Ok(());
    }
    recorder.append_all(&intents)?;
    recorder.sync()?;
    crash::pass(Point::AfterIntent);
    Ok(())
}

/// Sends the writes whose intents are safe in their order, each as soon as it may be in flight.
async fn release(lane: Arc<Lane>, mut safe: UnboundedReceiver<Prepared>) {
    while let Some(prepared) = safe.recv().await {
        let Ok(permit) = lane.bounds.permits.clone().acquire_owned().await else { return };
        lane.one_less();
        let lane = lane.clone();
        let mut sending = Box::pin(async move { lane.send(prepared, permit).await });
        // It takes its place in the budget's line here: tasks begin in any order.
        if poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await.is_pending() {
            task::spawn(sending);
        }
    }
}

impl Lane {
    fn enqueue(&self, line: &Line, group: Vec<Prepared>) {
        self.stock.fetch_add(group.len(), Ordering::SeqCst);
        for prepared in group {
            // The runtime lives as long as the session.
            let _ = line.send(prepared);
        }
    }

    fn one_less(&self) {
        if self.stock.fetch_sub(1, Ordering::SeqCst) == ENOUGH
            && let Some(keeper) = self.keeper.get()
        {
            keeper.unpark();
        }
    }

    /// Called on the thread that makes intents safe.
    fn wait_until_low(&self) {
        self.keeper.get_or_init(thread::current);
        while self.stock.load(Ordering::SeqCst) >= ENOUGH && !self.bounds.closed.load(Ordering::SeqCst) {
            // Whoever closes the way out wakes nobody.
            thread::park_timeout(WRITING);
        }
    }

    async fn send(&self, prepared: Prepared, permit: OwnedSemaphorePermit) {
        if self.bounds.closed.load(Ordering::SeqCst) {
            let taken_back = self.recorder.as_deref().map_or(Ok(()), |recorder| prepared.take_back(recorder));
            return self.tell(vec![(prepared.number.1, taken_back.err().map(Err))]);
        }
        let (result, sent) = sent::send(&self.client, &prepared).await;
        let returned = prepared.returned(self.clock.now(), result, sent);
        let is_first = {
            let mut back = self.back.lock().expect(LOCK);
            back.push((returned, permit));
            back.len() == 1
        };
        if is_first {
            if self.recorder.is_some() {
                // What else has come back by now is entered with it.
                task::yield_now().await;
            }
            self.enter();
        }
    }

    /// Enters what has come back, and tells of it.
    fn enter(&self) {
        let (returned, permits): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *self.back.lock().expect(LOCK)).into_iter().unzip();
        let rows: Vec<u64> = returned.iter().map(|returned| returned.number.1).collect();
        match sent::enter(self.recorder.as_deref(), returned) {
            Ok(outcomes) => self.tell(rows.into_iter().zip(outcomes.into_iter().map(Some)).collect()),
            Err(error) => self.fail(rows, error),
        }
        // Not before the answers are recorded: what is in doubt after a crash is never more than may be in flight.
        drop(permits);
    }

    /// What was to be written of these could not be, which ends the run.
    fn fail(&self, rows: Vec<u64>, error: SessionError) {
        self.bounds.closed.store(true, Ordering::SeqCst);
        let mut error = Some(Err(error));
        self.tell(rows.into_iter().map(|row| (row, error.take())).collect());
    }

    fn tell(&self, rows: Vec<Sent>) {
        for (_, outcome) in &rows {
            match outcome {
                Some(Ok(Outcome::Failed(_))) => self.bounds.fail(),
                // It ends the run; nothing that waits may go out while the script finds out.
                Some(Err(_)) => self.bounds.closed.store(true, Ordering::SeqCst),
                _ => {}
            }
        }
        // Whoever waits may be gone with the run.
        let _ = self.answer.send(rows);
    }
}

fn no_thread(error: io::Error) -> SessionError {
    SessionError::Store(StoreError {
        message: format!("there is no thread for the journal ({error})"),
        hint: "go on with the run when the machine is less busy".into(),
        will_pass: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse_rate;

    #[test]
    fn a_group_is_twenty_at_any_rate_of_the_service_and_larger_where_there_is_no_limit() {
        for (rate, most) in
            [("30/min", 20), ("600/min", 20), ("120000/min", 20), ("180000/min", 30), ("1000000/s", 512)]
        {
            assert_eq!(group_at(parse_rate(rate).unwrap()), most, "{rate}");
        }
    }
}
