# SPDX-License-Identifier: Apache-2.0
"""What every scenario uses: numbered lines, a backend, clew as a process, and the verdict.

A scenario is a function marked with `@scenario("what happens")`. It is given a Rig, makes trouble,
and returns when everything that can arrive should have arrived; the rig then compares what was
written with what the backend took. A scenario that checks more raises Failure, or returns a dict:
    lost=N      so many lines may be (and must be) lost by the nature of what was done
    note="…"    a number that was measured, for the table
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import clew  # noqa: E402
from clew import Failure, has_sanitizer  # noqa: E402
from far_end import FarEnd  # noqa: E402

SCENARIOS = []
STAMP = "2026-05-11T02:14:33.221512345Z"


class Skip(Exception):
    """What the scenario needs is not here; the sentence says what."""


class Scenario:
    def __init__(self, function, name, **marks):
        self.function, self.name, self.group = function, name, function.__module__
        self.short = marks.get("short", False)   # also in the short form
        self.alone = marks.get("alone", False)   # measures: nothing else runs beside it
        self.plain = marks.get("plain", False)   # makes no sense with a sanitizer


def scenario(name, **marks):
    def mark(function):
        SCENARIOS.append(Scenario(function, name, **marks))
        return function
    return mark


class Log:
    """A writer of numbered lines: `stream number length …`, padded to the length."""

    def __init__(self, rig, path, stream=None, size=80, is_cri=False):
        self.rig, self.path, self.size, self.is_cri = rig, pathlib.Path(path), size, is_cri
        self.stream = stream or f"s{len(rig.logs)}"
        self.count = 0
        self.rotations = 0
        rig.logs.append(self)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.out = open(self.path, "ab", buffering=0)

    def text(self, number, size=None):
        size = size or self.size
        head = f"{self.stream} {number} {size} ".encode()
        return head + b"x" * (size - len(head))

    def line(self, number, size=None, tag="F"):
        text = self.text(number, size)
        return f"{STAMP} stdout {tag} ".encode() + text + b"\n" if self.is_cri else text + b"\n"

    def lines(self, count, size=None):
        first, self.count = self.count, self.count + count
        return b"".join(self.line(n, size) for n in range(first, self.count))

    def write(self, count=1, size=None):
        data = self.lines(count, size)
        view = memoryview(data)
        while view:
            view = view[self.out.write(view):]
        return self

    def rename(self, target):
        """Only the first half of a rotation: the writer goes on in the renamed file."""
        os.rename(self.path, target)

    def reopen(self):
        self.out.close()
        self.out = open(self.path, "ab", buffering=0)

    def rotate(self, target=None):
        self.rotations += 1
        self.rename(target or f"{self.path}.{self.rotations}")
        self.reopen()

    def rotate_kubelet(self):
        """As the kubelet does, one name a second, here a second apart each."""
        self.rotations += 1
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(1778465673 + self.rotations))
        self.rotate(f"{self.path}.{stamp}")


class Rig:
    def __init__(self, folder):
        self.tmp = folder
        self.logs = []
        self.extra = {}      # body → what it is: lines that are not numbered
        self.far = FarEnd().open()
        self.control = clew.free_port()
        self.stack = contextlib.ExitStack()
        self.run = None
        self.stderr = []
        self.metrics_seen = {}
        self.off_balance = []

    # ---- clew ----

    def sets(self, *more):
        base = [f"data_dir={self.tmp / 'data'}", f"control.listen=127.0.0.1:{self.control}",
                f"outputs.endpoint={self.far.url}", "checkpoint_interval=100ms",
                "inputs.scan_interval=200ms", "outputs.batch.bytes=32KiB",
                "outputs.batch.age=50ms", "outputs.retry.initial=50ms", "outputs.retry.max=500ms"]
        return [part for one in [*base, *more] for part in ("--set", one)]

    def start(self, *paths, sets=(), prefix=(), **more):
        """`prefix` is a command that becomes (exec) what its last arguments say."""
        paths = paths or [self.tmp / "logs"]
        self.run = clew.Process(["run", *self.sets(*sets), *paths], prefix=prefix, **more)
        self.stack.push(self.end_run)
        return self.run

    def end_run(self, *_why):
        if self.run is not None:
            run, self.run = self.run, None
            with run:
                if run.is_running():
                    self.books(run)
                run.send_signal(15)
                run.wait(40)
                self.stderr.append(run.err())

    def stop(self):
        """SIGTERM; its exit status."""
        run, self.run = self.run, None
        with run:
            code = run.stop()
            self.stderr.append(run.err())
        return code

    def kill(self):
        run, self.run = self.run, None
        with run:
            run.kill()
            self.stderr.append(run.err())

    def err(self):
        return "".join(self.stderr) + (self.run.err() if self.run else "")

    # ---- its own numbers ----

    def text_of_metrics(self):
        url = f"http://127.0.0.1:{self.control}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()

    def metrics(self):
        found = {}
        for line in self.text_of_metrics().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                name = name.partition("{")[0].removesuffix("_total")
                found[name] = found.get(name, 0) + float(value)
        return found

    def counter(self, name):
        return int(self.metrics()[name])

    def balance(self, m):
        """Records received, or found in a spool, less those it knows the end or the place of."""
        return int(m["clew_received_records"] + m["clew_restored_records"] - sum(
            m.get(f"clew_{end}_records", 0)
            for end in ("sent", "rejected", "refused", "discarded", "oversized", "damaged", "in_flight")))

    def books(self, run):
        try:
            m = run.wait_for(self.metrics, "it answers /metrics", 5)
        except (OSError, Failure):
            return
        self.metrics_seen = m
        if self.balance(m) != 0:
            self.off_balance.append(self.balance(m))

    # ---- lines ----

    def log(self, name="app.log", **more):
        return Log(self, self.tmp / "logs" / name, **more)

    def pod(self, name="checkout", container="app", **more):
        folder = f"shop_{name}-7d9c5b8f4-x2kqp_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901/{container}"
        return Log(self, self.tmp / "logs" / folder / "0.log", is_cri=True, **more)

    def written(self):
        return sum(log.count for log in self.logs)

    def expect(self, body):
        """A body that is to arrive once, besides the numbered lines."""
        self.extra[body if isinstance(body, bytes) else body.encode()] = True

    def tally(self):
        return Tally(self)

    def arrived(self):
        return self.tally().distinct

    def wait_all(self, deadline=30, lost=0):
        """Wait until every line is there, or `lost` fewer."""
        want = self.written() + len(self.extra) - lost
        slow = 3 if clew.has_sanitizer() else 1
        end = time.monotonic() + deadline * slow
        while (have := self.arrived_cheaply(want)) < want and time.monotonic() < end:
            if self.run and not self.run.is_running():
                raise Failure(f"clew ended with {self.run.child.returncode}:\n{self.err()[-3000:]}")
            time.sleep(0.05)
        return have

    def arrived_cheaply(self, want):
        """A tally takes time that the backend, in the same process, then does not have: it gets at
        most a sixth of it, and none while there are too few records in any case."""
        if len(self.far.got) < want:
            return len(self.far.got)
        begin = time.monotonic()
        have = self.arrived()
        time.sleep(5 * (time.monotonic() - begin) if have < want else 0)
        return have

    def wait_arrived(self, count, deadline=30):
        clew.wait_for(lambda: len(self.far.got) >= count, f"{count} records arrive", deadline)

    def wait_ready(self):
        """Its loop turns, so it hears signals: before that a SIGTERM just ends it."""
        def answers():
            try:
                return self.metrics()
            except OSError:
                return None
        self.run.wait_for(answers, "it answers /metrics")

    def wait_log(self, words, deadline=20):
        clew.wait_for(lambda: words in self.err(), f"{words!r} in its log", deadline)

    def close(self):
        try:
            self.stack.close()
        finally:
            self.far.close()
            for log in self.logs:
                log.out.close()


class Tally:
    """What arrived, against what was written."""

    def __init__(self, rig):
        logs = {log.stream.encode(): log for log in rig.logs}
        seen = {name: set() for name in logs}
        highest = dict.fromkeys(logs, -1)
        extra, self.overtaken, self.strange = set(), 0, []
        got = rig.far.got[:]
        self.count = len(got)
        for body in got:
            head = body[:64].split(b" ", 3)
            log = logs.get(head[0])
            if body in rig.extra:
                extra.add(body)
            elif log is None or len(head) < 4 or int(head[2]) != len(body):
                self.strange.append(body)
            else:
                number = int(head[1])
                if number not in seen[head[0]]:
                    seen[head[0]].add(number)
                    self.overtaken += number < highest[head[0]]
                    highest[head[0]] = max(highest[head[0]], number)
        self.missing = {name.decode(): sorted(set(range(log.count)) - seen[name])
                        for name, log in logs.items() if len(seen[name]) < log.count}
        self.never_written = {name.decode(): max(seen[name]) for name, log in logs.items()
                              if seen[name] and max(seen[name]) >= log.count}
        self.missing_extra = [body for body in rig.extra if body not in extra]
        self.distinct = sum(len(numbers) for numbers in seen.values()) + len(extra)
        self.lost = sum(len(n) for n in self.missing.values()) + len(self.missing_extra)
        self.doubled = self.count - self.distinct - len(self.strange)


class Row:
    """One line of the table."""

    def __init__(self, one):
        self.scenario, self.verdict, self.why, self.note = one, "ok", "", ""
        self.written = self.arrived = self.lost = self.doubled = 0
        self.order = self.books = "-"
        self.seconds = 0.0

    def fail(self, why):
        self.verdict = "FAILED"
        self.why += ("\n" if self.why else "") + str(why)

    def judge(self, rig, result):
        tally = rig.tally()
        may_lose = result.get("lost", 0)
        self.note = result.get("note", "")
        self.written = rig.written() + len(rig.extra)
        self.arrived, self.lost, self.doubled = tally.distinct, tally.lost, tally.doubled
        self.order = "kept" if tally.overtaken == 0 else f"{tally.overtaken} off"
        self.books = "-" if not rig.metrics_seen else "ok"
        if tally.lost != may_lose:
            shown = {name: numbers[:8] + ["…"] * (len(numbers) > 8)
                     for name, numbers in list(tally.missing.items())[:5]}
            self.fail(f"lost {tally.lost}, not {may_lose}: {shown} "
                      f"{[body[:80] for body in tally.missing_extra[:5]]}")
        if tally.overtaken and not result.get("unordered"):
            self.fail(f"{tally.overtaken} lines were overtaken by later ones")
        if tally.strange:
            self.fail(f"{len(tally.strange)} bodies nobody wrote: "
                      f"{[body[:100] for body in tally.strange[:3]]}")
        if tally.doubled > result.get("doubled", 0):
            self.fail(f"{tally.doubled} doubled, more than the {result.get('doubled', 0)} that "
                      "were in flight")
        if rig.far.strange:
            self.fail(f"requests that are no OTLP: {rig.far.strange[:3]}")
        if tally.never_written:
            self.fail(f"numbers nobody wrote: {tally.never_written}")
        if rig.off_balance:
            self.books = f"off by {rig.off_balance[0]}"
            self.fail("the books do not balance: " + self.books)


def run_scenario(one):
    row, begin = Row(one), time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clew-fault-"))
    rig = Rig(folder)
    result = None
    try:
        if one.plain and clew.has_sanitizer():
            raise Skip("a sanitizer changes what it measures")
        (folder / "logs").mkdir()
        result = one.function(rig) or {}
        rig.end_run()
    except Skip as skip:
        row.verdict, row.note = "skipped", str(skip)
    except (Failure, OSError, subprocess.SubprocessError, ValueError, KeyError) as failure:
        row.fail(f"{type(failure).__name__}: {failure}")
    finally:
        try:
            rig.close()
        except (Failure, OSError) as failure:
            row.fail(failure)
    if row.verdict != "skipped":
        row.judge(rig, result if result is not None else {})
    if row.verdict == "FAILED":
        row.why += "\n--- its log\n" + "\n".join(
            [line for line in rig.err().splitlines() if "health and metrics" not in line][-12:])
    shutil.rmtree(folder, ignore_errors=True)
    row.seconds = time.monotonic() - begin
    return row
