//! Due times between a cursor and now, and what becomes of them.

use super::{Open, Tick, tick};
use crate::{
    cron::Schedule,
    header::{Missed, Overlap},
    trigger::schedule::{MISSED_WINDOW, Plan},
};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

fn plan(schedule: &str, zone: &str) -> Plan {
    Plan {
        script: "/a.rhai".into(),
        schedule: Schedule::parse(schedule).unwrap(),
        zone: TimeZone::get(zone).unwrap(),
        zone_name: zone.into(),
        overlap: Overlap::Skip,
        missed: Missed::Once,
        missed_window: MISSED_WINDOW,
        jitter: Duration::ZERO,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn open(runs: &[(&str, bool)]) -> Vec<Open> {
    runs.iter().map(|(id, running)| Open { id: id.to_string(), running: *running }).collect()
}

/// Each row in a line: when, the time on the wall, what became of it, when its run starts, and why.
#[track_caller]
fn told(plan: &Plan, from: &str, now: &str, runs: &[(&str, bool)]) -> Vec<String> {
    let Tick::Rows(lines) = tick(plan, at(from), at(now), &open(runs)) else { panic!("nothing is due") };
    let told = |line: &super::Line| {
        let row = &line.row;
        let start = line.start.map_or(String::new(), |start| format!(" at {}", start.strftime("%H:%M:%S")));
        let range = row.until.map_or(String::new(), |until| format!(" to {until}, {}", row.count));
        let why = row.reason.as_ref().map_or(String::new(), |why| format!(": {why}"));
        format!("{}{range} {} {}{start}{why}", row.due_at, &row.local[11..16], row.outcome.word())
    };
    lines.iter().map(told).collect()
}

#[test]
fn what_is_less_than_a_minute_late_is_on_time() {
    let plan = plan("0 7 * * *", "Europe/Berlin");
    let told = |now| told(&plan, "2026-05-25T05:00:00Z", now, &[]);
    assert_eq!(told("2026-05-26T05:00:59.9Z"), ["2026-05-26T05:00:00Z 07:00 run at 05:00:00"]);
    assert_eq!(
        told("2026-05-26T05:01:00Z"),
        ["2026-05-26T05:00:00Z 07:00 run at 05:01:00: nothing was there to start it on time; made up for 1 min later"]
    );
    assert_eq!(tick(&plan, at("2026-05-25T05:00:00Z"), at("2026-05-26T04:59:59.999Z"), &[]), Tick::Nothing);
    assert_eq!(tick(&plan, at("2026-05-26T05:00:00Z"), at("2026-05-26T05:00:00Z"), &[]), Tick::Nothing);
}

#[test]
fn of_the_missed_ones_the_newest_is_made_up_for_unless_one_is_on_time() {
    let plan = plan("0 */6 * * *", "UTC");
    let from = "2026-05-24T12:00:00Z";
    let old = "nothing was there to start it within 24 h, its `missed_window`";
    let stands = |at| format!("nothing was there to start it; the run due at {at} stands for it");
    assert_eq!(
        told(&plan, from, "2026-05-26T07:00:00Z", &[]),
        [
            format!("2026-05-24T18:00:00Z 18:00 missed: {old}"),
            format!("2026-05-25T00:00:00Z 00:00 missed: {old}"),
            format!("2026-05-25T06:00:00Z 06:00 missed: {old}"),
            format!("2026-05-25T12:00:00Z 12:00 missed: {}", stands("2026-05-26T06:00:00Z")),
            format!("2026-05-25T18:00:00Z 18:00 missed: {}", stands("2026-05-26T06:00:00Z")),
            format!("2026-05-26T00:00:00Z 00:00 missed: {}", stands("2026-05-26T06:00:00Z")),
            "2026-05-26T06:00:00Z 06:00 run at 07:00:00: nothing was there to start it on time; made up for 1 h later"
                .into(),
        ]
    );
    assert_eq!(
        told(&plan, "2026-05-25T18:00:00Z", "2026-05-26T06:00:30Z", &[]),
        [
            format!("2026-05-26T00:00:00Z 00:00 missed: {}", stands("2026-05-26T06:00:00Z")),
            "2026-05-26T06:00:00Z 06:00 run at 06:00:00".into(),
        ]
    );
    // What is to stand for the others is itself in the way of an earlier run.
    assert_eq!(
        told(&plan, "2026-05-25T18:00:00Z", "2026-05-26T07:00:00Z", &[("41", true)]),
        [
            "2026-05-26T00:00:00Z 00:00 missed: nothing was there to start it",
            "2026-05-26T06:00:00Z 06:00 skipped: nothing was there to start it on time, and 1 h later run `41` was still \
             running",
        ]
    );
}

#[test]
fn skip_makes_up_for_none_and_all_for_each_the_oldest_first() {
    let mut plan = plan("0 * * * *", "UTC");
    plan.missed = Missed::Skip;
    let why = "nothing was there to start it, and `missed` is `skip`";
    assert_eq!(
        told(&plan, "2026-05-26T04:00:00Z", "2026-05-26T06:30:00Z", &[]),
        [format!("2026-05-26T05:00:00Z 05:00 missed: {why}"), format!("2026-05-26T06:00:00Z 06:00 missed: {why}")]
    );
    // Also for what is older than the window.
    plan.missed_window = Duration::from_secs(1);
    assert_eq!(
        told(&plan, "2026-05-26T04:00:00Z", "2026-05-26T05:30:00Z", &[]),
        [format!("2026-05-26T05:00:00Z 05:00 missed: {why}")]
    );
    plan.missed_window = MISSED_WINDOW;
    plan.missed = Missed::All;
    assert_eq!(
        told(&plan, "2026-05-26T04:00:00Z", "2026-05-26T06:30:00Z", &[("41", true)]),
        [
            "2026-05-26T05:00:00Z 05:00 run at 06:30:00: nothing was there to start it on time; made up for 1 h 30 min later; \
             it waits, because run `41` was still running",
            "2026-05-26T06:00:00Z 06:00 run at 06:30:00: nothing was there to start it on time; made up for 30 min later; it \
             waits, because run `41` was still running",
        ]
    );
    plan.schedule = Schedule::parse("*/10 * * * *").unwrap();
    let Tick::Rows(lines) = tick(&plan, at("2026-05-25T00:00:00Z"), at("2026-05-26T07:01:00Z"), &[]) else { panic!() };
    let runs: Vec<Timestamp> = lines.iter().filter(|line| line.start.is_some()).map(|line| line.row.due_at).collect();
    assert_eq!((runs.len(), runs[0], runs[99]), (100, at("2026-05-25T07:10:00Z"), at("2026-05-25T23:40:00Z")));
    let last = lines.last().unwrap();
    assert_eq!(last.row.due_at, at("2026-05-26T07:00:00Z"));
    let why = "nothing was there to start it, and 100 runs make up for others";
    assert_eq!(last.row.reason.as_deref(), Some(why));
    assert_eq!(lines.iter().map(|line| line.row.count).sum::<u64>(), 31 * 6);
}

#[test]
fn overlap_skips_or_lets_one_wait() {
    let mut plan = plan("0 7 * * *", "UTC");
    let told = |plan: &Plan, runs| told(plan, "2026-05-26T06:00:00Z", "2026-05-26T07:00:05Z", runs);
    assert_eq!(told(&plan, &[("41", true)]), ["2026-05-26T07:00:00Z 07:00 skipped: run `41` was still running"]);
    assert_eq!(told(&plan, &[("41", false)]), ["2026-05-26T07:00:00Z 07:00 skipped: run `41` was still waiting"]);
    plan.overlap = Overlap::Queue;
    assert_eq!(
        told(&plan, &[("41", true)]),
        ["2026-05-26T07:00:00Z 07:00 run at 07:00:00: it waits, because run `41` was still running"]
    );
    assert_eq!(
        told(&plan, &[("41", true), ("42", false)]),
        ["2026-05-26T07:00:00Z 07:00 skipped: run `41` was still running, and another one was waiting"]
    );
    // Several that are due within one tick: the first runs, the second waits.
    plan.schedule = Schedule::parse("every 2s").unwrap();
    let rows = super::tests::told(&plan, "2026-05-26T07:00:00Z", "2026-05-26T07:00:06Z", &[]);
    assert_eq!(
        rows,
        [
            "2026-05-26T07:00:02Z 07:00 run at 07:00:02",
            "2026-05-26T07:00:04Z 07:00 run at 07:00:04: it waits, because the run due at 2026-05-26T07:00:02Z had not ended",
            "2026-05-26T07:00:06Z 07:00 skipped: the run due at 2026-05-26T07:00:02Z had not ended, and another one was \
             waiting",
        ]
    );
}

#[test]
fn times_that_fall_together_behind_a_gap_are_one_run_and_have_a_row_each() {
    let plan = plan("0,30 2 * * *", "Europe/Berlin");
    assert_eq!(
        told(&plan, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", &[]),
        [
            "2026-03-29T01:00:00Z 02:00 run at 01:00:00: 02:00 and 02:30 do not come on this day; this is the first moment \
             after",
            "2026-03-29T01:00:00Z 02:30 skipped: same instant as 02:00",
        ]
    );
}

#[test]
fn more_than_a_thousand_missed_are_one_row() {
    let plan = plan("* * * * *", "UTC");
    assert_eq!(
        told(&plan, "2026-05-20T00:00:00Z", "2026-05-26T07:00:30Z", &[]),
        [
            "2026-05-20T00:01:00Z to 2026-05-25T07:00:00Z, 7620 00:01 missed: nothing was there to start it within 24 h, its \
             `missed_window`",
            "2026-05-25T07:01:00Z to 2026-05-26T06:59:00Z, 1439 07:01 missed: nothing was there to start it; the run due at \
             2026-05-26T07:00:00Z stands for it",
            "2026-05-26T07:00:00Z 07:00 run at 07:00:00",
        ]
    );
}

#[test]
fn a_clock_that_went_back_repeats_nothing_and_one_far_behind_stops_the_schedule() {
    let plan = plan("* * * * *", "UTC");
    let tick = |now| tick(&plan, at("2026-05-26T08:00:00Z"), at(now), &[]);
    assert_eq!(tick("2026-05-26T07:30:00Z"), Tick::Behind(jiff::SignedDuration::from_mins(30)));
    assert_eq!(tick("2026-05-26T07:00:00Z"), Tick::Behind(jiff::SignedDuration::from_hours(1)));
    assert_eq!(tick("2026-05-26T06:59:59Z"), Tick::Ahead(jiff::SignedDuration::from_secs(3601)));
}

#[test]
fn jitter_moves_the_start_and_neither_the_due_time_nor_itself() {
    let mut plan = plan("0 * * * *", "UTC");
    plan.jitter = Duration::from_secs(300);
    let due: Vec<_> = plan.after(at("2026-05-26T00:00:00Z")).take(200).collect();
    let delays: Vec<i64> = due.iter().map(|due| plan.delay(due.at).as_secs()).collect();
    assert!(delays.iter().all(|delay| (0..=300).contains(delay)), "{delays:?}");
    assert!(delays.iter().min() < Some(&20) && delays.iter().max() > Some(&280), "{delays:?}");
    assert_eq!(delays, due.iter().map(|due| plan.delay(due.at).as_secs()).collect::<Vec<_>>());
    let mut other = plan.clone();
    other.script = "/b.rhai".into();
    assert_ne!(plan.delay(due[0].at), other.delay(due[0].at));
    let Tick::Rows(lines) = tick(&plan, at("2026-05-26T00:30:00Z"), at("2026-05-26T01:00:00Z"), &[]) else { panic!() };
    assert_eq!((lines[0].row.due_at, lines[0].start), (due[0].at, Some(plan.start(&due[0]))));
}
