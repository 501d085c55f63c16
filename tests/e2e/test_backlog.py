#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is not read yet: deleted files hold the disk up to a limit, what is given up is counted to the byte,
and what is lost is said once a minute."""

import os
import pathlib
import re
import shutil
import urllib.request

import clew
from far_end import FarEnd
from test_outputs import config, metrics, run

LINES = 2000  # of a pod


def line(pod, n):
    return f"2026-03-02T10:11:12.{n:06}Z stdout F pod{pod:02} {n:06} {'x' * 60}\n"


def write_pod(root, pod, begin, end):
    """Bytes that were written."""
    folder = root / f"shop_p{pod:02}_0b1c2d3e-0000-4000-8000-{pod:012}/app"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "0.log", "a", encoding="utf-8") as out:
        return out.write("".join(line(pod, n) for n in range(begin, end)))


def delete_pod(root, pod):
    shutil.rmtree(root / f"shop_p{pod:02}_0b1c2d3e-0000-4000-8000-{pod:012}")


def deleted_open(process):
    """Sizes of the deleted logs that it holds open."""
    sizes = []
    for fd in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if re.search(r"\.log \(deleted\)$", os.readlink(fd)):
                sizes.append(fd.stat().st_size)
        except FileNotFoundError:
            pass
    return sizes


def backlog(port):
    """By input: unread bytes, bytes of deleted files, age of the oldest unread line."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    names = ("unread_bytes", "deleted_bytes", "oldest_unread_seconds")
    return [dict(re.findall(rf'^clew_input_{name}{{input="(\w+)"}} ([0-9.]+)$', text, re.M)) for name in names]


