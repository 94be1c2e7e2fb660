//! When one script runs by itself: its schedule with all that its header says about it, and the jitter of a due time.
//! Pure; reads no clock and no store.

use crate::{
    cron::{Due, Schedule, Walk},
    header::{At, Missed, Overlap, Triggers},
    store::due::Version,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How old a missed due time may be to be made up for, unless the header says otherwise.
pub const MISSED_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// A script's schedule, ready to be followed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The script's absolute path, by which the ledger knows it.
    pub script: String,
    pub schedule: Schedule,
    pub zone: TimeZone,
    /// The zone by its name.
    pub zone_name: String,
    pub overlap: Overlap,
    pub missed: Missed,
    pub missed_window: Duration,
    pub jitter: Duration,
}

impl Plan {
    /// What a script's triggers ask for, as far as it is a schedule; `None` where there is none, or where its zone is none.
    pub fn of(script: &str, triggers: &Triggers) -> Option<Plan> {
        let At { value: schedule, .. } = triggers.schedule.clone()?;
        // `every 15m` needs no zone, and is shown in UTC without one.
        let zone_name = triggers.timezone.as_ref().map_or("UTC", |zone| zone.value.as_str()).to_string();
        Some(Plan {
            script: script.to_string(),
            schedule,
            zone: TimeZone::get(&zone_name).ok()?,
            zone_name,
            overlap: triggers.overlap.unwrap_or_default(),
            missed: triggers.missed.unwrap_or_default(),
            missed_window: triggers.missed_window.unwrap_or(MISSED_WINDOW),
            jitter: triggers.jitter.unwrap_or_default(),
        })
    }

    /// The plan of a version in the ledger, whose script cannot be read at present: all that its header may say on top is
    /// left at what it is without. `None` where another version of onramp, or of the time zones, understood it.
    pub fn kept(version: &Version) -> Option<Plan> {
        Some(Plan {
            script: version.script.clone(),
            schedule: Schedule::parse(&version.text).ok()?,
            zone: TimeZone::get(&version.zone).ok()?,
            zone_name: version.zone.clone(),
            overlap: Overlap::default(),
            missed: Missed::default(),
            missed_window: MISSED_WINDOW,
            jitter: Duration::ZERO,
        })
    }

    /// The due times strictly later than `cursor`.
    pub fn after(&self, cursor: Timestamp) -> Walk<'_> {
        self.schedule.after(cursor, &self.zone)
    }

    /// How much later than at `due` its run starts: from nothing to the whole jitter, in whole seconds unless it is short.
    /// Always the same for this script and this instant.
    pub fn delay(&self, due: Timestamp) -> SignedDuration {
        let millis = u64::try_from(self.jitter.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return SignedDuration::ZERO;
        }
        let hash = Sha256::new().chain_update(&self.script).chain_update([0]).chain_update(due.to_string()).finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        let unit = if millis < 10_000 { 1 } else { 1000 };
        SignedDuration::from_millis((u64::from_be_bytes(first) % (millis / unit + 1) * unit) as i64)
    }

    /// When the run for a due time starts, where nothing holds it up.
    pub fn start(&self, due: &Due) -> Timestamp {
        due.at.checked_add(self.delay(due.at)).unwrap_or(due.at)
    }
}
