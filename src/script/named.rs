//! Which functions a script's text can call, told from its words alone, so that an engine for it need not hold the rest
//! (docs/decisions/0038). Says too much rather than too little: a word in a comment counts as well. Knows no function of
//! its own but those that the engine calls unasked.

use foldhash::fast::RandomState;
use std::collections::HashSet;

/// What the engine calls without being told to by the text: it compares, looks whether something is in something,
/// and writes values as text.
const UNASKED: [&str; 6] = ["==", "contains", "debug", "print", "to_debug", "to_string"];

/// Words behind which there can be names that are not in the text: of a module, or made while the script runs.
const HIDING: [&str; 2] = ["Fn", "import"];

/// Functions of the engine's that also take the name of a function, as a string.
const NAMING: [&str; 11] =
    ["all", "dedup", "drain", "filter", "index_of", "map", "reduce", "reduce_rev", "retain", "some", "sort"];

/// The functions that a text can call.
pub struct Named<'t> {
    /// `None` for any function.
    words: Option<Words<'t>>,
}

struct Words<'t> {
    names: HashSet<&'t str, RandomState>,
    /// The signs of ASCII in the text, one bit for each.
    signs: u128,
}

impl<'t> Named<'t> {
    /// Any function: for texts that are not known yet.
    pub fn anything() -> Named<'static> {
        Named { words: None }
    }

    /// Whatever `text` names; anything where that cannot be told.
    pub fn in_text(text: &'t str) -> Named<'t> {
        let mut names = HashSet::with_capacity_and_hasher(text.len() / 16, RandomState::default());
        for word in text.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty()) {
            let rest = || &text[word.as_ptr() as usize - text.as_ptr() as usize + word.len()..];
            if HIDING.contains(&word) || (NAMING.contains(&word) && takes_unknown(rest())) {
                return Named { words: None };
            }
            names.insert(word);
        }
        let signs = text.bytes().filter(u8::is_ascii_punctuation).fold(0, |signs, sign| signs | bit(sign));
        Named { words: Some(Words { names, signs }) }
    }

    /// Whether it is any function.
    pub fn is_anything(&self) -> bool {
        self.words.is_none()
    }

    /// Whether the text can call a function that is registered under this name: a word, an operator, or the engine's name
    /// of a property or an index.
    pub fn has(&self, name: &str) -> bool {
        let Some(words) = &self.words else { return true };
        if let Some(property) = name.strip_prefix("get$").or_else(|| name.strip_prefix("set$")) {
            return words.names.contains(property);
        }
        // Whoever reads a property of something that has only an index calls that.
        name.starts_with("index$")
            || UNASKED.contains(&name)
            || if name.bytes().all(|byte| byte.is_ascii_punctuation() && byte != b'_') {
                name.bytes().all(|sign| words.signs & bit(sign) != 0)
            } else {
                words.names.contains(name)
            }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn bit(sign: u8) -> u128 {
    1 << (sign & 0x7f)
}

/// Whether what follows a function's name begins with an argument that may turn out to be the name of a function: all
/// but a closure and a number by itself.
fn takes_unknown(rest: &str) -> bool {
    let rest = rest.trim_start();
    let Some(args) = rest.strip_prefix('(') else {
        // `map!(…)` is a call, too, and a comment may stand before the bracket.
        return rest.starts_with(['!', '/']);
    };
    let first = args.trim_start();
    let behind = first.trim_start_matches(is_of_word).trim_start();
    let is_number =
        first.starts_with(|c: char| c.is_ascii_digit()) && (behind.starts_with([',', ')']) || behind.starts_with(".."));
    !(first.starts_with(['|', ')']) || is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{engine, host::Host};
    use rhai::{Array, Engine, FnPtr, ImmutableString};
    use std::{any::TypeId, collections::BTreeSet};

    fn names(engine: &Engine) -> BTreeSet<String> {
        engine.collect_fn_metadata(None, |f| Some(f.metadata.name.to_string()), true).into_iter().collect()
    }

    #[test]
    fn a_text_has_what_it_names_and_what_the_engine_calls_unasked() {
        let named = Named::in_text("let a = rows.len; print(`${now() - days(2)}`); // not filter");
        for name in
            ["print", "now", "days", "-", "-=", "get$len", "set$len", "index$get$", "filter", "==", "to_debug", "/"]
        {
            assert!(named.has(name), "{name}");
        }
        for name in ["+", "+=", "abs", "get$year", "da", "%"] {
            assert!(!named.has(name), "{name}");
        }
    }

    #[test]
    fn where_names_can_hide_it_is_anything() {
        for text in [
            "Fn(\"a\" + \"bs\").call(1)",
            "import \"lib\" as lib;",
            "[1].map(f)",
            "[1].map (\"a\" + \"bs\")",
            "[1].map/**/(f)",
            "[1].some(f)",
            "[1].map(1.name())",
            "[1].index_of(0x1.name(), 2)",
            "map!([1], f)",
        ] {
            assert!(Named::in_text(text).has("abs"), "{text}");
        }
        for text in
            ["[1].map(|n| n)", "rows.map ( |n| n)", "a.drain(0..2)", "a.index_of(12, 1)", "a.dedup()", "#{map: 1}.map"]
        {
            assert!(!Named::in_text(text).has("abs"), "{text}");
        }
    }

    #[test]
    fn all_functions_that_take_a_name_are_known() {
        let (array, text, function) = (TypeId::of::<Array>(), TypeId::of::<ImmutableString>(), TypeId::of::<FnPtr>());
        let second = |kind: TypeId| -> BTreeSet<String> {
            let engine = Engine::new();
            let named = |f: rhai::FuncInfo| match f.metadata.param_types[..] {
                [first, second, ..] if first == array && second == kind => Some(f.metadata.name.to_string()),
                _ => None,
            };
            engine.collect_fn_metadata(None, named, true).into_iter().collect()
        };
        let either: BTreeSet<String> = second(text).intersection(&second(function)).cloned().collect();
        assert_eq!(either, NAMING.iter().map(ToString::to_string).collect());
    }

    #[test]
    fn an_engine_for_a_text_has_all_that_it_names() {
        let text = include_str!("../../scripts/launch_report.rhai");
        let named = Named::in_text(text);
        let all = names(&engine::with_functions(&Host::idle(), &Named::anything()));
        let some = names(&engine::with_functions(&Host::idle(), &named));
        assert_eq!(some, all.iter().filter(|name| named.has(name)).cloned().collect());
        assert!(some.len() < all.len() / 2, "{} of {}", some.len(), all.len());
    }
}
