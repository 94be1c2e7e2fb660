//! Every example script against a sandbox, its standard output held against `tests/scripts/NAME.out`.

use crate::harness::{bless_or_compare, files, run_in_sandbox};
use std::path::Path;

#[test]
fn every_example_script_prints_what_it_printed_before() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let scripts = files("scripts", "rhai");
    let mut wrong = Vec::new();
    for script in &scripts {
        let ran = run_in_sandbox(&[script.to_str().unwrap()]).ran();
        if (ran.code, ran.stderr.as_str()) != (Some(0), "") {
            wrong.push(ran.to_string());
        }
        let file = expected.join(script.file_name().unwrap()).with_extension("out");
        wrong.extend(bless_or_compare(&file, &ran.stdout).err());
    }
    let names =
        |files: &[std::path::PathBuf]| files.iter().map(|f| f.file_stem().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&files("tests/scripts", "out")), names(&scripts), "one .out for each script");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
