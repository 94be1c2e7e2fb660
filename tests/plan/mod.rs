//! Plans end to end, against the sandbox in another process: what a dry run shows and quotes, what is refused, what an
//! application does where somebody was faster, and what a second one does.

#[cfg(unix)]
mod asked;
mod chance;
mod damaged;
mod drift;
mod faults;
mod forged;
mod quote;
mod shown;
mod twice;
mod world;

use crate::harness::{Place, Ran, Served};
use std::fs;

/// A place and a workspace.
struct Scene {
    served: Served,
    place: Place,
}

impl Scene {
    fn new(sandbox: &[&str]) -> Scene {
        Scene { served: Served::start(sandbox), place: Place::new() }
    }

    fn onramp(&self, args: &[&str]) -> Ran {
        self.served.used_by(self.place.onramp(args)).ran()
    }

    /// The same from a machine that shares nothing with the first one but the plan.
    fn elsewhere(&self, args: &[&str]) -> Ran {
        let state = self.place.work().join("elsewhere");
        self.served.used_by(self.place.onramp(args)).env("ONRAMP_STATE_DIR", state.to_str().unwrap()).ran()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.place.work().join(name)).unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.place.work().join(name), text).unwrap();
    }

    /// A plan of this script in `plan.json`, and what its dry run said.
    #[track_caller]
    fn planned(&self, script: &str) -> Ran {
        let ran = self.onramp(&["run", "-e", script, "--dry-run", "--save", "plan.json"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        ran
    }

    /// Does something else to the workspace, from elsewhere; what that printed.
    #[track_caller]
    fn meanwhile(&self, code: &str) -> String {
        let ran = self.served.used_by(crate::harness::run(&["-e", code])).ran();
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout
    }

    /// How many writes were answered so far.
    fn writes(&self) -> usize {
        self.served.asked();
        ["POST", "PATCH", "DELETE"].iter().map(|method| self.served.count(method, "")).sum()
    }
}
