//! The language of faults, by its examples, its messages and its properties.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn refused(text: &str) -> String {
    text.parse::<Fault>().expect_err(text)
}

#[test]
fn each_form_is_read_and_shown_in_one_way() {
    for (text, shown) in [
        ("status=503", "status=503"),
        ("*:status=400@3", "status=400@3"),
        ("update_customer:reset-after@2-2", "update-customer:reset-after@2"),
        ("create-customer-contact:reset-before@1-3", "create-customer-contact:reset-before@1-3"),
        ("get-health:cut@3-", "get-health:cut@3-"),
        ("429", "429=1s"),
        ("429=1m@100%", "429=60s@100%"),
        ("html", "html=502"),
        ("html=200@1%", "html=200@1%"),
        ("delay=2s", "delay=2s"),
        ("delay=1500ms", "delay=1500ms"),
        ("empty", "empty"),
        ("revoke@007", "revoke@7"),
    ] {
        assert_eq!(text.parse::<Fault>().expect(text).to_string(), shown);
    }
}

#[test]
fn a_text_that_is_no_fault_says_what_is_wrong_and_what_is_wanted() {
    let words = "`status`, `429`, `html`, `reset-before`, `revoke`, `reset-after`, `cut`, `empty` or `delay`";
    for (text, message) in [
        ("", format!("the fault is missing; write {words}")),
        ("get-me:@3", format!("the fault is missing; write {words}")),
        ("explode", format!("there is no fault `explode`; write {words}")),
        ("stauts=503", "there is no fault `stauts`; did you mean `status`?".into()),
        ("503", "there is no fault `503`; write a status as `status=503`".into()),
        ("reset", "there is no fault `reset`; write `reset-before` or `reset-after`".into()),
        ("status", "`status` needs a number from 400 to 599; write for example `status=503`".into()),
        ("status=200", "`status` needs a number from 400 to 599; write for example `status=503`".into()),
        ("status=429", "a 429 is written `429`, or `429=3s` with its `Retry-After`".into()),
        ("html=204", "`html` needs 200 or a number from 400 to 599; write for example `html=200`".into()),
        ("cut=3", "`cut` takes no value; write `cut` alone".into()),
        ("delay", "`delay` needs a time; write for example `delay=2s`".into()),
        ("delay=2", "`2` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`".into()),
        ("429=1500ms", "`1500ms` is not a number of whole seconds; write for example `429=3s`".into()),
        ("updat-customer:cut", "there is no operation `updat-customer`; did you mean `update-customer`?".into()),
        (
            "explode:cut",
            "there is no operation `explode`; write for example `update-customer`, or `*` for every operation".into(),
        ),
        ("5%:cut", "there is no operation `5%`; write when it happens at the end, as in `status=503@5%`".into()),
        ("get-health:revoke", "`get-health` needs no key, so there is none to revoke; name another operation".into()),
        (
            "a\u{1b}[31m:cut",
            "there is no operation `a\\u{1b}[31m`; write for example `update-customer`, or `*` for every operation"
                .into(),
        ),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
    for when in ["", "0", "x2", "-2", "5-3", "0-3", "3-x", "0%", "101%", "%", "+3", " 3", "2.5%", "3@4"] {
        assert_eq!(
            refused(&format!("cut@{when}")),
            format!("`@{when}` does not say when; write for example `@3`, `@1-3`, `@3-` or `@10%`, counted from 1")
        );
    }
}

#[test]
fn every_example_of_the_help_is_a_fault() {
    let (_, examples) = super::super::HELP.split_once("Examples: ").unwrap();
    let examples: Vec<&str> = examples.split_whitespace().collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        example.trim_matches('\'').parse::<Fault>().expect(example);
    }
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let operations: Vec<_> = routes::operation_ids().filter(|id| *id != super::super::KEYLESS).collect();
    let kind = prop_oneof![
        (400_u16..600).prop_filter("has a form of its own", |s| *s != 429).prop_map(Kind::Status),
        (0_u64..100_000).prop_map(Kind::RateLimited),
        prop_oneof![Just(200_u16), 400_u16..600].prop_map(Kind::Html),
        (0_u64..10_000_000).prop_map(|ms| Kind::Delay(Duration::from_millis(ms))),
        Just(Kind::ResetBefore),
        Just(Kind::ResetAfter),
        Just(Kind::Revoke),
        Just(Kind::Cut),
        Just(Kind::Empty),
    ];
    let when = prop_oneof![
        Just(When::Always),
        (1_u64.., prop::option::of(0_u64..50))
            .prop_map(|(from, more)| When::Numbers(from, more.map(|more| from.saturating_add(more)))),
        (1_u8..=100).prop_map(When::Share),
    ];
    (prop::option::of(prop::sample::select(operations)), kind, when).prop_map(|(operation, kind, when)| Fault {
        operation,
        kind,
        when,
    })
}

proptest! {
    #[test]
    fn what_is_shown_reads_as_the_same_fault(fault in any_fault()) {
        prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
    }

    #[test]
    fn no_text_makes_it_panic_and_a_message_is_one_line(text in "\\PC*|[a-z0-9=@:%*-]{0,24}") {
        if let Err(message) = text.parse::<Fault>() {
            prop_assert!(!message.is_empty() && !message.contains('\n') && !message.ends_with('.'), "{}", message);
        }
    }
}
