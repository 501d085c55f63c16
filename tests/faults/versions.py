#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Upgrades and rollbacks between the checkpoint's forms, each after a kill -9 under load: requests are in
flight, and while clew is down logs grow, are rotated and compressed.

usage: [KILLS=N] tests/faults/versions.py OLDER NEWER

As scenarios an older clew is played: what it does not know goes out of the checkpoints, its own checksum
stays (tests/e2e/checkpoint_forms.py). By hand, real programs of both take turns.
What comes twice is held against the checkpoints of the moment of each kill: never a line that was promised.
"""

import gzip
import json
import os
import pathlib
import random
import socket
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rig as rigs
import checkpoint_forms as forms
import clew
from clew import Failure
from far_end import Answer
from rig import scenario

IS_SHORT = "--short" in sys.argv
KILLS = int(os.environ.get("KILLS", 10 if IS_SHORT else 60))
SETS = ["outputs.batch.bytes=8KiB", "outputs.batch.age=20ms", "outputs.timeout=60s"]  # no request is given up


def checkpoints(rig):
    return rig.tmp / "data" / "checkpoints.json"


def content(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def bodies(data):
    """Of the whole lines."""
    lines = data.split(b"\n")[:-1]
    return {line[line.index(b"s"):] if line[:1] != b"2" else line.split(b" ", 3)[3] for line in lines}


def promised(rig):
    """What the checkpoints on the disk say to be acknowledged, as far as the files are there."""
    if not checkpoints(rig).exists():
        return set()
    files = {path.stat().st_ino: path for path in (rig.tmp / "logs").rglob("*") if path.is_file()}
    found = set()
    for stream in json.loads(checkpoints(rig).read_text())["streams"].values():
        for inode, born, offset in [[stream[name] for name in ("inode", "born", "offset")],
                                    *stream.get("past", [])]:
            if inode in files and forms.identity(files[inode]) == (inode, born):
                found |= bodies(content(files[inode])[:offset])
    return found


class Twice:
    """What came more than once, life by life: nothing that was promised before a life may come in it."""

    def __init__(self, rig):
        self.rig, self.begin, self.seen, self.promised = rig, 0, set(), set()
        self.allowed = 0
        self.lives = 0

    def end_life(self):
        """It was killed: whoever had been sent a whole request has taken it by then. Connections are accepted in
        their order, so those that it made are known when one that is made now is answered."""
        with socket.create_connection(("127.0.0.1", self.rig.far.port)) as probe:
            probe.sendall(b"\n")
            probe.recv(1)
        clew.wait_for(lambda: not self.rig.far.connections, "the backend is done with it")
        self.lives += 1
        came = self.rig.far.got[self.begin:]
        self.begin += len(came)
        here = set(came)
        if len(here) < len(came):
            raise Failure(f"life {self.lives}: {len(came) - len(here)} lines came twice in it")
        if here & self.promised:
            raise Failure(f"life {self.lives}: {len(here & self.promised)} lines came that had been promised "
                          f"before it: {[body[:20] for body in sorted(here & self.promised)[:5]]}")
        self.allowed += len(here & self.seen)
        self.seen |= here
        self.promised |= promised(self.rig)


def load(logs, seed, until):
    while time.monotonic() < until:
        for log, rotate in logs:
            log.write(20)
            if seed.random() < 0.06:
                rotate()
        time.sleep(0.005)


def compress(path):
    """As gzip does: under another name, with the time of the file."""
    info = path.stat()
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    os.utime(packed, ns=(info.st_atime_ns, info.st_mtime_ns))
    path.unlink()


def while_down(logs, seed):
    """Each log grows; some are rotated, once or twice, and of what was rotated some is compressed."""
    for log, rotate in logs:
        log.write(seed.randrange(60))
        for _ in range(seed.choice([0, 0, 1, 1, 2])):
            rotate()
            log.write(seed.randrange(1, 60))
        rotated = sorted((path for path in log.path.parent.glob(f"{log.path.name}.*") if path.suffix != ".gz"),
                         key=lambda path: path.stat().st_mtime_ns)
        for path in rotated[:-1] if seed.random() < 0.5 else rotated if seed.random() < 0.2 else []:
            compress(path)


def play(rig, kills, before, seed):
    """`before` is called before each life, with its number."""
    plain, pod = rig.log(size=120), rig.pod(size=120)
    logs = [(plain, plain.rotate), (pod, pod.rotate_kubelet)]
    rig.far.script = lambda n, bodies, far: Answer(delay=0.02)
    twice = Twice(rig)
    for life in range(kills):
        before(life)
        came = len(rig.far.got)
        rig.start(sets=SETS)
        rig.run.wait_for(lambda: log_and_see(logs, rig, came) and is_known(rig), "something arrives")
        load(logs, seed, time.monotonic() + seed.uniform(0, 0.25))
        rig.kill()
        twice.end_life()
        while_down(logs, seed)
    before(kills)
    rig.far.script = lambda n, bodies, far: Answer()
    rig.start(sets=SETS)
    rig.wait_all(120)
    if rig.stop() != 0:
        raise Failure("it did not end well")
    twice.end_life()
    for words in ("damaged", "newer clew"):
        if words in rig.err():
            raise Failure(f"it says {words!r}:\n" + "\n".join(
                line for line in rig.err().splitlines() if words in line))
    return {"doubled": twice.allowed, "note": f"{kills} kills, {twice.allowed} had been in flight"}


def log_and_see(logs, rig, came):
    """So that something new arrives though all had."""
    for log, _ in logs:
        log.write(2)
    return len(rig.far.got) > came


def is_known(rig):
    """Each log is promised: one that was killed before that begins anew, and what was rotated is not its own."""
    return checkpoints(rig).exists() and len(json.loads(checkpoints(rig).read_text())["streams"]) == len(rig.logs)


def roll_back(rig):
    """As form 1 reads the checkpoints, and writes them back at once."""
    if checkpoints(rig).exists():
        text = forms.as_form_1(json.loads(checkpoints(rig).read_text()))
        checkpoints(rig).write_text(json.dumps(text, ensure_ascii=False))


def change_form_before(rig, is_rolled_back):
    return lambda life: roll_back(rig) if is_rolled_back(life) else None


@scenario("kill -9 under load, a rollback to form 1 of the checkpoint behind each second one", short=True)
def back_and_forth(rig):
    return play(rig, KILLS, change_form_before(rig, lambda life: life % 2), random.Random(31))


@scenario("the same, rolled back behind every kill", short=True)
def always_rolled_back(rig):
    return play(rig, KILLS, change_form_before(rig, lambda life: True), random.Random(32))


def between(older, newer):
    """Lives of both programs: one and the other, two and two, and the older one only once, at first."""
    turns = [("in turn", lambda life: life % 2), ("two and two", lambda life: life // 2 % 2),
             ("upgraded once", lambda life: life >= 3)]
    failed = 0
    for number, (what, is_newer) in enumerate(turns):
        def take_turns(rig, is_newer=is_newer, number=number):
            def before(life):
                clew.CLEW = newer if is_newer(life) else older
            return play(rig, KILLS, before, random.Random(int(os.environ.get("SEED", 40)) + number))
        row = rigs.run_scenario(rigs.Scenario(take_turns, what))
        print(f"{what}: {row.written} written, {row.lost} lost, {row.doubled} doubled, order {row.order}, "
              f"{row.verdict} ({row.note}) {row.why}", flush=True)
        failed += row.verdict != "ok"
    print(f"{len(turns) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if between(*sys.argv[1:]) else 0)
