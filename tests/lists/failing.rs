//! A page that fails: the error surfaces at the loop, whatever the loop's body is, and names the list's place.

use super::server::{Server, page, refusal};

/// The second page of customers is refused.
fn second_refused() -> Server {
    Server::start(|uri, _| if uri.query().unwrap_or_default().contains("cursor") { refusal() } else { page(250, uri) })
}

const REFUSED: &str = "error: `list_customers` failed: The list is shut";

#[test]
fn it_fails_the_loop_with_and_without_a_body() {
    for (script, place) in [
        ("for c in list_customers() {}\nprint(\"on\");", "-e:1:10"),
        ("for c in list_customers() { }\nprint(\"on\");", "-e:1:10"),
        ("for (c, n) in list_customers() {}\nprint(\"on\");", "-e:1:15"),
        ("for c in list_customers() {\n  // nothing\n}\nprint(\"on\");", "-e:1:10"),
        ("for c in list_customers() { let x = c; }\nprint(\"on\");", "-e:1:10"),
        ("let list = list_customers();\nfor c in list {}\nprint(\"on\");", "-e:1:12"),
        ("for c in list_customers().filter(|c| true) {}\nprint(\"on\");", "-e:1:10"),
        ("for c in list_customers().take(200) {}\nprint(\"on\");", "-e:1:10"),
        ("fn walk() {\n  for c in list_customers() {}\n}\nwalk();\nprint(\"on\");", "-e:2:12"),
        ("for i in 0..2 {\n  for c in list_customers() {}\n}\nprint(\"on\");", "-e:2:12"),
    ] {
        let ran = second_refused().run(script).ran();
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{script}\n{ran}");
        assert!(ran.stderr.starts_with(REFUSED), "{script}\n{ran}");
        assert!(ran.stderr.contains(&format!("--> {place}\n")), "{script}\n{ran}");
    }
}

#[test]
fn the_rows_before_it_were_worked_on() {
    let ran =
        second_refused().run("let n = 0; try { for c in list_customers() { n += 1; } } catch { } print(n);").ran();
    ran.assert_all(0, "100\n", "");
}

#[test]
fn it_can_be_caught_around_a_loop_with_a_body() {
    let script = "let n = 0;\ntry { for c in list_customers() { n += 1; } } catch (e) { print(`${n} ${e.type} ${e.code}`); }\n\
                  for i in 0..2 {}\nprint(\"on\");";
    second_refused().run(script).ran().assert_all(0, "100 invalid_request_error out_of_order\non\n", "");
}

#[test]
fn a_caught_one_does_not_haunt_the_loops_after_it() {
    let script = "for i in 0..3 { try { for c in list_customers() { c.id; } } catch (e) { print(i); } }\n\
                  for c in list_customers().take(50) {}\nprint(\"on\");";
    second_refused().run(script).ran().assert_all(0, "0\n1\n2\non\n", "");
}

#[test]
fn in_nested_loops_each_says_its_own_place() {
    // The inner list fails, for each customer of the outer one.
    let server = Server::start(|uri, _| if uri.path().ends_with("/contacts") { refusal() } else { page(3, uri) });
    let ran =
        server.run("for c in list_customers() {\n  for p in list_customer_contacts(c) {}\n}\nprint(\"on\");").ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("`list_customer_contacts` failed") && ran.stderr.contains("--> -e:2:12\n"), "{ran}");
    let script = "let n = 0; for c in list_customers() {\n  try { for p in list_customer_contacts(c) { p.id; } } \
                  catch { n += 1; }\n}\nprint(n);";
    server.run(script).ran().assert_all(0, "3\n", "");
    // The outer list fails while the inner ones are fine.
    let server = Server::start(|uri, _| match uri.path().ends_with("/contacts") {
        true => page(2, uri),
        false if uri.query().unwrap_or_default().contains("cursor") => refusal(),
        false => page(101, uri),
    });
    let script = "let n = 0;\ntry {\n  for c in list_customers().where(#{status: \"active\"}) {\n    \
                  for p in list_customer_contacts(c).take(0) { n += 1; }\n  }\n} catch (e) { print(e.operation); }";
    server.run(script).ran().assert_all(0, "list_customers\n", "");
}

#[test]
fn a_page_fetched_ahead_that_nobody_asks_for_fails_nobody() {
    let script = "let n = 0; for c in list_customers() { n += 1; if n == 100 { break; } } print(n);";
    second_refused().run(script).ran().assert_all(0, "100\n", "");
}

#[test]
fn around_an_empty_body_nothing_catches_it() {
    // The engine drops the error of such a loop, so the host ends the run, as it would on Ctrl-C.
    let script = "try { for c in list_customers() {} } catch { print(\"caught\"); }\nprint(\"on\");";
    let ran = second_refused().run(script).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.starts_with(REFUSED) && ran.stderr.contains("--> -e:1:16\n"), "{ran}");
}
