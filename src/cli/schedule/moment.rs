//! A due time for people and for programs: on the wall, in UTC, with its reasons.

use crate::{cron::Due, trigger::schedule::Plan};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// `Wed 2026-05-27 07:00 CEST`: on the wall of a zone. Seconds are shown where there are some.
pub fn wall(at: Timestamp, zone: &TimeZone) -> String {
    let form = if at.as_second() % 60 == 0 { "%a %F %H:%M %Z" } else { "%a %F %H:%M:%S %Z" };
    at.to_zoned_datetime(zone.clone()).strftime(form).to_string()
}

/// A line of its own: the wall, UTC, and why it is not simply what the schedule says.
pub fn line(plan: &Plan, due: &Due) -> String {
    let line = format!("{}  {}", wall(due.at, &plan.zone), due.at);
    reason(plan, due).map_or(line.clone(), |reason| format!("{line}  {reason}"))
}

/// What the clocks and the jitter do to it; none where it starts at the time that the schedule names.
fn reason(plan: &Plan, due: &Due) -> Option<String> {
    let mut reasons: Vec<String> = due.reason().into_iter().collect();
    let start = plan.start(due);
    if start > due.at {
        reasons.push(format!("starts at {} (jitter)", plan.zone.to_datetime(start).strftime("%H:%M:%S")));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// The same for programs.
pub fn json(name: &str, plan: &Plan, due: &Due) -> Value {
    json!({
        "file": name,
        "schedule": plan.schedule.text(),
        "timezone": plan.zone_name,
        "local": due.at.to_zoned_datetime(plan.zone.clone()).to_string(),
        "utc": due.at.to_string(),
        "starts_at": plan.start(due).to_string(),
        "reason": reason(plan, due),
    })
}
