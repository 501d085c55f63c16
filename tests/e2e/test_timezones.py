#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times that name no zone, beside the runtime's stamp: every zone of the tz database, around every change.

The oracle is Python's zoneinfo: what a clock in the zone shows at a moment is written into a line that the
runtime stamps a little later; clew has to find the moment.
"""

import datetime
import json
import random
import zoneinfo

import clew

UTC = datetime.timezone.utc
FROM, TO = (datetime.datetime(year, 1, 1, tzinfo=UTC) for year in (1973, 2038))
STEP = datetime.timedelta(days=9)  # no zone changes and changes back within it, but for Ramadan's ends
FORMS = ("%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S.%f", "%d/%b/%Y:%H:%M:%S.%f",
         "%b %d %H:%M:%S.%f", "%H:%M:%S.%f")
SPREAD = (-7200, -5400, -3601, -3599, -1800, -1, 0, 1, 1800, 3599, 3601, 5400, 7200)
DELAYS = (0, 0.2, 3, 60, 700)


def changes_of(zone):
    """The moments, to the second, at which the zone's offset changes."""
    def offset(moment):
        return moment.astimezone(zone).utcoffset()
    before = FROM
    while before < TO:
        after = before + STEP
        if offset(before) != offset(after):
            low, high = before, after
            while high - low > datetime.timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            yield high
        before = after


def is_found(moment, zone):
    """Clocks that are not a multiple of a quarter of an hour off are not guessed."""
    return moment.astimezone(zone).utcoffset().total_seconds() % 900 == 0


def cases(seed):
    """(moment, zone, delay, form)"""
    chance = random.Random(seed)
    for name in sorted(zoneinfo.available_timezones()):
        zone = zoneinfo.ZoneInfo(name)
        changes = list(changes_of(zone))
        for change in chance.sample(changes, min(len(changes), 12)):
            for seconds in chance.sample(SPREAD, 6):
                yield change + datetime.timedelta(seconds=seconds, microseconds=123456), zone
        for _ in range(6):
            days = chance.randrange((TO - FROM).days)
            yield FROM + datetime.timedelta(days=days, seconds=chance.randrange(86400)), zone


def cri(stamp, text):
    return f"{stamp.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z stdout F {text}\n"


def times_of(path, *arguments):
    out = clew.run_ok("parse", *arguments, path).out
    return [int(json.loads(line)["timeUnixNano"]) for line in out.splitlines()]


def nanos(moment):
    return int((moment - datetime.datetime(1970, 1, 1, tzinfo=UTC)) / datetime.timedelta(microseconds=1)) * 1000


def test_a_local_time_lies_next_to_the_runtimes_stamp_in_every_zone(tmp):
    chance = random.Random(7)
    wanted, told = [], []
    with open(tmp / "0.log", "w", encoding="utf-8") as out:
        for moment, zone in cases(7):
            if is_found(moment, zone):
                delay, form = chance.choice(DELAYS), chance.choice(FORMS)
                text = moment.astimezone(zone).strftime(form) + " INFO ready"
                out.write(cri(moment + datetime.timedelta(seconds=delay), text))
                wanted.append(nanos(moment))
                told.append(f"{text} in {zone.key}, {delay} s before {moment}")
    found = times_of(tmp / "0.log")
    clew.equal(len(found), len(wanted))
    assert len(wanted) > 20000, len(wanted)
    wrong = [f"{what}: {(got - right) / 1e9} s off"
             for what, got, right in zip(told, found, wanted) if got != right]
    clew.equal(wrong[:10], [], f"{len(wrong)} of {len(wanted)}")


def test_both_hours_of_an_october_night_are_told_apart(tmp):
    (tmp / "0.log").write_text("".join(
        f"{stamp}Z stdout F {text}\n" for stamp, text in (
            ("2026-10-25T00:30:00.200000000", "2026-10-25 02:30:00,100 INFO first"),
            ("2026-10-25T01:30:00.200000000", "2026-10-25 02:30:00,100 INFO second"),
            ("2026-11-30T16:30:00.100000000", "2026-11-30 17:30:00,100 INFO an hour ahead"),
            ("2026-11-30T16:30:00.100000000", "2026-11-30T16:00:00.1+00:00 INFO it says so itself"),
            ("2026-11-30T16:30:00.100000000", '{"time":"2026-11-30T22:15:00.1","msg":"Kathmandu"}'))))
    for arguments in ((), ("--set", "trace.zone=Europe/Berlin")):
        clew.equal([t // 10**8 for t in times_of(tmp / "0.log", *arguments)],
                   [17928882001, 17928918001, 17960562001, 17960544001, 17960562001])


def test_a_line_that_was_held_back_goes_by_the_clock_of_its_log(tmp):
    (tmp / "0.log").write_text(
        "2026-11-30T16:30:00.1Z stdout F 2026-11-30 17:30:00,100 INFO an hour ahead\n"
        "2026-11-30T16:55:00.1Z stdout F 2026-11-30 17:35:00,100 INFO written twenty minutes late\n"
        "2026-11-30T16:55:00.1Z stdout F 2026-11-28 17:35:00,100 INFO of another day\n")
    first, late, other = (t // 10**9 for t in times_of(tmp / "0.log"))
    clew.equal((late - first, first - other), (300, 2 * 86400 - 300))


def test_without_a_stamp_of_the_runtime_the_zone_is_the_configs(tmp):
    (tmp / "a.log").write_text("2026-07-01 17:30:00,100 INFO hello\n")
    utc, = times_of(tmp / "a.log")
    berlin, = times_of(tmp / "a.log", "--set", "trace.zone=Europe/Berlin")
    clew.equal((utc - berlin) // 10**9, 7200)


if __name__ == "__main__":
    clew.main()
