//! Lists over an overlay: ties, small pages, cursors at every row, writes in the middle of a walk, and how many pages of
//! the service all that takes.

use super::{
    side::{Side, call, json, walked},
    twin::Twin,
};
use onramp::api::{page::Walk, request::Call};
use proptest::{prelude::*, test_runner::Config};

/// The same write, to the record at this place of its pool.
fn write(twin: &mut Twin, name: &str, pool: usize, at: usize, body: Option<&str>) {
    let id = twin.pools[pool][at].real.0.clone();
    let write = call(name, &[&id], body);
    twin.write(&write, &write);
}

fn page(name: &str, query: &[(&'static str, &str)]) -> Call {
    let mut call = call(name, &[], None);
    for (name, value) in query {
        call.set_query(name, value.to_string());
    }
    call
}

/// Both worlds give the same rows to every size of page.
fn same_in_all_sizes(twin: &Twin, name: &str, query: &[(&'static str, &str)]) {
    for limit in ["1", "2", "3", "25", "99", "100"] {
        let list = page(name, &[query, &[("limit", limit)]].concat());
        twin.walk(&list, &list);
    }
}

#[test]
fn rows_of_one_time_across_the_edges_of_pages_are_neither_lost_nor_doubled() {
    // Of 120 customers four share a time across the edge of a page of 25, and four across one of 100.
    let mut twin = Twin::new(120, 1);
    for at in (20..30).chain(95..105).step_by(2) {
        write(&mut twin, "update_customer", 0, at, Some(r#"{"status":"archived"}"#));
    }
    for at in [25, 27, 99, 101] {
        write(&mut twin, "delete_customer", 0, at, None);
    }
    same_in_all_sizes(&twin, "list_customers", &[]);
    same_in_all_sizes(&twin, "list_customers", &[("status", "archived")]);
    same_in_all_sizes(&twin, "list_onboardings", &[]);
}

#[test]
fn a_cursor_at_the_time_of_any_row_gives_what_is_strictly_older() {
    let mut twin = Twin::new(30, 2);
    for at in (0..30).step_by(3) {
        write(&mut twin, "update_customer", 0, at, Some(r#"{"plan":"touched"}"#));
    }
    for row in twin.real.dump().iter().filter(|row| row["object"] == "customer") {
        let list = page("list_customers", &[("cursor", row["created_at"].as_str().unwrap()), ("limit", "3")]);
        twin.read(&list, &list);
    }
}

#[test]
fn more_rows_of_one_time_than_a_page_holds_are_reached_where_the_service_lets_them_be() {
    let mut twin = Twin::new(3, 4);
    let acme = twin.pools[0].iter().find(|pair| pair.real.1 == "101").unwrap().real.0.clone();
    // The sandboxes' clocks stand still, so that these rows share one time.
    let mut contacts = Vec::new();
    for n in 0..130 {
        let status = ["active", "churned"][n % 2];
        let customer = format!(r#"{{"name":"Tied {n}","status":"{status}"}}"#);
        let contact = format!(r#"{{"name":"Tied {n}","email":"tied{n}@example.com"}}"#);
        for side in [&twin.live, &twin.real] {
            side.call(&call("create_customer", &[], Some(&customer))).unwrap();
            let made = side.call(&call("create_customer_contact", &[&acme], Some(&contact))).unwrap();
            contacts.push(json(&made.body)["id"].as_str().unwrap().to_string());
        }
    }
    for display in [110, 150, 151, 200] {
        let update = call("update_customer", &[&display.to_string()], Some(r#"{"status":"at_risk"}"#));
        twin.write(&update, &update);
    }
    let delete = call("delete_customer", &["180"], None);
    twin.write(&delete, &delete);
    for status in [&[][..], &[("status", "at_risk")], &[("status", "active")]] {
        for limit in ["1", "7", "99", "100"] {
            let list = page("list_customers", &[status, &[("limit", limit)]].concat());
            twin.walk_in_any_order(&list, &list);
        }
    }
    // Contacts have no filter to reach the others with: that is said as it would be.
    let update = call("update_contact", &[&contacts[7]], Some(r#"{"title":"CTO"}"#));
    twin.write(&update, &update);
    let list = call("list_customer_contacts", &[&acme], None);
    twin.walk(&list, &list);
    let mut few = call("list_customer_contacts", &["101"], None);
    few.set_query("limit", "5".into());
    twin.read(&few, &few);
}

#[test]
fn a_walk_asks_the_service_for_no_page_twice() {
    let mut twin = Twin::new(250, 5);
    let send = |twin: &Twin, call: &Call| twin.dry(call).map(|(answer, _)| answer);
    let all = call("list_customers", &[], None);
    walked(&all, &|call| send(&twin, call)).unwrap();
    let pages = twin.overlay.borrow().reads();
    assert_eq!(pages, 3);
    for at in 0..125 {
        write(&mut twin, "update_customer", 0, at * 2, Some(r#"{"status":"archived","plan":"x"}"#));
    }
    assert_eq!(twin.overlay.borrow().reads(), pages, "rows that were listed are not read again to be changed");
    for (limit, most) in [("10", 3), ("25", 3), ("100", 3)] {
        let before = twin.overlay.borrow().reads();
        let mut list = all.clone();
        list.set_query("limit", limit.into());
        assert_eq!(walked(&list, &|call| send(&twin, call)).unwrap().len(), 250);
        let asked = twin.overlay.borrow().reads() - before;
        assert!(asked <= most, "{asked} pages of the service for pages of {limit}");
    }
}

#[test]
fn a_write_to_a_record_that_was_not_read_reads_it_once() {
    let mut twin = Twin::new(5, 6);
    write(&mut twin, "update_customer", 0, 1, Some(r#"{"plan":"a"}"#));
    write(&mut twin, "update_customer", 0, 1, Some(r#"{"plan":"b"}"#));
    write(&mut twin, "delete_customer", 0, 1, None);
    assert_eq!(twin.overlay.borrow().reads(), 1);
    let create = call("create_customer", &[], Some(r#"{"name":"New"}"#));
    twin.write(&create, &create);
    assert_eq!(twin.overlay.borrow().reads(), 1);
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    /// A walk goes on page by page in both worlds, with a write between the pages.
    #[test]
    fn writes_in_the_middle_of_a_walk_are_seen_as_they_would_be(
        limit in 1_usize..12,
        filter in prop::sample::select(vec!["", "active", "churned"]),
        writes in prop::collection::vec((any::<u16>(), 0_u8..5), 40),
        seed in 0_u64..20,
    ) {
        let mut twin = Twin::new(40, seed);
        let mut list = call("list_customers", &[], None);
        list.set_query("limit", limit.to_string());
        if !filter.is_empty() {
            list.set_query("status", filter.into());
        }
        let (mut dry, mut real) = (Walk::new(list.clone()), Walk::new(list));
        for (at, what) in writes {
            let (Some(asked), Some(next)) = (dry.next().unwrap(), real.next().unwrap()) else { break };
            prop_assert_eq!(asked.query("cursor"), next.query("cursor"));
            let (answer, _) = twin.dry(&asked).unwrap();
            let seen: Vec<String> = dry.accept(&answer.body).unwrap().into_iter().map(|row| row.id).collect();
            let answer = twin.real.call(&next).unwrap();
            let did: Vec<String> = real.accept(&answer.body).unwrap().into_iter().map(|row| row.id).collect();
            prop_assert_eq!(seen, did);
            let at = usize::from(at) % 40;
            match what {
                0 => write(&mut twin, "delete_customer", 0, at, None),
                1 => write(&mut twin, "update_customer", 0, at, Some(r#"{"status":"churned"}"#)),
                2 => write(&mut twin, "update_customer", 0, at, Some(r#"{"status":"active"}"#)),
                3 => write(&mut twin, "update_customer", 0, at, Some(r#"{"plan":"x"}"#)),
                _ => {}
            }
        }
    }
}

#[test]
fn two_walks_over_one_list_do_not_disturb_each_other() {
    let mut twin = Twin::new(60, 8);
    for at in (0..60).step_by(2) {
        write(&mut twin, "update_customer", 0, at, Some(r#"{"plan":"x"}"#));
    }
    let list = page("list_customers", &[("limit", "7")]);
    let (mut outer, mut rows) = (Walk::new(list.clone()), Vec::new());
    while let Some(call) = outer.next().unwrap() {
        let (answer, _) = twin.dry(&call).unwrap();
        rows.extend(outer.accept(&answer.body).unwrap().into_iter().map(|row| row.id));
        assert_eq!(walked(&list, &|call| twin.dry(call).map(|(answer, _)| answer)).unwrap().len(), 60);
    }
    let wanted: Vec<String> = walked(&list, &|call| twin.real.call(call))
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(rows, wanted);
}

#[test]
fn the_two_worlds_begin_alike() {
    assert_eq!(Side::new(20, 9).dump(), Side::new(20, 9).dump());
}
