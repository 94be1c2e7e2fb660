//! What is left and how fast it goes, moment by moment.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at_60_a_minute() -> Glance {
    Glance {
        call: 3,
        what: "update_customer".into(),
        total: Some(500),
        rate: Some(Rate { limit: 60, window: MINUTE }),
        ..Glance::default()
    }
}

fn after(glance: &Glance, done: u64, failed: u64) -> Glance {
    Glance { done, changed: done - failed, failed, requests: glance.requests + done, ..glance.clone() }
}

#[test]
fn what_is_left_is_what_the_budget_makes_one_wait() {
    let begin = at_60_a_minute();
    let mut meter = Meter::default();
    assert_eq!(meter.look(Duration::ZERO, &begin), Pace { in_a_minute: 0, limit: Some(60), left: None });
    // The first 60 go out at once, and say nothing about the others: 60 s × ⌊499 / 60⌋ = 480 s in all.
    let pace = meter.look(2 * SECOND, &after(&begin, 60, 0));
    assert_eq!(pace, Pace { in_a_minute: 60, limit: Some(60), left: Some(478 * SECOND) });
    let pace = meter.look(241 * SECOND, &after(&begin, 300, 0));
    assert_eq!(pace.left, Some(239 * SECOND));
    // Those since the last look, which was long ago: the budget has let through no more than this in a minute.
    assert_eq!(pace.in_a_minute, 60);
}

#[test]
fn what_came_before_the_last_minute_counts_no_more() {
    let begin = Glance { rate: None, ..at_60_a_minute() };
    let mut meter = Meter::default();
    let mut at = |second: u32, done| meter.look(second * SECOND, &after(&begin, done, 0)).in_a_minute;
    assert_eq!((at(0, 0), at(2, 60), at(241, 300), at(302, 360)), (0, 60, 240, 60));
}

#[test]
fn rows_that_send_nothing_take_no_time_of_the_budget() {
    let begin = at_60_a_minute();
    let mut meter = Meter::default();
    meter.look(Duration::ZERO, &begin);
    let half = Glance { done: 100, changed: 50, unchanged: 50, requests: 50, ..begin };
    // 50 sent and 200 to come: 60 s × ⌊249 / 60⌋.
    assert_eq!(meter.look(SECOND, &half).left, Some(239 * SECOND));
}

#[test]
fn a_slow_service_takes_longer_than_the_budget() {
    let begin = Glance { rate: Some(Rate { limit: 600, window: MINUTE }), ..at_60_a_minute() };
    let mut meter = Meter::default();
    for second in 0..100 {
        meter.look(second * SECOND, &after(&begin, second.into(), 0));
    }
    assert_eq!(meter.look(100 * SECOND, &after(&begin, 100, 0)).left, Some(400 * SECOND));
}

#[test]
fn a_budget_that_others_have_used_up_says_nothing_about_the_speed() {
    let begin = at_60_a_minute();
    let mut meter = Meter::default();
    meter.look(Duration::ZERO, &begin);
    // Four came through, and then the window of others had to pass: 496 more need nine windows at most.
    assert_eq!(meter.look(50 * SECOND, &after(&begin, 4, 0)).left, Some(9 * MINUTE));
    for second in 51..60 {
        meter.look(second * SECOND, &after(&begin, 4, 0));
    }
    for second in 60..=121 {
        meter.look(second * SECOND, &after(&begin, 4 + u64::from(second - 60), 0));
    }
    // In the last minute sixty, so 435 more take 435 s.
    assert_eq!(meter.look(121 * SECOND, &after(&begin, 65, 0)).left, Some(435 * SECOND));
}

#[test]
fn the_next_bulk_call_begins_anew() {
    let begin = at_60_a_minute();
    let mut meter = Meter::default();
    meter.look(Duration::ZERO, &begin);
    let end = after(&begin, 500, 0);
    assert_eq!(meter.look(480 * SECOND, &end).left, Some(Duration::ZERO));
    let next = Glance { call: 4, requests: end.requests, ..at_60_a_minute() };
    assert_eq!(meter.look(481 * SECOND, &next).left, None);
    assert_eq!(meter.look(541 * SECOND, &after(&next, 60, 0)).left, Some(440 * SECOND));
}

#[test]
fn a_limit_that_nobody_meets_is_none() {
    let glance = Glance { rate: Some(Rate { limit: 1_000_000_000, window: MINUTE }), ..at_60_a_minute() };
    assert_eq!(Meter::default().look(SECOND, &glance).limit, None);
    let fast = Glance { rate: Some(Rate { limit: 60, window: 6 * SECOND }), ..at_60_a_minute() };
    assert_eq!(Meter::default().look(SECOND, &fast).limit, Some(600));
}

#[test]
fn what_is_left_is_never_less_than_the_service_asks_to_wait() {
    let mut meter = Meter::default();
    meter.look(Duration::ZERO, &at_60_a_minute());
    let glance = after(&at_60_a_minute(), 490, 0);
    let left = |meter: &mut Meter, held| meter.look(470 * SECOND, &Glance { held, ..glance.clone() }).left;
    assert_eq!(left(&mut meter, None), Some(10 * SECOND));
    assert_eq!(left(&mut meter, Some(90 * SECOND)), Some(90 * SECOND));
    let done = Glance { held: Some(90 * SECOND), ..after(&at_60_a_minute(), 500, 0) };
    assert_eq!(meter.look(480 * SECOND, &done).left, Some(Duration::ZERO));
}
