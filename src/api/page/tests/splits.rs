//! Ties that fill a page, asked for slice by slice; and what no walk may do whatever is inserted and deleted meanwhile.

use super::super::*;
use super::model::{EPOCH, Kept, Server, ids, walk, walk_over};
use proptest::prelude::*;
use std::collections::BTreeSet;

const AT: &str = "2023-11-14T22:13:20.000Z";
const STATUSES: [&str; 5] = ["onboarding", "active", "at_risk", "churned", "archived"];
const PHASES: [&str; 7] =
    ["before_getting_started", "program_design", "review", "program_buildout", "internal_qa", "launch", "completed"];

/// All that a walk gives: the ids, the calls it took, and how it ended.
struct Walked {
    seen: Vec<String>,
    pages: usize,
    note: Option<String>,
    failed: Option<WalkError>,
}

fn walked(mut walk: Walk, server: &Server) -> Walked {
    let mut all = Walked { seen: Vec::new(), pages: 0, note: None, failed: None };
    loop {
        match walk.next() {
            Ok(Some(call)) => all.seen.extend(ids(walk.accept(&server.answer(&call)).unwrap())),
            Ok(None) => return all,
            Err(error) => {
                all.failed = Some(error);
                return all;
            }
        }
        all.pages += 1;
        if let Some(note) = walk.take_note() {
            assert!(all.note.replace(note).is_none(), "it is said once");
        }
        assert!(all.pages < 2000, "a walk must end");
    }
}

impl Walked {
    #[track_caller]
    fn is_all_of(&self, server: &Server) {
        assert_eq!(self.failed, None);
        let once: BTreeSet<&String> = self.seen.iter().collect();
        assert_eq!(once.len(), self.seen.len(), "a row came twice");
        assert_eq!(once, server.rows.keys().collect(), "a row was lost");
    }
}

/// A few newer rows, a tie, and a few older ones.
fn around(tie: Server) -> Server {
    let mut server = tie;
    let fields = server.rows.values().next().unwrap().fields.clone();
    for n in 0..150 {
        let at = if n < 50 { EPOCH + 50 - n } else { EPOCH - n };
        server.rows.insert(format!("x{n:05}"), Kept { at, fields: fields.clone() });
    }
    server
}

#[test]
fn a_tie_is_asked_for_by_status_and_said_once() {
    let server = around(Server::tied(400, |n| STATUSES[n % 5]));
    let all = walked(walk(&[]), &server);
    all.is_all_of(&server);
    // 50 newer rows and 50 of the tie, 100 of the tie, five slices, 100 older rows.
    assert_eq!(all.pages, 8);
    assert_eq!(
        all.note.unwrap(),
        format!(
            "`list_customers`: 400 rows were created at `{AT}`, more than a page holds; they were asked for by \
             `status`, and rows with a `status` that onramp does not know would be missing"
        )
    );
    let times: Vec<i64> = all.seen.iter().map(|id| server.rows[id].at).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "newest first, also around the tie");
}

#[test]
fn exactly_a_page_of_one_time_is_enough() {
    for count in [99, 100, 101] {
        let server = around(Server::tied(count, |n| STATUSES[n % 2]));
        let all = walked(walk(&[]), &server);
        all.is_all_of(&server);
    }
}

#[test]
fn onboardings_are_asked_for_by_phase_and_then_by_state() {
    let server = around(Server::onboardings(1100, |n| {
        let state = ["active", "paused", "at_risk", "waiting"][n / 7 % 4];
        // Some wait although they show another state: their slice is that of what they wait for.
        let waits = state == "waiting" || n % 50 == 0;
        let mut fields = vec![("phase", PHASES[n % 7]), ("state", state)];
        fields.extend(waits.then_some(("waiting_on_customer", "true")));
        fields
    }));
    let all = walked(walk_over("list_onboardings", &[]), &server);
    all.is_all_of(&server);
    assert_eq!(all.pages, 2 + 7 * 5 + 1);
    assert!(all.note.unwrap().ends_with(
        "they were asked for by `phase` and `state`, and rows with a `phase` or `state` that onramp does not know \
         would be missing"
    ));
}

#[test]
fn a_filter_that_the_call_has_is_left_as_it_is() {
    let server =
        Server::onboardings(350, |n| vec![("phase", "launch"), ("state", ["active", "paused", "at_risk"][n % 3])]);
    let mut walk = walk_over("list_onboardings", &[("phase", "launch")]);
    let failed = walked(walk_over("list_onboardings", &[("phase", "launch"), ("state", "active")]), &server).failed;
    assert_eq!(
        failed.unwrap().to_string(),
        format!(
            "100 rows or more were created at `{AT}`, which fills a page, and those with `phase: \"launch\"` and \
             `state: \"active\"` fill one, too, so that the others cannot be reached"
        )
    );
    walk.accept(&server.answer(&walk.next().unwrap().unwrap())).unwrap();
    let call = walk.next().unwrap().unwrap();
    assert_eq!((call.query("phase"), call.query("state")), (Some("launch"), Some("active")));
    let small =
        Server::onboardings(250, |n| vec![("phase", "launch"), ("state", ["active", "paused", "at_risk"][n % 3])]);
    walked(walk_over("list_onboardings", &[("phase", "launch")]), &small).is_all_of(&small);
}

