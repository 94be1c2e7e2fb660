//! Due times held against what others say: fixtures that `scripts/dev/cron_fixtures.py` made with cronsim and with a walk
//! over every minute, and, for schedules at random, such a walk in here.

use jiff::{Span, Timestamp, ToSpan, civil::DateTime, tz::TimeZone};
use onramp::cron::Schedule;
use proptest::prelude::*;
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

#[derive(Deserialize)]
struct Case {
    zone: String,
    schedule: String,
    from: Timestamp,
    to: Timestamp,
    due: Vec<Timestamp>,
}

#[test]
fn both_changes_of_2026_are_seen_as_others_see_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cron.json");
    let cases: Vec<Case> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let distinct = |of: fn(&Case) -> &str| cases.iter().map(of).collect::<BTreeSet<_>>().len();
    assert!(distinct(|case| &case.zone) >= 5 && distinct(|case| &case.schedule) >= 10);
    let mut wrong = Vec::new();
    for Case { zone, schedule, from, to, due } in cases {
        let read = Schedule::parse(&schedule).unwrap();
        let walk = read.after(from, &TimeZone::get(&zone).unwrap());
        let found: Vec<Timestamp> = walk.map(|due| due.at).take_while(|at| *at <= to).collect();
        if found != due {
            wrong.push(format!("{schedule} in {zone} from {from}\n  expected {due:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A field as it is written, and the values it means.
type Field = (String, BTreeSet<i8>);

/// A field of all ways to write one, between two values.
fn field(first: i8, last: i8) -> impl Strategy<Value = Field> {
    let some = prop::collection::btree_set(first..=last, 1..4);
    let words = |set: &BTreeSet<i8>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    prop_oneof![
        2 => Just(("*".to_string(), (first..=last).collect())),
        1 => (2..=last).prop_map(move |step| (format!("*/{step}"), (first..=last).step_by(step as usize).collect())),
        3 => some.prop_map(move |set| (words(&set), set)),
        2 => (first..=last, first..=last, 1..=last).prop_map(move |(a, b, step)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}/{step}"), (a..=b).step_by(step as usize).collect())
        }),
    ]
}

/// The days that a field for days means besides its values.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Besides {
    Nothing,
    /// `L`: the last of the month.
    Last,
    /// `MON#2`: this weekday, so many times in the month by then.
    Nth(i8, i8),
    /// `MONL`: the last of this weekday in the month.
    LastOf(i8),
}

/// A field for days as it is written, and what it means.
type Days = (String, BTreeSet<i8>, Besides);

const NAMES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The third field.
fn day() -> impl Strategy<Value = Days> {
    prop_oneof![
        4 => field(1, 31).prop_map(|(text, set)| (text, set, Besides::Nothing)),
        1 => Just(("L".to_string(), BTreeSet::new(), Besides::Last)),
        1 => (1_i8..=31).prop_map(|day| (format!("{day},L"), BTreeSet::from([day]), Besides::Last)),
    ]
}

/// The fifth field.
fn weekday() -> impl Strategy<Value = Days> {
    let name = |day: i8, by_name: bool| if by_name { NAMES[day as usize].to_string() } else { day.to_string() };
    prop_oneof![
        4 => field(0, 6).prop_map(|(text, set)| (text, set, Besides::Nothing)),
        1 => (0_i8..=6, 0_i8..=6, any::<bool>()).prop_map(move |(a, b, by_name)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{}-{}", name(a, by_name), name(b, by_name)), (a..=b).collect(), Besides::Nothing)
        }),
        1 => (0_i8..=6, 1_i8..=5, any::<bool>()).prop_map(move |(day, nth, by_name)| {
            (format!("{}#{nth}", name(day, by_name)), BTreeSet::new(), Besides::Nth(day, nth))
        }),
        1 => (0_i8..=6, 0_i8..=6, any::<bool>()).prop_map(move |(day, other, by_name)| {
            (format!("{other},{}L", name(day, by_name)), BTreeSet::from([other]), Besides::LastOf(day))
        }),
    ]
}

/// Whether a field for days means a date; `value` is what its values are about.
fn means((_, set, besides): &Days, wall: DateTime, value: i8) -> bool {
    let (weekday, last) = (wall.weekday().to_sunday_zero_offset(), wall.date().days_in_month());
    set.contains(&value)
        || match *besides {
            Besides::Nothing => false,
            Besides::Last => wall.day() == last,
            Besides::Nth(day, nth) => weekday == day && (7 * nth - 6..=7 * nth).contains(&wall.day()),
            Besides::LastOf(day) => weekday == day && wall.day() > last - 7,
        }
}

/// What the five fields ask for.
#[derive(Clone, Debug)]
struct Asked {
    minute: Field,
    hour: Field,
    day: Days,
    month: Field,
    weekday: Days,
}

