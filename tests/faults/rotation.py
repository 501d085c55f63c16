# SPDX-License-Identifier: Apache-2.0
"""Schedules of writing, rotating, stopping and killing, drawn from a seed and played on the real clew
with the real logrotate(8); and the kubelet's own rotation, step by step.

The backend takes everything, and no generation is deleted, so every line has to arrive: 0 lost, and
nothing that clew says is lost.
"""

import gzip
import os
import random
import re
import shutil
import subprocess
import time

import clew
from clew import Failure
from rig import Skip, scenario

SETS = ["outputs.batch.bytes=8KiB", "outputs.batch.age=20ms"]
COMMON = "rotate 200\nmissingok\nsu root root\n"
# What each scheme says to logrotate; the kubelet's is played below.
SCHEMES = {
    "create": "create\n",
    "create+compress": "create\ncompress\n",
    "create+delaycompress": "create\ncompress\ndelaycompress\n",
    "copytruncate": "copytruncate\n",
    "copytruncate+compress": "copytruncate\ncompress\n",
    "dateext": "create\ndateext\ndateformat -%Y%m%d-%s\ncompress\n",
    "extension": "create\nextension .log\n",
    "extension+compress": "create\nextension .log\ncompress\ndelaycompress\n",
    "kubelet": None,
}


class Logrotate:
    """A log that logrotate rotates."""

    def __init__(self, rig, scheme):
        if shutil.which("logrotate") is None:
            raise Skip("there is no logrotate")
        self.log = rig.log(size=100)
        self.conf = rig.tmp / "rotate.conf"
        self.state = rig.tmp / "rotate.state"
        self.is_copied = "copytruncate" in scheme
        self.is_dated = "dateext" in scheme
        own = SCHEMES[scheme]
        if os.geteuid() != 0:
            own, common = own, COMMON.replace("su root root\n", "")
        else:
            common = COMMON
        self.conf.write_text(f"{self.log.path} {{\n{common}{own}}}\n")
        self.conf.chmod(0o644)
        self.second = 0

    def rotate(self, _rig):
        if self.is_dated and int(time.time()) == self.second:
            return  # logrotate leaves a log alone whose next name is taken
        self.second = int(time.time())
        done = subprocess.run(["logrotate", "-f", "-s", self.state, self.conf], capture_output=True,
                              text=True, check=False)
        if "already exists" in done.stderr:
            return
        if done.returncode != 0:
            raise Failure(f"logrotate failed: {done.stderr}")
        if not self.is_copied:
            self.log.reopen()


class Kubelet:
    """Rotates as pkg/kubelet/logs does: older generations are compressed first, through a temporary
    file, and the one that is rotated now stays plain until the next time."""

    def __init__(self, rig, _scheme):
        self.log = rig.pod(size=100)

    def rotate(self, _rig):
        folder = self.log.path.parent
        for path in sorted(folder.glob("0.log.*")):
            if path.suffix != ".gz":
                temporary = path.with_name(path.name + ".tmp")
                with open(path, "rb") as plain, gzip.open(temporary, "wb") as packed:
                    shutil.copyfileobj(plain, packed)
                os.rename(temporary, f"{path}.gz")
                path.unlink()
        self.log.rotate_kubelet()


def make(rig, scheme):
    return (Kubelet if SCHEMES[scheme] is None else Logrotate)(rig, scheme)


def lost_bytes(rig):
    return int(rig.metrics().get("clew_lost_bytes", 0)) + int(rig.metrics().get("clew_lost_files", 0))


class Play:
    """A schedule that goes on. Doubled may be what was in flight at a kill."""

    def __init__(self, rig, scheme, seed):
        self.rig, self.draw = rig, random.Random(seed)
        self.rotated = make(rig, scheme)
        self.log = self.rotated.log
        self.kills = self.rotations = self.longest = self.before = 0

    def start(self):
        self.before = len(self.rig.far.got)
        self.rig.start(sets=SETS)

    def rotate(self):
        self.rotated.rotate(self.rig)
        self.rotations += 1

    def kill(self):
        """What had been sent when it was killed may still be on its way."""
        self.rig.kill()
        self.kills += 1
        clew.wait_for(lambda: not self.rig.far.connections, "the far end has read what was sent", 60)
        self.longest = max(self.longest, len(self.rig.far.got) - self.before)

    def begin(self):
        """Nothing is promised of a log before the first save of the checkpoints."""
        self.log.write(self.draw.randint(1, 30))
        self.start()
        self.rig.wait_all()
        self.rig.stop()

    def steps(self, until, share=0.15):
        while time.monotonic() < until:
            self.log.write(self.draw.randint(1, 40))
            time.sleep(self.draw.choice([0, 0.002, 0.01]))
            if self.draw.random() < share:
                self.rotate()

    def down(self):
        for _ in range(self.draw.choice([0, 0, 0, 1, 1, 2, 3])):
            self.log.write(self.draw.randint(0, 60))
            self.rotate()
        self.log.write(self.draw.randint(0, 20))

    def end(self):
        self.log.write(10)
        self.start()
        self.rig.wait_all(120)
        note = {"doubled": self.kills * max(self.longest, 1),
                "note": f"{self.kills} kills, {self.rotations} rotations"}
        if lost_bytes(self.rig) > 0:
            raise Failure(f"{lost_bytes(self.rig)} bytes or files are counted as lost, none were")
        words = re.findall(r"^.*(?:rotated away| is gone|is damaged|had not been read).*$",
                           self.rig.err(), re.M)
        if words:
            raise Failure(f"false alarms: {words[:3]}")
        return note


def play(rig, scheme, seed, rounds):
    """Each round: up for a while, then killed or stopped or paused, and perhaps rotated while down."""
    one = Play(rig, scheme, seed)
    one.begin()
    for _ in range(rounds):
        one.start()
        if one.draw.random() < 0.5:
            rig.wait_ready()
        one.steps(time.monotonic() + one.draw.uniform(0.05, 0.5))
        if one.draw.random() < 0.6:
            one.kill()
        else:
            rig.wait_ready()
            rig.stop()
        one.down()
    return one.end()


def kill_again_and_again(rig, scheme, kills, seed):
    one = Play(rig, scheme, seed)
    one.begin()
    for _ in range(kills):
        one.start()
        one.steps(time.monotonic() + one.draw.uniform(0.02, 0.4))
        one.kill()
        if one.draw.random() < 0.4:
            one.down()
    return one.end()


SHORT_SEEDS = [*enumerate(SCHEMES), (9, "create+compress")]


def add(seed, scheme):
    @scenario(f"real rotation, schedule {seed}: {scheme}", short=True)
    def schedule(rig):
        return play(rig, scheme, seed, 4)


for _seed, _scheme in SHORT_SEEDS:
    add(_seed, _scheme)
