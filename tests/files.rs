//! Files of the project through the real program: formats, paths that lead out, writes that are whole or not at all.

use crate::harness::{Onramp, run};
use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

fn script(text: &str) -> Onramp {
    run(&["scripts/main.rhai"]).file("onramp.toml", "").file("scripts/main.rhai", text)
}

#[test]
fn relative_paths_start_at_the_project_folder_or_else_at_the_scripts_own() {
    let text = "print(read_text(\"data/a.txt\"));";
    let both = |run: Onramp| run.file("data/a.txt", "project").file("scripts/data/a.txt", "script");
    both(script(text)).ran().assert_all(0, "project\n", "");
    both(run(&["scripts/main.rhai"])).file("scripts/main.rhai", text).ran().assert_all(0, "script\n", "");
    both(run(&["-e", text])).ran().assert_all(0, "project\n", "");
    both(run(&["-"])).stdin(text).ran().assert_all(0, "project\n", "");
}

#[test]
fn tables_of_people_are_read() {
    let text = "let rows = read_csv(\"in.csv\", #{types: #{mrr: \"float\", seats: \"integer\", active: \"boolean\", \
                since: \"date\", tags: \"json\"}, decimal: \",\"});\nfor row in rows { print(row); }\nprint(rows[0].mrr * 2);";
    let csv = "name;mrr;seats;active;since;tags\r\n\"M\u{fc}ller; & S\u{f6}hne\";1.234,50;1.000;yes;2026-05-01;[1]\r\n\r\n;;;;;\r\n";
    let latin: Vec<u8> = csv.chars().map(|c| c as u8).collect();
    let ran = script(text).file("in.csv", latin).ran();
    let wanted = "#{\"active\": true, \"mrr\": 1234.5, \"name\": \"Müller; & Söhne\", \"seats\": 1000, \"since\": 2026-05-01T00:00:00";
    assert!(ran.stdout.starts_with(wanted), "{ran}");
    let empty = "#{\"active\": (), \"mrr\": (), \"name\": \"\", \"seats\": (), \"since\": (), \"tags\": ()}\n2469.0\n";
    assert!(ran.stdout.ends_with(empty), "{ran}");
    assert_eq!(ran.stderr, "warning: `in.csv` is not UTF-8; it was read as Windows-1252\n");
}

#[test]
fn a_table_that_is_wrong_is_told_by_row_and_column() {
    for (csv, options, wanted) in [
        ("a,b\n1,2\n1\n", "#{}", "row 3 (line 3): the row ends before the column `b` (1 cell for 2 columns)"),
        ("a,b\n1,2,3\n", "#{}", "row 2 (line 2): the row goes on behind the last column, `b` (3 cells for 2 columns)"),
        ("a,b\n\"x\ny\",2\n3\n", "#{}", "row 3 (line 4): the row ends before"),
        ("a,a\n1,2\n", "#{}", "columns 1 and 2 of the header are both called `a`"),
        ("a,,b,\n", "#{}", "columns 2 and 4 of the header have no name"),
        ("a,b\n1,\"2\n", "#{}", "row 2 (line 2), column 2: a quote is opened and never closed"),
        ("a,b\n1,x\n", "#{types: #{b: \"integer\"}}", "row 2 (line 2), column `b`: `x` is not an integer"),
        ("a,b\n1,\u{1b}[31m\n", "#{types: #{b: \"float\"}}", "column `b`: `\\u{1b}[31m` is not a number"),
        ("a,b\n", "#{types: #{c: \"integer\"}}", "`types` names the column `c`, which `in.csv` does not have"),
        (
            "a,b\n",
            "#{types: #{a: \"int\"}}",
            "the type of `a` is `text`, `integer`, `float`, `boolean`, `time` or `json`",
        ),
        ("a,b\n", "#{tpyes: #{}}", "it has no option `tpyes`"),
        ("a,b\n", "#{separator: \"::\"}", "`separator` is \"\\t\", \";\" or \",\""),
        ("a\0b", "#{}", "is not text: it holds zero bytes"),
    ] {
        let ran = script(&format!("read_csv(\"in.csv\", {options})")).file("in.csv", csv).ran();
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
        assert!(ran.stderr.contains(wanted), "{wanted}\n{ran}");
        assert!(ran.stderr.contains("  --> scripts/main.rhai:1:1\n"), "{ran}");
    }
    script("print(read_csv(\"in.csv\"))").file("in.csv", "a,b\n").ran().assert_all(0, "[]\n", "");
    script("print(read_csv(\"in.csv\"))").file("in.csv", "").ran().assert_all(
        0,
        "[]\n",
        "warning: `in.csv` is empty\n",
    );
}

