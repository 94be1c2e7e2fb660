#!/usr/bin/env python3
"""Makes tests/data/cron.json: when schedules are due around the changes of the clocks in 2026, by others than onramp.

    pip install cronsim==2.8 tzdata && python3 scripts/dev/cron_fixtures.py > tests/data/cron.json

Two references: cronsim, which follows Debian's cron, and a walk over every minute in UTC that asks what the clock on the
wall shows. Where clocks change by whole hours both must agree, or nothing is written. Where they change by half an hour
(Lord Howe) cronsim steps over the change by whole hours, so there the walk alone counts.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim

ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC"]
HALF_HOUR = ["Australia/Lord_Howe"]
EXPRESSIONS = [
    "0 7 * * MON-FRI", "30 2 * * *", "15 2 * * *", "0,30 2,3 * * *", "45 1 * * *", "0 3 * * *", "*/20 * * * *",
    "15 * * * *", "0 */2 * * *", "0 0-23/2 * * *", "*/15 2 * * *", "*/15 0-3 * * SAT,SUN", "0 0 * * *", "30 0 * * SUN",
    "30 23 * * *", "59 23 * * SAT", "0 12 L * *", "0 9 * * MON#1", "0 0 13 * FRI", "5 4 */2 * MON", "0 3 1-7 * SUN",
    "7/20 1,2 * 3,4,9,10,11 *",
]
MINUTE = timedelta(minutes=1)


def utc(year, month=1, day=1):
    return datetime(year, month, day, tzinfo=timezone.utc)


def changes(zone):
    """The instants of 2026 at which the offset of a zone changes."""
    at, found = utc(2026), []
    while at < utc(2027):
        if at.astimezone(zone).utcoffset() != (at - MINUTE).astimezone(zone).utcoffset():
            found.append(at)
        at += MINUTE
    return found


def by_walk(expression, zone, begin, end):
    """What the clock on the wall shows in each minute, and what it leaves out."""
    spec = CronSim(expression, datetime(2026, 1, 1))  # for the sets of its fields
    minute, hour = expression.split()[:2]
    wildcard = minute.startswith("*") or hour.startswith("*")

    def matches(wall):
        times = wall.minute in spec.minutes and wall.hour in spec.hours
        return times and wall.month in spec.months and spec.match_day(wall.date())

    due, at = [], begin + MINUTE
    while at <= end:
        wall, before = at.astimezone(zone).replace(tzinfo=None), (at - MINUTE).astimezone(zone).replace(tzinfo=None)
        left_out = [before + MINUTE * n for n in range(1, int((wall - before) / MINUTE))]
        second = at.astimezone(zone).fold == 1
        if (matches(wall) and (wildcard or not second)) or (not wildcard and any(map(matches, left_out))):
            due.append(at)
        at += MINUTE
    return due


def by_cronsim(expression, zone, begin, end):
    due = []
    for at in CronSim(expression, begin.astimezone(zone)):
        at = at.astimezone(timezone.utc)
        if at > end:
            break
        # It gives back the end of a gap once for each time in the gap.
        if at > begin and at not in due:
            due.append(at)
    return due


def main():
    cases = []
    for name in ZONES:
        zone = ZoneInfo(name)
        moments = changes(ZoneInfo(name if name != "UTC" else ZONES[0]))
        assert len(moments) == 2, name
        for expression in EXPRESSIONS:
            often = len(by_cronsim(expression, zone, utc(2026), utc(2026, 3)))
            around = timedelta(hours=6 if often > 150 else 30)
            windows = [(at - around, at + around) for at in moments]
            if often < 20:
                windows.append((utc(2026), utc(2027)))
            for begin, end in windows:
                due = by_walk(expression, zone, begin, end)
                if name not in HALF_HOUR and due != by_cronsim(expression, zone, begin, end):
                    sys.exit(f"the references disagree: {expression} in {name} from {begin}")
                form = "%Y-%m-%dT%H:%MZ"
                times = {"from": begin.strftime(form), "to": end.strftime(form), "due": [at.strftime(form) for at in due]}
                cases.append({"zone": name, "schedule": expression, **times})
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
