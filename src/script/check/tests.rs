//! What `script/check` does, by example.

use super::*;

/// Modules that are not looked at: nothing is said of what they define.
struct NoModules;

impl Modules for NoModules {
    fn find(&self, _path: &str, _importer: &str) -> Lookup {
        Lookup::Unknown
    }
}

fn messages(text: &str) -> Vec<String> {
    check("t", text, &NoModules).findings.into_iter().map(|f| f.message).collect()
}

#[test]
fn findings_come_in_the_order_of_the_text_and_once_each() {
    let found = messages("fn f() { nope() } nada(1); let g = |x| y + x + y; nope2();");
    assert_eq!(
        found,
        [
            "there is no function `nope`",
            "there is no function `nada`",
            "there is no variable `y`",
            "there is no function `nope2`"
        ]
    );
}
