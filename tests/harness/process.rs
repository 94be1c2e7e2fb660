//! One run of the program, from its command line to both of its streams.

use super::PATIENCE;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::Instant,
};
use tempfile::TempDir;

/// A command line with its surroundings.
pub struct Onramp {
    command: Command,
    stdin: Vec<u8>,
    folders: Arc<Folders>,
}

/// What belongs to one run, or to several after each other, and goes with them.
struct Folders {
    home: TempDir,
    work: TempDir,
}

/// A home and a working folder for several runs. Clones are the same.
#[derive(Clone)]
pub struct Place(Arc<Folders>);

impl Place {
    pub fn new() -> Place {
        Place(Arc::new(Folders { home: tempfile::tempdir().unwrap(), work: tempfile::tempdir().unwrap() }))
    }

    /// The program with these arguments, at this place.
    pub fn onramp(&self, args: &[&str]) -> Onramp {
        Onramp::at(self, args)
    }

    /// Where the program keeps its runs.
    pub fn state(&self) -> PathBuf {
        self.0.home.path().join(".local/state/onramp")
    }

    /// The working folder.
    pub fn work(&self) -> &Path {
        self.0.work.path()
    }
}

/// A run that has not ended. It is killed when this is dropped.
pub struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Arc<Collected>,
    command: String,
    folders: Option<Arc<Folders>>,
}

/// What came over a stream so far.
#[derive(Default)]
struct Collected {
    /// The bytes, and whether these are all.
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

/// How a run ended.
pub struct Ran {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    command: String,
    folders: Arc<Folders>,
}

impl Onramp {
    /// The program with these arguments.
    pub fn new(args: &[&str]) -> Onramp {
        Onramp::at(&Place::new(), args)
    }

    fn at(place: &Place, args: &[&str]) -> Onramp {
        let folders = place.0.clone();
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

    /// Puts a file into the working folder, or below it.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Onramp {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folders.work.path().join(name)
    }

    /// Starts it through a shell, as the last thing of these commands: `exec "$0" "$@"`.
    pub fn within(mut self, commands: &str) -> Onramp {
        let mut shell = Command::new("bash");
        shell.args(["-c", commands]).arg(self.command.get_program()).args(self.command.get_args());
        shell.env_clear().env("HOME", self.folders.home.path()).current_dir(self.folders.work.path());
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command = shell;
        self
    }

    /// The command itself, for who starts it in another way.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// The home folder that it will see.
    pub fn home(&self) -> &Path {
        self.folders.home.path()
    }

    /// The same surroundings for another run, with these arguments.
    pub fn again(mut self, args: &[&str]) -> Onramp {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onramp"));
        command.args(args).env_clear().env("HOME", self.folders.home.path()).current_dir(self.folders.work.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command = command;
        self
    }

    /// The folder in which it will run.
    pub fn folder(&self) -> &Path {
        self.folders.work.path()
    }

    /// What the program reads on standard input; nothing unless given.
    pub fn stdin(mut self, content: impl AsRef<[u8]>) -> Onramp {
        self.stdin = content.as_ref().to_vec();
        self
    }

    /// Where standard output goes instead of to the test.
    pub fn stdout_to(mut self, file: fs::File) -> Onramp {
        self.command.stdout(file);
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn ran(self) -> Ran {
        self.started().ended()
    }

    /// Starts it.
    pub fn started(mut self) -> Running {
        self.command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = self.command.spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            // The program need not read all of it.
            let _ = pipe.write_all(&self.stdin);
        }
        let stderr = Arc::new(Collected::default());
        let (mut stream, collected) = (child.stderr.take().unwrap(), stderr.clone());
        thread::spawn(move || collected.fill(&mut stream));
        let stdout = child.stdout.take().map(BufReader::new);
        Running { child, stdout, stderr, command: format!("{:?}", self.command), folders: Some(self.folders) }
    }
}

impl Collected {
    fn fill(&self, stream: &mut impl Read) {
        let mut piece = [0; 4096];
        loop {
            let count = stream.read(&mut piece).unwrap_or(0);
            let mut state = self.state.lock().unwrap();
            state.0.extend_from_slice(&piece[..count]);
            state.1 = count == 0;
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }

    /// All that came, once `enough` says so; `None` if it never does.
    fn until(&self, enough: impl Fn(&str, bool) -> bool) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock().unwrap();
        loop {
            let text = String::from_utf8_lossy(&state.0).into_owned();
            if enough(&text, state.1) {
                return Some(text);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Running {
    /// Waits until this stands on standard error.
    #[track_caller]
    pub fn says(&self, text: &str) {
        let said = self.stderr.until(|said, over| over || said.contains(text)).unwrap_or_default();
        assert!(said.contains(text), "{}\nnever said {text:?}, but {said:?}", self.command);
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ctrl-C, for this process alone.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Ends it without a word, as a loss of power would, and waits until it is gone.
    pub fn kill(mut self) -> Ran {
        // It may be gone already.
        let _ = self.child.kill();
        // What it wrote by then is still to be had.
        self.child.wait().unwrap();
        self.ended()
    }

    /// Waits until something is so that it does.
    #[track_caller]
    pub fn until(&self, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "{}\nnever did what was waited for", self.command);
            thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// The processes that it has started and that have not ended.
    #[cfg(target_os = "linux")]
    pub fn children(&self) -> Vec<i32> {
        let id = self.child.id();
        let mut all = Vec::new();
        for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
            // Each thread has its own.
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        all
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// The next line of standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Closes the reading end of standard output.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(mut self) -> Ran {
        let stdout = self.stdout.take().map(|mut stream| {
            let (send, receive) = mpsc::channel();
            thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stream.read_to_end(&mut bytes);
                let _ = send.send(bytes);
            });
            receive
        });
        let late = || format!("it did not end within {PATIENCE:?}: {}", self.command);
        let stderr = self.stderr.until(|_, over| over).unwrap_or_else(|| panic!("{}", late()));
        let stdout = stdout.map(|stream| stream.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{}", late())));
        let stdout = String::from_utf8(stdout.unwrap_or_default()).expect("the program writes UTF-8");
        let code = self.child.wait().unwrap().code();
        let folders = self.folders.take().expect("it ends once");
        Ran { code, stdout, stderr, command: self.command.clone(), folders }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// Holds the exit code and both streams, whole, against what was expected.
    #[track_caller]
    pub fn assert_all(&self, code: i32, stdout: &str, stderr: &str) {
        let found = (self.code, self.stdout.as_str(), self.stderr.as_str());
        assert!(
            found == (Some(code), stdout, stderr),
            "expected exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---\n{self}"
        );
    }

    /// The folder in which it ran.
    pub fn folder(&self) -> &Path {
        self.folders.work.path()
    }

    /// The folders that it could write to: its home and the one in which it ran.
    pub fn folders(&self) -> [&Path; 2] {
        [self.folders.home.path(), self.folder()]
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { code, stdout, stderr, command, .. } = self;
        let folder = self.folder().display();
        write!(f, "found {code:?} from {command}\nin {folder}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}
