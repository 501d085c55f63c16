# SPDX-License-Identifier: Apache-2.0
"""What happens to files between two looks, and while clew is down, by hands that mean no good."""

import contextlib
import os
import shutil
import signal
import socket
import time

from far_end import Answer, OK
from rig import Failure, scenario

QUICK = ["inputs.unterminated_timeout=300ms", "inputs.partial_timeout=300ms"]


@contextlib.contextmanager
def asleep(rig):
    """All of it between two looks."""
    os.kill(rig.run.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(rig.run.pid, signal.SIGCONT)


def begun(rig, lines=100, sets=(), **more):
    log = rig.log(**more)
    log.write(lines)
    rig.start(sets=sets)
    rig.wait_all()
    return log


def copytruncate(log):
    log.rotations += 1
    shutil.copy2(log.path, f"{log.path}.{log.rotations}")
    os.truncate(log.path, 0)


@scenario("renamed, made anew, copied and truncated between two looks", short=True)
def rotated_both_ways(rig):
    log = begun(rig)
    for _ in range(5):
        with asleep(rig):
            log.write(30).rotate()
            log.write(50)
            copytruncate(log)
            log.write(30)
        rig.wait_all()


@scenario("copied and truncated three times between two looks")
def copied_often(rig):
    log = begun(rig)
    for _ in range(4):
        with asleep(rig):
            for _ in range(3):
                log.write(50)
                for number in range(12, 0, -1):
                    with contextlib.suppress(OSError):
                        os.rename(f"{log.path}.{number}", f"{log.path}.{number + 1}")
                shutil.copy2(log.path, f"{log.path}.1")
                os.truncate(log.path, 0)
            log.write(7)
        rig.wait_all()


def rewrite(log):
    """Other lines of the same size."""
    size = os.stat(log.path).st_size
    os.truncate(log.path, 0)
    log.write(size // (log.size + 1))
    if os.stat(log.path).st_size != size:
        raise Failure("not the same size: the scenario does not do what it says")


@scenario("cut and grown to the same size between two looks, without inotify", short=True)
def same_size(rig):
    log = begun(rig, lines=90, sets=["inputs.inotify=false"])
    for _ in range(4):
        with asleep(rig):
            rewrite(log)
        rig.wait_all()


@scenario("cut and grown to the same size while clew is down, again and again", short=True)
def same_size_down(rig):
    log = begun(rig, lines=90)
    for _ in range(4):
        rig.stop()
        rewrite(log)
        rig.start()
        rig.wait_all(10)


@scenario("cut while clew is down, again and again, and longer than ever before")
def longer_down(rig):
    log = begun(rig, lines=90)
    for turn in range(4):
        rig.stop()
        os.truncate(log.path, 0)
        log.write(91 + turn)
        rig.start()
        rig.wait_all(10)


@scenario("cut under a writer that goes on at its old place: the zeroes are no line", short=True)
def zeroes(rig):
    log = rig.log(size=1000)
    log.out.close()
    log.out = open(log.path, "wb", buffering=0)  # not for appending
    log.write(3000)
    rig.start(sets=QUICK)
    rig.wait_all()
    for turn in range(4):
        with asleep(rig) if turn % 2 else contextlib.nullcontext():
            os.truncate(log.path, 0)
            time.sleep(0.5)
            log.write(30)
        rig.wait_all(10)
        log.write(30)
        rig.wait_all(10)


@scenario("one descriptor for six logs that rotate twice between two looks", short=True)
def few_descriptors(rig):
    logs = [rig.log(f"{n}.log") for n in range(6)]
    for log in logs:
        log.write(100)
    rig.start(sets=["inputs.open_files_max=1"])
    rig.wait_all()
    for _ in range(3):
        with asleep(rig):
            for log in logs:
                log.write(20).rotate()
                log.write(20).rotate()
                log.write(20)
        rig.wait_all()


@scenario("rotated while clew is down, each file's last write before that of the one before")
def times_backwards(rig):
    log = begun(rig)
    rig.stop()
    for turn in range(4):
        log.write(50)
        os.utime(log.path, (time.time() - 3600 * turn,) * 2)
        log.rotate()
        log.write(20)
    rig.start()
    rig.wait_all(10)
    return {"unordered": True}


@scenario("its name is a directory's, a pipe's, a socket's for a while", short=True)
def other_kinds(rig):
    log = begun(rig)

    def in_its_place(make, remove):
        log.out.close()
        os.unlink(log.path)
        made = make(log.path)
        time.sleep(0.5)
        remove(log.path)
        log.reopen()
        log.write(30)
        rig.wait_all()
        return made

    def listen(path):
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(path))
        made.close()
    for _ in range(2):
        in_its_place(os.mkdir, os.rmdir)
        in_its_place(os.mkfifo, os.unlink)
        in_its_place(listen, os.unlink)
        log.rotate()


@scenario("another file is renamed over it, with lines unread")
def replaced(rig):
    log = begun(rig)
    for _ in range(5):
        with asleep(rig):
            log.write(50)
            log.out.close()
            log.out = open(f"{log.path}.new~", "ab", buffering=0)
            log.write(40)
            os.rename(f"{log.path}.new~", log.path)
        log.write(5)
        rig.wait_all()


@scenario("empty files rotated many a second, some with lines")
def empty_files(rig):
    log = begun(rig, lines=10)
    for is_down in (False, True):
        if is_down:
            rig.stop()
        for turn in range(60):
            log.rotate()
            log.write(3 if turn % 7 == 3 else 0)
        if is_down:
            rig.start()
        log.write(1)
        rig.wait_all()


@scenario("hard links of one log under two names, which come and go")
def hard_links(rig):
    log = rig.log("a/app.log")
    other = rig.tmp / "logs/b/other.log"
    other.parent.mkdir()
    log.write(100)
    os.link(log.path, other)
    rig.start()
    rig.wait_all()
    for change in (lambda: None, lambda: os.unlink(log.path), lambda: os.link(other, log.path),
                   lambda: os.unlink(other)):
        change()
        log.write(50)
        rig.wait_all()
        time.sleep(0.5)


@scenario("two logs swap their names")
def swapped(rig):
    one, two = rig.log("one.log"), rig.log("two.log")
    one.write(100)
    two.write(80)
    rig.start()
    rig.wait_all()
    for _ in range(4):
        with asleep(rig):
            os.rename(one.path, rig.tmp / "between")
            os.rename(two.path, one.path)
            os.rename(rig.tmp / "between", two.path)
            one.write(10)
            two.write(10)
        rig.wait_all()


@scenario("killed in the copy of a cut log that had been cut before")
def killed_in_a_copy(rig):
    """What the live file held before its first cut says nothing of what it holds now."""
    log = begun(rig, sets=["outputs.batch.bytes=8KiB", "memory_limit=8MiB"])
    os.truncate(log.path, 0)
    log.write(50)
    rig.wait_all()
    rig.far.script = lambda n, bodies, far: Answer(503, delay=0.1)
    log.write(60000)
    time.sleep(1)
    copytruncate(log)
    log.write(300)  # more than before the first cut
    time.sleep(1)
    taken = len(rig.far.got)
    rig.far.script = lambda n, bodies, far: Answer(delay=0.05)
    rig.wait_arrived(taken + 25000, 120)
    rig.kill()
    rig.far.script = lambda n, bodies, far: OK
    rig.start()
    rig.wait_all(20)
    return {"doubled": 30000}
