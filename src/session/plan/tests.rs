//! Plans as documents: what is read back, what is refused and in which words, and how they are shown.

use super::{render::Options, *};
use crate::text::parse_rate;
use serde_json::Value;
use std::collections::BTreeMap;

fn exact(text: &str) -> Option<Exact> {
    Some(serde_json::from_str(text).unwrap())
}

fn head() -> Head {
    Head {
        onramp: "0.1.0".into(),
        id: "00ff".into(),
        created_at: "2026-05-26T12:00:00Z".parse().unwrap(),
        workspace: Workspace { id: "org_1".into(), slug: "acme".into() },
        script: Script { path: "scripts/<tidy>.rhai".into(), sha256: "ab".repeat(32) },
    }
}

fn update(position: usize, id: &str, field: &str, before: &str, after: &str) -> Entry {
    Entry {
        position,
        operation: "update_customer".into(),
        path: vec![id.into()],
        body: Some(format!("{{\"{field}\":{after}}}")),
        record: RecordRef {
            object: "customer".into(),
            id: id.into(),
            display_id: Some(100 + position as i64),
            label: Some("Acme <b>\u{1b}[31m".into()),
        },
        changes: vec![Change { field: field.into(), before: exact(before), after: exact(after) }],
        as_is: Default::default(),
        replaces: None,
        from: None,
        row: None,
        seen_updated_at: Some("2026-01-01T00:00:00Z".into()),
        undo: Undo::Yes,
        uses: BTreeMap::new(),
    }
}

fn create(position: usize) -> Entry {
    let mut entry = update(position, "new_customer_1", "name", "null", "\"=Bottle\"");
    entry.operation = "create_customer".into();
    entry.path.clear();
    entry.changes[0].before = None;
    entry.record.display_id = Some(provisional::DISPLAY + 1);
    entry.seen_updated_at = None;
    entry
}

fn delete(position: usize) -> Entry {
    let mut entry = update(position, "c9", "mrr", "125000", "null");
    entry.operation = "delete_customer".into();
    entry.body = None;
    entry.changes[0].after = None;
    entry.undo = Undo::NewId;
    let query = BTreeMap::from([("status".to_string(), "churned".to_string())]);
    entry.from = Some(ListFilter { operation: "list_customers".into(), path: Vec::new(), query });
    entry
}

fn plan() -> Plan {
    let mut to_new = update(3, "new_customer_1", "metadata", "null", "{\"a\":1e400}");
    to_new.uses.insert("new_customer_1".into(), 2);
    Plan::new(head(), vec![update(1, "c1", "status", "\"active\"", "\"churned\""), create(2), to_new, delete(4)], 7)
}

#[test]
fn a_plan_comes_back_as_it_was() {
    let plan = plan();
    let text = plan.to_json();
    assert_eq!(read(&text).unwrap(), plan);
    assert_eq!(text.lines().count(), 2 + plan.entries.len());
    let totals = Totals { creates: 1, updates: 2, deletes: 1, not_undoable: 1, unchanged: 7 };
    assert_eq!((plan.totals, plan.quote), (totals, Quote { writes: 4, reads: 3, children: 2, limit: None }));
    assert_eq!(plan.idempotency_key(2), "00ff-2");
    let empty = Plan::new(head(), Vec::new(), 0);
    assert_eq!(read(&empty.to_json()).unwrap(), empty);
}

#[test]
fn layout_is_no_damage() {
    let mut small = plan();
    // A formatter writes `1e400` as another number, and that is damage.
    small.entries[2].changes[0].after = exact("{\"a\":[1, 2]}");
    small.entries[2].body = Some("{\"metadata\":{\"a\":[1,2]}}".into());
    let small = Plan::new(head(), small.entries, 7);
    let value: Value = serde_json::from_str(&small.to_json()).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(read(&format!("\u{feff}{pretty}\n\n")).unwrap(), small);
}

/// Why a text is refused.
fn refused(text: &str) -> String {
    read(text).expect_err(text).message
}

#[test]
fn what_is_no_plan_is_called_what_it_is() {
    for (text, why) in [
        ("", "it ends in the middle of its JSON"),
        ("{\"format\":\"onramp-plan\",", "it ends in the middle of its JSON"),
        ("plan", "it is not JSON (line 1, column 1)"),
        ("[]", "it is JSON, but no plan"),
        ("{}", "it is JSON, but no plan: its `format` is not `onramp-plan`"),
        ("{\"format\":\"onramp-plan\"}", "it has no `version`"),
        (
            "{\"format\":\"onramp-plan\",\"version\":2,\"onramp\":\"9.0\"}",
            "it is a plan of version 2, made by onramp 9.0; this onramp reads version 1",
        ),
    ] {
        assert_eq!(refused(text), why);
    }
    let newer = read("{\"format\":\"onramp-plan\",\"version\":2}").unwrap_err();
    assert_eq!(newer.hint, "use the onramp that made it, or make the plan again with this one");
}

