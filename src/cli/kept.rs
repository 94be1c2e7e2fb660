//! What commands that may write have in common: their session with its record, and the place of their run in the store.
//! What is done over the session is theirs.

use super::{
    connect::Connection,
    previews,
    record::{Given, Record},
    resume, signals,
};
use crate::{
    clock::Clock,
    config,
    error::{Failure, Kind},
    run::{self, Approve, Around, Ending, Hide, Kept, Log},
    secret::Secret,
    session::{Capability, Control, Progress, Session, Workspace},
    stop::{Reason, Stop},
    store::{Counts, Run, State, StoreError},
    text,
    ui::Ui,
};
use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, sync::Arc};

/// How a command comes to be carried out.
pub enum Begin {
    Anew,
    /// Once more, as a new run.
    Retry(Box<Retried>),
    Resume(Box<Resumed>),
}

/// A run that goes on, with what is kept of its command line.
pub struct Resumed {
    pub run: Run,
    pub record: Record,
    /// By a process that serves several runs, and has seen to it that all of them lead to the same API.
    pub served: bool,
}

/// A run that is made once more.
pub struct Retried {
    /// Its id.
    pub of: String,
    /// What its trigger gave it, as it is now.
    pub given: Option<Given>,
}

/// What is to be carried out.
pub struct Asked<'a> {
    pub kind: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// All words of the command line.
    pub words: &'a [OsString],
    /// The name and the text of the script, where there is one.
    pub script: Option<(&'a str, &'a str)>,
    /// Whether it may come to write: else it needs no record.
    pub writes: bool,
    /// Whether somebody at a terminal is asked before the first write to a live workspace.
    pub asks: bool,
    pub capability: Capability,
    pub environment: BTreeMap<String, Secret>,
}

/// The place of a run among those that are kept, taken with its first write.
pub struct Keeping {
    pub id: String,
    /// What a trigger gave the run.
    pub given: Option<Given>,
    /// Where its record lies.
    pub folder: PathBuf,
    pub log: Log,
    /// Where a dry run puts the files that its script writes.
    pub preview: PathBuf,
    kept: Option<Kept>,
    /// Whether its workspace goes with it.
    fleeting: bool,
}

/// The session over which it is done, and its place in the store.
pub fn open(begin: Begin, asked: Asked<'_>, connection: Connection, ui: &Ui) -> Result<(Session, Keeping), Failure> {
    open_as(begin, asked, connection, None, ui)
}

/// The same for what takes back the run `undoes`.
pub fn open_undo(
    begin: Begin,
    asked: Asked<'_>,
    connection: Connection,
    undoes: &str,
    ui: &Ui,
) -> Result<(Session, Keeping), Failure> {
    open_as(begin, asked, connection, Some(undoes), ui)
}

/// A run of its own over the connection of a session that goes on.
pub fn beside(
    session: &Session,
    asked: Asked<'_>,
    connection: &Connection,
    undoes: Option<&str>,
    ui: &Ui,
) -> Result<(Session, Keeping), Failure> {
    // Its requests go out by the session's client, which counts them.
    let around =
        Around { control: session.control().counting_anew(), ..around(session.stop(), session.clock().clone(), ui)? };
    let key = run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
    let record = Record::new(key, asked.words, asked.script, connection)?;
    let mut new = record.new_run(asked.kind, asked.name, "manual", &hide(ui))?;
    new.undoes = undoes.map(str::to_string);
    let kept = Kept::new(new, around.clone());
    let recorder = kept.recorder().map_err(|error| failure_of_store(&error))?;
    let mut beside = session.beside(record.key.clone(), around.control.clone()).map_err(super::carry::failure)?;
    if connection.no_snapshot {
        beside = beside.without_snapshots();
    }
    Ok((beside.with_recorder(recorder), Keeping::new(kept.id().to_string(), record, Some(kept), around)))
}

/// The place of what a line of a session may write, over the session itself: it is recorded from here on.
pub fn entered(session: &Session, asked: Asked<'_>, connection: &Connection, ui: &Ui) -> Result<Keeping, Failure> {
    let around =
        Around { control: session.control().counting_anew(), ..around(session.stop(), session.clock().clone(), ui)? };
    let record = Record::new(session.run_key().to_string(), asked.words, asked.script, connection)?;
    let kept = Kept::new(record.new_run(asked.kind, asked.name, "manual", &hide(ui))?, around.clone());
    session.record_in(Some(kept.recorder().map_err(|error| failure_of_store(&error))?));
    Ok(Keeping::new(kept.id().to_string(), record, Some(kept), around))
}

