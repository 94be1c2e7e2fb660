//! Two processes on one file, and files that are not what they should be.

use super::*;
use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

const KEY: &str = "pivotal_K8s9zXw7VuTq5RsPo3Nm1LkJ";
const ORIGIN: &str = "https://my.pivotal.app";

fn at(folder: &Path) -> RateFile {
    RateFile::new(folder.to_path_buf(), ORIGIN, &Secret::new(KEY), 1).unwrap()
}

/// Puts `new` there and gives what was there.
fn put(file: &RateFile, new: &[u8]) -> Vec<u8> {
    let mut before = None;
    file.exchange(&mut |bytes| {
        before = Some(bytes.to_vec());
        Some(new.to_vec())
    })
    .unwrap();
    before.unwrap()
}

fn lives(asked: &RateFile, id: u64) -> bool {
    let mut lives = None;
    asked
        .exchange(&mut |_| {
            lives = Some(asked.lives(id));
            None
        })
        .unwrap();
    lives.unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder.join("rate")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn nothing_is_made_before_the_first_exchange() {
    let folder = tempfile::tempdir().unwrap();
    drop(at(folder.path()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_one_leaves_the_other_finds_and_nobody_else_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let (one, two) = (at(&state), at(&state));
    assert_eq!(put(&one, b"a long first text"), b"");
    assert_eq!(put(&two, b"short"), b"a long first text");
    assert_eq!(put(&one, b""), b"short");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("rate"))), (0o700, 0o700));
    let names = names(&state);
    assert_eq!(names.len(), 3, "{names:?}");
    for name in names {
        assert_eq!(mode(&state.join("rate").join(&name)), 0o600, "{name}");
        assert!(!name.contains("K8s9"), "{name}");
    }
}

#[test]
fn another_key_another_server_and_another_format_have_another_file() {
    let folder = tempfile::tempdir().unwrap();
    put(&at(folder.path()), b"first");
    for (origin, key, format) in [(ORIGIN, "other", 1), ("http://127.0.0.1:80", KEY, 1), (ORIGIN, KEY, 2)] {
        let file = RateFile::new(folder.path().to_path_buf(), origin, &Secret::new(key), format).unwrap();
        assert_eq!(put(&file, b""), b"");
    }
    assert_eq!(put(&at(folder.path()), b""), b"first");
}

#[test]
fn a_process_lives_until_its_file_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (at(folder.path()), at(folder.path()));
    assert!(!lives(&one, two.id()), "it has not begun");
    put(&two, b"");
    assert!(lives(&one, two.id()) && lives(&two, one.id()) && lives(&one, one.id()));
    let id = two.id();
    drop(two);
    assert!(!lives(&one, id));
    drop(one);
    assert_eq!(names(folder.path()).len(), 1, "only the shared file stays");
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let one = at(folder.path());
    put(&one, b"");
    // Its file is there, and nobody holds it.
    let dead = one.place.file().with_extension("00000000000000aa");
    File::create(&dead).unwrap();
    assert!(!lives(&one, 0xaa) && !dead.exists());
    File::create(&dead).unwrap();
    put(&at(folder.path()), b"");
    assert!(!dead.exists(), "whoever begins sweeps");
    // Files of another key or start of the machine go when they are old.
    let (old, young) = (folder.path().join("rate/old"), folder.path().join("rate/young"));
    let week = Duration::from_secs(8 * 24 * 3600);
    let modified = File::create(&young).unwrap().metadata().unwrap().modified().unwrap();
    File::create(&old).unwrap().set_modified(modified - week).unwrap();
    put(&at(folder.path()), b"");
    assert!(young.exists() && !old.exists());
}

#[test]
fn garbage_is_nothing_and_a_removed_folder_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (at(folder.path()), at(folder.path()));
    put(&one, b"content");
    for garbage in [&b"garbage"[..], &[0; 100], &vec![255; 2 << 20]] {
        fs::write(one.place.file(), garbage).unwrap();
        assert_eq!(put(&one, b"content"), b"");
        assert_eq!(put(&two, b"content"), b"content");
    }
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(put(&one, b"new"), b"");
    assert_eq!(put(&two, b""), b"new");
    assert!(lives(&one, two.id()) && lives(&two, one.id()));
}

#[test]
fn what_cannot_be_used_is_said_once_and_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = |state: &Path| {
        let file = at(state);
        let mut asked = false;
        let unusable = file.exchange(&mut |_| {
            asked = true;
            None
        });
        assert!(!asked && file.exchange(&mut |_| None).is_err());
        unusable.unwrap_err().why
    };
    assert_eq!(refused(&folder.path().join("file")), "not a directory");
    // A link leads to a file that is not ours to write.
    let state = folder.path().join("state");
    fs::create_dir_all(state.join("rate")).unwrap();
    let name = at(&state).place.file();
    symlink(folder.path().join("file"), &name).unwrap();
    assert_eq!(refused(&state), "too many levels of symbolic links");
    fs::remove_file(&name).unwrap();
    fs::create_dir(&name).unwrap();
    assert_eq!(refused(&state), "is a directory");
}

#[test]
fn a_lock_that_nobody_lets_go_of_is_given_up_and_the_others_learn_it() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (at(folder.path()), at(folder.path()));
    put(&one, b"");
    put(&two, b"");
    let held = File::open(one.place.file()).unwrap();
    held.lock().unwrap();
    let why = one.exchange(&mut |_| None).unwrap_err().why;
    assert_eq!(why, "another process does not let go of it");
    drop(held);
    assert!(!lives(&two, one.id()));
}
