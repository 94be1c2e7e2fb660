//! The folder is gone and comes back, lies on another disk, or its disk is full.

use super::{Inbox, SCRIPT, THREE, ends};
use std::{fs, path::Path};

#[test]
fn a_folder_that_is_removed_is_waited_for_and_watched_anew_under_a_lock_of_its_own() {
    let inbox = Inbox::new(SCRIPT);
    let words = ["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--rescan", "200ms"];
    let watch = || inbox.sandbox.used_by(inbox.place.onramp(&words));
    let watching = watch().started();
    inbox.drop_in("a.csv", "name\nA\n");
    watching.says("`a.csv`: done");
    fs::rename(inbox.path(""), inbox.place.work().join("away")).unwrap();
    watching.says("is gone; waiting for it");
    fs::create_dir(inbox.path("")).unwrap();
    watching.says("is back");
    inbox.drop_in("b.csv", "name\nB\n");
    watching.says("`b.csv`: done");
    let second = watch().ran();
    assert!(second.code == Some(2) && second.stderr.contains("another process works on the folder"), "{second}");
    // Removed and made again between two looks.
    fs::rename(inbox.path(""), inbox.place.work().join("away-too")).unwrap();
    fs::create_dir(inbox.path("")).unwrap();
    inbox.drop_in("c.csv", "name\nC\n");
    watching.says("`c.csv`: done");
    watching.interrupt();
    ends(&watching.ended(), 0);
    assert_eq!(inbox.made(), ["A", "B", "C"]);
    assert_eq!(inbox.lies(), ["done/c.csv", "done/c.csv.report.json"]);
}

#[test]
fn a_folder_that_goes_while_its_run_is_at_work_is_reported_when_it_is_back() {
    let inbox = Inbox::against(SCRIPT, &["--customers", "1", "--fault", "create-customer:429=1s@2"]);
    inbox.drop_in("a.csv", THREE);
    let words = ["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--rescan", "200ms"];
    let watching = inbox.sandbox.used_by(inbox.place.onramp(&words)).started();
    assert!(inbox.sandbox.has_answered(3, || false));
    // Whatever is removed piece by piece may be made again meanwhile.
    fs::rename(inbox.path(""), inbox.place.work().join("away")).unwrap();
    watching.says("is gone; waiting for it");
    fs::create_dir(inbox.path("")).unwrap();
    watching.says("is back");
    // What it had read it went on with; the file itself is gone.
    let report = inbox.path("done/a.csv.report.json");
    watching.until(|| report.exists());
    watching.says("warning: `a.csv`: done, but it is gone from `work`; see `done/a.csv.report.json`, run `");
    watching.interrupt();
    ends(&watching.ended(), 0);
    assert_eq!((inbox.report("done/a.csv")["outcome"].as_str(), inbox.made().len()), (Some("done"), 3));
}

/// Another disk than that of the temporary folders, if there is one.
#[cfg(unix)]
fn other_disk() -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &Path| fs::metadata(path).ok().map(|about| about.dev());
    let (here, there) = (disk(&std::env::temp_dir()), disk(Path::new("/dev/shm")));
    let other = there.filter(|there| Some(*there) != here).and_then(|_| tempfile::tempdir_in("/dev/shm").ok());
    if other.is_none() {
        eprintln!("left out: /dev/shm is no disk of its own here");
    }
    other
}

#[test]
#[cfg(unix)]
fn a_folder_on_another_disk_than_everything_else_is_worked_through() {
    let Some(disk) = other_disk() else { return };
    let inbox = Inbox::new(SCRIPT);
    let folder = disk.path().to_str().unwrap();
    fs::write(disk.path().join("a.csv"), THREE).unwrap();
    let words = ["watch", folder, "--run", "a.rhai", "--settle", "50ms", "--once"];
    let died = inbox.sandbox.used_by(inbox.place.onramp(&words)).env("ONRAMP_CRASH_AT", "after_take").ran();
    assert_eq!(died.code, None, "{died}");
    let ran = inbox.sandbox.used_by(inbox.place.onramp(&words)).ran();
    ends(&ran, 0);
    assert_eq!(fs::read_to_string(disk.path().join("done/a.csv")).unwrap(), THREE, "{ran}");
    assert!(disk.path().join("done/a.csv.report.json").exists());
    assert_eq!(inbox.made(), ["A", "B", "C"]);
}

#[test]
#[cfg(unix)]
fn folders_for_what_is_done_that_lie_elsewhere_are_refused() {
    let inbox = Inbox::new(SCRIPT);
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), inbox.path("done")).unwrap();
    inbox.drop_in("a.csv", THREE);
    let ran = inbox.watch(&[]).ran();
    let folder = fs::canonicalize(inbox.path("")).unwrap();
    ran.assert_all(
        2,
        "",
        &format!(
            "error: the folder `{}` cannot be worked on: `done` is no folder, or lies on another disk\n\
             hint: make it writable, with `work`, `done` and `failed` on the same disk\n",
            folder.display()
        ),
    );
    assert!(inbox.path("a.csv").exists());
}

#[test]
#[cfg(unix)]
fn a_full_disk_loses_nothing_and_is_said() {
    // The largest file that a process may write stands for a full disk: there is room for ever more steps.
    let mut said = 0;
    for kibibytes in [4, 36, 60, 100, 120, 140, 160, 200] {
        let inbox = Inbox::new(SCRIPT);
        // Its tables are made, so that what is new is what fails.
        ends(&inbox.watch(&[]).ran(), 0);
        inbox.drop_in("a.csv", THREE);
        let full = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
        let watch =
            inbox.place.onramp(&["watch", "in", "--run", "a.rhai", "--settle", "50ms", "--rescan", "200ms", "--once"]);
        let ran = inbox.sandbox.used_by(watch.within(&full).env("PATH", "/usr/bin:/bin")).ran();
        assert!(matches!(ran.code, Some(0 | 2 | 4 | 75)), "{kibibytes}: {ran}");
        // Who asked for it once is not told that all went well while the file lies there.
        assert!(ran.code != Some(0) || inbox.lies().contains(&"done/a.csv".into()), "{kibibytes}: {ran}");
        said += usize::from(ran.stderr.contains("the disk is full") || ran.stderr.contains("file too large"));
        // There is room again.
        let after = inbox.watch(&[]).ran();
        assert_eq!(inbox.made(), ["A", "B", "C"], "{kibibytes}: {ran}\n{after}");
        let lies: Vec<String> = inbox.lies().into_iter().filter(|file| file.ends_with("a.csv")).collect();
        assert!(lies == ["done/a.csv"] || lies == ["failed/a.csv"], "{kibibytes}: {lies:?}\n{ran}\n{after}");
        assert!(inbox.report(&lies[0])["run"].is_string());
    }
    assert!(said > 0, "the disk was never full");
}
