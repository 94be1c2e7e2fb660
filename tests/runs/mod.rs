//! Kept runs, through the real program: what is kept, how it is shown, how a run goes on.

mod at_work;
mod history;
mod list;
mod log;
mod resume;
mod retry;
mod show;
mod state_folder;

use crate::harness::{Onramp, Place, Ran, Said};
use std::time::{Duration, Instant};

/// A workspace that stays between the runs of a place.
const SANDBOX: &[&str] = &["--sandbox", "--sandbox-data", "s.db"];

/// `onramp run` of a script of this name and text, against the workspace that stays.
fn script(place: &Place, name: &str, text: &str) -> Onramp {
    place.onramp(&["run", name]).args(SANDBOX).file(name, text)
}

/// The same to its end, which has to be a good one.
#[track_caller]
fn ran(place: &Place, name: &str, text: &str) -> Ran {
    let ran = script(place, name, text).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    ran
}

/// What a command says as JSON.
#[track_caller]
fn json(place: &Place, args: &[&str]) -> serde_json::Value {
    let ran = place.onramp(args).args(&["--output", "json"]).ran();
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
}

/// Asks again and again until the answer is there.
#[track_caller]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came: {what}");
        std::thread::yield_now();
    }
}

/// The ids of the runs, the oldest first.
fn said(place: &Place) -> Said {
    Said::at(place)
}
