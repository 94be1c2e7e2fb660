//! `onramp logs`.

use super::{SANDBOX, json, ran, said};
use crate::harness::Place;

#[test]
fn the_log_of_a_run_is_shown_with_time_and_level() {
    let place = Place::new();
    ran(
        &place,
        "a.rhai",
        "log_info(\"one\"); update_customer(101, #{mrr: 7}); log_warn(\"two\"); log_error(\"three\"); print(4)",
    );
    let runs = said(&place);
    let lines = "0000-00-00 00:00:00  info   one\n0000-00-00 00:00:00  warn   two\n0000-00-00 00:00:00  error  three\n";
    runs.by(place.onramp(&["logs", runs.id(1)]), 0, lines, "");
    runs.by(place.onramp(&["logs", "-f", runs.id(1)]), 0, lines, "");
    assert_eq!(json(&place, &["logs", runs.id(1)])[2]["text"], "three");
    let lines = place.onramp(&["logs", runs.id(1), "--output", "jsonl"]).ran().stdout;
    assert_eq!(lines.lines().count(), 3);
}

#[test]
fn a_log_is_followed_until_its_run_ends() {
    let place = Place::new();
    let script = "update_customer(101, #{mrr: 7}); log_info(\"one\"); loop { get_health(); }";
    let running = place.onramp(&["run", "-e", script]).args(SANDBOX).started();
    running.says("one");
    let runs = said(&place);
    let mut following = place.onramp(&["logs", "-f", runs.id(1)]).started();
    assert_eq!(runs.plain(&following.line()), "0000-00-00 00:00:00  info   one\n");
    assert_eq!(place.onramp(&["cancel", runs.id(1)]).ran().code, Some(0));
    let followed = following.ended();
    runs.assert(&followed, 0, "", "");
    assert_eq!(running.ended().code, Some(130));
}
