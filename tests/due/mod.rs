//! The ledger of due times under a simulated clock: years in seconds, with kills, sleeps, and clocks that go wrong.

mod kill;
mod page;
mod said;
mod serve;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use onramp::{
    cron::Schedule,
    header::{Missed, Overlap},
    store::due::{self, Ledger, LedgerError},
    trigger::schedule::{MISSED_WINDOW, Notice, Open, Plan, Runs, Scheduler, Wanted, What, reset},
};
use rusqlite::{Connection, params};
use std::{cell::Cell, collections::HashMap, path::Path, time::Duration};

/// Runs in a table beside the ledger, as the store keeps them.
struct Table<'c> {
    db: &'c Connection,
    /// After so many calls the process dies; never where there is none.
    dies_in: Cell<Option<u32>>,
}

#[derive(Debug)]
enum Failed {
    Killed,
    Ledger(LedgerError),
}

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Failed::Ledger(error)
    }
}

impl Table<'_> {
    fn new(db: &Connection) -> Table<'_> {
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS sim (id INTEGER PRIMARY KEY, script TEXT, due INTEGER, state TEXT);
             CREATE INDEX IF NOT EXISTS sim_state ON sim (state);",
        )
        .unwrap();
        Table { db, dies_in: Cell::new(None) }
    }

    fn lives(&self) -> Result<(), Failed> {
        match self.dies_in.get() {
            Some(0) => Err(Failed::Killed),
            left => {
                self.dies_in.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }

    /// Ends what runs and begins what waits, mostly.
    fn work(&self, rng: &mut Rng) {
        if rng.u32(..10) < 7 {
            self.db.execute("UPDATE sim SET state = 'done' WHERE state = 'running'", []).unwrap();
            let next = "UPDATE sim SET state = 'running' WHERE id IN (SELECT min(id) FROM sim WHERE state = 'queued' GROUP BY script)";
            self.db.execute(next, []).unwrap();
        }
    }
}

impl Runs for Table<'_> {
    type Error = Failed;

    fn open(&self, script: &str) -> Result<Vec<Open>, Failed> {
        self.lives()?;
        let sql = "SELECT id, state FROM sim WHERE script = ?1 AND state IN ('queued', 'running') ORDER BY id";
        let mut query = self.db.prepare(sql).map_err(LedgerError::from)?;
        let open = query.query_map([script], |row| {
            Ok(Open { id: row.get::<_, i64>(0)?.to_string(), running: row.get::<_, String>(1)? == "running" })
        });
        Ok(open.and_then(Iterator::collect).map_err(LedgerError::from)?)
    }

    fn queue(&self, wanted: &Wanted<'_>) -> Result<String, Failed> {
        self.lives()?;
        let sql = "INSERT INTO sim (script, due, state) VALUES (?1, ?2, 'queued')";
        self.db
            .execute(sql, params![wanted.plan.script, wanted.scheduled_for.as_second()])
            .map_err(LedgerError::from)?;
        self.lives()?;
        Ok(self.db.last_insert_rowid().to_string())
    }
}

fn plan(script: &str, schedule: &str, zone: &str, overlap: Overlap, missed: Missed) -> Plan {
    Plan {
        script: format!("/p/{script}"),
        schedule: Schedule::parse(schedule).unwrap(),
        zone: TimeZone::get(zone).unwrap(),
        zone_name: zone.into(),
        overlap,
        missed,
        missed_window: MISSED_WINDOW,
        jitter: Duration::from_secs(90),
    }
}

fn plans() -> Vec<Plan> {
    vec![
        plan("a", "30 2 * * *", "America/New_York", Overlap::Skip, Missed::Once),
        plan("b", "*/30 0-8 * * *", "Australia/Lord_Howe", Overlap::Queue, Missed::All),
        plan("c", "every 95m", "UTC", Overlap::Skip, Missed::Skip),
        plan("d", "0,15,30 0-3 * * SUN", "America/Santiago", Overlap::Queue, Missed::Once),
        plan("e", "0 9 L * *", "Europe/Berlin", Overlap::Skip, Missed::All),
        plan("f", "*/2 1 * * *", "Europe/Berlin", Overlap::Skip, Missed::Once),
    ]
}

fn root() -> &'static Path {
    Path::new("/p")
}

/// What a life of the scheduler was like.
#[derive(Default)]
struct Life {
    ticks: u32,
    kills: u32,
    /// How often a script was broken.
    broken: u32,
    /// How often each kind of thing was said.
    said: HashMap<&'static str, u32>,
}

