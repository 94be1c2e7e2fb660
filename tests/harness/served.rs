//! `onramp sandbox` as a process of its own.

use super::{Onramp, PATIENCE};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A running sandbox; it ends when this is dropped.
pub struct Served {
    child: Child,
    base_url: String,
    key: String,
    log: Arc<Log>,
}

/// A line for each request that was answered.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
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
        let log = Arc::new(Log::default());
        let (stream, filled) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        thread::spawn(move || {
            for line in stream.lines().map_while(Result::ok) {
                filled.lines.lock().unwrap().push(line);
                filled.grown.notify_all();
            }
        });
        Served { child, base_url, key, log }
    }

    /// Points `onramp` at it, as the `export` lines would.
    pub fn used_by(&self, onramp: Onramp) -> Onramp {
        onramp.env("PIVOTAL_BASE_URL", &self.base_url).env("PIVOTAL_API_KEY", &self.key)
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The requests that were answered so far, a line for each.
    pub fn log(&self) -> Vec<String> {
        self.log.lines.lock().unwrap().clone()
    }

    /// How many requests were answered so far. What was answered before this is asked stands in the log.
    pub fn asked(&self) -> usize {
        let marks = |lines: &[String]| lines.iter().filter(|line| line.contains("/mark: ")).count();
        let before = marks(&self.log());
        let address = self.base_url.split('/').nth(2).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /mark HTTP/1.0\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        let mut lines = self.log.lines.lock().unwrap();
        while marks(&lines) == before {
            lines = self.log.grown.wait_timeout(lines, PATIENCE).unwrap().0;
        }
        lines.len() - marks(&lines)
    }

    /// How many of the requests so far were of this method, and to a path that has this in it.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let is = |line: &&String| line.split_once(' ').is_some_and(|(m, rest)| m == method && rest.contains(path));
        self.log().iter().filter(is).count()
    }

    /// Waits until so many requests were answered, or `over` says that there will be no more. False where that was so.
    pub fn has_answered(&self, count: usize, mut over: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.log.lines.lock().unwrap();
        while lines.len() < count {
            if over() {
                return false;
            }
            assert!(Instant::now() < deadline, "{} of {count} requests came", lines.len());
            lines = self.log.grown.wait_timeout(lines, Duration::from_millis(2)).unwrap().0;
        }
        true
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
