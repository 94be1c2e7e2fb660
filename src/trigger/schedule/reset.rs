//! A schedule put back to now, after a clock that was wrong had moved its cursor far ahead.

use super::close;
use crate::{
    cron::Schedule,
    store::due::{Ledger, LedgerError, Row, Version},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// Puts the schedule of a script back: it is accounted for up to `now` and goes on from there. What it was run for is not
/// run again. Gives back the version as it was; `None`, and nothing is changed, where the ledger has none that lies ahead.
pub fn reset(ledger: Ledger<'_>, script: &str, now: Timestamp) -> Result<Option<Version>, LedgerError> {
    ledger.together(|| {
        let Some(version) = ledger.in_force(script)?.filter(|version| version.accounted_to > now) else {
            return Ok(None);
        };
        for cut in ledger.put_back(version.id, now)? {
            // Another version of onramp, or of the time zones, may have understood it; then how many there are up to now is
            // not known, and the range is kept as it was counted.
            let (Ok(schedule), Ok(zone)) = (Schedule::parse(&version.text), TimeZone::get(&version.zone)) else {
                ledger.write(version.id, &Row { until: (now > cut.due_at).then_some(now), ..cut }, now)?;
                continue;
            };
            // From just before its first due time, which is one of its own.
            let from = cut.due_at - SignedDuration::from_secs(1);
            let why = cut.reason.as_deref().unwrap_or_default();
            for line in close(&schedule, &zone, from, now, why) {
                ledger.write(version.id, &line.row, now)?;
            }
        }
        Ok(Some(version))
    })
}
