//! One run of the program, from its command line to both of its streams.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Far longer than anything here takes: only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command line with its surroundings.
pub struct Onramp {
    command: Command,
    stdin: Vec<u8>,
    folders: Folders,
}

/// What belongs to one run, and goes with it.
struct Folders {
    home: TempDir,
    work: TempDir,
}

/// How a run ended.
pub struct Ran {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    command: String,
    folders: Folders,
}

impl Onramp {
    /// The program with these arguments.
    pub fn new(args: &[&str]) -> Onramp {
        let folders = Folders { home: tempfile::tempdir().unwrap(), work: tempfile::tempdir().unwrap() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_onramp"));
        command.args(args).env_clear().env("HOME", folders.home.path()).current_dir(folders.work.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Onramp { command, stdin: Vec::new(), folders }
    }

    pub fn args(mut self, args: &[&str]) -> Onramp {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Onramp {
        self.command.env(name, value);
        self
    }

    /// Puts a file into the working folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Onramp {
        let path = self.folders.work.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// What the program reads on standard input; nothing unless given.
    pub fn stdin(mut self, content: impl AsRef<[u8]>) -> Onramp {
        self.stdin = content.as_ref().to_vec();
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn ran(mut self) -> Ran {
        self.command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let command = format!("{:?}", self.command);
        let mut child = self.command.spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            // The program need not read all of it.
            let _ = pipe.write_all(&self.stdin);
        }
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        let (stdout, stderr) = (text(stdout, &mut child, &command), text(stderr, &mut child, &command));
        let code = end(&mut child).code();
        Ran { code, stdout, stderr, command, folders: self.folders }
    }
}

/// Reads a stream to its end on a thread of its own, so that neither fills up while the other is read.
fn collect(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

#[track_caller]
fn text(stream: Option<mpsc::Receiver<Vec<u8>>>, child: &mut Child, command: &str) -> String {
    let Some(stream) = stream else { return String::new() };
    let Ok(bytes) = stream.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        panic!("it did not end within {PATIENCE:?}: {command}");
    };
    String::from_utf8(bytes).expect("the program writes UTF-8")
}

fn end(child: &mut Child) -> ExitStatus {
    child.wait().unwrap()
}

impl Ran {
    /// Holds the exit code and both streams, whole, against what was expected.
    #[track_caller]
    pub fn assert_all(&self, code: i32, stdout: &str, stderr: &str) {
        let found = (self.code, self.stdout.as_str(), self.stderr.as_str());
        assert!(
            found == (Some(code), stdout, stderr),
            "expected exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}\n{self}"
        );
    }

    /// The folder in which it ran.
    pub fn folder(&self) -> &Path {
        self.folders.work.path()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { code, stdout, stderr, command, .. } = self;
        let folder = self.folder().display();
        write!(f, "found {code:?} from {command}\nin {folder}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}
