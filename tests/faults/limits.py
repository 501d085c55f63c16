# SPDX-License-Identifier: Apache-2.0
"""Memory, disk, descriptors, numbers of files."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

import clew
from clew import Failure
from far_end import Answer
from rig import Skip, has_sanitizer, scenario

IS_SHORT = "--short" in sys.argv
RSS_MAX = 64 << 20


def peak_rss(run):
    for line in pathlib.Path(f"/proc/{run.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Failure("no VmHWM")


def check_rss(run, what):
    peak = peak_rss(run)
    if peak >= RSS_MAX:
        raise Failure(f"{peak >> 20} MiB at its peak {what}, {RSS_MAX >> 20} allowed")
    return f"{peak / 2**20:.1f} MiB at its peak {what}"


@scenario("a backlog with a dead backend, then all of it: memory_limit holds", short=True, alone=True,
          plain=True)
def backlog(rig):
    mib = 64 if IS_SHORT else 1024
    log = rig.log(size=4095)
    for _ in range(mib):
        log.write(256)
    rig.far.close()
    run = rig.start(sets=["outputs.batch.bytes=512KiB"])
    time.sleep(3)
    dead = check_rss(run, "with a dead backend")
    rig.books(run)
    rig.far.open()
    rig.wait_all(300)
    return {"note": f"{mib} MiB; {dead}; {check_rss(run, 'in all')}"}


@scenario("lines at the limit with a dead backend: memory_limit holds", alone=True, plain=True)
def long_lines(rig):
    log = rig.log(size=(1 << 20) - 1)
    log.write(200)
    rig.far.close()
    run = rig.start(sets=["outputs.batch.bytes=512KiB"])
    time.sleep(3)
    rig.far.open()
    rig.wait_all(120)
    return {"note": check_rss(run, "with lines of 1 MiB")}


@scenario("5,000 files", alone=True)
def many_files(rig):
    for n in range(5000):
        log = rig.log(f"d{n % 50}/{n}.log", stream=f"f{n}")
        log.write(2)
        log.out.close()
    run = rig.start()
    rig.wait_all(120)
    for log in rig.logs:
        log.reopen()
        log.write(2)
        log.out.close()
    rig.wait_all(120)
    if not has_sanitizer():
        return {"note": check_rss(run, "with 5,000 files")}
    return {}


@scenario("64 descriptors for 300 files: fewer at a time, none forgotten", short=True)
def few_descriptors(rig):
    if not shutil.which("prlimit"):
        raise Skip("there is no prlimit")
    rig.start(prefix=["prlimit", "--nofile=64"])
    for turn in range(2):
        for n in range(300):
            if turn == 0:
                log = rig.log(f"{n}.log", stream=f"f{n}")
            else:
                log = rig.logs[n]
                log.reopen()
            log.write(10)
            log.out.close()
        rig.wait_all(15)


@contextlib.contextmanager
def small_disk(rig, size="256k"):
    place = rig.tmp / "data"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none",
                              str(place)], capture_output=True, check=False)
    if mounted.returncode != 0:
        raise Skip("mounting a small file system is not allowed here")
    try:
        yield place
    finally:
        rig.end_run()
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill_disk(place):
    full = place / "full"
    with contextlib.suppress(OSError), open(full, "wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)
    return full


@scenario("no space for checkpoints: a sentence, lines go on, all is well when space returns",
          short=True)
def disk_full(rig):
    with small_disk(rig) as place:
        log = rig.log()
        log.write(100)
        rig.start()
        rig.wait_all()
        full = fill_disk(place)
        log.write(500)
        rig.wait_all()
        rig.wait_log("cannot save checkpoints")
        failures = rig.counter("clew_checkpoint_failures")
        full.unlink()
        log.write(100)
        rig.wait_all()
        rig.wait_log("checkpoints can be saved again")
        rig.stop()
        log.write(10)
        rig.start()
        rig.wait_all()
        return {"note": f"{failures} failed saves"}


@scenario("no space for the spool: reading stops, a sentence, all is well when space returns",
          short=True)
def disk_full_for_the_spool(rig):
    with small_disk(rig, "2m") as place:
        log = rig.log(size=400)
        log.write(100)
        rig.start(sets=["outputs.spool.max_bytes=1GiB", "memory_limit=8MiB",
                        "outputs.compression=none"])
        rig.wait_all()
        rig.far.close()
        for _ in range(20):
            log.write(1000).rotate()
            rig.books(rig.run)
        rig.wait_log("cannot write to its spool")
        full = fill_disk(place)
        log.write(1000)
        time.sleep(1.5)
        spooled = rig.counter("clew_spooled_records")
        rig.far.open()
        rig.wait_arrived(200)
        full.unlink()
        rig.wait_all()
        rig.wait_log("can write to its spool")
        if not 0 < spooled < log.count:
            raise Failure(f"{spooled} records were spooled")
        return {"note": f"{spooled} records were spooled when the disk was full"}


@scenario("no space for dead letters: what was refused is held, and kept when space returns",
          short=True)
def disk_full_for_dead_letters(rig):
    with small_disk(rig) as place:
        rig.far.script = lambda n, bodies, far: Answer(
            400 if bodies and any(int(body.split(b" ")[1]) % 50 == 7 for body in bodies) else 200)
        log = rig.log()
        log.write(7)  # the eighth is the first that is bad
        rig.start()
        rig.wait_all()
        full = fill_disk(place)
        log.write(493)
        rig.wait_log("cannot write a dead letter")
        rig.books(rig.run)
        held = rig.counter("clew_in_flight_records")
        full.unlink()
        rig.wait_all(lost=10)
        rig.wait_log("dead letters can be written again")
        kept = rig.counter("clew_dead_letter_records")
        if held == 0 or kept != 10:
            raise Failure(f"{held} held while the disk was full, {kept} kept in the end, not 10")
        return {"lost": 10, "note": "10 that no backend would take, kept as dead letters"}


@scenario("the data directory turns read-only under way, and writable again", short=True)
def read_only_meanwhile(rig):
    with small_disk(rig, "8m") as place:
        log = rig.pod()
        log.write(100)
        sets = ["outputs.spool.max_bytes=1MiB"]
        rig.start(sets=sets)
        rig.wait_all()
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        log.write(100).rotate_kubelet()
        log.write(100)
        rig.wait_all()
        rig.wait_log("cannot save checkpoints")
        rig.kill()
        rig.start(sets=sets)  # also on a data directory that is read-only at the start
        log.write(100)
        rig.wait_all()
        clew.wait_for(lambda: rig.err().count("cannot save checkpoints") == 2, "it says so again")
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        rig.wait_log("checkpoints can be saved again")
        rig.stop()
        log.write(100)
        rig.start(sets=sets)
        rig.wait_all()
        return {"doubled": 300}  # what could not be promised before the kill


FAKETIME = pathlib.Path("/usr/lib") / (os.uname().machine + "-linux-gnu") / "faketime/libfaketime.so.1"


@scenario("the clock jumps an hour back, then two hours on", plain=True)
def clock_jumps(rig):
    if not FAKETIME.exists():
        raise Skip("there is no libfaketime")
    jump = rig.tmp / "jump"
    jump.write_text("+0")
    log, pod = rig.log(), rig.pod()
    env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": jump, "FAKETIME_NO_CACHE": "1",
           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    rig.start(sets=["inputs.partial_timeout=2s", "outputs.spool.max_bytes=1MiB"], env=env)
    for turn, to in enumerate(("-1h", "+1h", "+0")):
        log.write(100)
        rig.wait_all()
        rig.expect(b"begun before jump %d, ended behind it" % turn)
        rig.expect(b"never ended, jump %d" % turn)
        pod.out.write(b"2026-05-11T02:14:33.1Z stdout P begun before jump %d, \n" % turn)
        pod.out.write(b"2026-05-11T02:14:33.1Z stderr P never ended, jump %d\n" % turn)
        time.sleep(0.3)
        jump.write_text(to)
        time.sleep(0.3)
        rig.books(rig.run)
        pod.out.write(b"2026-05-11T02:14:33.1Z stdout F ended behind it\n")
        pod.write(10)
        begin = time.monotonic()
        log.write(100).rotate()
        log.write(100)
        pod.rotate_kubelet()
        pod.write(10)
        rig.wait_all()
        took = time.monotonic() - begin
        if took > 10:
            raise Failure(f"{took:.0f} s until everything was there after the jump to {to}")
    rig.far.close()
    log.write(100)
    time.sleep(0.5)
    jump.write_text("-1h")
    time.sleep(0.5)
    rig.far.open()
    rig.wait_all()
    rig.stop()
    log.write(100)
    rig.start(env=env)
    rig.wait_all()
    return {"note": "partial lines are neither cut nor held by it"}


@scenario("a data directory that cannot be written at the start: clew says so and does not start",
          short=True)
def unusable_data(rig):
    (rig.tmp / "data").write_text("a file")
    run = rig.start()
    if run.wait() == 0 or "data directory" not in run.err():
        raise Failure(run.err())
    rig.stderr.append(run.err())
    os.unlink(rig.tmp / "data")
    rig.end_run()
    rig.log().write(10)
    rig.start()
    rig.wait_all()
