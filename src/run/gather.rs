//! From journals to what can be looked up: the story of one run, and the changes of all of them. Reads only; what a run
//! does at the same time, the next look finds.

use crate::{
    session::{
        Earlier, Number,
        journal::{
            Doubt, Past,
            story::{Change, Story},
        },
        plan::Plan,
    },
    store::{NewChange, Run, Store, StoreError, journal::Journal},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The story of a run; of one that never wrote, an empty one.
pub fn story(store: &Store, id: &str) -> Result<Story, StoreError> {
    match told(&store.folder(id)) {
        Ok((story, _)) => Ok(story),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Story::default()),
        Err(error) => Err(store.unreadable(id, &error)),
    }
}

/// The story of a run, with the writes of which nobody knows whether they were carried out.
pub fn story_with_doubts(store: &Store, id: &str) -> Result<(Story, Vec<(Number, Doubt)>), StoreError> {
    let read = || -> io::Result<(Story, Vec<(Number, Doubt)>)> {
        let (journal, frames) = Journal::look(&journal_in(&store.folder(id)))?;
        let past = Past::of(&frames).map_err(io::Error::other)?;
        Ok((Story::of(&journal, &frames)?, past.doubts(&journal)?))
    };
    read().map_err(|error| store.unreadable(id, &error))
}

/// What these runs have carried out of a plan; those that wrote nothing, nothing.
pub fn earlier(store: &Store, runs: &[Run], plan: &Plan) -> Result<Earlier, StoreError> {
    let mut earlier = Earlier::default();
    for run in runs {
        let path = journal_in(&store.folder(&run.id));
        let added = Journal::look(&path).and_then(|(journal, frames)| earlier.add(plan, &journal, &frames));
        match added {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            added => added.map_err(|error| store.unreadable(&run.id, &error))?,
        }
    }
    Ok(earlier)
}

/// The journal in a run's folder.
pub fn journal_in(folder: &Path) -> PathBuf {
    folder.join("journal")
}

/// Brings the changes that can be looked up to what the journals tell by now. The store had better be a relaxed one.
pub fn gather(store: &Store) -> Result<(), StoreError> {
    let all = store.gathered()?;
    let mut grown = all.into_iter().filter(|(id, bytes)| {
        // A run that never wrote has no journal.
        fs::metadata(store.folder(id).join("journal")).is_ok_and(|journal| journal.len() > *bytes)
    });
    grown.try_for_each(|(id, _)| gather_one(store, &id))
}

fn gather_one(store: &Store, id: &str) -> Result<(), StoreError> {
    match told(&store.folder(id)) {
        Ok((story, bytes)) => {
            let changes: Vec<NewChange> = story.changes.into_iter().map(entered).collect();
            store.gather(id, bytes, &changes)
        }
        // Deleted meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(store.unreadable(id, &error)),
    }
}

fn told(folder: &Path) -> io::Result<(Story, u64)> {
    let (journal, frames) = Journal::look(&folder.join("journal"))?;
    Ok((Story::of(&journal, &frames)?, journal.len()))
}

fn entered(change: Change) -> NewChange {
    let fields = serde_json::to_string(&change.fields).expect("fields are JSON already");
    let Change { number, at, operation, object, id, display_id, .. } = change;
    NewChange { number: number.to_string(), at, operation, object, id, display_id, fields }
}
