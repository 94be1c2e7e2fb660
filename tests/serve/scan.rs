//! Scripts that come, change, break and go while `onramp serve` is at work.

use super::served;
use std::fs;

fn inbox(folder: &str, body: &str) -> String {
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
    running.says("`a.csv`: failed, now `failed/a.csv`");
    running.says("`a.csv`: done, now `done/a.csv`");
    fs::write(at("break.rhai"), inbox("break", "print(2);")).unwrap();
    running.says("`s/break.rhai` has changed: files of `break`\n");
    running.until(|| at("break/done/a.csv.report.json").exists());
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(at("gone/a.csv").exists() && at("new/done/a.csv").exists() && at("change/failed/a.csv").exists(), "{ran}");
}
