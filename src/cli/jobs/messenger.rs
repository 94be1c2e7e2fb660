//! Tells a command of the user's when a run failed. It comes from a flag or from the user's environment, never from a file
//! that travels with scripts; it is started without a shell, gets none of our secrets, and whatever it does, no run notices.

use crate::{config, error::Failure, text, ui::Ui};
use serde_json::Value;
use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long the command may take; at the end of the process, all that are left together.
pub const LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at a command that runs.
const TICK: Duration = Duration::from_millis(10);
/// So much of what a command says on standard error is read.
const MOST_SAID: u64 = 64 << 10;

/// Whom to tell when a run fails.
#[derive(Clone, Debug, clap::Args)]
pub struct Flags {
    /// Start this command when a run fails, with the run as JSON on its standard input, instead of ONRAMP_NOTIFY_COMMAND
    #[arg(long, value_name = "CMD")]
    notify_command: Option<String>,
}

impl Flags {
    /// The command's words; `None` where nobody is to be told.
    pub fn words(&self) -> Result<Option<Vec<String>>, Failure> {
        let (from, text) = match &self.notify_command {
            Some(text) => ("--notify-command", text.clone()),
            None => match config::notify_command()? {
                Some(text) => ("ONRAMP_NOTIFY_COMMAND", text),
                None => return Ok(None),
            },
        };
        let words = shlex::split(&text).ok_or_else(|| {
            Failure::usage(format!("the command in `{from}` has a quote without an end"))
                .hint("write it as in a shell: `mail-team --subject 'a run failed'`")
        })?;
        if words.is_empty() {
            return Err(
                Failure::usage(format!("the command in `{from}` is empty")).hint("name a program, or leave it out")
            );
        }
        Ok(Some(words))
    }
}

/// Starts the command, one failed run after the other.
pub struct Messenger {
    send: Option<Sender<Value>>,
    thread: JoinHandle<()>,
    left: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    limit: Duration,
    ui: Ui,
}

impl Messenger {
    /// `limit` is how long one may take, and at the end all of them together.
    pub fn start(words: Vec<String>, limit: Duration, ui: &Ui) -> std::io::Result<Messenger> {
        let (send, receive) = mpsc::channel();
        let (left, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let work = Work { words, limit, left: left.clone(), over: over.clone(), ui: ui.clone() };
        let thread = thread::Builder::new().name("notify".into()).spawn(move || work.run(&receive))?;
        Ok(Messenger { send: Some(send), thread, left, over, limit, ui: ui.clone() })
    }

    /// Has the command told, as soon as it is its turn.
    pub fn tell(&self, what: Value) {
        self.left.fetch_add(1, Ordering::SeqCst);
        if let Some(send) = &self.send {
            // Its thread ends only with this.
            let _ = send.send(what);
        }
    }

    /// Waits until all is told, though not for ever.
    pub fn end(mut self) {
        self.send = None;
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < self.limit {
            thread::sleep(TICK);
        }
        self.over.store(true, Ordering::SeqCst);
        // What it could not do it has said.
        let _ = self.thread.join();
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 {
            self.ui.warn(&format!("the notify command was not told of {}", text::plural(left, "failed run")));
        }
    }
}

struct Work {
    words: Vec<String>,
    limit: Duration,
    left: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    ui: Ui,
}

impl Work {
    fn run(&self, told: &Receiver<Value>) {
        while let Ok(what) = told.recv() {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            if let Err(why) = self.one(&what) {
                let program = text::escape_control(&self.words[0]).into_owned();
                self.ui.warn(&format!("the notify command `{program}` {why}"));
            }
            self.left.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Starts the command once and waits for it. The error says, behind its name, what went wrong.
    fn one(&self, what: &Value) -> Result<(), String> {
        let text = self.ui.hidden(&format!("{what}\n"));
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).env_clear().envs(config::environment_of_others(|value| self.ui.hides(value)));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| format!("cannot be started: {}", config::reason(&error)))?;
        if let Some(mut stdin) = child.stdin.take() {
            // It need not read it; where it does not, this ends with it.
            thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
        }
        let (send, said) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                // Half of what it said is better than nothing.
                let _ = stderr.take(MOST_SAID).read_to_end(&mut bytes);
                let _ = send.send(bytes);
            });
        }
        let begun = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => return Err(format!("cannot be waited for: {}", config::reason(&error))),
            }
            if begun.elapsed() >= self.limit || self.over.load(Ordering::SeqCst) {
                end(&mut child);
                return Err(format!(
                    "did not end within {} and was stopped",
                    text::duration(begun.elapsed().min(self.limit))
                ));
            }
            thread::sleep(TICK);
        };
        if status.success() {
            return Ok(());
        }
        // What it has started may hold the stream open.
        let said = said.recv_timeout(Duration::from_millis(500)).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
        let last = last.map_or(String::new(), |line| format!(": {}", text::escape_control(&text::cut(line, 300))));
        Err(match status.code() {
            Some(code) => format!("ended with exit code {code}{last}"),
            None => format!("was ended by a signal{last}"),
        })
    }
}

/// Ends a command with all that it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: takes two numbers. It has not been waited for, so its group is its own.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
    // It may be gone already.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flags(text: &str) -> Result<Option<Vec<String>>, Failure> {
        Flags { notify_command: Some(text.into()) }.words()
    }

    #[test]
    fn a_command_is_split_as_a_shell_would_and_expands_nothing() {
        let words = flags(r#"tell 'a b' "c $HOME" d\ e *.csv"#).unwrap().unwrap();
        assert_eq!(words, ["tell", "a b", "c $HOME", "d e", "*.csv"]);
        assert_eq!(
            flags("tell 'a").unwrap_err().message,
            "the command in `--notify-command` has a quote without an end"
        );
        assert_eq!(flags(" ").unwrap_err().message, "the command in `--notify-command` is empty");
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_does_not_end_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let words = ["sh", "-c", "sleep 1000 & echo $! > \"$0\"; sleep 1000", mark.to_str().unwrap()].map(String::from);
        let messenger = Messenger::start(words.to_vec(), Duration::from_secs(30), &Ui::new(false)).unwrap();
        messenger.tell(json!({"run": "a"}));
        let pid = loop {
            let text = std::fs::read_to_string(&mark).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                break pid.to_string();
            }
            thread::sleep(TICK);
        };
        // As at the end of the process, when its time is over.
        Messenger { limit: Duration::ZERO, ..messenger }.end();
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Gone, or dead and not yet waited for by whoever inherits it.
        while !(state().is_empty() || state().contains(") Z ") || state().contains(") X ")) {
            thread::sleep(TICK);
        }
    }
}
