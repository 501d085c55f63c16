# SPDX-License-Identifier: Apache-2.0
"""kill -9, SIGTERM, SIGHUP, damaged state, two at once."""

import json
import os
import random
import signal
import sys
import time

import clew
from clew import Failure
from far_end import Answer, OK, RESET
from rig import scenario

IS_SHORT = "--short" in sys.argv
KILLS = 12 if IS_SHORT else 220
# What may be sent twice after one crash: what was in flight, and what was acknowledged since the
# last save of the checkpoints (100 ms here).
SETS = ["outputs.batch.bytes=8KiB", "outputs.batch.age=20ms"]


def load(log, seed, until):
    """Lines and rotations until a moment."""
    while time.monotonic() < until:
        log.write(40)
        if seed.random() < 0.1:
            log.rotate_kubelet()
        time.sleep(0.005)


def killed_again_and_again(rig, kills, then=lambda: None):
    seed = random.Random(11)
    log = rig.pod(size=120)
    longest = 0
    for _ in range(kills):
        before = len(rig.far.got)
        rig.start(sets=SETS)
        load(log, seed, time.monotonic() + seed.uniform(0.01, 0.35))
        rig.kill()
        longest = max(longest, len(rig.far.got) - before)
    then()
    rig.start(sets=SETS)
    rig.wait_all(120)
    return {"doubled": kills * max(longest, 1), "note": f"{kills} kills"}


@scenario("kill -9 at random moments, under load, with rotation", short=True)
def kills(rig):
    return killed_again_and_again(rig, KILLS)


@scenario("the same with a backend that fails half of its requests", short=True)
def kills_with_a_failing_far_end(rig):
    seed = random.Random(12)
    bad = [Answer(503), Answer(502), RESET, Answer(200, cut=20), Answer(429)]

    def script(n, bodies, far):
        return OK if bodies is None or seed.random() < 0.5 else seed.choice(bad)
    rig.far.script = script

    def mend():
        """A backend that fails half of its requests takes long to catch up with."""
        rig.far.script = lambda n, bodies, far: OK
    result = killed_again_and_again(rig, KILLS, mend)
    return {**result, "doubled": result["doubled"] + rig.far.requests * 100}


@scenario("kill -9 while the backend is dead: nothing was promised, all is sent later", short=True)
def killed_in_an_outage(rig):
    log = rig.pod()
    log.write(100)
    rig.far.close()
    for _ in range(5):
        rig.start()
        log.write(500).rotate_kubelet()
        time.sleep(0.3)
        rig.kill()
    rig.far.open()
    rig.start()
    rig.wait_all()


