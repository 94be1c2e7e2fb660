//! Several processes on one book, in virtual time.

use super::*;
use crate::{
    api::{
        budget::{
            Budget, Halt, Pass, Seen,
            model::{SECOND, Server, run},
        },
        settings::Timing,
    },
    stop::Stop,
    text,
};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};
use tokio::time::{Instant, timeout};

/// A machine: its clock, what its processes keep, and which of them live.
struct Machine {
    start: Instant,
    /// How long it slept: the clock of its processes goes on then.
    slept: Mutex<Duration>,
    kept: Mutex<Vec<u8>>,
    living: Mutex<BTreeSet<u64>>,
    next: AtomicU64,
    exchanges: AtomicU32,
    broken: AtomicBool,
}

struct Process {
    machine: Arc<Machine>,
    id: u64,
}

impl Ledger for Process {
    fn now(&self) -> Duration {
        1000 * SECOND + self.machine.start.elapsed() + *self.machine.slept.lock().unwrap()
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn lives(&self, id: u64) -> bool {
        self.machine.living.lock().unwrap().contains(&id)
    }

    fn exchange(&self, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Result<(), Unshared> {
        if self.machine.broken.load(Relaxed) {
            self.machine.killed(self.id);
            return Err(Unshared);
        }
        self.machine.exchanges.fetch_add(1, Relaxed);
        let mut kept = self.machine.kept.lock().unwrap();
        if let Some(new) = change(&kept) {
            *kept = new;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.machine.killed(self.id);
    }
}

impl Machine {
    fn new() -> Arc<Machine> {
        Arc::new(Machine {
            start: Instant::now(),
            slept: Mutex::default(),
            kept: Mutex::default(),
            living: Mutex::default(),
            next: AtomicU64::new(1),
            exchanges: AtomicU32::new(0),
            broken: AtomicBool::new(false),
        })
    }

    /// A process that begins, and its id.
    fn starts(self: &Arc<Self>, rate: Option<&str>, interactive: bool, max_wait: Duration) -> (Arc<Budget>, u64) {
        let id = self.next.fetch_add(1, Relaxed);
        self.living.lock().unwrap().insert(id);
        let share = Share { ledger: Arc::new(Process { machine: self.clone(), id }), interactive };
        let rate = rate.map(|rate| text::parse_rate(rate).unwrap());
        (Arc::new(Budget::new(rate, 60, max_wait, &Timing::default(), Some(share))), id)
    }

    fn process(self: &Arc<Self>, rate: &str) -> Arc<Budget> {
        self.starts(Some(rate), false, 600 * SECOND).0
    }

    fn without_a_rate(self: &Arc<Self>) -> Arc<Budget> {
        self.starts(None, false, 600 * SECOND).0
    }

    fn killed(&self, id: u64) {
        self.living.lock().unwrap().remove(&id);
    }

    fn sleeps(&self, time: Duration) {
        *self.slept.lock().unwrap() += time;
    }

    fn book(&self) -> Book {
        Book::from_bytes(&self.kept.lock().unwrap(), Duration::MAX).unwrap()
    }
}

async fn enter(budget: &Budget) -> Pass<'_> {
    budget.enter(&Stop::default(), true).await.unwrap()
}

/// As many calls as get a pass at once, each answered as soon.
async fn burst(budget: &Budget) -> usize {
    let mut sent = 0;
    while let Ok(pass) = timeout(Duration::from_millis(1), enter(budget)).await {
        pass.answered(Seen::default());
        sent += 1;
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn three_processes_use_the_whole_limit_and_meet_no_429() {
    let (machine, server) = (Machine::new(), Server::new(60, 6 * SECOND, 10));
    let begun = Instant::now();
    let tasks = [1, 1, 8].map(|workers| {
        let (process, server) = (machine.process("60/6s"), server.clone());
        tokio::spawn(async move { run(&process, &server, 100, workers).await })
    });
    for task in tasks {
        task.await.unwrap();
    }
    // Ideal is window × ⌊(n − 1) / limit⌋.
    assert!(begun.elapsed() <= (4 * 6 * SECOND).mul_f64(1.05), "{:?}", begun.elapsed());
    assert_eq!(*server.refused.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_one_learns_the_limit_for_all() {
    let (machine, server) = (Machine::new(), Server::new(600, 60 * SECOND, 10));
    let (one, two) = (machine.without_a_rate(), machine.without_a_rate());
    run(&one, &server, 1, 1).await;
    assert_eq!(burst(&two).await, 599);
    assert_eq!(burst(&one).await, 0);
    // A limit does not outlive those who knew it: when all are gone, the next one begins with its guess.
    drop((one, two));
    machine.sleeps(61 * SECOND);
    assert_eq!(burst(&machine.without_a_rate()).await, 60);
}

#[tokio::test(start_paused = true)]
async fn foreign_use_counts_once_and_not_for_each_process() {
    let (machine, server) = (Machine::new(), Server::new(60, 60 * SECOND, 10));
    server.foreign(40);
    let processes = [(); 3].map(|()| machine.without_a_rate());
    for process in &processes {
        run(process, &server, 1, 1).await;
    }
    assert_eq!(burst(&processes[0]).await + burst(&processes[1]).await, 60 - 40 - 3);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_had_in_flight_is_busy_for_one_window_from_when_it_was_noticed() {
    let machine = Machine::new();
    let (dead, id) = machine.starts(Some("10/6s"), false, SECOND);
    for _ in 0..10 {
        std::mem::forget(enter(&dead).await);
    }
    let other = machine.process("10/6s");
    assert_eq!(burst(&other).await, 0);
    // As long as it lives its calls may be counted at any time.
    tokio::time::sleep(100 * SECOND).await;
    assert_eq!(burst(&other).await, 0);
    machine.killed(id);
    let begun = Instant::now();
    enter(&other).await.answered(Seen::default());
    let waited = begun.elapsed();
    assert!(waited >= 6 * SECOND && waited <= 7 * SECOND + SECOND / 5, "{waited:?}");
    assert_eq!(burst(&other).await, 9);
}

#[tokio::test(start_paused = true)]
async fn an_interactive_session_is_left_a_tenth_as_long_as_it_is_open() {
    let machine = Machine::new();
    let batch = machine.process("60/60s");
    assert_eq!(burst(&batch).await, 60);
    // It registers with its first look, also where it has to wait.
    let session = machine.starts(Some("60/60s"), true, SECOND).0;
    assert_eq!(burst(&session).await, 0);
    machine.sleeps(61 * SECOND);
    assert_eq!(burst(&batch).await, 54);
    assert_eq!(burst(&session).await, 6);
    // It may use more than that, and what it has used of its tenth is not kept free a second time.
    machine.sleeps(61 * SECOND);
    assert_eq!(burst(&session).await, 60);
    machine.sleeps(61 * SECOND);
    for _ in 0..4 {
        enter(&session).await.answered(Seen::default());
    }
    assert_eq!(burst(&batch).await, 54);
    assert_eq!(burst(&session).await, 2);
    drop(session);
    machine.sleeps(61 * SECOND);
    assert_eq!(burst(&batch).await, 60);
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_process_stops_all_and_then_one_call_of_one_process_goes_first() {
    let machine = Machine::new();
    let (one, two) = (machine.process("60/6s"), machine.process("60/6s"));
    enter(&one).await.refused(Some(3 * SECOND));
    let begun = Instant::now();
    let first = enter(&two).await;
    assert!(begun.elapsed() >= 3 * SECOND && begun.elapsed() < 4 * SECOND, "{:?}", begun.elapsed());
    assert_eq!(burst(&one).await, 0, "the answer of the first is not there");
    first.answered(Seen::default());
    assert_eq!(burst(&one).await, 59);
}

#[tokio::test(start_paused = true)]
async fn what_others_waited_after_a_429_takes_nothing_from_the_patience_of_one_that_comes_later() {
    let machine = Machine::new();
    enter(&machine.process("60/6s")).await.refused(Some(60 * SECOND));
    let stop = Stop::default();
    let comes = || machine.starts(Some("60/6s"), false, 10 * SECOND).0;
    assert_eq!(comes().enter(&stop, true).await.map(drop), Err(Halt::Blocked(Duration::ZERO)));
    tokio::time::sleep(55 * SECOND).await;
    comes().enter(&stop, true).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn time_passes_while_the_machine_sleeps() {
    let machine = Machine::new();
    let process = machine.process("10/1h");
    assert_eq!(burst(&process).await, 10);
    machine.sleeps(3605 * SECOND);
    assert_eq!(burst(&process).await, 10);
}

#[tokio::test(start_paused = true)]
async fn garbage_is_an_empty_book_and_what_is_in_flight_stays_known() {
    let machine = Machine::new();
    let (one, two) = (machine.process("10/60s"), machine.process("10/60s"));
    let passes = [enter(&one).await, enter(&one).await];
    enter(&two).await.answered(Seen::default());
    *machine.kept.lock().unwrap() = b"not a book".to_vec();
    assert_eq!(burst(&one).await, 8);
    assert_eq!(burst(&two).await, 0);
    for pass in passes {
        pass.answered(Seen { limit: Some(10), remaining: Some(0), reset_in: None });
    }
    assert_eq!(machine.book().log.batch.after(None), 10);
}

#[tokio::test(start_paused = true)]
async fn a_process_whose_ledger_fails_goes_on_alone_with_what_it_knows() {
    let machine = Machine::new();
    let (one, two) = (machine.process("10/6s"), machine.process("10/6s"));
    let in_flight = enter(&two).await;
    for _ in 0..4 {
        enter(&one).await.answered(Seen::default());
    }
    machine.broken.store(true, Relaxed);
    assert_eq!(burst(&one).await, 5, "of ten, four were sent and one is in flight");
    assert_eq!(*machine.living.lock().unwrap(), BTreeSet::from([2]), "the others learn that it shares no more");
    machine.broken.store(false, Relaxed);
    let exchanges = machine.exchanges.load(Relaxed);
    tokio::time::sleep(7 * SECOND).await;
    assert_eq!(burst(&one).await, 10);
    assert_eq!(machine.exchanges.load(Relaxed), exchanges);
    in_flight.answered(Seen::default());
}

#[tokio::test(start_paused = true)]
async fn where_there_is_room_for_everybody_only_the_gate_and_the_limit_are_shared() {
    let machine = Machine::new();
    let (one, two) = (machine.without_a_rate(), machine.without_a_rate());
    let roomy = || Seen { limit: Some(1_000_000_000), remaining: Some(1_000_000_000), reset_in: None };
    for process in [&one, &two] {
        enter(process).await.answered(roomy());
    }
    let before = machine.exchanges.load(Relaxed);
    for _ in 0..10_000 {
        enter(&one).await.answered(roomy());
    }
    assert!(machine.exchanges.load(Relaxed) - before <= 1);
    assert!(!machine.book().log.is_waiting_for_an_answer());
    enter(&one).await.refused(Some(SECOND));
    tokio::time::sleep(GLANCE).await;
    assert_eq!(burst(&two).await, 0);
    tokio::time::sleep(SECOND).await;
    enter(&two).await.answered(roomy());
    // A limit that has become small is one for all.
    enter(&one).await.answered(Seen { limit: Some(20), remaining: Some(20), reset_in: None });
    tokio::time::sleep(GLANCE).await;
    let sent = burst(&two).await + burst(&one).await;
    assert!((10..=20).contains(&sent), "{sent}");
}
