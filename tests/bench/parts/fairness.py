# SPDX-License-Identifier: Apache-2.0
"""How long lines of quiet logs wait while the backlog of a hot one drains: 50 logs with a line a second each,
from the write to the backend's answer."""
import pathlib
import shutil
import threading
import time

from parts.latency import Answer, FarEnd, quantile, start

QUIET = 50
BACKENDS = [("takes 20 MB a second", 0, 20e6), ("answers after 100 ms", 0.1, 0),
            ("takes 20 MB a second, and answers 100 ms later", 0.1, 20e6)]
LINE = '2026-05-11T00:00:00.000000000Z stdout F {"level":30,"msg":"mark-%08d-"}\n'


class Slow(FarEnd):
    """It works on one request at a time, at `bytes_s`, and answers `latency_s` after that."""

    def __init__(self, latency_s, bytes_s):
        self.latency_s, self.bytes_s = latency_s, bytes_s
        self.work, self.bytes = threading.Lock(), 0
        super().__init__()
        self.RequestHandlerClass = SlowAnswer

    def handle_error(self, request, client_address):
        """clew is killed with requests under way."""


class SlowAnswer(Answer):
    def send_response(self, code, message=None):
        server, size = self.server, int(self.headers["Content-Length"])
        if server.bytes_s > 0:
            with server.work:
                time.sleep(size / server.bytes_s)
        time.sleep(server.latency_s)
        server.bytes += size
        super().send_response(code, message)


def log_of(folder, name):
    log = pathlib.Path(folder, "ns_%s_00000000-0000-4000-8000-000000000000/c/0.log" % name)
    log.parent.mkdir(parents=True)
    return log


def write_hot(bench, folder, mib):
    block = bench.input(4, files=1).paths[0].read_bytes()
    with open(log_of(folder, "hot"), "wb") as out:
        for _ in range(mib * (1 << 20) // len(block)):
            out.write(block)


def write_lines(logs, seconds):
    """A line a second to each, spread over the second; when each was written, by its mark."""
    written, began = {}, time.monotonic()
    for mark in range(1, seconds * QUIET + 1):
        time.sleep(max(began + mark / QUIET - time.monotonic(), 0))
        written[mark] = time.monotonic()
        with open(logs[mark % QUIET], "a", encoding="ascii") as out:
            out.write(LINE % mark)
    return written


def waits(bench, backend, mib, seconds):
    """Seconds that each line waited, and bytes of the backlog a second that were taken meanwhile."""
    folder = bench.state / "fairness"
    shutil.rmtree(folder, ignore_errors=True)
    write_hot(bench, folder, mib)
    logs = [log_of(folder, "quiet-%d" % i) for i in range(QUIET)]
    for log in logs:
        log.write_text(LINE % 0)
    process = start(bench.clew, backend, str(bench.state), str(folder))
    try:
        while 0 not in backend.answered:
            time.sleep(0.01)
        began, before = time.monotonic(), backend.bytes
        written = write_lines(logs, seconds)
        rate = (backend.bytes - before) / (time.monotonic() - began)
        deadline = time.monotonic() + 60
        while not written.keys() <= backend.answered.keys() and time.monotonic() < deadline:
            time.sleep(0.02)
        return [backend.answered[mark] - at for mark, at in written.items()], rate
    finally:
        process.kill()
        process.wait()
        backend.shutdown()
        shutil.rmtree(folder)


def measure(bench):
    mib, seconds = (1024, 20) if bench.mib > 16 else (16, 2)
    out = ["| the backend | median | 99th percentile | of the backlog meanwhile |", "|---|---|---|---|"]
    for name, latency_s, bytes_s in BACKENDS:
        taken, rate = waits(bench, Slow(latency_s, bytes_s), mib, seconds)
        out.append("| %s | %.0f ms | %.0f ms | %.0f MB/s |" % (
            name, 1000 * quantile(taken, 0.5), 1000 * quantile(taken, 0.99), rate / 1e6))
    return {"fairness": out}
