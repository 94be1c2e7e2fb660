//! The functions that are not operations of the API: one file per domain, each with its descriptors and their
//! registration side by side. Help, suggestions and reference read the descriptors.

pub mod bulk;
pub mod control;
pub mod files;
mod growth;
pub mod input;
pub mod lists;
pub mod output;
pub mod sort;
pub mod time;

use super::{host::Host, registry::Registry};
use std::sync::Arc;

/// A function of the host, as people are told about it.
#[derive(Debug)]
pub struct Builtin {
    pub name: &'static str,
    /// How it can be called.
    pub signatures: &'static [&'static str],
    /// One sentence, without a final period.
    pub summary: &'static str,
    /// Script text that runs against the seeded sandbox; a test executes it.
    pub example: &'static str,
}

/// All of them but the bulk verbs, domain by domain, each with its heading.
const BUILTINS: &[(&str, &[Builtin])] = &[
    ("Lists and arrays, row by row", lists::LAZY),
    ("Lists and arrays, as a whole", lists::WHOLE),
    ("Numbers of a field", lists::AGGREGATE),
    ("Order", lists::ORDER),
    ("Order of arrays", sort::BUILTINS),
    ("Groups and joins", lists::GROUP),
    ("Rows and records", bulk::MATCHING),
    ("Output", output::BUILTINS),
    ("Files", files::BUILTINS),
    ("CSV files", files::csv::BUILTINS),
    ("JSON files", files::json::BUILTINS),
    ("Time", time::BUILTINS),
    ("The run", input::BUILTINS),
    ("Control", control::BUILTINS),
];

/// All of them, domain by domain, each with its heading.
pub fn domains() -> impl Iterator<Item = (&'static str, &'static [Builtin])> {
    BUILTINS.iter().copied().chain([("Bulk", bulk::descriptors())])
}

/// All of them in one row.
pub fn builtins() -> impl Iterator<Item = &'static Builtin> {
    domains().flat_map(|(_, domain)| domain.iter())
}

/// Registers every domain.
pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    bulk::register(registry, host);
    growth::register(registry, host);
    control::register(registry, host);
    sort::register(registry);
    files::register(registry, host);
    input::register(registry, host);
    lists::register(registry, host);
    output::register(registry, host);
    time::register(registry, host);
}
