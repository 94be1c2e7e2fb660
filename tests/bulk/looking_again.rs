//! Rows whose records were read a while ago: they are looked at again, page by page, before they are written to.

use super::{Scene, ago};

fn script(options: &str) -> String {
    format!(
        "let rows = list_customers().to_array();\n\
         let done = bulk_update_customers(rows, |c| #{{plan: \"new\"}}, #{{in_flight: 2{options}}});\n\
         print(`${{done.changed}} ${{done.unchanged}} ${{done.failed}}`);\n\
         for f in done.failures {{ print(`${{f.id == rows[f.row - 1].id}} ${{f.code}}: ${{f.message}}`); }}\n"
    )
}

/// A run that has written two rows of 150, ten minutes ago; since then one record got another plan, one another name, and
/// one is gone.
fn interrupted(options: &str) -> Scene {
    let scene = Scene::new(&script(options), &["--customers", "150"]);
    let begun = ago(0.5);
    let ran = scene.run(&["--first", "2", "--now", &begun]);
    assert_eq!(ran.code, Some(0), "{ran}");
    scene.let_pass(&begun, 10.0 / 60.0);
    scene.meanwhile(
        "let all = list_customers().to_array(); update_customer(all[30], #{plan: \"theirs\"}); \
         update_customer(all[31], #{name: \"Other\"}); delete_customer(all[32]);",
    );
    scene
}

#[test]
fn a_row_whose_field_was_changed_by_somebody_else_is_left_alone() {
    let scene = interrupted("");
    let (patches, pages) = (scene.count("PATCH", ""), scene.count("GET", "/customers?"));
    let looks = scene.count("GET", "/customers/");
    let ran = scene.resume();
    assert_eq!(ran.code, Some(4), "{ran}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "148 0 2", "{ran}");
    assert!(lines[1].starts_with("true changed_since_read: `plan` was "), "{ran}");
    assert!(lines[1].ends_with(" when it was read, and is \"theirs\" now"), "{ran}");
    assert!(lines[2].starts_with("true customer_not_found: "), "{ran}");
    // Two pages for 148 rows, and one look at the one that has left its page.
    assert_eq!(scene.count("GET", "/customers?") - pages, 2);
    assert_eq!(scene.count("GET", "/customers/") - looks, 1);
    assert_eq!(scene.count("PATCH", "") - patches, 147);
}

#[test]
fn it_is_written_all_the_same_where_that_is_asked_for() {
    let scene = interrupted(", overwrite: true");
    let ran = scene.resume();
    assert!(ran.stdout.starts_with("149 0 1\ntrue customer_not_found: "), "{ran}");
}
