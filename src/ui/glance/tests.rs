//! What people see of a bulk call, moment by moment.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn of_500() -> Glance {
    Glance { what: "update_customer".into(), total: Some(500), ..Glance::default() }
}

#[test]
fn a_narrow_terminal_shows_what_matters_most() {
    let glance = Glance { skipped: 2, unchanged: 10, failed: 4, changed: 296, done: 312, ..of_500() };
    let pace = Pace { in_a_minute: 58, limit: Some(60), left: Some(188 * SECOND) };
    for (columns, expected) in [
        (
            200,
            "update_customer  [============        ]  312/500  296 changed  10 unchanged  2 skipped  4 failed  \
             58/60 requests a minute  3 min left",
        ),
        (
            110,
            "update_customer  312/500  296 changed  10 unchanged  2 skipped  4 failed  58/60 requests a minute  3 min left",
        ),
        (90, "update_customer  312/500  296 changed  10 unchanged  2 skipped  4 failed  3 min left"),
        (60, "update_customer  312/500  296 changed  4 failed  3 min left"),
        (40, "312/500  4 failed  3 min left"),
        (20, "312/500  4 failed"),
        (5, "312/5"),
    ] {
        let line = line(&glance, &pace, columns);
        assert!(line.chars().count() <= columns, "{line}");
        assert_eq!(line, expected, "{columns}");
    }
}

#[test]
fn a_list_of_unknown_length_has_no_bar_and_no_end() {
    let glance = Glance { total: None, done: 1, changed: 1, ..of_500() };
    let pace = Pace { in_a_minute: 1, limit: None, left: None };
    assert_eq!(line(&glance, &pace, 100), "update_customer  1 row  1 changed  1 requests a minute");
    let said = "update_customer: 1 row done, 1 changed, 0 unchanged, 0 failed; 1 requests in the last minute";
    assert_eq!(sentence(&glance, &pace), said);
}

#[test]
fn who_waits_for_the_rate_limit_learns_for_how_long() {
    let held = |seconds| Glance { changed: 60, done: 60, held: Some(seconds * SECOND), ..of_500() };
    let pace = Pace { in_a_minute: 60, limit: Some(60), left: Some(480 * SECOND) };
    let shown = "update_customer  [==                  ]  60/500  60 changed  60/60 requests a minute  goes on in 43 s  8 min left";
    assert_eq!(line(&held(43), &pace, 120), shown);
    assert_eq!(line(&held(43), &pace, 60), "update_customer  60/500  goes on in 43 s  8 min left");
    assert!(!line(&held(1), &pace, 120).contains("goes on"));
    let told = sentence(&held(43), &pace);
    assert!(told.ends_with("; 60 requests in the last minute of 60; goes on in 43 s; about 8 min left"), "{told}");
}

#[test]
fn who_reads_and_waits_learns_for_how_long_as_well() {
    let held = |seconds| Glance { held: Some(seconds * SECOND), ..Glance::default() };
    let pace = Pace { in_a_minute: 60, limit: Some(60), left: None };
    assert_eq!(line(&held(43), &pace, 80), "waiting for the rate limit; goes on in 43 s");
    assert_eq!(line(&held(43), &pace, 10), "waiting fo");
    assert_eq!(sentence(&held(43), &pace), "waiting for the rate limit; goes on in 43 s");
    assert!(tells(&held(43)) && !tells(&held(1)) && tells(&of_500()));
}

#[test]
fn what_is_paused_says_so_and_not_how_long_it_will_take() {
    let glance = Glance { changed: 60, done: 60, held: Some(43 * SECOND), paused: true, ..of_500() };
    let pace = crate::pace::Meter::default().look(2 * SECOND, &glance);
    assert_eq!(line(&glance, &pace, 60), "update_customer  60/500  60 changed  paused");
    let told = sentence(&glance, &pace);
    assert!(told.ends_with(", 0 failed; 0 requests in the last minute; paused"), "{told}");
}

#[test]
fn a_log_gets_a_sentence() {
    let glance = Glance { unchanged: 10, failed: 4, changed: 298, done: 312, ..of_500() };
    let pace = Pace { in_a_minute: 58, limit: Some(60), left: Some(188 * SECOND) };
    assert_eq!(
        sentence(&glance, &pace),
        "update_customer: 312 of 500 rows done, 298 changed, 10 unchanged, 4 failed; \
         58 requests in the last minute of 60; about 3 min left"
    );
}

#[test]
fn a_line_is_due_so_long_after_the_beginning_and_after_the_one_before() {
    let mut pulse = Pulse::new(30 * SECOND);
    let due = |pulse: &mut Pulse, call, second: u32| pulse.is_due(call, second * SECOND);
    assert!(!due(&mut pulse, 1, 100) && !due(&mut pulse, 1, 129));
    assert!(due(&mut pulse, 1, 131) && !due(&mut pulse, 1, 132) && due(&mut pulse, 1, 161));
    // A short call after a long one says nothing.
    assert!(!due(&mut pulse, 2, 200) && !due(&mut pulse, 3, 240) && due(&mut pulse, 3, 270));
}
