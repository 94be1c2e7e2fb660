//! What a session has seen of the workspace: the ids and names of the objects that the API sent, for completion. Kept in
//! memory only, and only where a session has asked for it.

use rhai::{Dynamic, Map};
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// Beyond so many the older half is forgotten.
const MOST: usize = 20_000;

const LOCK: &str = "no code panics while it holds this lock";

/// An object of the workspace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Thing {
    /// `customer`, `contact` or `onboarding`.
    #[serde(default)]
    pub object: String,
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub display_id: Option<i64>,
    #[serde(default)]
    pub name: Option<String>,
}

/// All that was seen. Empty, and without cost, until [`Seen::begin`].
#[derive(Default)]
pub struct Seen {
    active: AtomicBool,
    things: Mutex<Things>,
}

#[derive(Default)]
struct Things {
    all: Vec<Thing>,
    by_id: HashMap<String, usize>,
}

impl Seen {
    /// From now on objects are remembered.
    pub fn begin(&self) {
        self.active.store(true, Ordering::Relaxed);
    }

    /// Whether objects are remembered.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Remembers an object that a script was given.
    pub fn note(&self, value: &Dynamic) {
        if !self.is_active() {
            return;
        }
        let Some(map) = value.read_lock::<Map>() else { return };
        let text = |name: &str| map.get(name).and_then(|value| value.clone().into_string().ok());
        self.add(Thing {
            object: text("object").unwrap_or_default(),
            id: text("id").unwrap_or_default(),
            display_id: map.get("display_id").and_then(|number| number.as_int().ok()),
            name: text("name"),
        });
    }

    /// Remembers a row of a list as the API sent it.
    pub fn note_json(&self, json: &str) {
        // What is no object of the workspace is nothing to remember; whoever reads the row will say what is wrong.
        if self.is_active()
            && let Ok(thing) = serde_json::from_str(json)
        {
            self.add(thing);
        }
    }

    fn add(&self, thing: Thing) {
        if thing.id.is_empty() || thing.object.is_empty() || thing.object == "deleted" {
            return;
        }
        let mut things = self.things.lock().expect(LOCK);
        if let Some(at) = things.by_id.get(&thing.id).copied() {
            things.all[at] = thing;
            return;
        }
        if things.all.len() >= MOST {
            things.all.drain(..MOST / 2);
            let places = things.all.iter().enumerate().map(|(at, thing)| (thing.id.clone(), at)).collect();
            things.by_id = places;
        }
        let at = things.all.len();
        things.by_id.insert(thing.id.clone(), at);
        things.all.push(thing);
    }

    /// Up to `most` objects that `wanted` takes, the latest first.
    pub fn find(&self, most: usize, wanted: impl Fn(&Thing) -> bool) -> Vec<Thing> {
        let things = self.things.lock().expect(LOCK);
        things.all.iter().rev().filter(|thing| wanted(thing)).take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_remembered_once_begun_and_the_older_ones_forgotten_first() {
        let seen = Seen::default();
        seen.note_json(r#"{"object":"customer","id":"c0","name":"Early"}"#);
        seen.begin();
        for number in 0..=MOST {
            seen.note_json(&format!(r#"{{"object":"customer","id":"c{number}","display_id":{number},"extra":[]}}"#));
        }
        seen.note_json(r#"{"object":"customer","id":"c20000","name":"Acme"}"#);
        for nothing in ["", "[]", r#"{"id":"x"}"#, r#"{"object":"deleted","id":"x"}"#] {
            seen.note_json(nothing);
        }
        let all = seen.find(usize::MAX, |_| true);
        assert_eq!(all.len(), MOST / 2 + 1);
        assert_eq!(all[0].name.as_deref(), Some("Acme"));
        assert_eq!(seen.find(1, |thing| thing.id == "c9999"), []);
        assert_eq!(seen.find(1, |thing| thing.display_id == Some(10_000)).len(), 1);
    }
}
