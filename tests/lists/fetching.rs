//! When pages are fetched, and how many.

use super::server::{Server, page};
use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

fn thousand() -> Server {
    Server::start(|uri, _| page(1000, uri))
}

#[test]
fn a_whole_walk_takes_no_more_pages_than_it_must() {
    for (rows, pages) in [(0, 1), (1, 1), (100, 1), (101, 2), (199, 2), (200, 3), (1000, 11)] {
        let server = Server::start(move |uri, _| page(rows, uri));
        server.run("print(list_customers().count())").ran().assert_all(0, &format!("{rows}\n"), "");
        assert_eq!(server.asked().len(), pages, "{rows} rows");
    }
}

#[test]
fn the_next_page_is_fetched_while_the_script_works_on_this_one() {
    // A call in the loop's first turn is answered only once the second page was asked for.
    let fetched = Arc::new((Mutex::new(0), Condvar::new()));
    let server = Server::start(move |uri, _| {
        let (pages, more) = &*fetched;
        if uri.path().ends_with("/customers") {
            *pages.lock().unwrap() += 1;
            more.notify_all();
            return page(150, uri);
        }
        let wait = more.wait_timeout_while(pages.lock().unwrap(), Duration::from_secs(20), |pages| *pages < 2);
        let (pages, _) = wait.unwrap();
        (200, format!(r#"{{"object":"customer","id":"c","name":"{pages} pages"}}"#))
    });
    let script =
        "let first = true; for c in list_customers() { if first { print(get_customer(c).name); } first = false; }";
    server.run(script).ran().assert_all(0, "2 pages\n", "");
}

#[test]
fn a_loop_that_stops_early_costs_at_most_one_page_too_many() {
    for (script, needed) in [
        ("for c in list_customers() { break; }", 1),
        ("let n = 0; for c in list_customers() { n += 1; if n == 150 { break; } }", 2),
        ("for c in list_customers().filter(|c| true).take(7) { print(c.id); }", 1),
        ("fn f() { for c in list_customers() { return c; } } f();", 1),
        ("try { for c in list_customers() { throw 1; } } catch { }", 1),
    ] {
        let server = thousand();
        assert_eq!(server.run(script).ran().code, Some(0), "{script}");
        let asked = server.asked().len();
        assert!((needed..=needed + 1).contains(&asked), "{asked} pages for {script}");
    }
}

#[test]
fn take_right_on_the_list_fetches_what_it_takes_and_no_more() {
    for (rows, asked) in [(0, &[][..]), (5, &["limit=5"]), (100, &["limit=100"]), (150, &["limit=100", "limit=100"])] {
        let server = thousand();
        let ran = server.run(&format!("print(list_customers().take({rows}).to_array().len())")).ran();
        ran.assert_all(0, &format!("{rows}\n"), "");
        let limits: Vec<String> = server.asked();
        assert_eq!(limits.len(), asked.len(), "{limits:?}");
        assert!(limits.iter().zip(asked).all(|(target, limit)| target.contains(limit)), "{limits:?}");
    }
    let server = thousand();
    server.run("print(list_customers().map(|c| c.id).first())").ran().assert_all(0, "c0\n", "");
    assert_eq!(server.asked(), ["/customers?limit=1"]);
}

#[test]
fn a_list_walked_twice_walks_twice() {
    let server = Server::start(|uri, _| page(250, uri));
    let script = "let list = list_customers(); let n = 0; \
                  for c in list { n += 1; } for c in list { n += 1; } print(n + list.count());";
    server.run(script).ran().assert_all(0, "750\n", "");
    assert_eq!(server.asked().len(), 9);
}
