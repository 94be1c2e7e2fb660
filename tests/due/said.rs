//! What a scheduler says, how long it sleeps, and what becomes of the due times of a script that is broken.

use super::{Table, plan, root};
use jiff::{SignedDuration, Timestamp};
use onramp::{
    header::{Missed, Overlap},
    store::due::{self, Filter, Ledger, Outcome},
    trigger::schedule::{Notice, Scheduler, reset},
};
use std::time::Duration;

#[test]
fn a_stopped_schedule_says_so_once_and_what_to_do() {
    let db = due::open_for_tests().unwrap();
    let (ledger, runs) = (Ledger::new(&db), Table::new(&db));
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut scheduler = Scheduler::default();
    let hourly = plan("a.rhai", "@hourly", "UTC", Overlap::Skip, Missed::Once);
    let said = |notices: Vec<Notice>| {
        let told = |notice: Notice| match notice.hint() {
            Some(hint) => format!("{notice} ({hint})"),
            None => notice.to_string(),
        };
        notices.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(
        said(scheduler.adopt(ledger, root(), vec![hourly.clone()], &[], at("2026-05-26T05:30:00Z")).unwrap()),
        [""; 0]
    );
    assert_eq!(said(scheduler.tick(ledger, &runs, at("2026-05-26T06:00:10Z")).unwrap()), [""; 0]);
    assert_eq!(
        said(scheduler.tick(ledger, &runs, at("2026-05-28T12:00:05Z")).unwrap()),
        ["`/p/a.rhai` missed 53 due times from 2026-05-26T07:00:00Z to 2026-05-28T11:00:00Z"]
    );
    let tick = |scheduler: &mut Scheduler, now| said(scheduler.tick(ledger, &runs, at(now)).unwrap());
    let stopped = "the schedule of `/p/a.rhai` is stopped: it is accounted for up to 53 h 30 min from now (set the clock, or run \
                   `onramp schedule reset /p/a.rhai`)";
    let back = "the clock went back by 53 h 30 min; nothing that was due is repeated";
    assert_eq!(tick(&mut scheduler, "2026-05-26T06:30:00Z"), [back, stopped]);
    assert_eq!(tick(&mut scheduler, "2026-05-26T06:30:30Z"), [""; 0]);
    assert_eq!(scheduler.next(), None);
    // Another process says it again, and goes on when the schedule is put back.
    let mut scheduler = Scheduler::default();
    scheduler.adopt(ledger, root(), vec![hourly.clone()], &[], at("2026-05-26T06:31:00Z")).unwrap();
    assert_eq!(tick(&mut scheduler, "2026-05-26T06:31:00Z").len(), 1);
    assert!(reset(ledger, "/p/a.rhai", at("2026-05-26T06:32:00Z")).unwrap().is_some());
    assert!(reset(ledger, "/p/a.rhai", at("2026-05-26T06:32:00Z")).unwrap().is_none());
    assert_eq!(tick(&mut scheduler, "2026-05-26T06:32:30Z"), ["the schedule of `/p/a.rhai` goes on"]);
    assert_eq!(tick(&mut scheduler, "2026-05-26T07:00:01Z"), [""; 0]);
    // What ran under the wrong clock is kept and not run again.
    let rows = ledger.entries(&Filter::default()).unwrap();
    let told: Vec<_> = rows.iter().map(|entry| (entry.row.due_at.to_string(), entry.row.outcome)).collect();
    assert_eq!(
        told,
        [
            ("2026-05-26T06:00:00Z".to_string(), Outcome::Run),
            ("2026-05-26T07:00:00Z".to_string(), Outcome::Skipped),
            ("2026-05-28T12:00:00Z".to_string(), Outcome::Run),
        ][..told.len()]
    );
}

#[test]
fn a_scheduler_sleeps_until_the_next_due_time_and_no_longer_than_half_a_minute() {
    let db = due::open_for_tests().unwrap();
    let mut scheduler = Scheduler::default();
    let now: Timestamp = "2026-05-26T06:59:10Z".parse().unwrap();
    assert_eq!(scheduler.sleep(now), Duration::from_secs(30));
    let hourly = plan("a.rhai", "@hourly", "UTC", Overlap::Skip, Missed::Once);
    scheduler.adopt(Ledger::new(&db), root(), vec![hourly], &[], now).unwrap();
    assert_eq!(scheduler.sleep(now), Duration::from_secs(30));
    assert_eq!(scheduler.sleep(now + SignedDuration::from_secs(35)), Duration::from_secs(15));
    assert_eq!(scheduler.sleep(now + SignedDuration::from_secs(60)), Duration::ZERO);
}

/// Each row in a line.
fn rows(ledger: Ledger<'_>) -> Vec<String> {
    let told = |entry: due::Entry| {
        let row = entry.row;
        let why = row.reason.map_or(String::new(), |why| format!(": {why}"));
        format!("{} {}{why}", row.due_at, row.outcome.word())
    };
    ledger.entries(&Filter::default()).unwrap().into_iter().map(told).collect()
}

#[test]
fn a_broken_script_keeps_its_schedule_and_each_of_its_due_times_has_its_row() {
    let db = due::open_for_tests().unwrap();
    let (ledger, runs) = (Ledger::new(&db), Table::new(&db));
    let at = |text: &str| format!("2026-05-26T{text}Z").parse::<Timestamp>().unwrap();
    let hourly = || plan("a.rhai", "@hourly", "UTC", Overlap::Skip, Missed::Once);
    let broken = ["/p/a.rhai".to_string()];
    let mut scheduler = Scheduler::default();
    scheduler.adopt(ledger, root(), vec![hourly()], &[], at("05:30:00")).unwrap();
    let told = |scheduler: &mut Scheduler, now: &str| {
        let notices = scheduler.tick(ledger, &runs, at(now)).unwrap();
        notices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut scheduler, "06:00:01"), [""; 0]);
    db.execute("UPDATE sim SET state = 'done'", []).unwrap();
    // Broken at 06:50. Until 07:01 it is not too late for 07:00.
    scheduler.suspend(at("06:50:00"), |_| false);
    assert!(scheduler.adopt(ledger, root(), Vec::new(), &broken, at("06:50:00")).unwrap().is_empty());
    assert_eq!(scheduler.next(), Some(at("07:01:00")));
    told(&mut scheduler, "07:00:59");
    assert_eq!(rows(ledger), ["2026-05-26T06:00:00Z run"]);
    told(&mut scheduler, "07:01:00");
    told(&mut scheduler, "08:00:20");
    // Mended within the minute behind 08:00: that one is on time, and only 07:00 went without a run.
    assert!(scheduler.adopt(ledger, root(), vec![hourly()], &[], at("08:00:25")).unwrap().is_empty());
    assert_eq!(told(&mut scheduler, "08:00:25"), [""; 0]);
    db.execute("UPDATE sim SET state = 'done'", []).unwrap();
    // Another process finds it broken, after nothing was there for two hours; and then it is gone.
    let mut scheduler = Scheduler::default();
    assert!(scheduler.adopt(ledger, root(), Vec::new(), &broken, at("10:30:00")).unwrap().is_empty());
    told(&mut scheduler, "10:30:00");
    told(&mut scheduler, "11:30:00");
    told(&mut scheduler, "12:00:30");
    scheduler.adopt(ledger, root(), Vec::new(), &[], at("12:00:30")).unwrap();
    assert_eq!(
        rows(ledger),
        [
            "2026-05-26T06:00:00Z run",
            "2026-05-26T07:00:00Z missed: the script was broken",
            "2026-05-26T08:00:00Z run",
            "2026-05-26T09:00:00Z missed: nothing was there to start it, and by then the script was broken",
            "2026-05-26T10:00:00Z missed: nothing was there to start it, and by then the script was broken",
            "2026-05-26T11:00:00Z missed: the script was broken",
            "2026-05-26T12:00:00Z missed: the schedule was taken away before it could be started",
        ]
    );
}

