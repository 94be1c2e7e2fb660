//! The variables of a session: one of each name, what they are in a few words, and how much they hold. Runs nothing.

use super::{
    Interactive, LAST,
    brief::{brief, quoted},
};
use crate::script::{stream::Stream, value::kind_of};
use crate::text;
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};
use std::collections::BTreeMap;

/// A variable, for people.
pub struct Variable {
    pub name: String,
    pub constant: bool,
    /// What kind of value it holds, and how much of it.
    pub about: String,
}

impl Interactive {
    /// The variables of the session, in the order of their names; the last value is not among them.
    pub fn variables(&self) -> Vec<Variable> {
        let own = self.scope.iter_raw().filter(|(name, ..)| *name != LAST);
        let mut all: Vec<Variable> = own
            .map(|(name, constant, value)| Variable { name: name.to_string(), constant, about: about(value) })
            .collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Of variables that were defined twice only the later one stays: the engine keeps them all.
    pub(super) fn keep_latest(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (name, ..) in self.scope.iter_raw() {
            *counts.entry(name.to_string()).or_default() += 1;
        }
        for (name, _) in counts.into_iter().filter(|(_, count)| *count > 1) {
            let constant = self.scope.is_constant(&name) == Some(true);
            let latest = self.scope.remove::<Dynamic>(&name).unwrap_or_default();
            self.forget(&name);
            if constant {
                self.scope.push_constant_dynamic(name, latest);
            } else {
                self.scope.push_dynamic(name, latest);
            }
        }
    }

    /// Takes a variable away, all of that name.
    pub(super) fn forget(&mut self, name: &str) {
        while self.scope.remove::<Dynamic>(name).is_some() {}
    }
}

/// What a value is, in a few words.
fn about(value: &Dynamic) -> String {
    if let Some(list) = value.read_lock::<Stream>() {
        return list.describe().trim_matches(['<', '>']).to_string();
    }
    if let Some(array) = value.read_lock::<Array>() {
        return format!("array of {}", text::plural(array.len(), "element"));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let named = ["name", "email", "object"].iter().find_map(|field| map.get(*field)?.clone().into_string().ok());
        let named = named.map_or(String::new(), |name| format!(" ({})", text::cut(&text::escape_control(&name), 40)));
        return format!("object map of {}{named}", text::plural(map.len(), "field"));
    }
    let kind = kind_of(value);
    let kind = kind.strip_prefix("an ").or_else(|| kind.strip_prefix("a ")).unwrap_or(kind);
    if value.read_lock::<FnPtr>().is_some() || value.is_unit() {
        return kind.to_string();
    }
    let words = if value.is_string() { quoted(value, 60) } else { brief(value, 60) };
    if words.starts_with('<') && !value.is_string() {
        return words.trim_matches(['<', '>']).to_string();
    }
    format!("{kind} {}", text::escape_control(&words))
}

/// Roughly how many bytes a value holds, shared parts of it counted each time. Of a very large value an upper part is
/// enough to tell it from small ones.
pub(super) fn weight(value: &Dynamic) -> usize {
    fn add(value: &Dynamic, total: &mut usize, steps: &mut usize, depth: usize) {
        *total += 16;
        *steps += 1;
        if *steps > 2_000_000 || depth > 100 {
            return;
        }
        if let Some(text) = value.read_lock::<ImmutableString>() {
            *total += text.len();
        } else if let Some(array) = value.read_lock::<Array>() {
            array.iter().for_each(|inner| add(inner, total, steps, depth + 1));
        } else if let Some(map) = value.read_lock::<Map>() {
            for (name, inner) in map.iter() {
                *total += 48 + name.len();
                add(inner, total, steps, depth + 1);
            }
        } else if let Some(bytes) = value.read_lock::<rhai::Blob>() {
            *total += bytes.len();
        } else if let Some(function) = value.read_lock::<FnPtr>() {
            function.curry().iter().for_each(|inner| add(inner, total, steps, depth + 1));
        }
    }
    let mut total = 0;
    add(value, &mut total, &mut 0, 0);
    total
}
