//! The scheduler in a process that is killed, with its ledger in a file.

use super::{Table, column, plan, root};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use onramp::{
    header::{Missed, Overlap},
    store::due::{self, Ledger},
    trigger::schedule::Scheduler,
};
use rusqlite::Connection;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// Where the process that is to be killed finds its ledger.
const LEDGER: &str = "ONRAMP_TEST_LEDGER";
/// The one test of this file: with a ledger it is the process that is killed.
const NAME: &str =
    "due::kill::a_process_that_is_killed_at_any_moment_leaves_no_due_time_without_its_row_and_none_with_two_runs";

/// Opens a ledger in a file, as the store keeps it.
fn open_file(file: &Path) -> Connection {
    let db = Connection::open(file).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.pragma_update(None, "synchronous", "full").unwrap();
    due::prepare(&db).unwrap();
    db
}

/// Accounts for a second after the other, and says so, until it is killed.
fn account_for_every_second(file: &Path) -> ! {
    let db = open_file(file);
    let (ledger, runs, mut scheduler) = (Ledger::new(&db), Table::new(&db), Scheduler::default());
    let begin: Timestamp = "2026-05-26T06:00:00Z".parse().unwrap();
    let mut now = ledger.in_force("/p/a.rhai").unwrap().map_or(begin, |version| version.accounted_to);
    let every = plan("a.rhai", "every 1s", "UTC", Overlap::Queue, Missed::All);
    scheduler.adopt(ledger, root(), vec![every], &[], now).unwrap();
    loop {
        now += SignedDuration::from_secs(1);
        scheduler.tick(ledger, &runs, now).unwrap();
        db.execute("UPDATE sim SET state = 'done' WHERE state = 'queued'", []).unwrap();
        println!("accounted");
    }
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_no_due_time_without_its_row_and_none_with_two_runs() {
    if let Some(file) = std::env::var_os(LEDGER) {
        account_for_every_second(Path::new(&file));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onramp.db");
    let mut rng = Rng::with_seed(20_260_526);
    for _ in 0..20 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", NAME, "--nocapture"]);
        let mut child = command.env(LEDGER, &file).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seen = lines
            .by_ref()
            .map_while(Result::ok)
            .filter(|line| line.ends_with("accounted"))
            .take(rng.usize(10..30))
            .count();
        assert!(seen >= 10, "it ended by itself");
        // Somewhere in the next ticks.
        for _ in 0..rng.u32(0..200_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Until then its output was read by somebody.
        drop(lines);
    }
    let db = open_file(&file);
    let seconds = column(&db, "SELECT due_at FROM due ORDER BY due_at");
    assert!(seconds.len() >= 200 && seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seconds:?}");
    let cursor = column(&db, "SELECT accounted_to FROM schedule");
    assert_eq!(cursor, [*seconds.last().unwrap()]);
    assert_eq!(
        column(&db, "SELECT due FROM sim ORDER BY due"),
        column(&db, "SELECT due_at FROM due WHERE run IS NOT NULL")
    );
}
