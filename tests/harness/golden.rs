//! Files that hold what the program is expected to say, found by walking. `ONRAMP_BLESS=1` writes them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The files of a folder of this package with that extension, in the order of their names. At least one.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    assert!(!files.is_empty(), "{} has no .{extension}", folder.display());
    files.sort();
    files
}

/// Holds `found` against the file, or makes it the file's content where `ONRAMP_BLESS` is set. What is wrong comes
/// back, so that one run of a test tells all of it.
pub fn bless_or_compare(file: &Path, found: &str) -> Result<(), String> {
    let shown = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(file).display();
    let expected = fs::read_to_string(file);
    if expected.as_deref().ok() == Some(found) {
        return Ok(());
    }
    if env::var_os("ONRAMP_BLESS").is_some_and(|value| value == "1") {
        fs::write(file, found).unwrap();
        return Ok(());
    }
    Err(match expected {
        Ok(expected) => format!("{shown} differs\n--- expected\n{expected}--- found\n{found}---"),
        Err(_) => format!("{shown} is missing; `ONRAMP_BLESS=1 cargo test` writes it\n--- found\n{found}---"),
    })
}
