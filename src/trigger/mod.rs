//! What starts runs by itself: due times and watched folders. Each trigger makes jobs, enters their runs into the store, and
//! hands their ids over; none knows the engine, none prints, none carries out a run.

pub mod folder;
pub mod schedule;

use crate::store::NewRun;
use jiff::Timestamp;
use serde::Serialize;

/// What a run is to be made for.
#[derive(Clone, Debug)]
pub struct Job {
    /// The id that its run will have.
    pub run: String,
    /// The script's absolute path.
    pub script: String,
    /// Only one run has it, ever.
    pub dedupe_key: String,
    pub cause: Cause,
    /// It must not begin before this.
    pub not_before: Option<Timestamp>,
}

/// What a job is for.
#[derive(Clone, Debug)]
pub enum Cause {
    /// A due time, in the zone of this name.
    Due {
        at: Timestamp,
        zone: String,
    },
    File(Event),
}

/// A file, as a script is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Where it will lie while the script is at it.
    pub path: String,
    pub name: String,
    pub size: u64,
    pub sha256: String,
    pub modified: Timestamp,
}

/// Makes the run for a job, with all that is needed to carry it out.
pub trait Make: Send + Sync {
    /// An error says, in a line for people, why there can be none at present.
    fn make(&self, job: &Job) -> Result<NewRun, String>;
}

/// Has runs carried out. It only carries ids: the store is the truth, and a run that is handed over twice is carried out
/// once. So whatever brings an id to a worker will do, also on another machine.
pub trait Wake: Send + Sync {
    /// Says that a run is to be tried, not before that instant. Of a group, one run is carried out at a time.
    fn wake(&self, run: &str, not_before: Option<Timestamp>, group: &str);

    /// Whether a run that was handed over may still be carried out without anybody doing anything: it waits, is at work, or
    /// is tried again.
    fn has(&self, run: &str) -> bool;
}