impl Life {
    fn hear(&mut self, notices: &[Notice]) {
        for notice in notices {
            let word = match notice.what {
                What::Back(_) => "back",
                What::Stopped(_) => "stopped",
                What::GoesOn => "goes on",
                What::Missed { .. } => "missed",
                What::Changed => "changed",
                What::Removed => "removed",
                What::Unknown(_) => "unknown",
            };
            *self.said.entry(word).or_default() += 1;
        }
    }
}

/// Lives for three years from 2026 on. `wrong`: whether the clock is sometimes days ahead for a while.
fn live(db: &Connection, seed: u64, wrong: bool) -> Life {
    let (ledger, runs, mut rng) = (Ledger::new(db), Table::new(db), Rng::with_seed(seed));
    let mut life = Life::default();
    let mut now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let end: Timestamp = "2029-01-01T00:00:00Z".parse().unwrap();
    let mut present = plans();
    let mut scheduler = Scheduler::default();
    life.hear(&scheduler.adopt(ledger, root(), present.clone(), &[], now).unwrap());
    while now < end {
        let hours = |rng: &mut Rng, most: i64| SignedDuration::from_secs(rng.i64(0..most * 3600));
        let mut dead = false;
        match rng.u32(..1000) {
            // It sleeps.
            0..40 => now += hours(&mut rng, 80),
            // The clock is put back a little.
            40..60 => now -= hours(&mut rng, 1),
            60..90 => dead = true,
            90..150 => runs.dies_in.set(Some(rng.u32(..4))),
            150..155 => {
                // Another text for one of the scripts, or none for a while.
                let at = rng.usize(..present.len());
                let other = if rng.bool() { "10 */3 * * *" } else { "@hourly" };
                present[at].schedule = Schedule::parse(other).unwrap();
                life.hear(&scheduler.adopt(ledger, root(), present.clone(), &[], now).unwrap());
            }
            155..157 => {
                life.hear(&scheduler.adopt(ledger, root(), present[1..].to_vec(), &[], now).unwrap());
                now += hours(&mut rng, 30);
                life.hear(&scheduler.adopt(ledger, root(), present.clone(), &[], now).unwrap());
            }
            157..160 => present = plans(),
            164..168 => {
                // One of them is broken for a while, now and then for a moment only.
                let at = rng.usize(..present.len());
                let broken = [present[at].script.clone()];
                let (mut left, most) = (present.clone(), if rng.bool() { 30 } else { 1 });
                left.remove(at);
                scheduler.suspend(now, |script| script != broken[0]);
                life.hear(&scheduler.tick(ledger, &runs, now).unwrap());
                life.hear(&scheduler.adopt(ledger, root(), left, &broken, now).unwrap());
                for _ in 0..rng.u32(1..4) {
                    now += hours(&mut rng, most);
                    life.hear(&scheduler.tick(ledger, &runs, now).unwrap());
                }
                life.broken += 1;
                life.hear(&scheduler.adopt(ledger, root(), present.clone(), &[], now).unwrap());
            }
            160..164 if wrong => {
                let ahead = SignedDuration::from_hours(rng.i64(2..100));
                life.hear(&scheduler.tick(ledger, &runs, now + ahead).unwrap());
                life.hear(&scheduler.tick(ledger, &runs, now).unwrap());
                for plan in &present {
                    reset(ledger, &plan.script, now).unwrap();
                }
                life.hear(&scheduler.tick(ledger, &runs, now).unwrap());
            }
            _ => {
                let next = scheduler.next().unwrap_or(now).max(now);
                now = next + SignedDuration::from_millis(rng.i64(0..5000));
            }
        }
        life.ticks += 1;
        match scheduler.tick(ledger, &runs, now) {
            Ok(notices) => life.hear(&notices),
            Err(Failed::Killed) => dead = true,
            Err(Failed::Ledger(error)) => panic!("{error}"),
        }
        runs.dies_in.set(None);
        if dead {
            life.kills += 1;
            now += hours(&mut rng, 12);
            scheduler = Scheduler::default();
            life.hear(&scheduler.adopt(ledger, root(), present.clone(), &[], now).unwrap());
        }
        runs.work(&mut rng);
    }
    life.hear(&scheduler.tick(ledger, &runs, now).unwrap());
    life
}

