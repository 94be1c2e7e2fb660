//! The scripts of the folder: which there are, which are in service, and what is new of them. When they run, others decide.

use super::{About, Server, shown, when};
use crate::{
    cli::{
        jobs::{Runnable, due},
        schedule::scripts::identity,
        source, watch,
    },
    config,
    error::Failure,
    store::Run,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A script as it was last looked at.
pub(super) struct Seen {
    /// By which name the ledger knows it.
    pub(super) identity: String,
    /// Its text; `None` where it could not be read.
    text: Option<String>,
    pub(super) state: State,
}

/// What is to be done about a script.
pub(super) enum State {
    /// It is in service.
    Serves(Box<Runnable>),
    /// Nothing: it does not say when it runs.
    Idle,
    /// Nothing until it is mended. Its due times are accounted for.
    Broken,
    /// Nothing until its folder can be watched: it is not there, or somebody else works on it.
    Waits(Box<Runnable>),
}

impl Seen {
    pub(super) fn script(&self) -> Option<&Runnable> {
        match &self.state {
            State::Serves(script) => Some(script),
            State::Idle | State::Broken | State::Waits(_) => None,
        }
    }
}

impl Server<'_> {
    /// Looks at the scripts, and says what is new of them. True where something is.
    pub(super) fn refresh(&mut self, first: bool) -> Result<bool, Failure> {
        let found = found(&self.dir);
        let why = found.as_ref().err().map(|error| format!("the scripts cannot be read: {}", config::reason(error)));
        self.trouble(About::Scripts, why);
        // Those that cannot be read are not gone, for all that is known, and may come back.
        let found = found.unwrap_or_else(|_| self.scripts.keys().cloned().collect());
        let mut changed = false;
        let gone: Vec<PathBuf> = self.scripts.keys().filter(|path| !found.contains(path)).cloned().collect();
        for path in gone {
            changed = true;
            if let Some(script) = self.scripts.remove(&path).as_ref().and_then(Seen::script) {
                self.ui.status(&format!("`{}` is gone, and out of service", shown(&path)));
                self.dismiss(script);
            }
        }
        for path in found {
            let text = source::text_of(&path).ok().map(|(_, text)| text);
            if self.scripts.get(&path).is_some_and(|before| before.text == text) {
                changed |= self.watch_again(&path);
                continue;
            }
            changed = true;
            let before = self.scripts.remove(&path);
            let known = before.as_ref().map(|before| before.identity.clone());
            before.as_ref().and_then(Seen::script).into_iter().for_each(|script| self.dismiss(script));
            let state = self.load(&path, known.is_some(), first)?;
            // Of a file that cannot be found any more the links cannot be followed either.
            let identity = known.filter(|_| !path.exists()).unwrap_or_else(|| identity(&path));
            self.scripts.insert(path, Seen { identity, text, state });
        }
        // Scripts that went while nothing served have due times to be accounted for, too.
        if changed || first || self.troubles.contains_key(&About::Adopted) {
            self.adopt();
        }
        let root = self.root.clone();
        let ours = |run: &Run| due::script_of(run).filter(|script| Path::new(script).starts_with(&root));
        let why = self.service.finish_left(ours).err().map(|failure| failure.message);
        self.trouble(About::Left, why);
        Ok(changed)
    }

    /// Puts a script in service, if its header wants it.
    fn load(&mut self, path: &Path, known: bool, first: bool) -> Result<State, Failure> {
        let name = shown(path);
        let Some(script) = Runnable::load(path, true, self.ui)? else {
            self.ui.warn(&format!("`{name}` is out of service until it is mended"));
            return Ok(State::Broken);
        };
        let triggers = &script.header.triggers;
        if triggers.schedule.is_none() && triggers.watch.is_none() {
            return Ok(State::Idle);
        }
        let names_folder = triggers.watch.as_ref().map(|watch| watch.folder.is_some());
        if names_folder.is_some()
            && let Err(failure) = self.watch(&script)
        {
            self.ui.failure(&failure);
            let (until, state) = match names_folder {
                Some(true) => ("its folder can be watched", State::Waits(Box::new(script))),
                _ => ("it is mended", State::Broken),
            };
            self.ui.warn(&format!("`{name}` is out of service until {until}"));
            return Ok(state);
        }
        self.service.maker.serve(script.clone());
        match (first, known) {
            (true, _) => {}
            (false, true) => self.ui.status(&format!("`{name}` has changed: {}", when(&script))),
            (false, false) => self.ui.status(&format!("`{name}` is new: {}", when(&script))),
        }
        Ok(State::Serves(Box::new(script)))
    }

    /// Puts a script in service that waits for its folder, if that can be watched by now. True where it can.
    fn watch_again(&mut self, path: &Path) -> bool {
        let Some(State::Waits(script)) = self.scripts.get(path).map(|seen| &seen.state) else { return false };
        let script = script.clone();
        // Why not was said when it was first so.
        let watches = self.watch(&script).is_ok();
        if let Some(seen) = self.scripts.get_mut(path).filter(|_| watches) {
            self.service.maker.serve((*script).clone());
            self.ui.status(&format!("`{}` is in service: {}", shown(path), when(&script)));
            seen.state = State::Serves(script);
        }
        watches
    }

    fn watch(&mut self, script: &Runnable) -> Result<(), Failure> {
        let folder = script.header.triggers.watch.as_ref().and_then(|watch| watch.folder.as_ref());
        let folder = folder.ok_or_else(|| {
            Failure::usage(format!("`{}` does not say which folder it watches", shown(&script.path)))
                .hint("add `folder = \"inbox\"` under `[watch]`")
        })?;
        let dir = watch::folder(&script.root.join(&folder.value))?;
        self.service.watch(&dir, &format!("{}/", folder.value.trim_end_matches('/')), script, watch::settings(script))
    }

    fn dismiss(&mut self, script: &Runnable) {
        self.service.maker.dismiss(&script.identity);
        self.service.unwatch(&script.identity);
    }
}

/// The scripts in a folder, by name. Hidden ones are none.
fn found(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)?.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && path.extension().is_some_and(|ending| ending == "rhai") && path.is_file() {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}
