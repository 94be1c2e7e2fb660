//! Names and things that nobody expects in a folder.

use super::{Inbox, SCRIPT, THREE, ends};
use std::{fs, path::Path, process::Command};

#[test]
#[cfg(unix)]
fn links_and_pipes_are_refused_with_a_report_and_temporary_names_left_alone() {
    let inbox = Inbox::new(SCRIPT);
    std::os::unix::fs::symlink("/etc/passwd", inbox.path("link.csv")).unwrap();
    assert!(Command::new("mkfifo").arg(inbox.path("pipe.csv")).status().unwrap().success());
    inbox.drop_in("half.csv.part", THREE);
    inbox.drop_in("notes.txt", "x");
    ends(&inbox.watch(&["--pattern", "*.csv"]).ran(), 4);
    let all = [
        "failed/link.csv",
        "failed/link.csv.report.json",
        "failed/pipe.csv",
        "failed/pipe.csv.report.json",
        "half.csv.part",
        "notes.txt",
    ];
    assert_eq!(inbox.lies(), all);
    let report = inbox.report("failed/link.csv");
    assert_eq!(report["message"], "`link.csv` is a symbolic link, which is not followed");
    assert_eq!(report["outcome"], "refused");
}

#[test]
#[cfg(unix)]
fn links_are_refused_wherever_they_lead_and_folders_left_alone() {
    use std::os::unix::fs::symlink;
    let inbox = Inbox::new(SCRIPT);
    fs::create_dir(inbox.path("later.csv")).unwrap();
    fs::write(inbox.path("later.csv/a.csv"), THREE).unwrap();
    for (name, to) in [("nowhere.csv", "gone"), ("itself.csv", "itself.csv"), ("inside.csv", "later.csv/a.csv")] {
        symlink(to, inbox.path(name)).unwrap();
    }
    symlink("later.csv", inbox.path("folder.csv")).unwrap();
    ends(&inbox.watch(&[]).ran(), 4);
    let names = ["folder", "inside", "itself", "nowhere"];
    let mut all: Vec<String> =
        names.iter().flat_map(|name| ["", ".report.json"].map(|ending| format!("failed/{name}.csv{ending}"))).collect();
    all.push("later.csv/a.csv".into());
    assert_eq!(inbox.lies(), all);
    assert_eq!(fs::read_link(inbox.path("failed/inside.csv")).unwrap(), Path::new("later.csv/a.csv"), "as it was");
    assert_eq!(inbox.creates(), 0);
}

#[test]
fn names_may_hold_any_letter_and_be_as_long_as_a_disk_takes() {
    let inbox = Inbox::new("print(`${run.event.name.len()} ${read_text(run.event.path)}`);\n");
    let long = format!("{}.csv", "é".repeat(125));
    let names = ["with space.csv", "two\nlines.csv", "--flag=x.csv", "Größe 漢字 🦀.csv", "`$(reboot)`.csv", &long];
    for name in names {
        inbox.drop_in(name, "x");
    }
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 0);
    assert!(ran.stderr.contains("`two\\nlines.csv`: done, now `done/two\\nlines.csv`"), "{ran}");
    let shortened = format!("{}.csv", "é".repeat(108));
    let mut all: Vec<String> = names[..5].iter().map(ToString::to_string).chain([shortened]).collect();
    for name in &all {
        assert_eq!(inbox.report(&format!("done/{name}"))["outcome"], "done", "{name}");
    }
    all = all.iter().flat_map(|name| [format!("done/{name}"), format!("done/{name}.report.json")]).collect();
    all.sort();
    assert_eq!(inbox.lies(), all);
    // Its whole name stands in the report, and one that is cut to the same takes a number.
    let cut = &all.iter().find(|name| name.contains("éé")).unwrap()["done/".len()..].to_string();
    assert_eq!(inbox.report(&format!("done/{cut}"))["file"], long);
    let other = format!("{}.csv", "é".repeat(124));
    inbox.drop_in(&other, "x");
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(inbox.report(&format!("done/{}-2.csv", "é".repeat(107)))["file"], other);
}

#[test]
fn a_header_may_name_several_patterns_and_a_flag_stands_for_all_of_them() {
    let header = "// /// onramp\n// [watch]\n// pattern = [\"*.csv\", \"*.CSV\"]\n// ///\n";
    let inbox = Inbox::new(&format!("{header}print(1);\n"));
    let left = || inbox.lies().into_iter().filter(|file| !file.contains('/')).collect::<Vec<_>>();
    for name in ["a.csv", "B.CSV", "c.txt", "d.tsv"] {
        inbox.drop_in(name, name);
    }
    ends(&inbox.watch(&[]).ran(), 0);
    assert_eq!(left(), ["c.txt", "d.tsv"]);
    inbox.drop_in("e.csv", "e");
    ends(&inbox.watch(&["--pattern", "*.txt", "--pattern", "d*"]).ran(), 0);
    assert_eq!(left(), ["e.csv"]);
}

#[test]
fn an_empty_file_is_a_file() {
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", "");
    ends(&inbox.watch(&[]).ran(), 0);
    let report = inbox.report("done/a.csv");
    assert_eq!((&report["size"], &report["outcome"]), (&0.into(), &"done".into()), "{report}");
    assert_eq!(report["log"][0]["level"], "warn", "{report}");
}

#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_read_is_refused() {
    use std::os::unix::{fs::PermissionsExt, fs::chown, process::CommandExt};
    let inbox = Inbox::new(SCRIPT);
    inbox.drop_in("a.csv", THREE);
    fs::set_permissions(inbox.path("a.csv"), fs::Permissions::from_mode(0o000)).unwrap();
    let mut watch = inbox.watch(&[]);
    if fs::read(inbox.path("a.csv")).is_ok() {
        // Root reads everything: somebody else has to look.
        let nobody = 65534;
        let home = watch.home().to_path_buf();
        for path in [inbox.place.work(), &inbox.path(""), &inbox.place.work().join("a.rhai"), &home] {
            chown(path, Some(nobody), Some(nobody)).unwrap();
        }
        watch.command().uid(nobody).gid(nobody);
    }
    let ran = watch.ran();
    ends(&ran, 4);
    assert_eq!(inbox.lies(), ["failed/a.csv", "failed/a.csv.report.json"], "{ran}");
    let report = inbox.report("failed/a.csv");
    assert_eq!(report["message"], "`a.csv` cannot be read: permission denied");
    assert_eq!((&report["outcome"], &report["size"]), (&"refused".into(), &21.into()), "{report}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_stays_open_for_writing_is_said_once_and_taken_when_it_is_closed() {
    use std::io::Write;
    let inbox = Inbox::new(SCRIPT);
    let words = ["watch", "in", "--run", "a.rhai", "--settle", "20ms", "--rescan", "50ms"];
    let mut slow = fs::File::create(inbox.path("a.csv")).unwrap();
    slow.write_all(b"name\nA\n").unwrap();
    let watching = inbox.sandbox.used_by(inbox.place.onramp(&words)).started();
    watching.says("`a.csv` waits: somebody has it open for writing\n");
    slow.write_all(b"B\n").unwrap();
    drop(slow);
    watching.says("`a.csv`: done, now `done/a.csv`");
    watching.interrupt();
    let ran = watching.ended();
    ends(&ran, 0);
    assert_eq!((inbox.made(), ran.stderr.matches("waits").count()), (vec!["A".into(), "B".into()], 1), "{ran}");
}
