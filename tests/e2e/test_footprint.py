# SPDX-License-Identifier: Apache-2.0
"""What clew costs while little happens: system calls, memory, and how long a line waits."""

import collections
import pathlib
import re
import shutil
import subprocess
import time
import urllib.request

import clew
from far_end import FarEnd, options, start_run

QUIET = 200
LINE = '2026-05-11T00:00:00.000000000Z stdout F {"level":"info","msg":"%s"}\n'


def pods(tmp, count):
    logs = []
    for n in range(count):
        log = tmp / "pods" / f"ns_pod-{n}_00000000-0000-4000-8000-{n:012d}" / "app" / "0.log"
        log.parent.mkdir(parents=True)
        log.write_text(LINE % f"first of {n}")
        logs.append(log)
    return logs


def append(log, text):
    with open(log, "a", encoding="utf-8") as out:
        out.write(LINE % text)


def count_calls(pid, seconds):
    """System calls of a process by name."""
    if not shutil.which("strace"):
        raise clew.Skipped("there is no strace")
    done = subprocess.run(["timeout", str(seconds), "strace", "-f", "-p", str(pid)],
                          capture_output=True, check=False)
    said = clew.text(done.stderr)
    if "attached" not in said:
        raise clew.Skipped("strace may not look at other processes here")
    names = re.findall(r"^(?:\[pid +\d+\] )?(?:<\.\.\. )?(\w+)[( ]", said, re.M)
    return collections.Counter(names)


def has_local_files(tmp):
    kind = subprocess.run(["stat", "-f", "-c", "%T", tmp], capture_output=True, check=True)
    return clew.text(kind.stdout).strip() in ("ext2/ext3", "xfs", "btrfs", "tmpfs", "f2fs",
                                              "overlayfs", "zfs")


def test_quiet_files_that_inotify_watches_are_looked_at_seldom(tmp):
    if not has_local_files(tmp):
        raise clew.Skipped("inotify does not tell of everything on this file system")
    pods(tmp, QUIET)
    with FarEnd(tmp) as far, start_run(tmp, far, tmp / "pods",
                                       sets=["inputs.scan_interval=1s"]) as run:
        far.wait_for(QUIET)
        time.sleep(5)  # until no directory is young any more: their clock is coarse
        calls = count_calls(run.pid, 5)
    # Every file with its two directories in each scan would be 3,000.
    looks = calls["statx"] + calls["newfstatat"]
    assert 0 < looks < 3 * QUIET, calls


def test_without_inotify_every_scan_looks_at_every_file(tmp):
    pods(tmp, 20)
    with FarEnd(tmp) as far, start_run(tmp, far, tmp / "pods",
                                       sets=["inputs.inotify=false"]) as run:
        far.wait_for(20)
        calls = count_calls(run.pid, 10)  # scans are spaced out where the machine is slow
    assert calls["statx"] >= 3 * 20 * 3, calls


def test_a_watched_file_that_inotify_does_not_tell_of_is_read_all_the_same(tmp):
    """The writer uses a second name of the file, in a directory that nobody watches."""
    log = pods(tmp, 1)[0]
    (tmp / "elsewhere").mkdir()
    other = tmp / "elsewhere" / "0.log"
    other.hardlink_to(log)
    with FarEnd(tmp) as far, start_run(tmp, far, tmp / "pods",
                                       sets=["inputs.watched_scan_interval=2s"]):
        far.wait_for(1)
        for n in range(2, 7):
            time.sleep(0.3)
            append(other, f"line {n}")
            far.wait_for(n, deadline=10)
        began = time.monotonic()
        append(other, "line 7")  # found to be deaf by now: as quick as the scan is
        far.wait_for(7)
        took = time.monotonic() - began
    assert took < 1.5, took


def test_a_line_in_a_quiet_file_is_sent_at_once(tmp):
    log = pods(tmp, 1)[0]
    with FarEnd(tmp) as far, start_run(tmp, far, tmp / "pods",
                                       sets=["outputs.batch.age=5s"]):
        far.wait_for(1, deadline=4)
        time.sleep(5.5)
        append(log, "second")
        far.wait_for(2, deadline=4)


def requests(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(r"^clew_requests_total (\d+)", clew.text(answer.read()), re.M)
    return int(found[1])


def test_a_trickle_of_lines_makes_no_more_than_a_request_in_batch_age(tmp):
    log = pods(tmp, 1)[0]
    port = clew.free_port()
    age_s, seconds = 1.0, 5
    with FarEnd(tmp) as far:
        given = options(tmp, far, f"control.listen=127.0.0.1:{port}", "outputs.batch.age=1s")
        with clew.start("run", *given, tmp / "pods") as run:
            clew.wait_for_port(port, run)
            far.wait_for(1)
            before, end, lines = requests(port), time.monotonic() + seconds, 1
            while time.monotonic() < end:
                append(log, "trickle")
                lines += 1
                time.sleep(0.05)
            made = requests(port) - before
            far.wait_for(lines)
    assert 2 <= made <= seconds / age_s + 1, made


def private_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+)", status, re.M)[1])


def test_quiet_files_take_little_memory(tmp):
    """After a burst that filled many requests, all but what a file takes is given back."""
    if clew.has_sanitizer():
        raise clew.Skipped("a sanitizer takes memory of its own")
    with FarEnd(tmp) as far:
        logs = pods(tmp, QUIET)
        with start_run(tmp, far, tmp / "pods") as run:
            far.wait_for(QUIET)
            for log in logs[:20]:
                with open(log, "a", encoding="utf-8") as out:
                    out.write((LINE % ("x" * 200)) * 1000)
            far.wait_for(QUIET + 20000)
            clew.wait_for(lambda: private_kib(run.pid) < 5000,
                          f"it holds less than 5,000 KiB (now {private_kib(run.pid)})", 20)


def test_a_far_end_that_keeps_up_costs_few_requests_worth_of_memory(tmp):
    if clew.has_sanitizer():
        raise clew.Skipped("a sanitizer takes memory of its own")
    log = pods(tmp, 1)[0]
    with open(log, "a", encoding="utf-8") as out:
        out.write((LINE % ("x" * 200)) * 200000)
    port, peak = clew.free_port(), 0
    with clew.start("receive", "--discard", "--listen", f"127.0.0.1:{port}") as far:
        clew.wait_for_port(port, far)
        given = ["data_dir=" + str(tmp / "data"), "control.listen=off",
                 f"outputs.endpoint=http://127.0.0.1:{port}/v1/logs"]
        with clew.start("run", *(part for one in given for part in ("--set", one)),
                        tmp / "pods") as run:
            offset = f'"offset":{log.stat().st_size}'
            checkpoints = tmp / "data" / "checkpoints.json"
            while not (checkpoints.exists() and offset in
                       checkpoints.read_text().replace(" ", "")):
                peak = max(peak, private_kib(run.pid))
                time.sleep(0.02)
    assert 1000 < peak < 10000, peak


if __name__ == "__main__":
    clew.main()
