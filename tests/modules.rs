//! `import`, through the real program: what can be imported, what is refused, where errors point.

use crate::harness::{Onramp, run};

fn script(text: &str) -> Onramp {
    run(&["scripts/main.rhai"]).file("scripts/main.rhai", text)
}

const DATES: &str = "\
export const WEEK = 7;
const HIDDEN = 5;
private fn secret() { 1 }
fn double(x) { x * 2 }
fn hidden() { global::HIDDEN + secret() }
fn fails() {
    let row = #{};
    row.nope
}
";

#[test]
fn functions_and_exported_constants_of_a_module_can_be_used_everywhere() {
    let main = "\
import \"lib/dates\" as d;
import \"lib/deep/more\" as more;
fn inside(x) { d::double(x) }
print(d::double(21));
print(d::WEEK);
print(d::hidden());
print([1, 2].map(|x| d::double(x)));
print(inside(4));
print(more::quadruple(2));
";
    let more = "import \"lib/dates\" as d;\nfn quadruple(x) { d::double(d::double(x)) }\n";
    let ran = script(main).file("scripts/lib/dates.rhai", DATES).file("scripts/lib/deep/more.rhai", more).ran();
    ran.assert_all(0, "42\n7\n6\n[2, 4]\n8\n8\n", "");
}

#[test]
fn a_module_runs_once_and_sees_nothing_of_who_imports_it() {
    let main = "let mine = 1;\nfn helper() { 2 }\nimport \"noisy\" as a;\nimport \"noisy\" as b;\nprint(b::K);\n";
    let ran = script(main).file("scripts/noisy.rhai", "print(\"once\");\nexport const K = 3;\n").ran();
    ran.assert_all(0, "once\n3\n", "");
    let ran = script(main).file("scripts/noisy.rhai", "print(mine);\n").ran();
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.starts_with("error: there is no variable `mine`\n  --> scripts/noisy.rhai:1:7\n"), "{ran}");
}

#[test]
fn an_error_in_a_module_shows_its_own_line_and_the_way_there() {
    let main = "import \"lib/dates\" as d;\nfn outer() {\n    d::fails()\n}\nouter();\n";
    let ran = script(main).file("scripts/lib/dates.rhai", DATES).ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    let wanted = "\
error: the object map has no property `nope`
  --> scripts/lib/dates.rhai:8:9
    |
  8 |     row.nope
    |         ^
  in `fails`, called at scripts/main.rhai:3:8
  in `outer`, called at scripts/main.rhai:5:1
";
    assert!(ran.stderr.starts_with(wanted), "{ran}");
}

#[test]
fn a_mistake_in_the_syntax_of_a_module_points_into_it() {
    let ran =
        script("import \"broken\" as b;\n").file("scripts/broken.rhai", "// ok\nfn a() {\n    let = 3;\n}\n").ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("  --> scripts/broken.rhai:3:9\n    |\n  3 |     let = 3;\n"), "{ran}");
}

#[test]
fn a_circle_of_imports_is_an_error_that_shows_it() {
    // The check tells of it before; this is what stops the ones that it cannot see.
    let ran = script("import \"a\" as a;\n")
        .args(&["--no-check"])
        .file("scripts/a.rhai", "import \"lib/b\" as b;\n")
        .file("scripts/lib/b.rhai", "import \"a\" as a;\n")
        .ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    let wanted = "error: `import`: the modules import each other in a circle: `a.rhai` → `lib/b.rhai` → `a.rhai`\n  \
                  --> scripts/lib/b.rhai:1:8\n";
    assert!(ran.stderr.starts_with(wanted), "{ran}");
    let ran = script("import \"main\" as m;\n").args(&["--no-check"]).ran();
    assert!(ran.stderr.contains("in a circle: `main.rhai` → `main.rhai`"), "{ran}");
}

#[test]
fn a_long_chain_of_imports_is_an_error_too() {
    let mut run = script("import \"m0\" as m;\n");
    for n in 0..40 {
        run = run.file(&format!("scripts/m{n}.rhai"), format!("import \"m{}\" as m;\n", n + 1));
    }
    let ran = run.file("scripts/m40.rhai", "").ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: `import`: more than 16 modules import each other in a row"), "{ran}");
}

#[test]
fn nothing_outside_of_the_scripts_folder_can_be_imported() {
    for path in ["../outside", "/etc/passwd", "./lib/dates", "lib/../lib/dates", "", "lib//dates", "lib\\\\dates"] {
        // The check finds a path that stands there; one that is made while the script runs is refused then.
        let made = format!("let path = \"{path}\"; path += \"\"; import path as x;\n");
        for (text, code) in [(format!("import \"{path}\" as x;\n"), 2), (made, 1)] {
            let ran =
                script(&text).file("outside.rhai", "print(\"outside\");").file("scripts/lib/dates.rhai", DATES).ran();
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran}");
            assert!(ran.stderr.contains("is not the path of a module"), "{ran}");
        }
    }
}

#[test]
fn an_import_that_fails_can_be_caught_where_it_is_used() {
    let ran =
        script("let path = \"no\" + \"pe\"; try { import path as n; n::x(); } catch (e) { print(e.type); }\n").ran();
    ran.assert_all(0, "file_not_found\n", "");
}

#[test]
fn a_text_that_is_no_file_imports_from_the_working_directory() {
    let code = "import \"lib/dates\" as d; print(d::double(2));";
    run(&["-e", code]).file("lib/dates.rhai", DATES).ran().assert_all(0, "4\n", "");
    run(&["-"]).stdin(code).file("lib/dates.rhai", DATES).ran().assert_all(0, "4\n", "");
}
