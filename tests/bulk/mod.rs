//! Bulk calls against the sandbox in another process, which keeps a log of what was sent: outcomes, what is not sent, what
//! goes wrong, and how such a run goes on.

#[cfg(unix)]
mod at_terminal;
mod bad_day;
mod going_on;
mod looking_again;
mod page;
mod rows;

use crate::harness::{Place, Ran, Served};
use jiff::{SignedDuration, Timestamp};
use std::fs;

/// A script in a place of its own, with a workspace in another process.
struct Scene {
    served: Served,
    place: Place,
}

impl Scene {
    fn new(script: &str, sandbox: &[&str]) -> Scene {
        let scene = Scene { served: Served::start(sandbox), place: Place::new() };
        scene.write("script.rhai", script);
        scene
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.place.work().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.place.work().join(name)).unwrap()
    }

    /// Runs the script with these flags.
    fn run(&self, flags: &[&str]) -> Ran {
        self.served.used_by(self.place.onramp(&["run", "script.rhai"])).args(flags).ran()
    }

    /// Goes on with its latest run.
    fn resume(&self) -> Ran {
        self.served.used_by(self.place.onramp(&["resume", "--last"])).ran()
    }

    /// Does something else to the workspace, from elsewhere.
    #[track_caller]
    fn meanwhile(&self, code: &str) -> String {
        let ran = self.served.used_by(crate::harness::run(&["-e", code])).ran();
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout
    }

    /// How many requests of this method have come so far, to a path that has this in it.
    fn count(&self, method: &str, path: &str) -> usize {
        self.served.asked();
        self.served.count(method, path)
    }

    /// The id of the only run.
    fn id(&self) -> String {
        let runs = fs::read_dir(self.place.state().join("runs")).unwrap();
        let runs: Vec<String> = runs.map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// Lets time pass for a run that was begun with `--now`, to the time that this gives.
    fn let_pass(&self, from: &str, hours: f64) {
        let to = from.parse::<Timestamp>().unwrap() + SignedDuration::from_secs_f64(hours * 3600.0);
        let db = rusqlite::Connection::open(self.place.state().join("onramp.db")).unwrap();
        let changed = db.execute("UPDATE run SET job = replace(job, ?1, ?2)", [from, &to.to_string()]).unwrap();
        assert_eq!(changed, 1);
    }
}

/// So long ago.
fn ago(hours: f64) -> String {
    let at = Timestamp::now() - SignedDuration::from_secs_f64(hours * 3600.0);
    format!("{at:.0}")
}
