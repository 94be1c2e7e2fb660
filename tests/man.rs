//! `onramp man`: the pages, made and written.

use crate::harness::Onramp;
use std::fs;

/// The pages that there have to be: one for the program and one for each command of its help, each before those below it.
fn pages() -> Vec<String> {
    fn below(words: &[String], pages: &mut Vec<String>) {
        pages.push(format!("onramp{}.1", words.iter().map(|word| format!("-{word}")).collect::<String>()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let help = Onramp::new(&words).args(&["--help"]).ran().stdout;
        let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
            below(&words.iter().chain([&name]).map(|word| word.to_string()).collect::<Vec<_>>(), pages);
        }
    }
    let mut pages = Vec::new();
    below(&[], &mut pages);
    pages
}

#[test]
fn the_main_page_goes_to_standard_output() {
    let ran = Onramp::new(&["man"]).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    for part in
        [".TH onramp 1", ".SH NAME\n", ".SH SYNOPSIS\n", "onramp\\-sandbox(1)\n", "Scripted automation for Pivotal"]
    {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
}

#[test]
fn a_folder_gets_a_page_for_each_command() {
    let ran = Onramp::new(&["man", "man/man1"]).ran();
    ran.assert_all(0, &pages().iter().map(|page| format!("man/man1/{page}\n")).collect::<String>(), "");
    let folder = ran.folder().join("man/man1");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), pages().len());
    let help = Onramp::new(&["--help"]).ran().stdout;
    for page in pages() {
        let text = fs::read_to_string(folder.join(&page)).unwrap();
        let name = page.trim_end_matches(".1");
        assert!(text.contains(&format!(".TH {name} 1")) && text.contains("\"onramp 0"), "{page}\n{text}");
        let first = name.trim_start_matches("onramp-").split('-').next().unwrap();
        assert!(help.contains(first), "{name}");
    }
    let run = fs::read_to_string(folder.join("onramp-run.1")).unwrap();
    for part in ["\\-\\-sandbox\\-fault", "\\-\\-read\\-only", "Exit codes: 0 all went well"] {
        assert!(run.contains(part), "{part}\n{run}");
    }
}

#[test]
fn a_command_is_no_folder_unless_it_is_written_as_one() {
    Onramp::new(&["man", "run"]).ran().assert_all(
        2,
        "",
        "error: `run` is a command, not a folder\n\
         hint: read about it with `onramp run --help`\n\
         hint: write `./run` if you mean a folder\n",
    );
    let meant = Onramp::new(&["man", "./run"]).ran();
    meant.assert_all(0, &pages().iter().map(|page| format!("./run/{page}\n")).collect::<String>(), "");
}