#[test]
fn a_clock_that_went_back_while_nothing_followed_a_schedule_is_told_of_once() {
    let db = due::open_for_tests().unwrap();
    let (ledger, runs) = (Ledger::new(&db), Table::new(&db));
    let at = |text: &str| format!("2026-05-26T{text}Z").parse::<Timestamp>().unwrap();
    let hourly = || plan("a.rhai", "@hourly", "UTC", Overlap::Skip, Missed::Once);
    Scheduler::default().adopt(ledger, root(), vec![hourly()], &[], at("07:00:00")).unwrap();
    let mut scheduler = Scheduler::default();
    let told = |scheduler: &mut Scheduler, now: &str| {
        let notices = scheduler.tick(ledger, &runs, at(now)).unwrap();
        notices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // As `onramp serve` begins: it looks before there is anything to follow.
    assert_eq!(told(&mut scheduler, "06:30:00"), [""; 0]);
    scheduler.adopt(ledger, root(), vec![hourly()], &[], at("06:30:00")).unwrap();
    assert_eq!(told(&mut scheduler, "06:30:00"), ["the clock went back by 30 min; nothing that was due is repeated"]);
    scheduler.adopt(ledger, root(), vec![hourly()], &[], at("06:30:30")).unwrap();
    assert_eq!(told(&mut scheduler, "06:30:30"), [""; 0]);
}

#[test]
fn what_is_to_be_said_is_said_later_where_another_schedule_fails() {
    let db = due::open_for_tests().unwrap();
    let (ledger, runs) = (Ledger::new(&db), Table::new(&db));
    let at = |text: &str| format!("2026-05-26T{text}Z").parse::<Timestamp>().unwrap();
    let hourly = |name| plan(name, "@hourly", "UTC", Overlap::Skip, Missed::Skip);
    let mut scheduler = Scheduler::default();
    scheduler.adopt(ledger, root(), vec![hourly("a.rhai"), hourly("b.rhai")], &[], at("05:30:00")).unwrap();
    // The first asks for the open runs and has nothing to queue; the second is refused.
    runs.dies_in.set(Some(1));
    assert!(scheduler.tick(ledger, &runs, at("06:30:00")).is_err());
    runs.dies_in.set(None);
    let notices = scheduler.tick(ledger, &runs, at("06:30:05")).unwrap();
    assert_eq!(
        notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "`/p/a.rhai` missed the due time 2026-05-26T06:00:00Z",
            "`/p/b.rhai` missed the due time 2026-05-26T06:00:00Z"
        ]
    );
}

#[test]
fn schedules_of_folders_below_and_beside_are_left_to_those_who_follow_them() {
    let db = due::open_for_tests().unwrap();
    let ledger = Ledger::new(&db);
    let now: Timestamp = "2026-05-26T06:00:00Z".parse().unwrap();
    let of = |name| plan(name, "@hourly", "UTC", Overlap::Skip, Missed::Once);
    let follow = |folder: &str, plans| Scheduler::default().adopt(ledger, folder.as_ref(), plans, &[], now).unwrap();
    follow("/p/below", vec![of("below/a.rhai")]);
    follow("/p", vec![of("b.rhai")]);
    let notices = follow("/p", Vec::new());
    assert_eq!(notices.iter().map(ToString::to_string).collect::<Vec<_>>(), ["`/p/b.rhai` has no schedule any more"]);
    let left: Vec<String> = ledger.versions().unwrap().into_iter().map(|version| version.script).collect();
    assert_eq!(left, ["/p/below/a.rhai"]);
}
