//! A bulk call in progress as people see it: the line that fits, and when the next one is due. Pure: time and counts are
//! handed in; writes nothing.

use crate::{
    pace::{Glance, Pace},
    text,
};
use std::time::Duration;

/// Cells of the bar.
const BAR: u64 = 20;
/// A shorter wait is none that anybody wonders about.
const WAIT: Duration = Duration::from_secs(2);

/// Whether there is something to tell: a bulk call, or a wait that somebody may take for the end.
pub fn tells(glance: &Glance) -> bool {
    !glance.what.is_empty() || wait(glance).is_some()
}

/// The line for a terminal of so many columns: what matters least is left out first.
pub fn line(glance: &Glance, pace: &Pace, columns: usize) -> String {
    if glance.what.is_empty() {
        return waiting(glance).chars().take(columns).collect();
    }
    // In the order of the line; what has the larger number goes first.
    let mut parts: Vec<(u8, String)> = vec![(3, glance.what.clone())];
    if let Some(total) = glance.total.filter(|total| *total > 0) {
        let full = (glance.done.min(total) * BAR / total) as usize;
        parts.push((7, format!("[{}{}]", "=".repeat(full), " ".repeat(BAR as usize - full))));
    }
    parts.push((
        0,
        glance.total.map_or_else(|| text::plural(glance.done as usize, "row"), |all| format!("{}/{all}", glance.done)),
    ));
    parts.push((4, format!("{} changed", glance.changed)));
    for (count, word) in [(glance.unchanged, "unchanged"), (glance.skipped, "skipped")] {
        if count > 0 {
            parts.push((5, format!("{count} {word}")));
        }
    }
    if glance.failed > 0 {
        parts.push((1, format!("{} failed", glance.failed)));
    }
    parts.push((6, requests(pace)));
    if glance.paused {
        parts.push((2, "paused".to_string()));
    } else if let Some(wait) = wait(glance) {
        parts.push((3, format!("goes on in {wait}")));
    }
    if let Some(left) = pace.left {
        parts.push((2, format!("{} left", about(left))));
    }
    loop {
        let line = parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("  ");
        if line.chars().count() <= columns || parts.len() == 1 {
            return line.chars().take(columns).collect();
        }
        let last = parts.iter().enumerate().max_by_key(|(_, (rank, _))| *rank).map_or(0, |(at, _)| at);
        parts.remove(last);
    }
}

fn requests(pace: &Pace) -> String {
    match pace.limit {
        Some(limit) => format!("{}/{limit} requests a minute", pace.in_a_minute),
        None => format!("{} requests a minute", pace.in_a_minute),
    }
}

/// The same as a sentence, for a log.
pub fn sentence(glance: &Glance, pace: &Pace) -> String {
    if glance.what.is_empty() {
        return waiting(glance);
    }
    let Glance { what, done, changed, unchanged, skipped, failed, .. } = glance;
    let rows =
        glance.total.map_or_else(|| text::plural(*done as usize, "row"), |total| format!("{done} of {total} rows"));
    let mut line = format!("{what}: {rows} done, {changed} changed, {unchanged} unchanged");
    if *skipped > 0 {
        line.push_str(&format!(", {skipped} skipped"));
    }
    line.push_str(&format!(", {failed} failed; {} requests in the last minute{}", pace.in_a_minute, of(pace)));
    if glance.paused {
        line.push_str("; paused");
    } else if let Some(wait) = wait(glance) {
        line.push_str(&format!("; goes on in {wait}"));
    }
    if let Some(left) = pace.left {
        line.push_str(&format!("; about {} left", about(left)));
    }
    line
}

/// Of a run without a bulk call.
fn waiting(glance: &Glance) -> String {
    let wait = wait(glance).map_or_else(String::new, |wait| format!("; goes on in {wait}"));
    format!("waiting for the rate limit{wait}")
}

fn of(pace: &Pace) -> String {
    pace.limit.map_or_else(String::new, |limit| format!(" of {limit}"))
}

/// How long nothing will happen, where that is long enough to look like the end.
fn wait(glance: &Glance) -> Option<String> {
    glance.held.filter(|held| *held >= WAIT).map(about)
}

/// A guess needs no tenths.
fn about(span: Duration) -> String {
    text::duration(Duration::from_secs(span.as_secs_f64().round() as u64).max(Duration::from_secs(1)))
}

/// Says when the next line of a log is due: so long after a bulk call has begun, and so long after the one before.
#[derive(Debug)]
pub struct Pulse {
    every: Duration,
    last: Option<(u64, Duration)>,
}

impl Pulse {
    pub fn new(every: Duration) -> Pulse {
        Pulse { every, last: None }
    }

    /// Whether a line is due for this call at this moment.
    pub fn is_due(&mut self, call: u64, now: Duration) -> bool {
        match self.last {
            Some((known, last)) if known == call => {
                let due = now.saturating_sub(last) >= self.every;
                if due {
                    self.last = Some((call, now));
                }
                due
            }
            _ => {
                self.last = Some((call, now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests;