#[test]
fn a_damaged_plan_is_refused_with_what_is_damaged() {
    let text = plan().to_json();
    let cut = &text[..text.len() / 2];
    assert_eq!(refused(cut), "it ends in the middle of its JSON");
    for (from, to, why) in [
        (
            "\\\"churned\\\"",
            "\\\"archived\\\"",
            "it is damaged or was changed by hand: its `digest` is that of another plan",
        ),
        (
            "\"before\":\"active\"",
            "\"before\":null",
            "it is damaged or was changed by hand: its `digest` is that of another plan",
        ),
        (
            "\"id\":\"00ff\"",
            "\"id\":\"00fe\"",
            "it is damaged or was changed by hand: its `digest` is that of another plan",
        ),
        ("\"workspace\":", "\"space\":", "it is damaged: unknown field `space` (line 1, column"),
        ("\"position\":2", "\"position\":3", "it is damaged: entry 2 calls itself 3"),
        ("\"position\":2", "\"position\":\"2\"", "it is damaged: invalid type: string \"2\" (line 3, column"),
        ("create_customer", "get_me", "it is damaged: entry 2 names `get_me`, which is no operation that writes"),
        (
            "create_customer",
            "frobnicate",
            "it is damaged: entry 2 names `frobnicate`, which is no operation that writes",
        ),
        ("\"path\":[\"c9\"]", "\"path\":[]", "it is damaged: entry 4 has 0 for `delete_customer`, which takes 1 id"),
        (
            "\"uses\":{\"new_customer_1\":2}",
            "\"uses\":{\"new_customer_1\":4}",
            "it is damaged: entry 3 speaks of `new_customer_1`, which entry 4 does not make before it",
        ),
        (
            "\"uses\":{\"new_customer_1\":2}",
            "\"uses\":{\"new_customer_1\":0}",
            "it is damaged: entry 3 speaks of `new_customer_1`, which entry 0 does not make before it",
        ),
        (
            "\"uses\":{\"new_customer_1\":2}",
            "\"uses\":{\"c1\":1}",
            "it is damaged: entry 3 speaks of `c1`, which entry 1 does not make before it",
        ),
        ("\"updates\":2", "\"updates\":3", "it is damaged: its `totals` are not those of its entries"),
        ("\"writes\":4", "\"writes\":5", "it is damaged: its `quote` is not that of its entries"),
    ] {
        let damaged = text.replacen(from, to, 1);
        assert_ne!(damaged, text, "{from}");
        let said = refused(&damaged);
        assert!(said.starts_with(why), "{said}\n{why}");
    }
}