def lost_by_pod(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {int(pod): int(count) for pod, count in
            re.findall(r'^clew_log_lost_bytes_total{[^}]*pod="p(\d+)"[^}]*} (\d+)$', text, re.M)}


def test_deleted_files_hold_no_more_than_the_limit_and_what_is_given_up_is_counted_to_the_byte(tmp):
    port, control, pods, limit, count = clew.free_port(), clew.free_port(), tmp / "pods", 2 << 20, 60
    path = config(tmp, [(port, {})], control={"listen": f"127.0.0.1:{control}"},
                  inputs=[{"include": [f"{pods}/*/*/*.log"], "scan_interval": "100ms",
                           "read_bytes": "16KiB", "deleted_bytes_max": limit}])
    sizes = [write_pod(pods, pod, 0, 10) for pod in range(count)]
    with run(path) as process:
        clew.wait_for_port(control, process)
        process.wait_for(lambda: metrics(control)["clew_open_files"] == count, "all are open")
        for pod in range(count):
            sizes[pod] += write_pod(pods, pod, 10, LINES)
        for pod in range(count):
            delete_pod(pods, pod)
            process.wait_for(lambda: len(deleted_open(process)) > 0, "deleted files are held")
        process.wait_for(lambda: "closing the oldest" in process.err(), "the limit is reached")
        process.wait_for(lambda: sum(deleted_open(process)) <= limit, "no more is held than that")
        newest = write_pod(pods, 99, 0, LINES)
        lost = lost_by_pod(control)
        total = metrics(control)["clew_lost_bytes_total"]
        held = len(deleted_open(process))
        assert 0 < held <= limit // min(sizes), held
        with FarEnd(tmp, port=port) as far:
            process.wait_for(lambda: sum(lost.values()) + sum(len(line(0, 0)) for _ in far.bodies()) ==
                             sum(sizes) + newest, "all else arrives")
            bodies = far.bodies()
            clew.equal(lost_by_pod(control), lost)
            clew.equal(process.stop(), 0)
        err = process.err()
    clew.equal(sum(lost.values()), total)
    for pod in [*range(count), 99]:
        found = [int(body.split()[1]) for body in bodies if body.startswith(f"pod{pod:02} ")]
        clew.equal(found, list(range(len(found))), f"the lines of pod {pod}")
        clew.equal(len(found) * len(line(0, 0)) + lost.get(pod, 0), len(line(0, 0)) * LINES, f"pod {pod}")
    single = re.findall(r"closing the oldest, (\S+), with (\d+) unread bytes", err)
    summary = re.findall(r"within a minute (\d+) more files? that were deleted and unread were closed, "
                         r"with (\d+) bytes that are lost, most of them of \S+", err)
    clew.equal((len(single), len(summary)), (1, 1), err)
    clew.equal((1 + int(summary[0][0]), int(single[0][1]) + int(summary[0][1])), (len(lost), total))


def test_what_was_given_up_is_not_counted_again_after_a_crash(tmp):
    port, control, pods, limit, count = clew.free_port(), clew.free_port(), tmp / "pods", 1 << 20, 20
    path = config(tmp, [(port, {})], control={"listen": f"127.0.0.1:{control}"},
                  inputs=[{"include": [f"{pods}/*/*/*.log"], "scan_interval": "100ms",
                           "read_bytes": "16KiB", "deleted_bytes_max": limit}])
    size = sum(write_pod(pods, pod, 0, LINES) for pod in range(count))
    saved = tmp / "data" / "checkpoints.json"
    with run(path) as process:
        clew.wait_for_port(control, process)
        process.wait_for(lambda: metrics(control)["clew_open_files"] == count, "all are open")
        for pod in range(count):
            delete_pod(pods, pod)
        process.wait_for(lambda: "closing the oldest" in process.err() and sum(deleted_open(process)) <= limit, "the limit")
        before = saved.stat().st_mtime_ns
        process.wait_for(lambda: write_pod(pods, 99, 0, 1) and saved.stat().st_mtime_ns > before + 10 ** 9,
                         "a checkpoint that knows it")
        lost = metrics(control)["clew_lost_bytes_total"]
        process.kill()
    assert 0 < lost < size, lost
    with run(path) as process:
        clew.wait_for_port(control, process)
        process.wait_for(lambda: metrics(control)["clew_lost_bytes_total"] >= size - lost, "the rest is counted")
        again = metrics(control)["clew_lost_bytes_total"]
        clew.equal(process.stop(), 0)
        clew.equal(lost + again, size, process.err())


def test_the_backlog_is_told_by_input_and_in_top(tmp):
    port, control, log = clew.free_port(), clew.free_port(), tmp / "app.log"
    path = config(tmp, [(port, {})], control={"listen": f"127.0.0.1:{control}"}, inputs=[
        {"name": "apps", "include": [str(log)], "scan_interval": "100ms", "read_bytes": "16KiB"},
        {"name": "none", "include": [str(tmp / "none.log")]}])
    text = "".join(f"line {n:06} {'x' * 400}\n" for n in range(60000))
    log.write_text(text)
    with run(path) as process:
        clew.wait_for_port(control, process)
        process.wait_for(lambda: float(backlog(control)[2].get("apps", 0)) >= 1, "a second behind")
        received = metrics(control)["clew_received_bytes_total"]
        unread, deleted, oldest = backlog(control)
        clew.equal((unread, deleted), ({"apps": str(len(text) - received), "none": "0"}, {"apps": "0", "none": "0"}))
        clew.equal(float(oldest["none"]), 0)
        log.unlink()
        process.wait_for(lambda: backlog(control)[1]["apps"] == str(len(text)), "it is held open")
        look = clew.run_ok("top", "-e", f"127.0.0.1:{control}", "--format", "json", "--once").json()
        clew.equal(look["backlog"]["apps"]["deleted_bytes"], len(text))
        clew.equal(look["backlog"]["apps"]["unread_bytes"], len(text) - received)
        assert look["backlog"]["apps"]["oldest_unread_seconds"] >= 1, look["backlog"]
        clew.contains(clew.run_ok("top", "-e", f"127.0.0.1:{control}").out, "in deleted files 24.8 MB")
        with FarEnd(tmp, port=port):
            process.wait_for(lambda: [float(of["apps"]) for of in backlog(control)] == [0, 0, 0], "all is read")
            clew.equal(process.stop(), 0)


class Rotated:
    """Logs of which one rotated file is kept, by writers that go on in it for a moment."""

    def __init__(self, folder, count):
        folder.mkdir()
        self.paths = [folder / f"a{n}.log" for n in range(count)]
        self.outs = [open(path, "a", encoding="utf-8") for path in self.paths]
        self.written = self.lines = 0

    def write(self, lines):
        for out in self.outs:
            self.written += out.write("".join(f"{self.lines + n:08} {'x' * 91}\n" for n in range(lines)))
            self.lines += lines
            out.flush()

    def rename(self):
        for path in self.paths:
            path.rename(path.with_name(path.name + ".1"))

    def reopen(self):
        for out in self.outs:
            out.close()
        self.outs = [open(path, "a", encoding="utf-8") for path in self.paths]

    def close(self):
        for out in self.outs:
            out.close()


def known(control):
    """Bytes that were read, are waiting, or are counted as lost."""
    counted = metrics(control)
    unread = sum(int(float(value)) for value in backlog(control)[0].values())
    return counted["clew_received_bytes_total"] + counted["clew_lost_bytes_total"] + unread


def test_what_rotation_takes_away_unread_is_counted_by_its_last_size_to_the_byte(tmp):
    """The backend is down, files are not held open, and each is gone after two rotations."""
    port, control, rounds = clew.free_port(), clew.free_port(), 8
    path = config(tmp, [(port, {})], control={"listen": f"127.0.0.1:{control}"}, inputs=[
        {"include": [str(tmp / "logs/*.log")], "scan_interval": "10s", "open_files_max": 1}])
    logs = Rotated(tmp / "logs", 6)
    with run(path) as process:
        clew.wait_for_port(control, process)
        for _ in range(rounds):
            for _ in range(5):
                logs.write(100)
            process.wait_for(lambda: known(control) == logs.written, "what was written is known")
            logs.rename()
            logs.write(50)  # under its new name
            process.wait_for(lambda: known(control) == logs.written, "what was written late is known")
            logs.reopen()
        logs.close()
        with FarEnd(tmp, port=port) as far:
            process.wait_for(lambda: len(far.bodies()) * 101 + metrics(control)["clew_lost_bytes_total"] ==
                             logs.written, "all is delivered or counted")
            clew.equal(process.stop(), 0)
        err = process.err()
    gone = re.findall(r"is gone; (\d+) bytes of it had not been read", err)
    summary = re.findall(r"within a minute (\d+) more files were removed before they were read to their ends, with "
                         r"(\d+) bytes that are lost, most of them of \S+ \(\d+ bytes\), \S+", err)
    clew.equal((len(gone), len(summary)), (1, 1), err)


if __name__ == "__main__":
    clew.main()
