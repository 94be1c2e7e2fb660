//! Scripts that come, change, break and go while `onramp serve` is at work.

use super::served;
use std::fs;

pub fn inbox(folder: &str, body: &str) -> String {
    format!("// /// onramp\n// [watch]\n// folder = \"{folder}\"\n// settle = \"50ms\"\n// ///\n{body}\n")
}

#[test]
fn scripts_that_are_added_changed_broken_or_removed_are_noticed_while_it_runs() {
    let before = [
        ("change.rhai", inbox("change", "print(1);")),
        ("break.rhai", inbox("break", "print(1);")),
        ("gone.rhai", inbox("gone", "print(1);")),
    ];
    let scripts: Vec<(&str, &str)> = before.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (place, sandbox) = served(&scripts);
    let at = |name: &str| place.work().join("s").join(name);
    for folder in ["change", "break", "gone", "new"] {
        fs::create_dir(at(folder)).unwrap();
    }
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    running.says("  s/gone.rhai    files of `gone`\n");
    fs::write(at("new.rhai"), inbox("new", "print(1);")).unwrap();
    fs::write(at("change.rhai"), inbox("change", "fail(\"changed\");")).unwrap();
    fs::write(at("break.rhai"), inbox("break", "let = ;")).unwrap();
    fs::remove_file(at("gone.rhai")).unwrap();
    for line in [
        "`s/gone.rhai` is gone, and out of service\n",
        "warning: `s/break.rhai` is out of service until it is mended\n",
        "`s/change.rhai` has changed: files of `change`\n",
        "`s/new.rhai` is new: files of `new`\n",
    ] {
        running.says(line);
    }
    for folder in ["change", "break", "gone", "new"] {
        fs::write(at(folder).join("a.csv"), folder).unwrap();
    }
    running.says("`change/a.csv`: failed, now `change/failed/a.csv`");
    running.says("`new/a.csv`: done, now `new/done/a.csv`");
    fs::write(at("break.rhai"), inbox("break", "print(2);")).unwrap();
    running.says("`s/break.rhai` has changed: files of `break`\n");
    running.until(|| at("break/done/a.csv.report.json").exists());
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(at("gone/a.csv").exists() && at("new/done/a.csv").exists() && at("change/failed/a.csv").exists(), "{ran}");
}

#[test]
fn a_script_whose_folder_cannot_be_watched_is_in_service_as_soon_as_it_can() {
    let (place, sandbox) = served(&[
        ("a.rhai", &inbox("later", "print(1);")),
        ("b.rhai", &inbox("inbox", "")),
        ("c.rhai", &inbox("inbox", "")),
    ]);
    let folder = fs::canonicalize(place.work().join("s")).unwrap();
    let running = sandbox.used_by(place.onramp(&["serve", "s"])).started();
    running
        .says("hint: make the folder first\nwarning: `s/a.rhai` is out of service until its folder can be watched\n");
    let twice = format!(
        "error: the folder `{0}/inbox` is watched for `{0}/b.rhai` already\nhint: name another folder under `[watch]`\n\
         warning: `s/c.rhai` is out of service until its folder can be watched\nserving 1 script of `s`",
        folder.display()
    );
    running.says(&twice);
    fs::create_dir(folder.join("later")).unwrap();
    fs::write(folder.join("later/a.csv"), "x").unwrap();
    running.says("`s/a.rhai` is in service: files of `later`\n");
    running.says("`later/a.csv`: done, now `later/done/a.csv`");
    fs::remove_file(folder.join("b.rhai")).unwrap();
    running.says("`s/c.rhai` is in service: files of `inbox`\n");
    running.interrupt();
    assert_eq!(running.ended().code, Some(0));
}
