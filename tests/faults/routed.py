# SPDX-License-Identifier: Apache-2.0
"""Filters and routes: what is dropped, what goes where, while clew is killed and one backend is away."""

import json
import sys

import clew
from clew import Failure
from far_end import FarEnd
from rig import Tally, scenario

KILLS = 2 if "--short" in sys.argv else 8
LINES = 300


def ends(digits):
    """A condition: the line's number ends in one of these digits."""
    return {"body": {"matches": rf"^\S+ \d*[{digits}] "}}


# Of both logs those that end in 0 are dropped. All others go to the first backend; to the second go
# those of one log that end in 3, and of the other all that do not end in 5 or 6.
FILTERS = [{"name": "noise", "drop": ends("0")}]
ROUTES = [
    {"name": "all", "match": {}, "outputs": ["first"]},
    {"name": "few", "match": {"path": ["few.log"]}, "outputs": ["second"],
     "filters": [{"keep": ends("3")}]},
    {"name": "most", "match": {"path": ["most.log"]}, "outputs": ["second"],
     "filters": [{"drop": ends("5")}, {"drop": ends("6")}]},
]
SHARES = {"few.log": "3", "most.log": "1234789"}


def config(rig, second):
    def output(name, url):
        return {"name": name, "endpoint": url, "batch": {"bytes": "8KiB", "age": "20ms"},
                "retry": {"initial": "50ms", "max": "200ms"}}
    return json.dumps({
        "data_dir": str(rig.tmp / "data"), "control": {"listen": f"127.0.0.1:{rig.control}"},
        "checkpoint_interval": "100ms", "shutdown_timeout": "5s",
        "inputs": [{"include": [str(rig.tmp / "logs" / "*.log*")], "scan_interval": "200ms"}],
        "filters": FILTERS, "routes": ROUTES,
        "outputs": [output("first", rig.far.url), output("second", second.url)]})


class Second:
    """What a tally asks of a rig, of the second backend."""

    def __init__(self, rig, far):
        self.rig, self.far, self.extra = rig, far, {}

    @property
    def logs(self):
        return self.rig.logs

    def tally(self):
        return Tally(self)


def share(log, digits):
    """Numbers that are to arrive."""
    return {n for n in range(log.count) if str(n)[-1] in digits}


def check(which, tally, logs, digits_of):
    for log in logs:
        missing = set(tally.missing.get(log.stream, ()))
        wanted = share(log, digits_of(log))
        arrived = set(range(log.count)) - missing
        if arrived != wanted:
            raise Failure(f"{which}, {log.path.name}: missing {sorted(wanted - arrived)[:10]}, "
                          f"not to be there {sorted(arrived - wanted)[:10]}")
    if tally.overtaken or tally.strange or tally.never_written:
        raise Failure(f"{which}: {tally.overtaken} overtaken, {tally.strange[:3]}, "
                      f"{tally.never_written}")


def books_of_outputs(m):
    """With several outputs a record is sent several times: the books are those of the outputs."""
    return int(m["clew_output_given_records"] + m["clew_output_restored_records"] - sum(
        m[f"clew_output_{end}_records"] for end in ("sent", "rejected", "refused", "dropped", "in_flight")))


def start(rig):
    rig.run = clew.Process(["run", "-c", rig.tmp / "clew.yaml"])
    rig.stack.push(rig.end_run)


@scenario("filters drop some, routes lead to two backends, one is away, kill -9", short=True)
def routed(rig):
    second = Second(rig, FarEnd().open())
    rig.stack.callback(second.far.close)
    (rig.tmp / "clew.yaml").write_text(config(rig, second.far))
    logs = [rig.log(name) for name in SHARES]
    rig.balance = books_of_outputs
    turn = 0

    def write():
        nonlocal turn
        turn += 1
        for _ in range(10):
            for log in logs:
                log.write(LINES // 10)
        if turn % 2 == 0:
            logs[turn // 2 % 2].rotate()

    def first_has_all():
        tally = rig.tally()
        return all(share(log, "123456789") <= set(range(log.count)) -
                   set(tally.missing.get(log.stream, ())) for log in logs)

    def second_has_all():
        tally = second.tally()
        return all(share(log, SHARES[log.path.name]) <= set(range(log.count)) -
                   set(tally.missing.get(log.stream, ())) for log in logs)

    def wait(has_all, what):
        rig.run.wait_for(has_all, f"the {what} backend has all", 60)

    start(rig)
    write()
    wait(first_has_all, "first")
    wait(second_has_all, "second")
    rig.kill()
    both_had = sum(log.count for log in logs)
    second.far.close()
    may_double = both_had
    for _ in range(KILLS):
        start(rig)
        write()
        wait(first_has_all, "first")
        rig.kill()
        # What the second backend has not is not promised, so the first gets it again.
        may_double += sum(log.count for log in logs)
    second.far.open()
    start(rig)
    write()
    wait(first_has_all, "first")
    wait(second_has_all, "second")
    if rig.stop() != 0:
        raise Failure(f"it did not end well: {rig.err()[-2000:]}")
    counts = len(rig.far.got), len(second.far.got)
    start(rig)
    write()
    wait(first_has_all, "first")
    wait(second_has_all, "second")
    new = sum(len(share(log, "123456789")) - len({n for n in share(log, "123456789")
                                                  if n < log.count - LINES}) for log in logs)
    if len(rig.far.got) - counts[0] != new:
        raise Failure(f"{len(rig.far.got) - counts[0] - new} lines came twice after an orderly end")
    check("first", rig.tally(), logs, lambda log: "123456789")
    check("second", second.tally(), logs, lambda log: SHARES[log.path.name])
    doubled = second.tally().doubled
    if doubled > both_had:
        raise Failure(f"{doubled} doubled at the second backend, of {both_had} it had at the kill")
    m = rig.metrics()
    dropped = sum(log.count for log in logs) - len(share(logs[0], "123456789")) * len(logs)
    if m["clew_filter_errors"] != 0:
        raise Failure(f"{m['clew_filter_errors']} filter errors")
    return {"lost": dropped, "doubled": may_double, "note": f"{KILLS + 1} kills"}
