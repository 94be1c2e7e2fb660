//! What schedules mean, and what is said of texts that mean nothing.

use super::{Change, Schedule};
use jiff::{Timestamp, tz::TimeZone};

fn told(text: &str) -> String {
    let bad = Schedule::parse(text).expect_err(text);
    format!("{}; {}", bad.message, bad.hint)
}

/// The next due times, as they stand on the wall there.
fn due(text: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let (schedule, zone) = (Schedule::parse(text).unwrap(), TimeZone::get(zone).unwrap());
    let walk = schedule.after(from.parse().unwrap(), &zone);
    walk.take(count)
        .map(|due| due.at.to_zoned_datetime(zone.clone()).strftime("%a %F %H:%M:%S %Z").to_string())
        .collect()
}

#[test]
fn a_schedule_has_one_text_for_all_ways_to_write_it() {
    for (written, text) in
        [(" 0  7 * * mon-fri ", "0 7 * * MON-FRI"), ("@Daily", "@daily"), ("Every  15m", "every 15m")]
    {
        assert_eq!(Schedule::parse(written).unwrap().text(), text);
    }
}

#[test]
fn lists_steps_names_and_days_by_number_mean_what_they_say() {
    let from = "2026-05-26T12:00:00Z";
    for (text, wanted) in [
        (
            "0 7 * * MON-FRI",
            ["Wed 2026-05-27 07:00:00 UTC", "Thu 2026-05-28 07:00:00 UTC", "Fri 2026-05-29 07:00:00 UTC"],
        ),
        (
            "0 7 * * fri-sun",
            ["Fri 2026-05-29 07:00:00 UTC", "Sat 2026-05-30 07:00:00 UTC", "Sun 2026-05-31 07:00:00 UTC"],
        ),
        ("*/20 * * * *", ["Tue 2026-05-26 12:20:00 UTC", "Tue 2026-05-26 12:40:00 UTC", "Tue 2026-05-26 13:00:00 UTC"]),
        (
            "40/10 12 * * *",
            ["Tue 2026-05-26 12:40:00 UTC", "Tue 2026-05-26 12:50:00 UTC", "Wed 2026-05-27 12:40:00 UTC"],
        ),
        (
            "5,1 8-18/5 * * *",
            ["Tue 2026-05-26 13:01:00 UTC", "Tue 2026-05-26 13:05:00 UTC", "Tue 2026-05-26 18:01:00 UTC"],
        ),
        ("0 0 L * *", ["Sun 2026-05-31 00:00:00 UTC", "Tue 2026-06-30 00:00:00 UTC", "Fri 2026-07-31 00:00:00 UTC"]),
        (
            "0 0 * * MON#1",
            ["Mon 2026-06-01 00:00:00 UTC", "Mon 2026-07-06 00:00:00 UTC", "Mon 2026-08-03 00:00:00 UTC"],
        ),
        ("0 0 * * FRIL", ["Fri 2026-05-29 00:00:00 UTC", "Fri 2026-06-26 00:00:00 UTC", "Fri 2026-07-31 00:00:00 UTC"]),
        ("0 0 * * 5L", ["Fri 2026-05-29 00:00:00 UTC", "Fri 2026-06-26 00:00:00 UTC", "Fri 2026-07-31 00:00:00 UTC"]),
        ("0 0 * * 0,7", ["Sun 2026-05-31 00:00:00 UTC", "Sun 2026-06-07 00:00:00 UTC", "Sun 2026-06-14 00:00:00 UTC"]),
        // Both fields for days are restricted: either is enough. One begins with `*`: both must match.
        ("0 0 13 * FRI", ["Fri 2026-05-29 00:00:00 UTC", "Fri 2026-06-05 00:00:00 UTC", "Fri 2026-06-12 00:00:00 UTC"]),
        (
            "0 0 */13 * FRI",
            ["Fri 2026-08-14 00:00:00 UTC", "Fri 2026-11-27 00:00:00 UTC", "Fri 2027-01-01 00:00:00 UTC"],
        ),
        ("0 0 29 FEB *", ["Tue 2028-02-29 00:00:00 UTC", "Sun 2032-02-29 00:00:00 UTC", "Fri 2036-02-29 00:00:00 UTC"]),
        ("@hourly", ["Tue 2026-05-26 13:00:00 UTC", "Tue 2026-05-26 14:00:00 UTC", "Tue 2026-05-26 15:00:00 UTC"]),
        ("@daily", ["Wed 2026-05-27 00:00:00 UTC", "Thu 2026-05-28 00:00:00 UTC", "Fri 2026-05-29 00:00:00 UTC"]),
        ("@midnight", ["Wed 2026-05-27 00:00:00 UTC", "Thu 2026-05-28 00:00:00 UTC", "Fri 2026-05-29 00:00:00 UTC"]),
        ("@weekly", ["Sun 2026-05-31 00:00:00 UTC", "Sun 2026-06-07 00:00:00 UTC", "Sun 2026-06-14 00:00:00 UTC"]),
        ("@monthly", ["Mon 2026-06-01 00:00:00 UTC", "Wed 2026-07-01 00:00:00 UTC", "Sat 2026-08-01 00:00:00 UTC"]),
        ("@yearly", ["Fri 2027-01-01 00:00:00 UTC", "Sat 2028-01-01 00:00:00 UTC", "Mon 2029-01-01 00:00:00 UTC"]),
        ("every 15m", ["Tue 2026-05-26 12:15:00 UTC", "Tue 2026-05-26 12:30:00 UTC", "Tue 2026-05-26 12:45:00 UTC"]),
        ("every 7s", ["Tue 2026-05-26 12:00:02 UTC", "Tue 2026-05-26 12:00:09 UTC", "Tue 2026-05-26 12:00:16 UTC"]),
    ] {
        assert_eq!(due(text, "UTC", from, 3), wanted, "{text}");
    }
}