#[test]
fn a_list_without_a_filter_fails_with_the_time_and_the_count() {
    let server = around(Server::tied(140, |_| "active"));
    for name in ["list_customer_contacts", "list_customer_onboardings"] {
        let all = walked(walk_over(name, &[]), &server);
        assert_eq!(all.failed.unwrap(), WalkError::Tie { created_at: AT.into(), count: 100, why: Beyond::NoFilter });
        // The rows that could be had were.
        assert_eq!(all.seen.len(), 150);
    }
}

#[test]
fn a_slice_that_fills_a_page_with_nothing_left_to_slice_by_fails() {
    let server = around(Server::tied(301, |n| if n < 260 { "active" } else { "archived" }));
    let all = walked(walk(&[]), &server);
    let Some(WalkError::Tie { created_at, count, why }) = all.failed else { panic!() };
    assert_eq!((created_at.as_str(), why), (AT, Beyond::Filters(vec![("status", "active".into())])));
    assert!((100..260).contains(&count), "{count}");
    assert_eq!(all.note, None);
}

#[test]
fn an_odd_value_anywhere_in_the_walk_fails_it() {
    // Above the tie, in it, and below it.
    for at in [EPOCH + 7, EPOCH, EPOCH - 120] {
        for fields in [vec![("status", "dormant")], vec![]] {
            let mut server = around(Server::tied(250, |n| STATUSES[n % 5]));
            server.rows.insert("a".into(), Kept { at, fields: fields.clone() });
            let Some(WalkError::Tie { created_at, count, why: Beyond::Odd(row) }) = walked(walk(&[]), &server).failed
            else {
                panic!("{at} {fields:?}")
            };
            let row_said = if fields.is_empty() {
                "a row has no `status`"
            } else {
                "a row has the status `dormant`, which onramp does not know"
            };
            assert_eq!((created_at.as_str(), row.as_str()), (AT, row_said));
            assert_eq!(count, if at < EPOCH { 250 } else { 100 });
        }
    }
    // Where nothing had to be sliced, it does not matter.
    let plain = Server::new(3, (0..300).map(|n| (EPOCH + n, "dormant")));
    walked(walk(&[]), &plain).is_all_of(&plain);
}

#[test]
fn a_state_that_its_own_slice_would_not_hold_is_odd() {
    let server = Server::onboardings(500, |n| {
        vec![("phase", "launch"), ("state", if n == 3 { "waiting" } else { ["active", "paused"][n % 2] })]
    });
    let failed = walked(walk_over("list_onboardings", &[]), &server).failed.unwrap();
    assert!(failed.to_string().ends_with("a row has the state `waiting`, but not `waiting_on_customer`"), "{failed}");
}

#[test]
fn a_server_that_ignores_the_filter_is_not_believed() {
    let server = Server::tied(300, |n| STATUSES[n % 5]);
    let mut walk = walk(&[]);
    for _ in 0..2 {
        let mut call = walk.next().unwrap().unwrap();
        call.query.retain(|(name, _)| *name != "status");
        walk.accept(&server.answer(&call)).unwrap();
    }
    assert!(matches!(walk.next(), Err(WalkError::Tie { .. })));
}

#[test]
fn a_server_with_smaller_pages_than_asked_for_is_walked_all_the_same() {
    let server = Server { most: 20, ..around(Server::tied(90, |n| STATUSES[n % 5])) };
    let all = walked(walk(&[]), &server);
    all.is_all_of(&server);
    // A page of one row is no tie.
    let server = Server { most: 1, ..Server::new(3, [(EPOCH, "active"), (EPOCH - 5, "active")]) };
    let mut walk = walk(&[]);
    walk.accept(&server.answer(&walk.next().unwrap().unwrap())).unwrap();
    let call = walk.next().unwrap().unwrap();
    assert_eq!((call.query("cursor"), call.query("status")), (Some("2023-11-14T22:13:20.001Z"), None));
}

#[derive(Clone, Debug)]
enum Change {
    Insert(i64, &'static str),
    Delete(usize),
}

/// Mostly known values, and some that are not.
fn status(odd: u32) -> impl Strategy<Value = &'static str> {
    prop_oneof![60 => prop::sample::select(STATUSES.to_vec()), odd => Just("dormant")]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let insert = (0..40_i64, status(0)).prop_map(|(at, status)| Change::Insert(at, status));
    prop::collection::vec(prop_oneof![insert, any::<usize>().prop_map(Change::Delete)], 0..6)
}

