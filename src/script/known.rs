//! What the engine can call, as the check asks for it: at every call whether there is such a name, hardly ever more. So
//! only names and numbers of arguments are gathered at first, and the catalogue when there is something to say.

use super::catalog::{self, Catalog};
use foldhash::fast::RandomState;
use rhai::{Engine, Identifier};
use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
};

/// Everything that can be called with one engine.
pub struct Known {
    /// With how many arguments a name can be called, the receiver included: one bit for each number.
    counts: HashMap<Identifier, u64, RandomState>,
    catalog: OnceCell<Catalog>,
}

impl Known {
    pub fn of(engine: &Engine) -> Known {
        let named = |about: &rhai::FuncMetadata| {
            catalog::is_name(&about.name).then(|| (about.name.clone(), bit(about.num_params)))
        };
        let mut counts = HashMap::<_, u64, _>::default();
        for (name, bit) in engine.collect_fn_metadata(None, |function| named(function.metadata), true) {
            *counts.entry(name).or_default() |= bit;
        }
        Known { counts, catalog: OnceCell::new() }
    }

    /// Whether there is such a name.
    pub fn has(&self, name: &str) -> bool {
        catalog::keyword_named(name).is_some() || self.counts.contains_key(name)
    }

    /// With how many arguments a name can be called, the receiver included; the inner `None` stands for any number.
    pub fn arities(&self, name: &str) -> Option<Option<BTreeSet<usize>>> {
        if let Some(keyword) = catalog::keyword_named(name) {
            return Some(keyword.arities());
        }
        let counts = *self.counts.get(name)?;
        Some(Some((0..u64::BITS as usize).filter(|count| counts & bit(*count) != 0).collect()))
    }

    /// All that any script can call, for messages.
    pub fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(Catalog::complete)
    }
}

/// No function of the engine takes anywhere near 64 arguments.
fn bit(count: usize) -> u64 {
    1 << count.min(u64::BITS as usize - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{catalog::Entry, engine, host::Host, named::Named};

    #[test]
    fn it_knows_what_the_catalogue_knows() {
        let engine = engine::with_functions(&Host::idle(), &Named::anything());
        let (known, catalog) = (Known::of(&engine), Catalog::of(&engine));
        for name in catalog.names().chain(["no_such_name", ""]) {
            assert_eq!(known.has(name), catalog.get(name).is_some(), "{name}");
            if let Some(Entry::Standard(standard)) = catalog.get(name) {
                assert_eq!(known.arities(name), Some(Some(standard.arities.clone())), "{name}");
            }
        }
        assert_eq!(known.arities("call"), Some(None));
        assert!(known.counts.keys().all(|name| catalog.get(name).is_some()));
    }
}
