# SPDX-License-Identifier: Apache-2.0
"""inotify is a hint: without it, with too little of it, and when it overflows, all is found."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

from clew import Failure
from rig import Skip, scenario

LIMITS = pathlib.Path("/proc/sys/user")


def limited(name, value):
    """A command that lowers a limit of inotify for itself alone: in a user namespace of its own."""
    if not shutil.which("unshare") or not (LIMITS / name).exists():
        raise Skip("there is no unshare, or no limits of inotify in user namespaces")
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-c",
              f'echo {value} >{LIMITS / name} && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("user namespaces are not allowed here")
    return prefix


def busy(rig, **start):
    """Files in many directories, that come, grow, rotate and go."""
    early = rig.log("early/app.log")
    early.write(10)
    rig.start(**start)
    for n in range(20):
        log = rig.log(f"d{n}/app.log")
        log.write(20).rotate()
        log.write(20)
    early.write(10)
    rig.wait_all()
    for log in rig.logs:
        log.write(5).rotate()
        log.write(5)
    rig.wait_all()


@scenario("no inotify at all, by the config", short=True)
def switched_off(rig):
    busy(rig, sets=["inputs.inotify=false"])


@scenario("no inotify instances left", short=True)
def no_instances(rig):
    busy(rig, prefix=limited("max_inotify_instances", 0))
    if rig.err().count("inotify") < 1:
        raise Failure("no word about it")


@scenario("three watches left for 21 directories: the others are found by the scan", short=True)
def few_watches(rig):
    busy(rig, prefix=limited("max_inotify_watches", 3))
    failures = int(rig.metrics()["clew_watch_failures"])
    if failures < 1:
        raise Failure("no failure was counted")
    return {"note": f"{failures} watches missing"}


@scenario("the queue of inotify overflows while clew is stopped", short=True)
def overflow(rig):
    limit = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 200000:
        raise Skip(f"a queue of {limit} events takes too long to fill")
    log = rig.log("app.log")
    log.write(10)
    run = rig.start(sets=["inputs.scan_interval=20s"])
    rig.wait_all()
    os.kill(run.pid, signal.SIGSTOP)
    noise = [rig.tmp / "logs" / name for name in ("a.tmp", "b.tmp")]
    for _ in range(limit // 4 + 100):
        for path in noise:
            path.touch()
            path.unlink()
    late = rig.log("late.log")
    late.write(50)
    log.write(50).rotate()
    log.write(50)
    os.kill(run.pid, signal.SIGCONT)
    rig.wait_all(15)
    rig.wait_log("inotify lost events")


@scenario("a burst of files in directories that are made and removed at once")
def burst_of_directories(rig):
    rig.start()
    time.sleep(0.5)
    for n in range(100):
        log = rig.log(f"burst/{n}/app.log")
        log.write(10)
    rig.wait_all()
    shutil.rmtree(rig.tmp / "logs" / "burst")
    rig.log("after.log").write(10)
    rig.wait_all()
