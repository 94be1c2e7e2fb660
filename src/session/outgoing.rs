//! The way out of a bulk call's writes: their intents are made safe in groups, on a thread of their own so that the script
//! goes on meanwhile; then they are sent, and what became of each is recorded before anything else is done with it. Knows no
//! order of rows but the one in which they come.

use super::{
    Session, SessionError,
    crash::{self, Point},
    journal::Recorder,
    sent::{self, Prepared},
    write::Outcome,
};
use crate::{api::client::Client, clock::Clock, store::StoreError, text::Rate};
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    task::Poll,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::{
    Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// So many intents are made safe together, at the most, at any rate that the service has: what a loss of power leaves in
/// doubt.
pub(super) const GROUP: usize = 20;
/// The same where there is next to no limit, as in a sandbox.
const LARGE_GROUP: usize = 1024;
/// No sooner after the last one is a large group made safe: while a disk writes, both processors do less.
const BETWEEN: Duration = Duration::from_millis(20);

/// How many intents are made safe together at the most, at this rate: twenty, or twice as many as the rate lets through
/// between one group and the next. Otherwise calls would wait for the disk and not for the rate.
pub(super) fn group_at(rate: Rate) -> usize {
    let meanwhile = f64::from(rate.limit) / rate.window.as_secs_f64() * BETWEEN.as_secs_f64();
    ((meanwhile * 2.0) as usize).clamp(GROUP, LARGE_GROUP)
}

/// What became of a write that was handed in.
pub(super) struct Sent {
    pub row: u64,
    /// As it stands in the journal; `None` where it was not sent after all.
    pub outcome: Option<Result<Outcome, SessionError>>,
}

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
    client: Arc<Client>,
    recorder: Option<Arc<Recorder>>,
    clock: Clock,
    bounds: Bounds,
    answer: mpsc::Sender<Sent>,
}

impl Outgoing {
    /// A way out to the API of `session`; `answer` is told what became of each write.
    pub fn new(session: &Session, bounds: Bounds, answer: mpsc::Sender<Sent>) -> Result<Outgoing, SessionError> {
        let link = session.link()?;
        let lane = Arc::new(Lane {
            client: link.client().clone(),
            recorder: session.recorder(),
            clock: session.clock().clone(),
            bounds,
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
                    self.lane.fail(&lost.0, no_thread(io::ErrorKind::BrokenPipe.into()));
                }
            }
            None => enqueue(&self.line, group),
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

/// Makes intents safe as they come, those together that came while the last ones were made safe, or soon after that where
/// there are very many.
fn keep(recorder: &Recorder, lane: &Lane, line: &Line, groups: &mpsc::Receiver<Vec<Prepared>>) {
    let mut waiting = VecDeque::new();
    let mut last: Option<Instant> = None;
    while let Ok(group) = groups.recv() {
        waiting.extend(group);
        while !waiting.is_empty() {
            let most = group_at(lane.client.pace().rate);
            if let Some(last) = last.filter(|_| most > GROUP) {
                thread::sleep(BETWEEN.saturating_sub(last.elapsed()));
            }
            last = Some(Instant::now());
            groups.try_iter().for_each(|group| waiting.extend(group));
            let group: Vec<Prepared> = waiting.drain(..waiting.len().min(most)).collect();
            if lane.bounds.closed.load(Ordering::SeqCst) {
                // Nothing more goes out, so nothing is meant, either.
                group.iter().for_each(|prepared| lane.tell(prepared.number.1, None));
                continue;
            }
            match make_safe(recorder, &group) {
                Ok(()) => enqueue(line, group),
                Err(error) => lane.fail(&group, error),
            }
        }
    }
}

fn make_safe(recorder: &Recorder, group: &[Prepared]) -> Result<(), SessionError> {
    // Of a write in doubt the intent is safe already.
    let intents: Vec<_> = group.iter().filter_map(Prepared::intended).collect();
    if intents.is_empty() {
        return Ok(());
    }
    recorder.append_intents(&intents)?;
    recorder.sync()?;
    crash::pass(Point::AfterIntent);
    Ok(())
}

fn enqueue(line: &Line, group: Vec<Prepared>) {
    for prepared in group {
        // The runtime lives as long as the session.
        let _ = line.send(prepared);
    }
}

/// Sends the writes whose intents are safe in their order, each as soon as it may be in flight.
async fn release(lane: Arc<Lane>, mut safe: UnboundedReceiver<Prepared>) {
    while let Some(prepared) = safe.recv().await {
        let Ok(permit) = lane.bounds.permits.clone().acquire_owned().await else { return };
        let lane = lane.clone();
        let mut sending = Box::pin(async move {
            lane.send(&prepared).await;
            // Not before its answer is recorded: what is in doubt after a crash is never more than may be in flight.
            drop(permit);
        });
        // It takes its place in the budget's line here: tasks begin in any order.
        if poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await.is_pending() {
            tokio::spawn(sending);
        }
    }
}

impl Lane {
    async fn send(&self, prepared: &Prepared) {
        let recorder = self.recorder.as_deref();
        let outcome = if self.bounds.closed.load(Ordering::SeqCst) {
            recorder.map_or(Ok(()), |recorder| prepared.take_back(recorder)).err().map(Err)
        } else {
            let (result, sent) = sent::send(&self.client, prepared).await;
            Some(prepared.entered(recorder, self.clock.now(), result, sent))
        };
        self.tell(prepared.number.1, outcome);
    }

    /// None of these goes out, because their intents could not be made safe.
    fn fail(&self, group: &[Prepared], error: SessionError) {
        self.bounds.closed.store(true, Ordering::SeqCst);
        let mut error = Some(Err(error));
        for prepared in group {
            self.tell(prepared.number.1, error.take());
        }
    }

    fn tell(&self, row: u64, outcome: Option<Result<Outcome, SessionError>>) {
        if matches!(outcome, Some(Ok(Outcome::Failed(_)))) {
            self.bounds.fail();
        }
        if matches!(outcome, Some(Err(_))) {
            // It ends the run; nothing that waits may go out while the script finds out.
            self.bounds.closed.store(true, Ordering::SeqCst);
        }
        // Whoever waits may be gone with the run.
        let _ = self.answer.send(Sent { row, outcome });
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
        for (rate, most) in [("30/min", 20), ("600/min", 20), ("30000/min", 20), ("60000/min", 40), ("1000000/s", 1024)]
        {
            assert_eq!(group_at(parse_rate(rate).unwrap()), most, "{rate}");
        }
    }
}
