//! Runs that start by themselves: which scripts there are, how their runs are made, and the processes in which they are
//! carried out. What starts them lies in `trigger`; what is said of them is said by the commands.

pub mod again;
pub mod board;
pub mod child;
pub mod due;
pub mod ear;
pub mod make;
pub mod messenger;
pub mod notice;
pub mod pool;
pub mod prune;
pub mod sandbox;
pub mod script;
pub mod service;

pub use child::Children;
pub use make::Maker;
pub use messenger::Messenger;
pub use pool::{Ended, News, Pool};
pub use script::Runnable;
pub use service::{Heard, How, Service};

use super::{connect::Connection, kept::failure_of_store, record::Record};
use crate::{
    clock::Clock,
    error::Failure,
    store::{Run, Store},
};

/// Looks at runs that an earlier process left: whether they can go on over this connection. Those whose sandbox went with
/// that process have ended.
pub fn adopt(store: &Store, runs: &[Run], connection: &Connection) -> Result<(), Failure> {
    for run in runs.iter().filter(|run| !run.state.has_ended()) {
        let record = Record::of(run)?;
        if record.fleeting {
            let why = "the embedded sandbox that it was against is gone";
            store.give_up(run, 2, why, Clock::System.now()).map_err(|error| failure_of_store(&error))?;
        } else {
            record.same_place(&run.id, connection)?;
        }
    }
    Ok(())
}
