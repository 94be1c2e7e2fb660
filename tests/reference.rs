//! The reference says what the catalogue says and what the examples give. `ONRAMP_BLESS=1` writes it.

use crate::{examples, harness::bless_or_compare};
use onramp::script::reference;
use std::path::Path;

#[test]
fn the_reference_is_what_the_program_says_of_itself() {
    let results = examples::results();
    let page = reference::page(&|name| results.get(name).cloned().unwrap_or_default());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    bless_or_compare(&file, &page).unwrap_or_else(|why| panic!("{why}"));
}