#[test]
fn a_change_of_the_clocks_moves_what_is_fixed_and_is_followed_by_what_is_not() {
    let (spring, autumn) = ("2026-03-08T06:00:00Z", "2026-11-01T04:00:00Z");
    let york = "America/New_York";
    assert_eq!(due("30 2 * * *", york, spring, 2), ["Sun 2026-03-08 03:00:00 EDT", "Mon 2026-03-09 02:30:00 EDT"]);
    assert_eq!(due("30 */2 * * *", york, spring, 2), ["Sun 2026-03-08 04:30:00 EDT", "Sun 2026-03-08 06:30:00 EDT"]);
    assert_eq!(due("30 1 * * *", york, autumn, 2), ["Sun 2026-11-01 01:30:00 EDT", "Mon 2026-11-02 01:30:00 EST"]);
    assert_eq!(
        due("30 * * * *", york, autumn, 3),
        ["Sun 2026-11-01 00:30:00 EDT", "Sun 2026-11-01 01:30:00 EDT", "Sun 2026-11-01 01:30:00 EST"]
    );
    // Half an hour: 02:00 becomes 02:30, and 02:00 becomes 01:30.
    let howe = "Australia/Lord_Howe";
    assert_eq!(due("15 2 * * *", howe, "2026-10-03T15:00:00Z", 1), ["Sun 2026-10-04 02:30:00 +11"]);
    assert_eq!(
        due("*/30 * * * *", howe, "2026-04-04T14:00:00Z", 4),
        [
            "Sun 2026-04-05 01:30:00 +11",
            "Sun 2026-04-05 01:30:00 +1030",
            "Sun 2026-04-05 02:00:00 +1030",
            "Sun 2026-04-05 02:30:00 +1030"
        ]
    );
    // At midnight: the day begins at 01:00, and 23:00 to 24:00 comes twice.
    let santiago = "America/Santiago";
    assert_eq!(due("0 0 * * *", santiago, "2026-09-05T12:00:00Z", 1), ["Sun 2026-09-06 01:00:00 -03"]);
    assert_eq!(
        due("30 23 * * *", santiago, "2026-04-04T12:00:00Z", 2),
        ["Sat 2026-04-04 23:30:00 -03", "Sun 2026-04-05 23:30:00 -04"]
    );
    // At one minute past midnight (until 2011): the dates interleave.
    assert_eq!(
        due("0 0,23 * * *", "America/St_Johns", "2010-11-06T12:00:00Z", 4),
        [
            "Sat 2010-11-06 23:00:00 NDT",
            "Sun 2010-11-07 00:00:00 NDT",
            "Sun 2010-11-07 23:00:00 NST",
            "Mon 2010-11-08 00:00:00 NST"
        ]
    );
    assert_eq!(
        due("*/30 * * * *", "America/St_Johns", "2010-11-07T02:00:00Z", 5),
        [
            "Sun 2010-11-07 00:00:00 NDT",
            "Sat 2010-11-06 23:30:00 NST",
            "Sun 2010-11-07 00:00:00 NST",
            "Sun 2010-11-07 00:30:00 NST",
            "Sun 2010-11-07 01:00:00 NST"
        ]
    );
    // A date that Samoa left out.
    assert_eq!(due("0 7 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 1), ["Sat 2011-12-31 00:00:00 +14"]);
}

#[test]
fn several_times_that_fall_together_are_one_and_say_so() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let from: Timestamp = "2026-03-29T00:00:00Z".parse().unwrap();
    let first = |text: &str| Schedule::parse(text).unwrap().after(from, &zone).next().unwrap();
    let due = first("0,30 2 * * *");
    assert_eq!((due.change, due.also.len()), (Some(Change::Skipped), 1));
    let reason = "02:00 and 02:30 do not come on this day; this is the first moment after";
    assert_eq!(due.reason().as_deref(), Some(reason));
    // 03:00 comes, and speaks for the others.
    let due = first("0,30 2,3 * * *");
    assert_eq!((due.change, due.also.len()), (None, 2));
    assert_eq!(due.reason().as_deref(), Some("02:00 and 02:30 do not come on this day; this stands for it too"));
    let reason = "02:30 does not come on this day; this is the first moment after";
    assert_eq!(first("30 2 * * *").reason().as_deref(), Some(reason));
    let autumn: Timestamp = "2026-10-24T23:30:00Z".parse().unwrap();
    let reasons = |text: &str| {
        let schedule = Schedule::parse(text).unwrap();
        schedule.after(autumn, &zone).take(2).map(|due| due.reason().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(reasons("30 2 * * *"), ["02:30 comes twice on this day; the first counts", ""]);
    assert_eq!(
        reasons("30 * * * *"),
        ["02:30 comes twice on this day; this is the first", "02:30 comes twice on this day; this is the second"]
    );
}

#[test]
fn a_schedule_without_a_date_in_eight_years_is_never_due() {
    assert_eq!(due("0 0 30 2 *", "UTC", "2026-05-26T00:00:00Z", 1), [""; 0]);
    assert_eq!(due("0 0 31 4 *", "UTC", "2026-05-26T00:00:00Z", 1), [""; 0]);
    // 2100 is no leap year.
    assert_eq!(due("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", 1), ["Fri 2104-02-29 00:00:00 UTC"]);
    assert_eq!(due("* * * * *", "UTC", "9999-12-30T21:59:00Z", 2), ["Thu 9999-12-30 22:00:00 UTC"]);
}

#[test]
fn a_text_that_is_no_schedule_is_told_what_is_wrong_with_it() {
    let example = "write minute, hour, day, month and day of the week, such as `0 7 * * MON-FRI`";
    for (text, wanted) in [
        ("@reboot", "`@reboot` is no time; start the script when the machine starts instead".to_string()),
        (
            "@dayly",
            "there is no schedule `@dayly`; use `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly` or `@yearly`"
                .into(),
        ),
        ("0 0 7 * * *", format!("`0 0 7 * * *` has six fields; seconds are not supported; {example}")),
        ("0 7 * *", format!("`0 7 * *` has 4 fields, not five; {example}")),
        ("", format!("`` has 0 fields, not five; {example}")),
        ("61 7 * * *", "there is no minute 61; minutes go from 0 to 59".into()),
        ("0 24 * * *", "there is no hour 24; hours go from 0 to 23".into()),
        ("0 7 0 * *", "there is no day of the month 0; days of the month go from 1 to 31".into()),
        ("0 7 * 13 *", "there is no month 13; months go from 1 to 12".into()),
        ("0 7 * JANU *", "`JANU` is no month; did you mean `JAN`?".into()),
        ("0 7 * * MOM", "`MOM` is no day of the week; did you mean `MON`?".into()),
        ("0 7 * * 8", "there is no day of the week 8; days of the week go from 0 to 7".into()),
        ("0 7 ? * *", "`?` is no day of the month; write `*` where every value will do".into()),
        ("0 7 15W * *", "`15W` is no day of the month; days of the month go from 1 to 31".into()),
        ("L 7 * * *", "`L` is no minute; minutes go from 0 to 59".into()),
        ("0 7 * * MON#6", "`MON#6` comes in no month; write `MON#1` to `MON#5`, or `MONL` for the last".into()),
        (
            "0 22-2 * * *",
            "`22-2` ends before it begins; write two ranges: `22-23` and `0-2`, with a comma between".into(),
        ),
        ("*/0 * * * *", "the step of `*/0` is 0; a step is a whole number from 1 on, such as `*/15`".into()),
        ("*/x * * * *", "the step of `*/X` is no number; a step is a whole number from 1 on, such as `*/15`".into()),
        (
            "*/90 * * * *",
            "`*/90` steps over all minutes, which end at 59; write `every 90m` as the whole schedule".into(),
        ),
        (
            "0 */48 * * *",
            "`*/48` steps over all hours, which end at 23; write `every 48h` as the whole schedule".into(),
        ),
        ("1,,2 * * * *", "`` is no minute; minutes go from 0 to 59".into()),
        ("+1 * * * *", "`+1` is no minute; minutes go from 0 to 59".into()),
        (
            "every 15",
            "`15` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`; write for example `every 15m`"
                .into(),
        ),
        ("every 0s", "`every 0s` would never end; write for example `every 15m`".into()),
        ("every 1500ms", "`every 1500ms` is no whole number of seconds; write for example `every 15m`".into()),
        ("every 9000h", "`every 9000h` is longer than a year; write for example `every 15m`".into()),
        ("@every 5m", "`@every 5m` is no schedule; write for example `every 15m`".into()),
        ("every 5 minutes", "`every 5 minutes` is no schedule; write for example `every 15m`".into()),
        ("every", "`every` is no schedule; write for example `every 15m`".into()),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
}
