//! What is kept of a command line so that it can be carried out again: its words, where it was, and the text of its script.
//! Never a key, and no value of the environment.

use super::{Command, apply, line, source};
use crate::{
    config,
    error::Failure,
    run::{Hide, short_id},
    script::FileEvent,
    session::journal::digest,
    store::{NewRun, Run},
    text,
};
use jiff::ZonedDateTime;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

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
    /// What a trigger gave the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
    /// The zone of the machine on which it was begun, so that its dates stay the same wherever it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// What a trigger gives a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    /// `schedule` or `watch`.
    pub trigger: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<ZonedDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<FileEvent>,
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
            given: None,
            zone: None,
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

    /// Goes to the folder in which the run was begun.
    pub fn enter_folder(&self, run: &str) -> Result<(), Failure> {
        std::env::set_current_dir(&self.folder).map_err(|error| {
            let folder = self.folder.display();
            Failure::usage(format!(
                "the folder `{folder}` of the run `{run}` cannot be used: {}",
                config::reason(&error)
            ))
        })
    }

    /// Whether its script came from a file.
    pub fn has_file(&self) -> bool {
        // The plan of an undo is called as that is, `undo RUN`.
        let is_file = |name: &str| name != "-" && name != "-e" && !name.starts_with("undo ");
        self.script.as_ref().is_some_and(|(name, _)| is_file(name))
    }

    /// What the script's file holds now; the name and the text. `None` where the script was no file, or cannot be read any
    /// more. The present folder has to be that of the run.
    pub fn script_now(&self) -> Option<(String, String)> {
        let (name, _) = self.script.as_ref().filter(|_| self.has_file())?;
        source::text_of(Path::new(name)).ok()
    }

    /// The words as they would be typed again.
    pub fn command_line(&self) -> String {
        let words = self.words.iter().skip(1).map(|word| text::shell_word(word));
        std::iter::once("onramp".into()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Whether the script's file holds another text by now.
    pub fn changed_since(&self) -> bool {
        let other = |now: (String, String)| match &self.script {
            Some(begun) => *begun != now && !apply::is_same_plan(&begun.1, &now.1),
            None => true,
        };
        self.script_now().is_some_and(other)
    }

    /// The command that the words mean, with this name and text of the script.
    pub fn command(&self, run: &str, script: Option<(String, String)>) -> Result<Command, Failure> {
        let words: Vec<OsString> = self.words.iter().map(OsString::from).collect();
        let cli = line::parse_with(&words, script).map_err(|early| match early {
            line::Early::Failed(mut failures) if !failures.is_empty() => failures.remove(0),
            _ => Failure::usage(format!("the command line of the run `{run}` makes no sense any more")),
        })?;
        Ok(cli.command)
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

    /// As it goes into the store, without what `hide` takes out. `name` is what people call it.
    pub fn new_run(&self, kind: &str, name: &str, trigger: &str, hide: &Hide) -> Result<NewRun, Failure> {
        let id = self.fresh_id()?;
        let text = self.script.as_ref().map_or("", |(_, text)| text);
        let mode = if self.base_url == EMBEDDED { "sandbox" } else { "live" };
        Ok(NewRun {
            id,
            kind: kind.into(),
            script: hide(name),
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
