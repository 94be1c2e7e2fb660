//! `onramp schedule check`: whether the schedules of scripts leave room for what the scripts may do, each alone and all
//! together. Judges headers and the calendar only.

use super::{Files, Now, moment, scripts, scripts::Scheduled};
use crate::{
    error::Failure,
    text::{self, Rate},
    ui::Ui,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Check that scripts can do in time what their headers let them do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Standard output has the next due time of each script. A warning says where a schedule leaves less time than `max_writes` \
needs at the rate, where it is due while another one is at work, and where `timeout` or `jitter` do not fit it. It looks \
400 days ahead. What a script reads comes on top.

Exit codes: 0 no errors, also with warnings; 2 a script cannot be read, or its schedule is never due.")]
pub struct Args {
    #[command(flatten)]
    files: Files,
    /// Calls in a window of time
    #[arg(long, value_name = "RATE", value_parser = text::parse_rate, default_value = "60/min")]
    rate: Rate,
    #[command(flatten)]
    now: Now,
}

/// How far ahead it looks, and at how many due times of a script.
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);
const MOST: usize = 400;

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let clock = args.now.clock();
    let (scripts, code) = scripts::scheduled(&args.files, &clock, ui)?;
    let now = clock.now();
    let all: Vec<Look> = scripts.iter().map(|script| Look::at(script, args.rate, now)).collect();
    let mut warnings = Vec::new();
    for (at, look) in all.iter().enumerate() {
        let script = look.script;
        if let Some(next) = script.plan.after(now).next() {
            ui.line(&format!("{}: {}", text::escape_control(&script.name), moment::line(&script.plan, &next)));
        }
        warnings.extend(alone(look, args.rate));
        warnings.extend(all[..at].iter().filter_map(|other| together(other, look)));
    }
    warnings.iter().for_each(|warning| ui.warning(warning));
    let found = if warnings.is_empty() { "nothing to warn of".into() } else { text::plural(warnings.len(), "warning") };
    ui.status(&format!("{found} in {}", text::plural(scripts.len(), "schedule")));
    Ok(code)
}

/// A script with what its schedule comes to.
struct Look<'a> {
    script: &'a Scheduled,
    /// How long its writes take at the least.
    need: Duration,
    /// When its next runs start.
    starts: Vec<Timestamp>,
    /// The shortest time between two of its due times.
    gap: Option<Duration>,
}

impl<'a> Look<'a> {
    fn at(script: &'a Scheduled, rate: Rate, now: Timestamp) -> Look<'a> {
        let header = &script.header;
        let writes = if header.allow.as_ref().is_some_and(Vec::is_empty) { 0 } else { header.max_writes.unwrap_or(0) };
        let windows = u32::try_from(writes.div_ceil(u64::from(rate.limit))).unwrap_or(u32::MAX);
        let end = now.checked_add(AHEAD).unwrap_or(now);
        let due: Vec<_> = script.plan.after(now).take_while(|due| due.at <= end).take(MOST).collect();
        let gap = due.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).unsigned_abs()).min();
        let starts = due.iter().map(|due| script.plan.start(due)).collect();
        Look { script, need: rate.window.saturating_mul(windows), starts, gap }
    }

    /// `5000 writes need 1 h 24 min`.
    fn needs(&self) -> String {
        let writes = self.script.header.max_writes.unwrap_or(0);
        format!("{} need {}", text::plural(writes as usize, "write"), text::duration(self.need))
    }
}

/// What does not fit within one header.
fn alone(look: &Look<'_>, rate: Rate) -> Vec<Failure> {
    let (header, plan) = (&look.script.header, &look.script.plan);
    let mut warnings = Vec::new();
    let mut warn = |message: String, hint: &str| warnings.push(look.script.about(message).hint(hint));
    if let Some(gap) = look.gap.filter(|gap| look.need > *gap) {
        let gap = text::duration(gap);
        warn(
            format!("the schedule leaves {gap} for a run, and its {} at {rate}", look.needs()),
            "lower `max_writes`, run it less often, or name your rate with `--rate`",
        );
    }
    if let Some(timeout) = header.timeout.filter(|timeout| look.need > *timeout) {
        let timeout = text::duration(timeout);
        warn(
            format!("a run is stopped after {timeout}, its `timeout`, and its {} at {rate}", look.needs()),
            "raise `timeout`, or lower `max_writes`",
        );
    }
    if let Some(gap) = look.gap.filter(|gap| plan.jitter > *gap) {
        let (jitter, gap) = (text::duration(plan.jitter), text::duration(gap));
        warn(
            format!("its `jitter` of {jitter} is longer than the {gap} between two due times"),
            "lower `jitter`: a run that has not started yet is in the way of the next one",
        );
    }
    warnings
}

/// The first time that one of two scripts is due while the other one may be at work.
fn together(one: &Look<'_>, other: &Look<'_>) -> Option<Failure> {
    // From the one that is due less often, whose list reaches further.
    let (rare, often) = if one.starts.len() <= other.starts.len() { (one, other) } else { (other, one) };
    let before = often.need + often.script.plan.jitter;
    let meets = |start: &Timestamp| {
        let from = start.checked_sub(before).ok()?.checked_sub(SignedDuration::from_secs(1)).ok()?;
        let (begin, end) = (start.checked_sub(often.need).ok()?, start.checked_add(rare.need).ok()?);
        let due = often.script.plan.after(from).take_while(|due| due.at <= end);
        due.map(|due| often.script.plan.start(&due)).find(|at| (begin..=end).contains(at)).map(|at| (*start, at))
    };
    let (a, b) = rare.starts.iter().find_map(meets)?;
    let (first, second, later) = if a <= b { (rare, often, b) } else { (often, rare, a) };
    let name = |look: &Look<'_>| text::escape_control(&look.script.name).into_owned();
    let message = if a == b {
        format!("`{}` and `{}` both start at {a}", name(one), name(other))
    } else {
        let first = (name(first), first.needs());
        format!("`{}` starts at {later}, while `{}` may be at work: its {}", name(second), first.0, first.1)
    };
    Some(other.script.about(message).hint("move one of them: both share the rate; `jitter` spreads starts a little"))
}