proptest! {
    #[test]
    fn each_row_that_stays_comes_exactly_once(
        times in prop_oneof![1 => Just(40_i64), 1 => Just(3), 1 => Just(1)].prop_flat_map(|times| {
            prop::collection::vec((0..times, prop_oneof![1 => status(0), 1 => status(1)]), 0..900)
        }),
        limit in prop_oneof![Just(100_u32), 1..=100_u32],
        (unit, digits) in prop_oneof![Just((1, 3)), Just((1000, 0)), Just((250, 0))],
        between in prop::collection::vec(changes(), 0..12),
    ) {
        // Forty possible times, or three, or one: ties everywhere, and many that fill pages. The server may also count
        // more finely than it shows.
        let mut server = Server::new(digits, times.iter().map(|(at, status)| (EPOCH + at * unit, *status)));
        let mut stay: Vec<String> = server.rows.keys().cloned().collect();
        let mut walk = walk(&[("limit", &limit.to_string())]);
        let mut seen: Vec<String> = Vec::new();
        let mut pages = 0;
        let mut note = None;
        loop {
            match walk.next() {
                Ok(Some(call)) => seen.extend(ids(walk.accept(&server.answer(&call)).unwrap())),
                Ok(None) => break,
                Err(WalkError::Tie { count, .. }) => {
                    prop_assert!(count >= 90, "{}", count);
                    break;
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
            note = walk.take_note().or(note);
            for change in between.get(pages).into_iter().flatten() {
                match change {
                    Change::Insert(at, status) => {
                        let row = Kept { at: EPOCH + at * unit, fields: vec![("status", *status)] };
                        server.rows.insert(format!("new{pages}-{at}-{status}"), row);
                    }
                    Change::Delete(nth) if !stay.is_empty() => {
                        let id = stay.swap_remove(nth % stay.len());
                        server.rows.remove(&id);
                    }
                    Change::Delete(_) => {}
                }
            }
            pages += 1;
            prop_assert!(pages < 3000, "a walk must end");
        }
        let once: BTreeSet<&String> = seen.iter().collect();
        prop_assert_eq!(once.len(), seen.len(), "a row came twice");
        if walk.next().is_ok() {
            for id in stay.iter().filter(|id| !once.contains(id)) {
                // Only what was warned of: a value nobody knew, and no row with it was ever shown.
                prop_assert!(note.is_some() && server.rows[id].field("status") == Some("dormant"), "{} was lost", id);
            }
        }
    }
}

proptest! {
    // A case is a few hundred pages.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn onboardings_of_few_times_are_all_there_or_the_walk_fails(
        rows in prop::collection::vec((0..2_i64, 0..7_usize, 0..4_usize, prop::bool::weighted(0.1)), 0..1500),
        phases in 1..=7_usize,
        odd in prop::option::weighted(0.2, 0..1500_usize),
        filter in prop::option::of(0..7_usize),
    ) {
        let keep = |(n, (at, phase, state, waits)): (usize, &(i64, usize, usize, bool))| {
            let state = ["active", "paused", "at_risk", "waiting"][*state];
            let phase = if odd == Some(n) { "limbo" } else { PHASES[phase % phases] };
            let mut fields = vec![("phase", phase), ("state", state)];
            fields.extend((*waits || state == "waiting").then_some(("waiting_on_customer", "true")));
            (format!("o{n:05}"), Kept { at: EPOCH - at, fields })
        };
        let mut server = Server::onboardings(0, |_| vec![]);
        server.rows = rows.iter().enumerate().map(keep).collect();
        let query: Vec<_> = filter.map(|phase| ("phase", PHASES[phase])).into_iter().collect();
        let all = walked(walk_over("list_onboardings", &query), &server);
        let once: BTreeSet<&String> = all.seen.iter().collect();
        prop_assert_eq!(once.len(), all.seen.len(), "a row came twice");
        if all.failed.is_none() {
            let meets = |row: &Kept| query.iter().all(|(name, value)| row.field(name) == Some(*value));
            for (id, row) in server.rows.iter().filter(|(id, row)| meets(row) && !once.contains(id)) {
                prop_assert!(all.note.is_some() && row.field("phase") == Some("limbo"), "{} was lost", id);
            }
        }
        // Slices that fit a page are no reason to fail.
        let fits = |at| PHASES.iter().all(|phase| {
            (0..4).all(|state| {
                let state = ["active", "paused", "at_risk", "waiting"][state];
                let slice = |row: &&Kept| row.at == at && row.field("phase") == Some(phase)
                    && (row.field("state") == Some(state) || row.field("waiting_on_customer").is_some());
                server.rows.values().filter(slice).count() < 100
            })
        });
        prop_assert!(all.failed.is_none() || odd.is_some() || !(fits(EPOCH) && fits(EPOCH - 1)));
    }
}