fn column(db: &Connection, sql: &str) -> Vec<i64> {
    let mut query = db.prepare(sql).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Holds every version in the ledger against a walk of its own: each due time it should have, and how often it is covered.
/// `exactly`: by one row and no other.
fn hold(db: &Connection, exactly: bool) -> u64 {
    let mut total = 0;
    let mut versions =
        db.prepare("SELECT id, script, text, zone, began_at, accounted_to FROM schedule ORDER BY id").unwrap();
    let mut reached: HashMap<String, i64> = HashMap::new();
    let mut rows = versions.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (id, script): (i64, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (text, zone): (String, String) = (row.get(2).unwrap(), row.get(3).unwrap());
        let (began, to): (i64, i64) = (row.get(4).unwrap(), row.get(5).unwrap());
        // A version that follows another one closely does not repeat what that one had reached.
        let from = reached.get(&script).map_or(began, |before| began.max(*before));
        reached.insert(script, to.max(from));
        let rows = |which: &str| {
            let sql = format!(
                "SELECT due_at, coalesce(until, due_at) FROM due WHERE schedule = {id} AND {which} ORDER BY due_at"
            );
            let mut query = db.prepare(&sql).unwrap();
            let all = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
            all.collect::<Result<Vec<_>, _>>().unwrap()
        };
        let single = rows("until IS NULL AND (reason IS NULL OR reason NOT LIKE 'same instant%')");
        let ranges = rows("until IS NOT NULL");
        let schedule = Schedule::parse(&text).unwrap();
        let begin = Timestamp::from_second(from).unwrap();
        let walk = schedule.after(begin, &TimeZone::get(&zone).unwrap()).map(|due| due.at.as_second());
        let expected: Vec<i64> = walk.take_while(|at| *at <= to).collect();
        let mut rows_at: HashMap<i64, usize> = HashMap::new();
        single.iter().for_each(|row| *rows_at.entry(row.0).or_default() += 1);
        for at in &expected {
            let covered = rows_at.get(at).copied().unwrap_or(0)
                + ranges.iter().filter(|row| row.0 <= *at && *at <= row.1).count();
            let good = if exactly { covered == 1 } else { (1..=2).contains(&covered) };
            assert!(good, "{text} in {zone}: the due time {at} is covered {covered} times");
        }
        if exactly {
            let stray = single.iter().find(|row| expected.binary_search(&row.0).is_err());
            assert_eq!(stray, None, "{text}: a row without a due time");
        }
        total += expected.len() as u64;
    }
    total
}

#[test]
fn three_years_of_kills_sleeps_and_small_steps_leave_each_due_time_with_one_row() {
    let db = due::open_for_tests().unwrap();
    let life = live(&db, 7, false);
    assert!(life.kills > 100 && life.said["back"] > 50 && life.said["missed"] > 50, "{:?}", life.said);
    let broken = column(&db, "SELECT count(*) FROM due WHERE reason = 'the script was broken'")[0];
    assert!(life.broken >= 15 && broken > 50, "{} times, {broken} due times", life.broken);
    assert!(life.said["changed"] > 5 && life.said["removed"] > 2, "{:?}", life.said);
    assert!(hold(&db, true) > 40_000);
    assert_eq!(column(&db, "SELECT count(*) FROM sim GROUP BY script, due HAVING count(*) > 1"), [0_i64; 0]);
    runs_and_rows_belong_together(&db);
}

#[test]
fn a_clock_that_was_days_ahead_stops_the_schedules_until_they_are_put_back_and_none_runs_twice() {
    let db = due::open_for_tests().unwrap();
    let life = live(&db, 7, true);
    assert!(life.said["stopped"] > 20 && life.said["goes on"] > 20, "{:?}", life.said);
    hold(&db, false);
    let twice = "SELECT count(*) FROM due WHERE run IS NOT NULL GROUP BY schedule, due_at HAVING count(*) > 1";
    assert_eq!(column(&db, twice), [0_i64; 0]);
    runs_and_rows_belong_together(&db);
}

/// Each run has its row, and each row its run: what a kill undid, it undid in both.
#[track_caller]
fn runs_and_rows_belong_together(db: &Connection) {
    let runs = column(db, "SELECT id FROM sim ORDER BY id");
    let rows = column(db, "SELECT CAST(run AS INTEGER) AS id FROM due WHERE run IS NOT NULL ORDER BY id");
    assert!(runs == rows && runs.len() > 1000, "{} runs, {} rows", runs.len(), rows.len());
}