#[test]
fn the_text_shows_each_field_before_and_after() {
    let options = Options::default();
    let wanted = r#"update_customer: 2 writes
  Acme <b>\u{1b}[31m (customer 101, c1)
    status: "active" → "churned"
  Acme <b>\u{1b}[31m (customer new_customer_1)
    metadata: (empty) → {"a":1e400}

create_customer: 1 write
  Acme <b>\u{1b}[31m (customer new_customer_1)
    name: "=Bottle"

delete_customer: 1 write
! Acme <b>\u{1b}[31m (customer 104, c9)
    cannot be undone as it was: an undo makes it again under a new id, and its contacts and onboardings too
    mrr: 125000 → gone

4 writes: 1 create, 2 updates, 1 delete
7 other writes would change nothing and will not be sent
1 write cannot be undone as it was, marked with !
applying it takes about 9 requests: 4 writes, 3 reads to see that nothing has moved, 2 reads to keep what vanishes with what is deleted
at 2/min that is at least 4 min
"#;
    let plan = plan().with_rate(parse_rate("2/min").unwrap());
    assert_eq!(render::text(&plan, &options), wanted);
}

#[test]
fn one_write_is_one_line() {
    let plan = plan();
    assert_eq!(
        render::line(&plan.entries[0]),
        r#"update_customer Acme <b>\u{1b}[31m (customer 101, c1): status: "active" → "churned""#
    );
    assert_eq!(
        render::line(&plan.entries[3]),
        r#"delete_customer Acme <b>\u{1b}[31m (customer 104, c9): mrr: 125000 → gone"#
    );
}

#[test]
fn a_dry_run_says_at_each_write_that_it_is_not_sent_and_what_others_have_to_go() {
    let options = Options { not_sent: true, ..Options::default() };
    let text = render::text(&plan(), &options);
    assert_eq!(text.matches("NOT SENT ").count(), 4);
    assert!(text.contains("\n  NOT SENT Acme <b>") && text.contains("\n! NOT SENT Acme"), "{text}");
    let plan = plan().with_rate(parse_rate("5/min").unwrap());
    let alone = "at 5/min that is at least 1 min";
    for (others, more) in [
        (render::Others::default(), ""),
        (
            render::Others { runs: 1, writes: 1, silent: 0 },
            "; beside 1 other run at work, which has 1 write to go, at least 1 min",
        ),
        (
            render::Others { runs: 3, writes: 40, silent: 1 },
            "; beside 2 other runs at work, which have 40 writes to go, at least 9 min; longer beside 1 other run at work that \
             does not say how much is left",
        ),
    ] {
        let text = render::text(&plan, &Options { others, ..Options::default() });
        assert_eq!(text.lines().last(), Some(format!("{alone}{more}").as_str()));
    }
}

#[test]
fn a_long_plan_looks_again_at_what_waits_longer_than_five_minutes() {
    let entry = |n: usize, row| {
        let query = BTreeMap::from([("status".to_string(), "active".to_string())]);
        let from = ListFilter { operation: "list_customers".into(), path: Vec::new(), query };
        Entry { from: Some(from), row: Some(row), ..update(n, &format!("c{n}"), "plan", "null", "\"x\"") }
    };
    let dense = Plan::new(head(), (1..=5000).map(|n| entry(n, n)).collect(), 0);
    let rate = parse_rate("60/min").unwrap();
    // 52 reads before the first write and 248 writes are within five minutes; the others stand on pages 3 to 51.
    assert_eq!((dense.quote.reads, looks_again(&dense.entries, &dense.quote, rate)), (52, 49));
    assert_eq!(looks_again(&dense.entries, &dense.quote, parse_rate("6000/min").unwrap()), 0);
    let sparse = Plan::new(head(), (1..=400).map(|n| entry(n, n * 1000)).collect(), 0);
    assert_eq!((sparse.quote.reads, looks_again(&sparse.entries, &sparse.quote, rate)), (401, 400));
}

#[test]
fn long_groups_are_cut_and_all_of_them_shows_all() {
    let entries = (1..=25).map(|n| update(n, &format!("c{n}"), "plan", "null", &format!("\"{}\"", "x".repeat(150))));
    let plan = Plan::new(head(), entries.collect(), 0);
    let short = render::text(&plan, &Options::default());
    assert!(short.contains("  … and 5 (`--all` shows all)\n") && short.contains("x…\n"), "{short}");
    let all = render::text(&plan, &Options { all: true, ..Options::default() });
    assert!(!all.contains('…') && all.matches("    plan: ").count() == 25, "{all}");
}

#[test]
fn the_table_has_one_line_for_each_field() {
    let csv = render::csv(&plan());
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "position,operation,object,id,display_id,label,field,before,after,undo");
    assert_eq!(lines[1], "1,update_customer,customer,c1,101,Acme <b>\u{1b}[31m,status,active,churned,yes");
    assert!(lines[2].ends_with(",name,,'=Bottle,yes"), "{}", lines[2]);
    assert!(lines[3].ends_with(",metadata,(empty),\"{\"\"a\"\":1e400}\",yes"), "{}", lines[3]);
    assert_eq!(lines.len(), 6);
}

#[test]
fn the_page_is_whole_and_nothing_in_it_acts() {
    let page = render::html(&plan(), &Options::default());
    for forbidden in ["<script", "http://", "https://", "<img", "<b>", "\u{1b}", "src=", "href=", "onload"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for wanted in
        ["&lt;b&gt;", "scripts/&lt;tidy&gt;.rhai", "<h2>update_customer: 2 writes</h2>", "default-src &#39;none&#39;"]
    {
        let wanted = wanted.replace("&#39;", "'");
        assert!(page.contains(&wanted), "{wanted}\n{page}");
    }
    let open = page.matches("<tr").count();
    assert_eq!(open, page.matches("</tr>").count());
}

#[test]
fn a_plan_is_never_applied_with_an_id_that_is_not_there() {
    let plan = plan();
    let why = plan.entries[2].call(&BTreeMap::new()).unwrap_err();
    assert_eq!(why, "it speaks of `new_customer_1`, which entry 2 was to make and did not");
    let made = provisional::Made { id: "clx1".into(), display_id: 500 };
    let call = plan.entries[2].call(&BTreeMap::from([(2, made)])).unwrap();
    assert_eq!((call.operation.name, call.path[0].as_str()), ("update_customer", "clx1"));
    assert_eq!(call.body.as_deref(), Some(&b"{\"metadata\":{\"a\":1e400}}"[..]));
}
