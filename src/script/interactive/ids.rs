//! What variables hold of a plan that has been carried out: the ids that stood for its new records become the real ones, so
//! that they can be compared and shown, too. Lists that are walked later are the business of `session`.

use super::Interactive;
use crate::session::plan::provisional::DISPLAY;
use rhai::{Array, Dynamic, INT, ImmutableString, Map};
use std::collections::BTreeMap;

/// Values nest no deeper in what a line may leave behind.
const DEEPEST: usize = super::DEEPEST_VALUE;

impl Interactive {
    /// Puts these ids, which are real, into all variables in place of those that stood for them.
    pub fn rename_ids(&mut self, real: &BTreeMap<String, String>) {
        if real.is_empty() {
            return;
        }
        let mut names: Vec<(String, bool)> = Vec::new();
        for (name, constant, value) in self.scope.iter_raw() {
            match value.is_shared() {
                // A closure has it, too, and goes on having it.
                true => rename(&mut value.clone(), real, DEEPEST),
                false => names.push((name.to_string(), constant)),
            }
        }
        for (name, constant) in names {
            let Some(mut value) = self.scope.remove::<Dynamic>(&name) else { continue };
            rename(&mut value, real, DEEPEST);
            if constant {
                self.scope.push_constant_dynamic(name, value);
            } else {
                self.scope.push_dynamic(name, value);
            }
        }
    }
}

fn rename(value: &mut Dynamic, real: &BTreeMap<String, String>, depth: usize) {
    if depth == 0 {
        return;
    }
    if let Some(mut array) = value.write_lock::<Array>() {
        array.iter_mut().for_each(|inner| rename(inner, real, depth - 1));
    } else if let Some(mut map) = value.write_lock::<Map>() {
        map.values_mut().for_each(|inner| rename(inner, real, depth - 1));
        rename_keys(&mut map, real);
    } else if let Some(mut text) = value.write_lock::<ImmutableString>() {
        if let Some(id) = real.get(text.as_str()) {
            *text = id.into();
        }
    } else if let Some(mut number) = value.write_lock::<INT>()
        && *number > DISPLAY
        && let Some(id) = real.get(&number.to_string()).and_then(|id| id.parse().ok())
    {
        *number = id;
    }
}

/// The same for keys, as in `found[customer.id] = …`. Where the real id is a key of its own already, both stay.
fn rename_keys(map: &mut Map, real: &BTreeMap<String, String>) {
    let new = |key: &str| real.get(key).filter(|id| !map.contains_key(id.as_str()));
    let keys: Vec<(String, String)> = map.keys().filter_map(|key| Some((key.to_string(), new(key)?.clone()))).collect();
    for (key, id) in keys {
        if let Some(value) = map.remove(key.as_str()) {
            map.insert(id.into(), value);
        }
    }
}
