//! What a project hands out, and every way out of it that is refused.

use super::*;
use std::{fs, os::unix::fs::symlink, process::Command};
use tempfile::TempDir;

/// A folder with a project in `project` and a secret beside it.
fn world() -> (TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("project");
    fs::create_dir_all(root.join("scripts")).unwrap();
    fs::create_dir_all(root.join("data")).unwrap();
    fs::write(root.join(MARKER), "").unwrap();
    fs::write(root.join("data/a.csv"), "a\n1\n").unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::write(root.join("scripts/main.rhai"), "").unwrap();
    let project = Project::of_script(&root.join("scripts/main.rhai"));
    (folder, project)
}

fn refused<T: std::fmt::Debug>(result: Result<T, FileError>, why: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind, FileErrorKind::Refused, "{error}");
    assert!(error.message.contains(why), "{error}");
}

#[test]
fn the_project_is_the_nearest_marked_folder_or_else_the_scripts_own() {
    let (folder, project) = world();
    assert_eq!(project.root(), fs::canonicalize(folder.path().join("project")).unwrap());
    fs::remove_file(folder.path().join("project/onramp.toml")).unwrap();
    let project = Project::of_script(&folder.path().join("project/scripts/main.rhai"));
    assert_eq!(project.root(), fs::canonicalize(folder.path().join("project/scripts")).unwrap());
}

#[test]
fn files_of_the_project_are_read_and_written() {
    let (folder, project) = world();
    assert_eq!(project.read("data/a.csv").unwrap(), b"a\n1\n");
    assert_eq!(project.read("./data/a.csv").unwrap(), b"a\n1\n");
    project.write("data/b.csv", b"new").unwrap();
    project.write("data/b.csv", b"newer").unwrap();
    assert_eq!(fs::read(folder.path().join("project/data/b.csv")).unwrap(), b"newer");
    assert_eq!(fs::read_dir(folder.path().join("project/data")).unwrap().count(), 2, "a temporary file stayed behind");
}