/// A session that only looks, and leaves nothing behind.
pub fn look(connection: Connection, ui: &Ui) -> Result<(Session, Stop), Failure> {
    let stop = Stop::default();
    let clock = connection.clock();
    let connect = connection.connector(&stop, ui, &Progress::default())?;
    Ok((Session::new(connect, String::new(), clock, stop.clone()), stop))
}

fn open_as(
    begin: Begin,
    asked: Asked<'_>,
    connection: Connection,
    undoes: Option<&str>,
    ui: &Ui,
) -> Result<(Session, Keeping), Failure> {
    let stop = Stop::default();
    let words = signals::listen(&stop, ui)?;
    let mut clock = connection.clock();
    if let Begin::Resume(resumed) = &begin
        && let Some(zone) = &resumed.record.zone
    {
        clock = clock.in_zone(zone);
    }
    let mut around = around(&stop, clock.clone(), ui)?;
    if asked.asks && !connection.sandbox && !matches!(begin, Begin::Resume(_)) {
        around.approve = Some(approval(ui));
    }
    let mut capability = asked.capability;
    let (record, kept) = match begin {
        Begin::Resume(resumed) => {
            let Resumed { run, record, served } = *resumed;
            if !served {
                record.same_place(&run.id, &connection)?;
            }
            if let (Some(id), Some(slug)) = (&run.workspace_id, &run.workspace) {
                capability.stay_in(id, slug);
            }
            let kept = resume::take_up(&run, around.clone())?;
            (record, Some(kept))
        }
        Begin::Anew | Begin::Retry(_) => {
            let key = run::fresh_key().map_err(|error| Failure::bug(&format!("no random numbers ({error})")))?;
            let mut record = Record::new(key, asked.words, asked.script, &connection)?;
            // It takes a while to find out, and what is not kept needs none.
            record.zone = asked.writes.then(|| clock.zone_name()).flatten();
            let mut of = None;
            if let Begin::Retry(retried) = begin {
                (of, record.given) = (Some(retried.of), retried.given);
            }
            let mut new = record.new_run(asked.kind, asked.name, "manual", &hide(ui))?;
            new.retry_of = of;
            new.undoes = undoes.map(str::to_string);
            (record, asked.writes.then(|| Kept::new(new, around.clone())))
        }
    };
    let id = kept.as_ref().map_or_else(|| record.fresh_id(), |kept| Ok(kept.id().to_string()))?;
    let (verbose, no_snapshot) = (connection.verbose, connection.no_snapshot);
    let connect = connection.connector(&stop, ui, &around.control.progress)?;
    let mut session = Session::new(connect, record.key.clone(), clock, stop)
        .with_capability(capability)
        .with_environment(asked.environment)
        .with_control(around.control.clone());
    if no_snapshot {
        session = session.without_snapshots();
    }
    if verbose {
        let ui = ui.clone();
        session = session.with_unsent(Box::new(move |request| {
            let target = text::escape_control(&request.target);
            ui.status(&format!("{} {target}: not sent, it would change nothing", request.method.as_str()));
        }));
    }
    if let Some(kept) = &kept {
        // What is not there any more when the process ends has no way on.
        if !record.fleeting {
            words.are_about(kept);
        }
        session = session.with_recorder(kept.recorder().map_err(|error| failure_of_store(&error))?);
    }
    Ok((session, Keeping::new(id, record, kept, around)))
}

impl Keeping {
    fn new(id: String, record: Record, kept: Option<Kept>, around: Around) -> Keeping {
        let preview = previews::folder_of(&around.dir, &id);
        let folder = run::folder_of(&around.dir, &id);
        let Record { given, fleeting, .. } = record;
        Keeping { id, given, folder, log: around.log, preview, kept, fleeting }
    }

    /// What the run has done so far.
    pub fn counts(&self) -> Counts {
        self.kept.as_ref().map_or_else(Counts::default, Kept::counts)
    }

    /// The id of a run that can be taken up again.
    pub fn resumable(&self) -> Option<&str> {
        // Somebody may have removed its record.
        let lasts = |kept: &&Kept| kept.is_kept() && !self.fleeting && self.folder.exists();
        self.kept.as_ref().filter(lasts).map(Kept::id)
    }

    /// The run's own id in the store, once it is there.
    pub fn kept_id(&self) -> Option<&str> {
        self.kept.as_ref().filter(|kept| kept.is_kept()).map(Kept::id)
    }

