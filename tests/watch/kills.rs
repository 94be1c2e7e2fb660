//! Many files, and processes that are killed at any moment.

use super::{Inbox, ends};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
};

const SCRIPT: &str = "\
// /// onramp
// allow = [\"create_customer\"]
// ///
for row in read_csv(run.event.path) { create_customer(#{name: row.name}); }
";

/// Rounds of dropping and killing, and files that are dropped in each.
const KILLS: usize = 20;
const EACH: usize = 10;

#[test]
#[cfg(target_os = "linux")]
fn two_hundred_files_and_twenty_kills_give_each_effect_once_and_each_file_one_place() {
    let seed = fastrand::u64(..);
    eprintln!("the seed is {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let inbox = Inbox::new(SCRIPT);
    let words = ["watch", "in", "--run", "a.rhai", "--settle", "20ms", "--rescan", "200ms"];
    let mut expected = Vec::new();
    let mut slow: Option<(File, String)> = None;
    for round in 0..KILLS {
        for at in 0..EACH {
            let name = format!("f{round:02}-{at}.csv");
            let rows = [format!("{round:02}-{at}-a"), format!("{round:02}-{at}-b")];
            let text = format!("name\n{}\n{}\n", rows[0], rows[1]);
            expected.extend(rows);
            match at {
                // Somebody writes it slowly: the second half comes in the next round.
                0 => {
                    let (front, back) = text.split_at(text.len() / 2);
                    finish(&mut slow);
                    let mut file = File::create(inbox.path(&name)).unwrap();
                    file.write_all(front.as_bytes()).unwrap();
                    file.sync_all().unwrap();
                    slow = Some((file, back.to_string()));
                }
                1..4 => {
                    let part = inbox.path(&format!("{name}.part"));
                    fs::write(&part, text).unwrap();
                    fs::rename(part, inbox.path(&name)).unwrap();
                }
                _ => inbox.drop_in(&name, &text),
            }
        }
        let mut watching = inbox.sandbox.used_by(inbox.place.onramp(&words)).started();
        let count = inbox.sandbox.log().len() + chance.usize(1..45);
        inbox.sandbox.has_answered(count, || watching.has_ended());
        let children = watching.children();
        watching.kill();
        if chance.bool() {
            for child in children {
                // SAFETY: takes two numbers. Its parent is gone, so the process may be as well.
                unsafe { libc::kill(child, libc::SIGKILL) };
            }
        }
    }
    finish(&mut slow);
    // What is there already comes once more.
    for at in 0..EACH {
        let name = format!("f00-{at}.csv");
        inbox.drop_in(&name, &format!("name\n00-{at}-a\n00-{at}-b\n"));
    }
    let last = inbox.watch(&[]).ran();
    ends(&last, 0);
    expected.sort();
    assert_eq!(inbox.made(), expected, "{last}");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for file in inbox.lies() {
        assert!(file.starts_with("done/"), "{file}: {last}");
        if !file.ends_with(".report.json") {
            let outcome = inbox.report(&file)["outcome"].as_str().unwrap().to_string();
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    let all = BTreeMap::from([("done".to_string(), KILLS * EACH), ("duplicate".to_string(), EACH)]);
    assert_eq!(outcomes, all, "{last}");
    assert_eq!(inbox.lies().len(), 2 * (KILLS + 1) * EACH);
}

fn finish(slow: &mut Option<(File, String)>) {
    if let Some((mut file, rest)) = slow.take() {
        file.write_all(rest.as_bytes()).unwrap();
    }
}

#[test]
fn a_thousand_files_at_once_are_each_accounted_for() {
    let inbox = Inbox::new(SCRIPT);
    for at in 0..1000 {
        let rows = if at % 100 == 0 { 1 } else { 3 };
        inbox.drop_in(&format!("f{at:03}.csv"), &format!("name\n{}", format!("{at:03}\n").repeat(rows)));
    }
    let ran = inbox.watch(&["--max-rows", "2"]).ran();
    ends(&ran, 4);
    let files = inbox.lies();
    let count = |folder: &str| files.iter().filter(|file| file.starts_with(folder)).count();
    assert_eq!((files.len(), count("done/"), count("failed/")), (2000, 20, 1980));
    assert_eq!(inbox.made().len(), 10);
    assert_eq!(inbox.runs().len(), 1000);
}
