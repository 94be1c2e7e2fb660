//! What a session costs the one who waits for it, as whole processes at a pseudo-terminal: from its start to its first
//! prompt, and from a key to the candidates, with 10,000 names seen. `cargo bench --bench repl`; docs/performance.md has the
//! figures.

#[cfg(unix)]
#[path = "../tests/harness/pty.rs"]
mod pty;

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {
    println!("this benchmark needs a pseudo-terminal");
}

#[cfg(unix)]
mod unix {
    use super::pty;
    use std::{
        fs::File,
        io::{Read, Write},
        process::{Child, Command},
        time::{Duration, Instant},
    };

    const RUNS: usize = 40;
    const PROMPT: &str = "sandbox › ";

    pub fn main() {
        let mut starts: Vec<Duration> = (0..RUNS).map(|_| first_prompt()).collect();
        report("start to the first prompt", &mut starts);

        let mut session = Session::start(&["--sandbox-customers", "10000"]);
        session.until(PROMPT);
        session.types("for c in list_customers() { }\r");
        session.until(PROMPT);
        for (what, keys, wanted) in [
            ("Tab behind `get_customer(10`", "get_customer(10", "… and "),
            ("Tab in a string, names", "let x = \"A", "Acme Corporation"),
            ("Tab behind `list_`", "list_", "list_onboardings(options?)"),
            ("Tab behind `list_customers().`", "list_customers().", "where(#{field"),
        ] {
            let mut times: Vec<Duration> = (0..RUNS).map(|_| session.completion(keys, wanted)).collect();
            report(what, &mut times);
        }
    }

    fn first_prompt() -> Duration {
        let begun = Instant::now();
        let mut session = Session::start(&[]);
        session.until(PROMPT);
        begun.elapsed()
    }

    fn report(what: &str, times: &mut [Duration]) {
        times.sort();
        let millis = |at: usize| times[at].as_secs_f64() * 1000.0;
        println!(
            "{what:<32} {:6.2} ms (median of {}), {:6.2} ms at worst",
            millis(times.len() / 2),
            times.len(),
            millis(times.len() - 1)
        );
    }

    struct Session {
        child: Child,
        terminal: File,
        _home: tempfile::TempDir,
        /// What was written since the last wait.
        text: Vec<u8>,
    }

    impl Session {
        fn start(args: &[&str]) -> Session {
            let home = tempfile::tempdir().expect("there is room for a folder");
            let mut command = Command::new(env!("CARGO_BIN_EXE_onramp"));
            command.args(["repl", "--sandbox"]).args(args).env_clear();
            command.env("HOME", home.path()).env("TERM", "xterm-256color").env("NO_COLOR", "1");
            let (child, terminal) = pty::spawn(&mut command, 50, 120);
            Session { child, terminal, _home: home, text: Vec::new() }
        }

        fn types(&mut self, keys: &str) {
            self.text.clear();
            self.terminal.write_all(keys.as_bytes()).expect("the terminal takes keys");
        }

        fn until(&mut self, wanted: &str) {
            let mut piece = [0; 8192];
            while !String::from_utf8_lossy(&self.text).contains(wanted) {
                let count = self.terminal.read(&mut piece).expect("the session lives");
                self.text.extend_from_slice(&piece[..count]);
            }
        }

        /// Types this, and measures from Tab to the candidate.
        fn completion(&mut self, keys: &str, wanted: &str) -> Duration {
            self.types(keys);
            self.until(keys);
            let begun = Instant::now();
            self.types("\t");
            self.until(wanted);
            let took = begun.elapsed();
            // The line is drawn once more below the candidates.
            self.until(PROMPT);
            self.types("\u{3}");
            self.until(PROMPT);
            took
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