#[test]
fn a_table_is_read_as_a_held_list_where_that_is_asked_for() {
    let text = "let rows = read_csv(\"in.csv\", #{hold: true, types: #{n: \"integer\"}});
print(type_of(rows) != type_of([]));
print(`${rows.count()} ${rows.sum(\"n\")} ${rows.first().name}`);
print(read_csv(\"in.csv\", #{hold: false}).len());
read_csv(\"in.csv\", #{hold: 1});";
    let ran = script(text).file("in.csv", "name,n\na,1\nb,2\n").ran();
    let said = "error: `read_csv`: `hold` is `true` or `false`, not an integer\n";
    assert!(ran.code == Some(1) && ran.stdout == "true\n2 3 a\n2\n" && ran.stderr.starts_with(said), "{ran}");
}

#[test]
fn what_is_written_is_read_again_exactly() {
    let text = r#"
let rows = [#{a: "1", b: "x,\"y\"\r\nz"}, #{a: "=1+1", c: " "}];
write_csv("out.csv", rows);
let back = read_csv("out.csv");
print(back == [#{a: "1", b: "x,\"y\"\r\nz", c: ""}, #{a: "=1+1", b: "", c: " "}]);
write_csv("out.csv", rows, #{columns: ["c", "a"], separator: ";"});
print(read_text("out.csv") == "c;a\n;1\n\" \";=1+1\n");
write_csv("out.csv", [#{n: -5, t: "-5", f: "=1", d: #{x: [1]}}], #{for_excel: true});
print(read_text("out.csv") == "d,f,n,t\r\n\"{\"\"x\"\":[1]}\",'=1,-5,-5\r\n");
let value = #{a: [1, (), 2.5, "ö"], b: 9223372036854775807};
write_json("out.json", value);
print(read_json("out.json") == value && read_text("out.json").ends_with("}\n"));
write_jsonl("out.jsonl", [value, 1]);
print(read_jsonl("out.jsonl") == [value, 1]);
write_text("big.json", "[18446744073709551615]");
write_json("big.json", read_json("big.json"));
print(read_text("big.json"));
"#;
    let ran = script(text).ran();
    ran.assert_all(0, "true\ntrue\ntrue\ntrue\ntrue\n[\n  18446744073709551615\n]\n\n", "");
    assert!(fs::read(ran.folder().join("out.csv")).unwrap().starts_with("\u{feff}d,f".as_bytes()));
}

#[test]
fn json_that_is_none_is_told_by_line_and_column() {
    for (function, json, wanted) in [
        ("read_json", "{\"a\": 1,\n \"b\": }", "`in.json` is not JSON: line 2, column 7: expected value"),
        ("read_json", "", "line 1, column 0: the end of the file while parsing a value"),
        ("read_json", "{}\n{}", "line 2, column 1: trailing characters"),
        ("read_jsonl", "{}\n\n{\"a\"}\n", "`in.json`, line 3, column 5 is not JSON"),
        (
            "read_json",
            "[123456789012345678901234567890]",
            "line 1, column 2: the number is too large to keep its digits",
        ),
    ] {
        let ran = script(&format!("{function}(\"in.json\")")).file("in.json", json).ran();
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(wanted), "{wanted}\n{ran}");
    }
    let ran = script("write_json(\"out.json\", |x| x)").ran();
    assert!(ran.stderr.contains("`write_json`: a function has no JSON form"), "{ran}");
    assert!(!ran.folder().join("out.json").exists());
}

#[test]
fn no_path_leads_out_of_the_project() {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("secret"), "secret").unwrap();
    let outside = out.path().join("secret").display().to_string();
    for path in
        ["../secret", "data/../../secret", "/etc/passwd", "/dev/null", outside.as_str(), "", ".", "data", "pipe"]
    {
        for call in [format!("read_text(\"{path}\")"), format!("write_text(\"{path}\", \"x\")")] {
            let run = script(&format!("print({call});")).file("data/a.txt", "");
            make_pipe(&run, "pipe");
            let ran = run.ran();
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
            assert!(ran.stderr.contains("  --> scripts/main.rhai:1:7"), "{ran}");
        }
    }
    for (link, path) in [("link", "link"), ("folder", "folder/secret")] {
        for call in [format!("read_text(\"{path}\")"), format!("write_text(\"{path}\", \"x\")")] {
            let target = if link == "folder" { out.path().to_path_buf() } else { out.path().join("secret") };
            let run = script(&format!("try {{ print({call}); }} catch (e) {{ print(e.type); }}"));
            symlink(target, run.folder().join(link)).unwrap();
            run.ran().assert_all(0, "file_refused\n", "");
        }
    }
    assert_eq!(fs::read_to_string(out.path().join("secret")).unwrap(), "secret");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

fn make_pipe(run: &Onramp, name: &str) {
    assert!(Command::new("mkfifo").arg(run.folder().join(name)).status().unwrap().success());
}

#[test]
fn a_script_cannot_write_scripts_or_the_project_file() {
    for path in ["scripts/main.rhai", "new.RHAI", "x.rhai.", "onramp.toml", "scripts/OnRamp.TOML"] {
        let text = format!("write_text(\"{path}\", \"x\");");
        let ran = script(&text).ran();
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains("may not write"), "{ran}");
        assert_eq!(fs::read_to_string(ran.folder().join("scripts/main.rhai")).unwrap(), text);
    }
}

#[test]
fn the_later_of_two_writes_stays_and_nothing_else_is_left() {
    let ran = script("fn a() { write_text(\"o.txt\", \"first, and longer\"); }\nfn b() { write_text(\"o.txt\", \"second\"); }\na(); b();").ran();
    ran.assert_all(0, "", "");
    assert_eq!(fs::read_to_string(ran.folder().join("o.txt")).unwrap(), "second");
    assert_eq!(names(ran.folder()), ["o.txt", "onramp.toml", "scripts"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_no_other() {
    // The largest file that the process may write stands for a full disk.
    let text = "let text = \"x\"; for i in 0..16 { text += text; } write_text(\"o.txt\", text);";
    let run = script(text).file("o.txt", "old").within("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"");
    let ran = run.ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("`write_text`: `o.txt` cannot be written: file too large"), "{ran}");
    assert_eq!(fs::read_to_string(ran.folder().join("o.txt")).unwrap(), "old");
    assert_eq!(names(ran.folder()), ["o.txt", "onramp.toml", "scripts"]);
}

#[test]
fn missing_files_and_folders_are_named() {
    let ran = script("read_csv(\"data/custmers.csv\");").file("data/customers.csv", "").ran();
    assert!(ran.stderr.starts_with("error: `read_csv`: there is no file `data/custmers.csv`\n"), "{ran}");
    assert!(ran.stderr.ends_with("hint: did you mean `data/customers.csv`?\n"), "{ran}");
    let ran = script("write_csv(\"reports/a.csv\", []);").ran();
    assert!(
        ran.stderr.starts_with("error: `write_csv`: there is no folder `reports` to write `reports/a.csv` into\n"),
        "{ran}"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_param_opens_exactly_the_file_that_the_command_line_names() {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("in.csv"), "a\n1\n").unwrap();
    fs::write(out.path().join("other.csv"), "secret\n").unwrap();
    let text = "// /// onramp\n// [params.file]\n// type = \"file\"\n// ///\nprint(read_csv(params.file));\n\
                try { read_csv(params.file + \"/../other.csv\") } catch (e) { print(e.type); }\n\
                let other = params.file; other.replace(\"in.csv\", \"other.csv\");\n\
                try { read_csv(other) } catch (e) { print(e.type); }\n";
    let file = out.path().join("in.csv").display().to_string();
    let ran = script(text).args(&["--file", &file]).ran();
    ran.assert_all(0, "[#{\"a\": \"1\"}]\nfile_refused\nfile_refused\n", "");
}
