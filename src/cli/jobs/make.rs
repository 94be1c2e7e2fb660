//! How the run for a job is made: a command line that can be carried out, with the script as it is now and what its trigger
//! gives it.

use super::Runnable;
use crate::{
    cli::{
        connect::Connection,
        kept,
        record::{Given, Record},
    },
    run,
    script::FileEvent,
    store::NewRun,
    trigger::{Cause, Event, Job, Make},
    ui::Ui,
};
use jiff::tz::TimeZone;
use std::{
    collections::HashMap,
    ffi::OsString,
    sync::{Arc, Mutex},
};

const LOCK: &str = "no code panics while it holds this lock";

/// Makes runs of the scripts that are in service.
pub struct Maker {
    scripts: Mutex<HashMap<String, Arc<Runnable>>>,
    connection: Connection,
    read_only: bool,
    ui: Ui,
}

impl Maker {
    pub fn new(connection: Connection, read_only: bool, ui: &Ui) -> Maker {
        Maker { scripts: Mutex::default(), connection, read_only, ui: ui.clone() }
    }

    /// Puts a script in service, or its new text.
    pub fn serve(&self, script: Runnable) {
        self.scripts.lock().expect(LOCK).insert(script.identity.clone(), Arc::new(script));
    }

    /// Takes a script out of service.
    pub fn dismiss(&self, identity: &str) {
        self.scripts.lock().expect(LOCK).remove(identity);
    }

    fn words(&self, script: &Runnable, job: &Job) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["onramp", "run"].map(OsString::from).to_vec();
        if self.read_only {
            words.push("--read-only".into());
        }
        words.extend(self.connection.words());
        words.push(script.path.clone().into());
        if let Cause::File(event) = &job.cause
            && script.has_file_param()
        {
            words.push(format!("--file={}", event.path).into());
        }
        words
    }
}

impl Make for Maker {
    fn make(&self, job: &Job) -> Result<NewRun, String> {
        let script = self.scripts.lock().expect(LOCK).get(&job.script).cloned();
        let script = script.ok_or_else(|| format!("the script `{}` is out of service", job.script))?;
        let key = run::fresh_key().map_err(|error| format!("there are no random numbers ({error})"))?;
        let name = script.name();
        let words = self.words(&script, job);
        let record = Record::new(key, &words, Some((&name, &script.text)), &self.connection);
        let mut record = record.map_err(|failure| failure.message)?;
        let given = given(&job.cause);
        let trigger = given.trigger.clone();
        record.given = Some(given);
        record.zone = self.connection.clock().zone_name();
        let new = record.new_run("run", &name, &trigger, &kept::hide(&self.ui)).map_err(|failure| failure.message)?;
        Ok(NewRun { id: job.run.clone(), dedupe_key: Some(job.dedupe_key.clone()), not_before: job.not_before, ..new })
    }
}

fn given(cause: &Cause) -> Given {
    match cause {
        Cause::Due { at, zone } => {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            Given { trigger: "schedule".into(), scheduled_for: Some(at.to_zoned_datetime(zone)), event: None }
        }
        Cause::File(Event { path, name, size, sha256, modified }) => {
            let event = FileEvent {
                path: path.clone(),
                name: name.clone(),
                size: *size,
                sha256: sha256.clone(),
                modified: *modified,
            };
            Given { trigger: "watch".into(), scheduled_for: None, event: Some(event) }
        }
    }
}
