//! What is kept of a command line so that it can be carried out again: its words, where it was, and the text of its script.
//! Never a key, and no value of the environment.

use crate::{
    config,
    error::Failure,
    run::{Hide, short_id},
    session::journal::digest,
    store::{NewRun, Run},
};
use serde::{Deserialize, Serialize};
use std::{ffi::OsString, path::PathBuf};

/// The version of this record.
const VERSION: u32 = 1;

/// What the base URL of an embedded sandbox is called.
const EMBEDDED: &str = "sandbox";

/// A command line that can be carried out again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// What the idempotency keys of the run begin with.
    pub key: String,
    /// All words, the program's own name first.
    pub words: Vec<String>,
    pub folder: PathBuf,
    /// The script's name and text, where there is one.
    pub script: Option<(String, String)>,
    /// Where the API was.
    base_url: String,
    /// Whether the workspace was one that lived only as long as the run.
    pub fleeting: bool,
}

impl Record {
    /// Of a command line that is about to be carried out.
    pub fn new(
        key: String,
        words: &[OsString],
        script: Option<(&str, &str)>,
        connection: &super::connect::Connection,
    ) -> Result<Record, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Failure::usage(format!("the present folder cannot be used: {}", config::reason(&error)))
        })?;
        let words = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Ok(Record {
            version: VERSION,
            key,
            words,
            folder,
            script: script.map(|(name, text)| (name.to_string(), text.to_string())),
            base_url: place(connection)?,
            fleeting: connection.sandbox && connection.sandbox_data.is_none(),
        })
    }

    /// Of a run that is kept.
    pub fn of(run: &Run) -> Result<Record, Failure> {
        let record: Option<Record> = serde_json::from_str(&run.job).ok();
        record.filter(|record| record.version == VERSION).ok_or_else(|| {
            Failure::usage(format!("the run `{}` was kept by another version of onramp", run.id))
                .hint(format!("use onramp {}", run.onramp))
        })
    }

    /// An error if the connection leads elsewhere than that of the run.
    pub fn same_place(&self, run: &str, connection: &super::connect::Connection) -> Result<(), Failure> {
        let now = place(connection)?;
        if now == self.base_url {
            return Ok(());
        }
        Err(Failure::usage(format!("the run `{run}` talked to {}, and this would talk to {now}", self.base_url))
            .hint(format!("set `PIVOTAL_BASE_URL={}`", self.base_url)))
    }

    /// An id for a run.
    pub fn fresh_id(&self) -> Result<String, Failure> {
        short_id().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))
    }

    /// As it goes into the store, without what `hide` takes out.
    pub fn new_run(&self, kind: &str, trigger: &str, hide: &Hide) -> Result<NewRun, Failure> {
        let id = self.fresh_id()?;
        let (script, text) = match &self.script {
            Some((name, text)) => (name.clone(), text.as_str()),
            None => (self.words.iter().skip(1).take(2).cloned().collect::<Vec<_>>().join(" "), ""),
        };
        let mode = if self.base_url == EMBEDDED { "sandbox" } else { "live" };
        Ok(NewRun {
            id,
            kind: kind.into(),
            script: hide(&script),
            hash: digest(text.as_bytes()),
            job: hide(&serde_json::to_string(self).map_err(|error| Failure::bug(&error.to_string()))?),
            mode: mode.into(),
            trigger: trigger.into(),
            onramp: env!("CARGO_PKG_VERSION").into(),
            ..NewRun::default()
        })
    }
}

fn place(connection: &super::connect::Connection) -> Result<String, Failure> {
    if connection.sandbox {
        return Ok(EMBEDDED.into());
    }
    Ok(config::base_url(connection.base_url.as_deref())?.to_string())
}