def config(rig, turn):
    """What a reload changes each time: the output's compression, a filter, an input's turn; and, every
    other time, what is included."""
    folders = ["logs", "more"][:1 + turn % 2]
    return json.dumps({
        "data_dir": str(rig.tmp / "data"), "control": {"listen": f"127.0.0.1:{rig.control}"},
        "checkpoint_interval": "100ms",
        "inputs": [{"name": "steady", "include": [str(rig.tmp / "steady/*.log*")],
                    "scan_interval": "200ms"},
                   {"name": "changed", "scan_interval": "200ms", "read_bytes": f"{64 + turn}KiB",
                    "include": [str(rig.tmp / folder / "*.log*") for folder in folders]}],
        "filters": [{"set": {"turn": turn}}],
        "outputs": [{"endpoint": rig.far.url, "batch": {"bytes": "8KiB", "age": "20ms"},
                     "compression": ["none", "gzip"][turn // 2 % 2],
                     "retry": {"initial": "50ms", "max": "500ms"}}]})


@scenario("SIGHUP under load: another output, filters, include, and mistakes in between", short=True)
def reloads(rig):
    """Inputs and outputs that change settle before they go, so nothing comes twice."""
    rig.far.script = lambda n, bodies, far: Answer(delay=0.01)
    turns = 21 if IS_SHORT else 81
    file = rig.tmp / "clew.yaml"
    logs = [rig.log(f"../{folder}/app.log") for folder in ("steady", "logs", "more")]
    file.write_text(config(rig, 0))
    rig.run = clew.Process(["run", "-c", file])
    rig.stack.push(rig.end_run)
    clew.wait_for_port(rig.control, rig.run)
    for turn in range(1, turns + 1):
        for n in range(12):
            for log in logs:
                log.write(10)
                if turn % 4 == 0 and n == 6:
                    log.rotate()
            time.sleep(0.005)
        file.write_text("inputs: [" if turn % 5 == 0 else config(rig, turn))
        rig.run.send_signal(signal.SIGHUP)
        if turn % 5 == 0:
            rig.wait_log("reload failed")
    file.write_text(config(rig, 1))
    rig.run.send_signal(signal.SIGHUP)
    rig.wait_all(60)
    m = rig.metrics()
    if m["clew_config_reloads"] < turns / 3 or m["clew_config_reload_failures"] < 2:
        raise Failure(f"only {m['clew_config_reloads']} reloads, "
                      f"{m['clew_config_reload_failures']} refused")
    return {"note": f"{int(m['clew_config_reloads'])} reloads"}


@scenario("SIGTERM delivers what was read, nothing comes twice", short=True)
def sigterm(rig):
    log = rig.log()
    for _ in range(8):
        rig.start()
        rig.wait_ready()
        for _ in range(30):
            log.write(50)
            time.sleep(0.005)
        code = rig.stop()
        if code != 0:
            raise Failure(f"exit status {code} after SIGTERM")
    rig.start()
    rig.wait_all()


@scenario("SIGTERM with a dead backend: ends at its deadline, says so, sends later", short=True)
def sigterm_in_an_outage(rig):
    log = rig.log()
    rig.far.close()
    log.write(5000)
    rig.start(sets=["shutdown_timeout=1s"])
    rig.wait_ready()
    time.sleep(1)
    begin = time.monotonic()
    rig.stop()
    took = time.monotonic() - begin
    rig.wait_log("shutdown timeout (1000 ms) reached")
    if not 0.5 < took < 4:
        raise Failure(f"the end took {took:.1f} s, its deadline is 1 s")
    rig.far.open()
    rig.start()
    rig.wait_all()
    return {"note": f"ended after {took:.1f} s"}


@scenario("two clews on one data directory: the second says who holds it and exits", short=True)
def two_at_once(rig):
    log = rig.log()
    log.write(100)
    run = rig.start()
    rig.wait_all()
    second = clew.run("run", *rig.sets("control.listen=off"), rig.tmp / "logs")
    if second.code == 0 or f"in use by process {run.pid}" not in second.err:
        raise Failure(f"{second!r}")
    log.write(100)
    rig.wait_all()


def damage(rig, change, is_corrupt):
    """State is damaged between two runs: clew sets it aside, says so, and sends again."""
    path = rig.tmp / "data" / "checkpoints.json"
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    rig.start()
    rig.wait_all()
    rig.stop()
    aside = list(path.parent.glob("checkpoints.json.corrupt-*"))
    if is_corrupt and not aside:
        raise Failure("the damaged checkpoints were not set aside")
    for one in aside:
        one.unlink()


@scenario("torn and bit-flipped checkpoints: set aside with a sentence, all is sent again",
          short=True)
def damaged_state(rig):
    seed = random.Random(13)
    log = rig.log()
    log.write(100)
    rig.start()
    rig.wait_all()
    rig.stop()
    rounds = 4 if IS_SHORT else 40
    for turn in range(rounds):
        log.write(10)
        if turn % 2:
            damage(rig, lambda data: data[:seed.randrange(len(data) - 2)], True)
        else:
            def flip(data):
                at = seed.randrange(len(data) - 2)
                return data[:at] + bytes([data[at] ^ 1 << seed.randrange(8)]) + data[at + 1:]
            damage(rig, flip, True)
    if rounds > rig.err().count("damaged and were set aside"):
        raise Failure("it did not say so each time")
    return {"doubled": rounds * log.count, "note": f"{rounds} damages"}


@scenario("checkpoints that vanish: all is sent again, nothing is lost")
def vanished_state(rig):
    log = rig.log()
    log.write(100)
    rig.start()
    rig.wait_all()
    rig.stop()
    os.unlink(rig.tmp / "data" / "checkpoints.json")
    log.write(10)
    rig.start()
    rig.wait_all()
    return {"doubled": 100}


@scenario("stopped by SIGSTOP while files rotate, then woken", short=True)
def stopped_and_woken(rig):
    log = rig.pod()
    log.write(10)
    run = rig.start()
    rig.wait_all()
    os.kill(run.pid, signal.SIGSTOP)
    for _ in range(4):
        log.write(500).rotate_kubelet()
    log.write(10)
    time.sleep(0.5)
    os.kill(run.pid, signal.SIGCONT)
    rig.wait_all()
