//! Why the sandbox could not start, in words a user can act on. Owns those words; must not print them.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the sandbox could not start.
#[derive(Debug)]
pub enum StartError {
    /// The port cannot be listened on.
    Port {
        /// The port asked for.
        port: u16,
        /// What the system said.
        cause: io::Error,
    },
    /// The data file cannot be read or written.
    Data {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// Another process has the data file open.
    DataInUse(PathBuf),
    /// The file holds something else and was left as it is.
    NotSandboxData(PathBuf),
    /// The file was written by a version with other tables.
    OtherVersion(PathBuf),
    /// SQLite failed in memory.
    Memory(rusqlite::Error),
    /// The task that opens and fills the database was lost.
    Seeding(tokio::task::JoinError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Port { port, cause } if cause.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {port} on 127.0.0.1 is in use")
            }
            StartError::Port { port, cause } => write!(f, "cannot listen on 127.0.0.1:{port}: {cause}"),
            StartError::Data { path, cause } => {
                write!(f, "cannot open the sandbox data file `{}`: {cause}", path.display())
            }
            StartError::DataInUse(path) => {
                write!(f, "the sandbox data file `{}` is in use by another sandbox", path.display())
            }
            StartError::NotSandboxData(path) => {
                write!(f, "`{}` is not a sandbox data file; it was left as it is", path.display())
            }
            StartError::OtherVersion(path) => {
                write!(f, "the sandbox data file `{}` was written by another version of onramp", path.display())
            }
            StartError::Memory(cause) => write!(f, "cannot set up the sandbox's database: {cause}"),
            StartError::Seeding(cause) => write!(f, "cannot fill the sandbox's database: {cause}"),
        }
    }
}

// The messages name their causes already, so `source` stays empty: nobody reads them twice.
impl Error for StartError {}