impl Asked {
    fn text(&self) -> String {
        let words = [&self.minute.0, &self.hour.0, &self.day.0, &self.month.0, &self.weekday.0];
        words.map(String::as_str).join(" ")
    }

    fn is_wildcard(&self) -> bool {
        self.minute.0.starts_with('*') || self.hour.0.starts_with('*')
    }

    fn matches(&self, wall: DateTime) -> bool {
        let by_day = means(&self.day, wall, wall.day());
        let by_week = means(&self.weekday, wall, wall.weekday().to_sunday_zero_offset());
        let both = self.day.0.starts_with('*') || self.weekday.0.starts_with('*');
        let (minute, hour) = (self.minute.1.contains(&wall.minute()), self.hour.1.contains(&wall.hour()));
        minute
            && hour
            && self.month.1.contains(&wall.month())
            && if both { by_day && by_week } else { by_day || by_week }
    }
}

/// What the clock on the wall shows in each minute of UTC, and what it leaves out, without anything of the walker's.
fn by_minutes(asked: &Asked, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let (wildcard, matches) = (asked.is_wildcard(), |wall| asked.matches(wall));
    let one: Span = 1.minute();
    let (mut due, mut seen) = (Vec::new(), BTreeSet::new());
    // What the wall showed up to a day before can come again.
    let mut at = from - 24.hours();
    let mut before = zone.to_datetime(at);
    while at < to {
        at += one;
        let wall = zone.to_datetime(at);
        let again = !seen.insert(wall);
        let mut left_out = before.checked_add(one).unwrap();
        let mut in_gap = false;
        while left_out < wall {
            in_gap |= matches(left_out);
            left_out = left_out.checked_add(one).unwrap();
        }
        let is_due = if wildcard { matches(wall) } else { in_gap || matches(wall) && !again };
        if is_due && at > from {
            due.push(at);
        }
        before = wall;
    }
    due
}

/// Zones, each with a day on which its clocks change or a day after it does: by an hour, by half an hour, at midnight, one
/// minute after it, by a whole day.
const CHANGES: &[(&str, &str)] = &[
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Santiago", "2026-04-05T03:00:00Z"),
    ("America/Santiago", "2026-09-06T04:00:00Z"),
    ("America/St_Johns", "2010-03-14T03:31:00Z"),
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ("Africa/Cairo", "2026-04-23T22:00:00Z"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Pyongyang", "2018-05-04T15:00:00Z"),
    ("UTC", "2026-12-31T23:59:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn due_times_come_later_and_later_and_are_those_of_a_walk_over_every_minute(
        (minute, hour, day, month, weekday) in (field(0, 59), field(0, 23), day(), field(1, 12), weekday()),
        change in prop::sample::select(CHANGES),
        before in 0_i64..3000,
        seconds in 0_i64..60,
    ) {
        // Few months and days at random would be due in the days that are looked at.
        let month = if before % 3 == 0 { month } else { ("*".to_string(), (1..=12).collect()) };
        let day = if before % 2 == 0 { day } else { ("*".to_string(), (1..=31).collect(), Besides::Nothing) };
        let asked = Asked { minute, hour, day, month, weekday };
        let text = asked.text();
        let zone = TimeZone::get(change.0).unwrap();
        let at: Timestamp = change.1.parse().unwrap();
        let from = at - before.minutes() - seconds.seconds();
        let to = at + 48.hours();
        let schedule = Schedule::parse(&text).unwrap();
        let found: Vec<Timestamp> = schedule.after(from, &zone).map(|due| due.at).take_while(|at| *at <= to).collect();
        prop_assert!(found.first().is_none_or(|first| *first > from), "{text}");
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{text}: {found:?}");
        let expected = by_minutes(&asked, &zone, floor(from), to);
        let expected: Vec<Timestamp> = expected.into_iter().filter(|at| *at > from).collect();
        prop_assert_eq!(found, expected, "{} in {} from {}", text, change.0, from);
    }

    #[test]
    fn where_a_walk_begins_changes_nothing_of_what_follows(
        fields in (field(0, 59), field(0, 23)), change in prop::sample::select(CHANGES), before in 0_i64..3000,
    ) {
        let schedule = Schedule::parse(&format!("{} {} * * *", fields.0.0, fields.1.0)).unwrap();
        let zone = TimeZone::get(change.0).unwrap();
        let from = change.1.parse::<Timestamp>().unwrap() - before.minutes();
        let all: Vec<Timestamp> = schedule.after(from, &zone).map(|due| due.at).take(40).collect();
        let mut cursor = from;
        for at in all {
            let next = schedule.after(cursor, &zone).next().unwrap();
            prop_assert_eq!(next.at, at);
            cursor = at;
        }
    }
}

/// The whole minute before.
fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap()
}
