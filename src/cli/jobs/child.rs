//! The process of a run: this program once more, as `onramp resume`, with its streams in the run's folder. It has a group of
//! its own, so that Ctrl-C reaches the one who serves, who decides.

use super::ear::Ear;
use crate::{error::Failure, secret::Secret, store};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// What the processes of runs have in common.
pub struct Children {
    program: PathBuf,
    /// The sandbox that they share, and its key.
    sandbox: Option<(String, Secret)>,
    /// Whether what they say is heard.
    listens: bool,
}

/// What a run wrote goes into these files.
const OUT: &str = "out";
const ERR: &str = "err";

impl Children {
    pub fn new(sandbox: Option<(String, Secret)>, listens: bool) -> Result<Children, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::bug(&format!("the program does not know where it is ({error})")))?;
        Ok(Children { program, sandbox, listens })
    }

    /// Hears what the process of a run says that was only just started, where anybody wants to.
    pub fn ear(&self, folder: &Path) -> Option<Ear> {
        // One that cannot be heard is carried out all the same.
        self.listens.then(|| fs::File::open(folder.join(ERR)).ok()).flatten().map(Ear::at)
    }

    /// Starts the process of a run whose record lies in `folder`.
    pub fn start(&self, run: &str, folder: &Path) -> io::Result<Child> {
        let file = |name: &str| -> io::Result<fs::File> {
            let file = store::private_file(&folder.join(name))?;
            // A run that goes on says everything again.
            file.set_len(0)?;
            Ok(file)
        };
        let mut command = Command::new(&self.program);
        command.args(["resume", "--served", run]);
        command.stdin(Stdio::null()).stdout(file(OUT)?).stderr(file(ERR)?);
        // For this process, not for those it starts.
        command.env_remove("ONRAMP_CRASH_AT").env_remove("NOTIFY_SOCKET");
        if let Some((base_url, key)) = &self.sandbox {
            command.env("PIVOTAL_BASE_URL", base_url).env("PIVOTAL_API_KEY", key.expose());
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// Asks the process of a run to stop: it finishes what is in flight. It has not been waited for, so its number is its own.
pub fn interrupt(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: takes two numbers.
        unsafe { libc::kill(pid, libc::SIGINT) };
    }
    #[cfg(not(unix))]
    let _ = child.kill();
}

/// What the process said last of why it could not begin.
pub fn last_words(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(ERR)).ok()?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("error: "))?;
    Some(line.to_string())
}

/// The exit code; `None` where a signal ended it.
pub fn code(status: ExitStatus) -> Option<u8> {
    status.code().and_then(|code| u8::try_from(code).ok())
}
