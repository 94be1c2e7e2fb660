//! Times, through the engine.

use super::*;
use jiff::{SignedDuration, tz::TimeZone};
use proptest::prelude::*;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn time(text: &str) -> Time {
    Time::parse(text, berlin()).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_usual_forms_are_read() {
    for (text, shown) in [
        ("2026-05-26", "2026-05-26T00:00:00+02:00"),
        ("2026-05-26T17:21:09Z", "2026-05-26T19:21:09+02:00"),
        ("2026-05-26T17:21:09.25+05:30", "2026-05-26T13:51:09.25+02:00"),
        ("2026-05-26 17:21", "2026-05-26T17:21:00+02:00"),
        (" 2026-01-26T17:21:09 ", "2026-01-26T17:21:09+01:00"),
        ("2026-05-26T17:21:09[America/New_York]", "2026-05-26T23:21:09+02:00"),
        // An hour that the clocks leave out, and one that they show twice: the later and the earlier one.
        ("2026-03-29T02:30", "2026-03-29T03:30:00+02:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),
    ] {
        assert_eq!(time(text).to_string(), shown, "{text}");
    }
    for text in ["", "today", "26.05.2026", "2026-13-01", "2026-02-30", "2026", "17:21"] {
        assert_eq!(Time::parse(text, berlin()), None, "{text}");
    }
}

#[test]
fn a_day_is_a_day_of_the_calendar_and_an_hour_is_an_hour() {
    let before = time("2026-03-28T12:00");
    assert_eq!(before.plus(Span::of_days(1).unwrap()).unwrap(), time("2026-03-29T12:00"));
    assert_eq!(before.plus(Span::of_seconds(24, 3600).unwrap()).unwrap(), time("2026-03-29T13:00"));
    let day = time("2026-03-29T12:00").since(&before).unwrap();
    assert_eq!((day.days, day.exact.as_hours(), day.to_string()), (1, 23, "1 day".to_string()));
    assert_eq!(day, Span::of_days(1).unwrap());
    assert_eq!(time("2026-03-30").days_until(&time("2026-03-28T23:59")), Some(-2));
    assert_eq!(time("2026-01-31").plus_months(1).unwrap(), time("2026-02-28"));
    assert_eq!(time("2024-02-29").plus_months(-12).unwrap(), time("2023-02-28"));
}

#[test]
fn spans_have_forms_for_people_and_for_machines() {
    let span = |days, seconds| Span {
        days,
        rest: SignedDuration::from_millis(seconds),
        exact: SignedDuration::from_millis(days * 86_400_000 + seconds),
    };
    for (span, words, iso) in [
        (span(0, 0), "0 s", "PT0S"),
        (span(13, 4 * 3_600_000 + 20 * 60_000), "13 days 4 h 20 min", "P13DT4H20M"),
        (span(-1, -500), "-1 day 0.5 s", "-P1DT0.5S"),
        (span(0, 90_000), "1 min 30 s", "PT1M30S"),
        (span(2, -3_600_000), "1 day 23 h", "P1DT23H"),
        (span(7, 0), "7 days", "P7D"),
    ] {
        assert_eq!((span.to_string().as_str(), span.to_iso().as_str()), (words, iso));
    }
}

#[test]
fn what_is_beyond_all_times_is_refused() {
    assert!(Span::of_days(i64::MAX).is_none() && Span::of_seconds(i64::MAX, 3600).is_none());
    assert!(time("9999-12-01").plus(Span::of_days(60).unwrap()).is_none());
    assert!(time("2026-01-01").plus_months(i64::MAX).is_none());
    assert!(Span::of_days(7_000_000).unwrap().times(i64::MAX).is_none());
    let (message, hint) = zone_named("Europe/Berln").unwrap_err();
    assert_eq!(
        (message.as_str(), hint.as_str()),
        ("there is no time zone `Europe/Berln`", "did you mean `Europe/Berlin`?")
    );
}

proptest! {
    #[test]
    fn the_difference_leads_from_one_time_to_the_other(a in -30_000_000_000_i64..30_000_000_000, b in -30_000_000_000_i64..30_000_000_000) {
        let at = |seconds| Time(jiff::Timestamp::from_second(seconds).unwrap().to_zoned_datetime(berlin()));
        let (a, b) = (at(a), at(b));
        let span = a.since(&b).unwrap();
        prop_assert_eq!(b.plus(span).unwrap(), a);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in any::<String>()) {
        Time::parse(&text, berlin());
    }
}