#[test]
fn paths_that_lead_out_are_refused() {
    let (folder, project) = world();
    for path in ["../secret", "data/../../secret", "data/../data/a.csv", ".."] {
        refused(project.read(path), "`..` is not allowed");
        refused(project.write(path, b""), "`..` is not allowed");
    }
    for path in ["/etc/passwd", "/dev/null", "//etc/passwd"] {
        refused(project.read(path), "absolute path");
        refused(project.write(path, b""), "absolute path");
    }
    refused(project.read(""), "empty path");
    refused(project.read("a\0b"), "not a path");
    refused(project.read("."), "is a folder");
    let inside = folder.path().join("project/data/a.csv");
    let inside = fs::canonicalize(inside).unwrap();
    let error = project.read(&inside.display().to_string()).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("write it as `data/a.csv`"));
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn links_that_lead_out_are_refused_and_links_inside_are_followed() {
    let (folder, project) = world();
    let root = folder.path().join("project");
    symlink("../../secret", root.join("data/relative")).unwrap();
    symlink(folder.path().join("secret"), root.join("data/absolute")).unwrap();
    symlink(folder.path(), root.join("out")).unwrap();
    symlink("/dev/null", root.join("null")).unwrap();
    symlink("a.csv", root.join("data/inside")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    for path in ["data/relative", "data/absolute", "out/secret", "null"] {
        refused(project.read(path), "symbolic link");
        refused(project.write(path, b"overwritten"), "symbolic link");
    }
    refused(project.write("out/new", b"x"), "symbolic link");
    refused(project.write("data/inside", b"x"), "symbolic link");
    assert_eq!(project.read("data/inside").unwrap(), b"a\n1\n");
    assert!(project.read("loop").is_err());
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_link_that_is_swapped_all_the_time_never_shows_the_secret() {
    let (folder, project) = world();
    let root = folder.path().join("project");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for target in ["a.csv", "../../secret"] {
                    symlink(target, root.join("data/next")).unwrap();
                    fs::rename(root.join("data/next"), root.join("data/moving")).unwrap();
                }
            }
        });
        for _ in 0..2000 {
            if let Ok(bytes) = project.read("data/moving") {
                assert_eq!(bytes, b"a\n1\n");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn only_regular_files_are_opened() {
    let (folder, project) = world();
    let root = folder.path().join("project");
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for (path, why) in [("data", "a folder"), ("pipe", "a named pipe"), ("socket", "a socket"), ("data/", "a folder")] {
        refused(project.read(path), why);
        refused(project.write(path, b"x"), why);
    }
    assert!(root.join("data/a.csv").exists());
}

#[test]
fn scripts_and_the_project_file_cannot_be_written_however_they_are_spelled() {
    let (folder, project) = world();
    for path in ["x.rhai", "data/X.RHAI", "x.rhai.", "x.rhai ", "x.rhai. .", "x.rhai::$DATA", ".rhai", "data\\x.rhai"] {
        refused(project.write(path, b"x"), "may not write scripts");
    }
    for path in ["onramp.toml", "data/OnRamp.Toml", "onramp.toml. "] {
        refused(project.write(path, b"x"), "may not write it");
    }
    assert_eq!(fs::read_dir(folder.path().join("project")).unwrap().count(), 3);
    project.write("rhai", b"x").unwrap();
    project.write("x.rhai.txt", b"x").unwrap();
}

#[test]
fn missing_files_and_folders_are_named() {
    let (_folder, project) = world();
    let error = project.read("data/b.csv").unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (FileErrorKind::Missing, "there is no file `data/b.csv`"));
    assert_eq!(error.hint.as_deref(), Some("did you mean `data/a.csv`?"));
    assert!(project.read("data/far.txt").unwrap_err().hint.unwrap().starts_with("check the path; it starts at"));
    let error = project.write("reports/b.csv", b"x").unwrap_err();
    assert_eq!(error.message, "there is no folder `reports` to write `reports/b.csv` into");
}

#[test]
fn a_file_that_is_written_over_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, project) = world();
    let file = folder.path().join("project/data/a.csv");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    project.write("data/a.csv", b"x").unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_grant_opens_exactly_one_file() {
    let (folder, mut project) = world();
    let secret = project.grant(&folder.path().join("secret")).unwrap().display().to_string();
    assert_eq!(project.read(&secret).unwrap(), b"secret");
    project.write(&secret, b"changed").unwrap();
    assert_eq!(project.read(&secret).unwrap(), b"changed");
    refused(project.read("../secret"), "`..`");
    let new = project.grant(&folder.path().join("new")).unwrap().display().to_string();
    assert_eq!(project.read(&new).unwrap_err().kind, FileErrorKind::Missing);
    project.write(&new, b"x").unwrap();
    refused(project.read(&format!("{new}.2")), "absolute path");
    let script = project.grant(&folder.path().join("x.rhai")).unwrap().display().to_string();
    refused(project.write(&script, b"x"), "may not write scripts");
    assert!(project.grant(&folder.path().join("nowhere/x")).is_err());
}

#[test]
fn modules_lie_below_the_scripts_folder() {
    let (folder, project) = world();
    let scripts = folder.path().join("project/scripts");
    fs::create_dir(scripts.join("lib")).unwrap();
    fs::write(scripts.join("lib/dates.rhai"), "\u{feff}fn a() {}").unwrap();
    fs::write(folder.path().join("outside.rhai"), "fn a() {}").unwrap();
    symlink("../../outside.rhai", scripts.join("link.rhai")).unwrap();
    let module = project.module("lib/dates").unwrap();
    assert_eq!((module.text.as_str(), module.real.to_str()), ("fn a() {}", Some("lib/dates.rhai")));
    assert_eq!(module.name, scripts.join("lib/dates.rhai").display().to_string());
    for path in
        ["../outside", "/etc/passwd", "", "lib//dates", "./lib/dates", "lib/../lib/dates", "lib\\dates", "lib/", "."]
    {
        refused(project.module(path), "is not the path of a module");
    }
    refused(project.module("lib/dates.rhai"), "without it");
    refused(project.module("link"), "symbolic link");
    let error = project.module("lib/date").unwrap_err();
    assert_eq!(error.message, "there is no module `lib/date`");
    assert_eq!(error.hint.as_deref(), Some("did you mean `lib/dates`?"));
}
