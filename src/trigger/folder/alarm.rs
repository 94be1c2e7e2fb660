//! The alarm clock of a watched folder: says that there may be something to look at. It may be silent and it may be wrong;
//! what there is, a look at the folder tells.

use super::Nudge;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::{path::Path, sync::mpsc::Sender};

/// Watches as long as it lives.
pub struct Alarm {
    _watcher: RecommendedWatcher,
}

impl Alarm {
    /// `None` where the system cannot watch this folder; then it is looked at now and then.
    pub fn set(dir: &Path, nudge: Sender<Nudge>) -> Option<Alarm> {
        // Whatever comes, an error as well: it is worth a look. That nobody is there to look any more is no harm.
        let heard = move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| event.kind.is_access() && !closes(&event)) {
                let _ = nudge.send(Nudge::Look);
            }
        };
        let mut watcher = notify::recommended_watcher(heard).ok()?;
        watcher.watch(dir, RecursiveMode::NonRecursive).ok()?;
        Some(Alarm { _watcher: watcher })
    }
}

/// Whether somebody has finished writing: other looks at a file, our own among them, are nothing new.
fn closes(event: &notify::Event) -> bool {
    use notify::event::{AccessKind, AccessMode, EventKind};
    matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)))
}
