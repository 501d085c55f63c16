# SPDX-License-Identifier: Apache-2.0
"""How long a line waits: from its write to the far end's answer, and from clew's start to the first
request."""
import http.server
import os
import pathlib
import random
import re
import shutil
import subprocess
import threading
import time

MARK = re.compile(rb"mark-(\d{8})-")
LINE = '2026-05-11T00:00:00.000000000Z stdout F {"level":30,"msg":"mark-%08d-"}\n'


class FarEnd(http.server.ThreadingHTTPServer):
    """Answers everything with 200; knows when it did for each mark that it saw."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.first, self.answered = None, {}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.first = self.server.first or time.monotonic()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        now = time.monotonic()
        for mark in MARK.findall(body):
            self.server.answered.setdefault(int(mark), now)

    def log_message(self, *_):
        pass


def start(clew, far, state, folder):
    data = os.path.join(state, "data")
    shutil.rmtree(data, ignore_errors=True)
    return subprocess.Popen(
        [clew, "run", "--set", "data_dir=" + data, "--set", "control.listen=off", "--set",
         "outputs.compression=none", "--set",
         "outputs.endpoint=http://127.0.0.1:%d/v1/logs" % far.server_port, folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def quantile(values, part):
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def wait_for(far, count):
    deadline = time.monotonic() + 20
    while len(far.answered) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    if len(far.answered) < count:
        raise RuntimeError("%d of %d marked lines arrived" % (len(far.answered), count))


def waits(clew, state, filler, pause_s, count):
    """Seconds that each of `count` marked lines waited, with `filler` written before each."""
    folder = pathlib.Path(state, "live")
    shutil.rmtree(folder, ignore_errors=True)
    log = folder / "ns_pod_00000000-0000-4000-8000-000000000000/c/0.log"
    log.parent.mkdir(parents=True)
    log.write_text(LINE % 0)
    far = FarEnd()
    process = start(clew, far, state, str(folder))
    try:
        wait_for(far, 1)
        written, next_s, dice = {}, time.monotonic(), random.Random(1)
        with open(log, "ab", buffering=0) as out:
            for mark in range(1, count + 1):
                next_s += pause_s * (1 if filler else dice.uniform(0.5, 1.5))
                time.sleep(max(next_s - time.monotonic(), 0))
                written[mark] = time.monotonic()
                out.write(filler + (LINE % mark).encode())
        wait_for(far, count + 1)
        return [far.answered[mark] - written[mark] for mark in written]
    finally:
        process.terminate()
        process.wait()
        far.shutdown()


def start_time(tools, clew, state):
    """Seconds from the start of clew to its first request, with 1,000 files there."""
    folder = os.path.join(state, "many")
    subprocess.check_output([tools / "generate", folder, "8", "1000"])
    far = FarEnd()
    began = time.monotonic()
    process = start(clew, far, state, folder)
    try:
        while far.first is None and time.monotonic() < began + 20:
            time.sleep(0.001)
        return far.first - began
    finally:
        process.terminate()
        process.wait()
        far.shutdown()
        shutil.rmtree(folder)


def measure(bench):
    tools, clew, state, marks = bench.tools, bench.clew, bench.state, 30 * bench.rounds
    block = bench.input(4, files=1).paths[0].read_bytes()
    mb_s = 100  # about half of what one core takes, and all that the far end in Python can
    filler = block[:block.rindex(b"\n", 0, int(mb_s * 1e6 * 0.02)) + 1]
    quiet = waits(clew, state, b"", 0.1, marks)
    busy = waits(clew, state, filler, 0.02, marks)
    starts = [start_time(tools, clew, state) for _ in range(bench.rounds)]
    ms = "%.0f ms"
    return {"latency": [
        "| | median | 99th percentile |", "|---|---|---|",
        *("| %s | %s | %s |" % (name, *(ms % (1000 * quantile(taken, part)) for part in (0.5, 0.99)))
          for name, taken in [("a line in a quiet file, until the far end has answered", quiet),
                              ("the same while %d MB/s come" % mb_s, busy)]),
        "| start to first request, 1,000 files there | %s | |" % (ms % (1000 * quantile(starts, 0.5)))]}
