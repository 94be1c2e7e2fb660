//! `onramp definitions`: the files for editors, written as a whole or not at all.

use crate::harness::{Onramp, Ran};
use onramp::{api::operations, script::builtins::builtins};
use std::{fs, path::Path};

const FILES: [&str; 4] = ["__builtin-operators__.d.rhai", "__builtin__.d.rhai", "__static__.d.rhai", "onramp.d.rhai"];

fn written(folder: &str) -> String {
    FILES.map(|file| format!("{folder}/{file}\n")).concat()
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn the_files_tell_editors_of_everything_that_can_be_called() {
    let ran = Onramp::new(&["definitions", ".rhai/definitions"]).ran();
    ran.assert_all(0, &written(".rhai/definitions"), "");
    let folder = ran.folder().join(".rhai/definitions");
    assert_eq!(count(&folder), FILES.len());
    let [_, builtin, standard, ours] = FILES.map(|file| fs::read_to_string(folder.join(file)).unwrap());
    for name in operations().map(|operation| operation.name).chain(builtins().map(|builtin| builtin.name)) {
        assert!(ours.contains(&format!("\nfn {name}(")), "{name}");
    }
    for part in [
        "module static;\n\n",
        "\nconst params: Map;\n",
        "/// Changes the fields that are given and leaves the others; `()` clears a field.\n",
        "/// - `mrr`: a whole number",
        "\nfn update_customer(id: ?, fields: Map) -> Map;\n",
        "\nfn list_customers() -> ?;\n",
        "\nfn list_customers(options: Map) -> ?;\n",
        "\nfn any(rows: ?, closure: FnPtr) -> ?;\n",
        "\nfn get year(_: time) -> int;\n",
    ] {
        assert!(ours.contains(part), "{part}\n{ours}");
    }
    assert!(builtin.contains("\nfn type_of(data: ?) -> String;\n") && standard.contains("\nfn trim("));
    // What is off in onramp, and names out of Rust.
    for (text, never) in [(&builtin, "fn eval("), (&standard, "::"), (&standard, "RhaiResult"), (&ours, "::")] {
        let declarations: String = text.lines().filter(|line| !line.starts_with("///")).collect();
        assert!(!declarations.contains(never), "{never}");
    }
}

#[test]
fn files_of_the_same_names_are_replaced_and_others_stay() {
    let ran = Onramp::new(&["definitions", "d"]).file("d/onramp.d.rhai", "old").file("d/own.d.rhai", "mine").ran();
    ran.assert_all(0, &written("d"), "");
    let read = |file: &str| fs::read_to_string(ran.folder().join("d").join(file)).unwrap();
    assert!(read("onramp.d.rhai").starts_with("module static;"));
    assert_eq!((read("own.d.rhai").as_str(), count(&ran.folder().join("d"))), ("mine", FILES.len() + 1));
}

#[test]
fn a_folder_that_cannot_be_used_is_told() {
    let hint = "hint: name a folder; it is made where there is none\n";
    Onramp::new(&["definitions", "a.txt"]).file("a.txt", "").ran().assert_all(
        2,
        "",
        &format!("error: `a.txt` cannot hold the files: it is a file\n{hint}"),
    );
    Onramp::new(&["definitions", "a.txt/below"]).file("a.txt", "").ran().assert_all(
        2,
        "",
        "error: `a.txt/below` cannot hold the files: a part of its path is a file\n\
         hint: name a folder that you can write to\n",
    );
    let ran = Onramp::new(&["definitions", "d"]).file("d/onramp.d.rhai/a", "").ran();
    ran.assert_all(
        2,
        "",
        "error: `d/onramp.d.rhai` cannot be written: it is a folder\nhint: move it away, or name another folder\n",
    );
    assert_eq!(count(&ran.folder().join("d")), 1);
}

/// Under a limit on the size of files that some of them fit into, and not all.
fn starved(command: Onramp) -> Ran {
    let ran = command.within("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"").ran();
    let folder = if ran.stderr.contains("`new/d`") { "new/d" } else { "d" };
    ran.assert_all(
        2,
        "",
        &format!(
            "error: `{folder}` cannot hold the files: file too large\nhint: name a folder that you can write to\n"
        ),
    );
    ran
}

#[test]
fn a_failure_in_the_middle_leaves_everything_as_it_was() {
    let made = starved(Onramp::new(&["definitions", "new/d"]));
    assert_eq!(count(made.folder()), 0, "{made}");
    let old = starved(Onramp::new(&["definitions", "d"]).file("d/onramp.d.rhai", "old"));
    assert_eq!(fs::read_to_string(old.folder().join("d/onramp.d.rhai")).unwrap(), "old");
    assert_eq!(count(&old.folder().join("d")), 1, "{old}");
}
