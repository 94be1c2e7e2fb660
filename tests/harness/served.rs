//! `onramp sandbox` as a process of its own.

use super::Onramp;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
};

/// A running sandbox; it ends when this is dropped.
pub struct Served {
    child: Child,
    base_url: String,
    key: String,
}

impl Served {
    /// Starts it with these arguments and waits for the lines it begins with.
    pub fn start(args: &[&str]) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onramp"));
        command.arg("sandbox").args(args).env_clear();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut export = |name: &str| {
            let line = lines.next().unwrap_or_else(|| panic!("`onramp sandbox` ended before it said {name}")).unwrap();
            line.strip_prefix(&format!("export {name}=")).unwrap_or_else(|| panic!("{line}")).to_string()
        };
        let (base_url, key) = (export("PIVOTAL_BASE_URL"), export("PIVOTAL_API_KEY"));
        let mut log = child.stderr.take().unwrap();
        thread::spawn(move || log.read_to_end(&mut Vec::new()));
        Served { child, base_url, key }
    }

    /// Points `onramp` at it, as the `export` lines would.
    pub fn used_by(&self, onramp: Onramp) -> Onramp {
        onramp.env("PIVOTAL_BASE_URL", &self.base_url).env("PIVOTAL_API_KEY", &self.key)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
