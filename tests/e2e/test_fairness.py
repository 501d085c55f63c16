# SPDX-License-Identifier: Apache-2.0
"""A hot log beside quiet ones: quiet lines do not wait behind its backlog, and it can be held to a pace."""
import bisect
import threading
import time
import urllib.request

import clew
from slow_backend import SlowBackend, write_files

QUIET = 50
HOT = 1000  # number of the hot file


def options(tmp, backend, *more):
    sets = [f"data_dir={tmp / 'data'}", "control.listen=off", f"outputs.endpoint={backend.endpoint}/v1/logs",
            "outputs.compression=none", "inputs.scan_interval=100ms", *more]
    return [part for one in sets for part in ("--set", one)]


def write_hot(path, lines, line_bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        for number in range(lines):
            out.write(f"mark-{HOT}-{number}-".ljust(line_bytes - 1, ".") + "\n")


class Quiet:
    """Writes a line to one of the quiet logs, in turns, and knows when."""

    def __init__(self, paths):
        self.paths, self.written = paths, {}
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.write, daemon=True)

    def write(self):
        number = 1
        while not self.is_over.is_set():
            for file, path in enumerate(self.paths):
                self.written[file, number] = time.monotonic()
                with open(path, "a", encoding="ascii") as out:
                    out.write(f"mark-{file}-{number}-\n")
                if self.is_over.wait(0.02):
                    return
            number += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *why):
        self.is_over.set()
        self.thread.join()


def shares_waited(backend, written):
    """Of each quiet line: which part of the backlog was taken between its write and its answer. Sorted."""
    times, sums, seen = [], [0], {}
    for at, _, marks in list(backend.answers):
        times.append(at)
        sums.append(sums[-1] + sum(file == HOT for file, _ in marks))
        for mark in marks:
            seen.setdefault(mark, len(times))
    return sorted((sums[seen[mark]] - sums[bisect.bisect(times, at)]) / sums[-1]
                  for mark, at in written.items() if mark in seen)


def beside_a_backlog(tmp, backend, lines, *more):
    """The shares of the backlog that the quiet lines waited for, while it was under way."""
    paths = write_files(tmp / "logs", QUIET, 1, 20)
    write_hot(tmp / "logs" / "hot.log", lines, 1000)
    with clew.start("run", *options(tmp, backend, *more), tmp / "logs") as process:
        process.wait_for(lambda: backend.answers, "the first answer")
        with Quiet(paths) as quiet:
            process.wait_for(lambda: sum(len(marks) for _, _, marks in list(backend.answers)) >= lines * 0.8,
                             "most of the backlog is taken")
            written = dict(quiet.written)
        process.wait_for(lambda: written.keys() <= set(backend.marks()), "all quiet lines arrive")
        process.wait_for(lambda: len(set(backend.marks())) >= lines + QUIET + len(written), "the backlog arrives")
        process.stop()
    shares = shares_waited(backend, written)
    clew.equal(len(shares), len(written), "quiet lines")
    assert len(shares) > QUIET, f"only {len(shares)} quiet lines were written"
    return shares


def test_quiet_lines_do_not_wait_behind_a_backlog_for_a_slow_backend(tmp):
    with SlowBackend(byte_s=1 / 8e6, is_serial=True) as backend:
        shares = beside_a_backlog(tmp, backend, 80000)
    late = shares[len(shares) * 99 // 100]
    assert late < 0.25, f"a quiet line waited for {late:.0%} of the backlog"


def test_quiet_lines_do_not_wait_behind_a_backlog_for_a_backend_far_away(tmp):
    with SlowBackend(latency_s=0.2) as backend:
        shares = beside_a_backlog(tmp, backend, 80000)
    late = shares[len(shares) * 99 // 100]
    assert late < 0.4, f"a quiet line waited for {late:.0%} of the backlog"


def pod_log(tmp, pod, container):
    return tmp / "pods" / f"ns_{pod}_00000000-0000-4000-8000-{pod:>012}" / container / "0.log"


def test_a_pod_is_read_no_faster_than_it_may_be_and_others_are_not_held(tmp):
    """Both containers of the pod together; its lines all arrive."""
    lines, rate = 600, 100 * 1000
    logs = [pod_log(tmp, "1", "a"), pod_log(tmp, "1", "b")]
    for file, log in enumerate(logs):
        log.parent.mkdir(parents=True)
        log.write_text("".join(f"2026-05-11T00:00:00.000000000Z stdout F mark-{file}-{number}-{'x' * 450}\n"
                               for number in range(lines)))
    quiet = pod_log(tmp, "2", "c")
    quiet.parent.mkdir(parents=True)
    port = clew.free_port()
    with SlowBackend() as backend, \
            clew.start("run", *options(tmp, backend, f"inputs.pod_bytes_per_second={rate}", "inputs.read_bytes=8KiB",
                                       f"control.listen=127.0.0.1:{port}"), tmp / "pods") as process:
        began = time.monotonic()
        process.wait_for(lambda: len(backend.marks()) > lines / 4, "some lines arrive")
        quiet.write_text("2026-05-11T00:00:00.000000000Z stdout F mark-9-1-\n")
        process.wait_for(lambda: (9, 1) in backend.marks(), "the quiet pod's line arrives")
        assert len(backend.marks()) < 2 * lines, "it came behind all of the other's"
        process.wait_for(lambda: len(backend.marks()) == 2 * lines + 1, "all lines arrive")
        took = time.monotonic() - began
        size = sum(log.stat().st_size for log in logs)
        # A second's worth at once is allowed at the beginning, and a turn of each container.
        assert took > (size - rate - 2 * 8192) / rate * 0.9, f"{size} bytes in {took:.1f} s at {rate} a second"
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
        pauses = [line for line in metrics.splitlines() if line.startswith("clew_pod_pauses_total ")]
        assert pauses and float(pauses[0].split()[1]) > 0, pauses
        clew.equal(process.err().count("pod_bytes_per_second"), 1, "times it is said")
        process.stop()


if __name__ == "__main__":
    clew.main()