    /// What to do after a run that was not carried out to its end, `done` changes of it.
    pub fn with_way_on(&self, mut failure: Failure, done: u64) -> Failure {
        let changes = text::plural(done as usize, "change");
        match (self.resumable(), failure.kind) {
            (Some(id), Kind::Usage | Kind::Key | Kind::Rows | Kind::WillPass | Kind::Interrupted) => {
                failure.hints.push(format!("`onramp resume {id}` goes on where it stopped; {changes} made so far"));
            }
            (Some(id), _) if done > 0 => {
                failure.hints.push(format!("{changes} had been made by then: `onramp show {id}` lists them"));
            }
            (_, _) if done > 0 => failure.hints.push(format!(
                "look at the workspace before you run the script again: {changes} had been made by then"
            )),
            _ => {}
        }
        failure
    }

    /// Enters how the run ended. What cannot be entered is no reason to call a good run a bad one.
    ///
    /// `stopped` says why, where somebody asked for it.
    pub fn leave(self, counts: &Counts, stopped: Option<Reason>, end: &Result<u8, Failure>, ui: &Ui) {
        let Some(kept) = self.kept else { return };
        // A run that is kept as ended has said all that it has to say.
        ui.flush();
        let (exit_code, message) = match end {
            Ok(code) => (*code, None),
            Err(failure) => (failure.kind.exit_code(), Some(ui.hidden(&failure.message))),
        };
        let state = match (stopped, exit_code) {
            (Some(Reason::Cancelled), _) => State::Cancelled,
            (Some(Reason::Enough), _) => State::Running,
            (_, 0) => State::Done,
            // They pass, or can be mended (the configuration, the key): the run goes on where it stopped.
            (_, 2 | 3 | 75 | 130) => State::Running,
            _ => State::Failed,
        };
        let ending = Ending { state, exit_code, message };
        // A run that has talked to the workspace is part of its history, also if there was nothing to change.
        let even_so = state.has_ended() && counts.requests > 0 && !matches!(exit_code, 2 | 5);
        if let Err(error) = kept.end(&ending, even_so) {
            ui.warn(&format!("the end of the run could not be kept: {error}"));
        }
    }

    /// Enters how a line of a session ended, which is its end in any case: nobody could go on with it without its variables.
    pub fn leave_line(self, stopped: Option<Reason>, end: Result<(), &Failure>, ui: &Ui) {
        let Some(kept) = self.kept else { return };
        ui.flush();
        let (exit_code, message) = match end {
            Ok(()) => (0, None),
            Err(failure) => (failure.kind.exit_code(), Some(ui.hidden(&failure.message))),
        };
        let state = match (stopped, exit_code) {
            (_, 0) => State::Done,
            (Some(Reason::Cancelled), _) => State::Cancelled,
            _ => State::Failed,
        };
        if let Err(error) = kept.end(&Ending { state, exit_code, message }, false) {
            ui.warn(&format!("the end of the run could not be kept: {error}"));
        }
    }
}

/// What a kept run uses of those around it.
fn around(stop: &Stop, clock: Clock, ui: &Ui) -> Result<Around, Failure> {
    let told = ui.clone();
    Ok(Around {
        dir: config::state_dir()?,
        clock: clock.clone(),
        control: Control::default(),
        stop: stop.clone(),
        log: Log::new(clock, hide(ui)),
        tell: Arc::new(move |text: &str| told.notice(text)),
        approve: None,
    })
}

/// Asks before the first write to a live workspace. Where there is no terminal nobody is asked: whoever wrote the command
/// down has decided.
fn approval(ui: &Ui) -> Approve {
    let ui = ui.clone();
    Arc::new(move |workspace: &Workspace| {
        // What the visible part of a test key begins with (API notes, "Authentication").
        if workspace.key_prefix.starts_with("pivotal_test") {
            return true;
        }
        let slug = text::escape_control(&workspace.slug).into_owned();
        ui.ask(&format!("this writes to the live workspace `{slug}`; go on?")).unwrap_or(true)
    })
}

/// The filter for what is kept.
pub fn hide(ui: &Ui) -> Hide {
    let ui = ui.clone();
    Arc::new(move |text: &str| ui.hidden(text))
}

/// A failure of the store, as people see it.
pub fn failure_of_store(error: &StoreError) -> Failure {
    let kind = match () {
        () if error.is_declined() => Kind::Interrupted,
        () if error.will_pass => Kind::WillPass,
        () => Kind::Usage,
    };
    Failure::new(kind, &error.message).hint(&error.hint)
}
