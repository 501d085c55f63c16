# SPDX-License-Identifier: Apache-2.0
"""Memory, disk, descriptors, numbers of files."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

from clew import Failure
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


@scenario("a backlog with a dead far end, then all of it: memory_limit holds", short=True, alone=True,
          plain=True)
def backlog(rig):
    mib = 64 if IS_SHORT else 1024
    log = rig.log(size=4095)
    for _ in range(mib):
        log.write(256)
    rig.far.close()
    run = rig.start(sets=["outputs.batch.bytes=512KiB"])
    time.sleep(3)
    dead = check_rss(run, "with a dead far end")
    rig.books(run)
    rig.far.open()
    rig.wait_all(300)
    return {"note": f"{mib} MiB; {dead}; {check_rss(run, 'in all')}"}


@scenario("lines at the limit with a dead far end: memory_limit holds", alone=True, plain=True)
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


@scenario("no space for checkpoints: a sentence, lines go on, all is well when space returns",
          short=True)
def disk_full(rig):
    with small_disk(rig) as place:
        log = rig.log()
        log.write(100)
        rig.start()
        rig.wait_all()
        full = place / "full"
        with contextlib.suppress(OSError), open(full, "wb", buffering=0) as out:
            while True:
                out.write(b"x" * 4096)
        log.write(500)
        rig.wait_all()
        rig.wait_log("cannot save checkpoints")
        failures = rig.counter("clew_checkpoint_failures")
        full.unlink()
        log.write(100)
        rig.wait_all()
        rig.wait_log("checkpoints are saved again")
        rig.stop()
        log.write(10)
        rig.start()
        rig.wait_all()
        return {"note": f"{failures} failed saves"}


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
