//! What a session has seen of the workspace: the ids and names of the objects that the API sent, for completion. Kept in
//! memory only, and only where a session has asked for it.

use rhai::{Dynamic, Map};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// Beyond so many the older half is forgotten.
const MOST: usize = 20_000;

const LOCK: &str = "no code panics while it holds this lock";

/// Stands between the parts of a key, and in none of them.
const END: char = '\0';

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

/// The objects that begin like what was written: the first of them in the order of the alphabet and, where there are more,
/// the very last, so that what these have in common all have.
#[derive(Default)]
pub struct Hits {
    pub things: Vec<Arc<Thing>>,
    /// How many there are besides.
    pub more: usize,
}

/// Sorted in each way in which people begin to write an object, so that no key waits for a look at all of them.
#[derive(Default)]
struct Things {
    by_id: HashMap<String, Arc<Thing>>,
    /// The oldest first.
    order: VecDeque<String>,
    numbers: BTreeMap<String, Arc<Thing>>,
    ids: BTreeMap<String, Arc<Thing>>,
    names: BTreeMap<String, Arc<Thing>>,
}

impl Thing {
    fn number_key(&self) -> Option<String> {
        Some(format!("{}{END}{}{END}{}", self.object, self.display_id?, self.id))
    }

    fn id_key(&self) -> String {
        format!("{}{END}{}", self.object, self.id)
    }

    fn name_key(&self) -> Option<String> {
        Some(format!("{}{END}{}", self.name.as_ref()?, self.id))
    }
}

impl Things {
    fn add(&mut self, thing: Thing) {
        if let Some(old) = self.by_id.get(&thing.id).cloned() {
            self.unlink(&old);
        } else {
            if self.order.len() >= MOST {
                for id in self.order.drain(..MOST / 2).collect::<Vec<_>>() {
                    if let Some(old) = self.by_id.get(&id).cloned() {
                        self.unlink(&old);
                    }
                }
            }
            self.order.push_back(thing.id.clone());
        }
        let thing = Arc::new(thing);
        self.by_id.insert(thing.id.clone(), thing.clone());
        self.ids.insert(thing.id_key(), thing.clone());
        self.numbers.extend(thing.number_key().map(|key| (key, thing.clone())));
        self.names.extend(thing.name_key().map(|key| (key, thing.clone())));
    }

    fn unlink(&mut self, thing: &Thing) {
        self.by_id.remove(&thing.id);
        self.ids.remove(&thing.id_key());
        thing.number_key().map(|key| self.numbers.remove(&key));
        thing.name_key().map(|key| self.names.remove(&key));
    }
}

/// Those whose keys begin with `begun`.
fn beginning(index: &BTreeMap<String, Arc<Thing>>, begun: String, most: usize) -> Hits {
    let end = format!("{begun}{}", char::MAX);
    let mut all = index.range(begun..end);
    let mut things: Vec<Arc<Thing>> =
        all.by_ref().take(most.saturating_sub(1)).map(|(_, thing)| thing.clone()).collect();
    things.extend(all.next_back().map(|(_, thing)| thing.clone()));
    Hits { things, more: all.count() }
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
        self.things.lock().expect(LOCK).add(thing);
    }

    /// Up to `most` objects of a kind whose display ids begin with these digits.
    pub fn numbered(&self, object: &str, digits: &str, most: usize) -> Hits {
        beginning(&self.things.lock().expect(LOCK).numbers, format!("{object}{END}{digits}"), most)
    }

    /// Up to `most` objects of a kind whose ids begin with this.
    pub fn identified(&self, object: &str, begun: &str, most: usize) -> Hits {
        beginning(&self.things.lock().expect(LOCK).ids, format!("{object}{END}{begun}"), most)
    }

    /// Up to `most` objects of any kind whose names begin with this.
    pub fn named(&self, begun: &str, most: usize) -> Hits {
        beginning(&self.things.lock().expect(LOCK).names, begun.to_string(), most)
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
        let all = seen.identified("customer", "", usize::MAX).things;
        assert_eq!(all.len(), MOST / 2 + 1);
        assert_eq!(seen.named("Ac", 5).things[0].id, "c20000");
        assert_eq!(seen.identified("customer", "c9999", 1).things, []);
        assert_eq!(seen.numbered("customer", "10000", 5).things.len(), 1);
        assert_eq!(seen.numbered("contact", "10000", 5).things, []);
        // Renamed, it is found by its new name alone.
        seen.note_json(r#"{"object":"customer","id":"c20000","display_id":7,"name":"Beta"}"#);
        assert_eq!((seen.named("Acme", 5).things.len(), seen.named("Beta", 5).things.len()), (0, 1));
    }

    #[test]
    fn of_many_the_first_are_given_and_the_last_and_the_others_counted() {
        let seen = Seen::default();
        seen.begin();
        for number in 0..1000 {
            seen.note_json(&format!(r#"{{"object":"customer","id":"c{number}","display_id":{number}}}"#));
        }
        let Hits { things, more } = seen.numbered("customer", "1", 4);
        let numbers: Vec<_> = things.iter().filter_map(|thing| thing.display_id).collect();
        assert_eq!((numbers, more), (vec![1, 10, 100, 199], 107));
        let Hits { things, more } = seen.numbered("customer", "99", 100);
        assert_eq!((things.len(), more), (11, 0));
    }
}
