//! How large a file may be, and how many rows it may have.

use super::{Inbox, SCRIPT, THREE, ends};

#[test]
fn files_above_the_caps_of_the_header_are_refused_with_a_report() {
    let header = "// allow = [\"create_customer\"]\n// [watch]\n// max_size = \"1KiB\"\n// max_rows = 2\n";
    let inbox = Inbox::new(&SCRIPT.replace("// allow = [\"create_customer\"]\n", header));
    inbox.drop_in("large.csv", &format!("name\n{}\n", "x".repeat(1024)));
    inbox.drop_in("long.csv", THREE);
    inbox.drop_in("good.csv", "name\nA\nB\n");
    let ran = inbox.watch(&[]).ran();
    ends(&ran, 4);
    let refused = inbox.report("failed/large.csv");
    assert_eq!(refused["message"], "`large.csv` is larger than 1 KiB: it has 1 KiB");
    assert_eq!((&refused["outcome"], &refused["size"]), (&"refused".into(), &1030.into()));
    assert_eq!(inbox.report("failed/long.csv")["message"], "`long.csv` has 3 rows; at most 2 may come in one file");
    assert_eq!(inbox.report("done/good.csv")["counts"]["changed"], 2);
    let said = "warning: `long.csv`: refused, now `failed/long.csv`, run `";
    assert!(ran.stderr.contains(said), "{ran}");
    // A flag says more than the header, and what was refused may come again.
    inbox.drop_in("long.csv", THREE);
    ends(&inbox.watch(&["--max-rows", "3"]).ran(), 0);
    assert_eq!(inbox.report("done/long.csv")["counts"]["changed"], 3);
}

#[test]
fn a_cap_that_is_none_is_said() {
    let inbox = Inbox::new("print(1);");
    let ran = inbox.watch(&["--max-size", "ten"]).ran();
    ends(&ran, 2);
    assert!(ran.stderr.contains("`ten` is not a size; write for example `512KiB`, `256MiB` or `1GiB`"), "{ran}");
}

#[test]
fn a_folder_is_not_looked_at_without_a_pause() {
    let inbox = Inbox::new("print(1);");
    for often in ["0s", "9ms"] {
        let ran = inbox.place.onramp(&["watch", "in", "--run", "a.rhai", "--sandbox", "--rescan", often]).ran();
        ends(&ran, 2);
        assert!(
            ran.stderr.contains(&format!("`{often}` is too often; write for example `5s`, at least `10ms`")),
            "{ran}"
        );
    }
}
