# SPDX-License-Identifier: Apache-2.0
"""How fast a backlog goes to a backend that is far away, by how many requests may be under way.

The backend takes everything at once and answers after a while (sink.c), so that nothing but the distance
and what clew may have under way counts; requests go without compression. That all arrives in its order is for
tests/e2e/test_latency.py to say."""
import shutil
import statistics
import subprocess
import time

import peers

LATENCIES_MS = [0, 100, 500]
IN_FLIGHT = [1, 4, 32]
FILES = [("many files", 64), ("one hot file", 1)]
SPOOLS = [("", []), (", a spool", ["outputs.spool.max_bytes=1GiB"])]
SLOW_MIB = 16  # of input for a backend that is away: some seconds at one request at a time …
SLOW_MIB_MORE = 48  # … or at several


def steady(lines, seconds, size):
    """Bytes a second from the first answer to the last, or of the whole run if that tells of none."""
    answers = [[int(word) for word in line.split()] for line in lines]
    if not answers or answers[-1][0] == answers[0][0]:
        return size / seconds
    return 1000 * sum(sent for _, sent in answers[1:]) / (answers[-1][0] - answers[0][0])


def rate(bench, latency_ms, data, settings):
    port = peers.free_port()
    sink = subprocess.Popen([bench.tools / "sink", str(port), str(latency_ms)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True)
    try:
        peers.wait_for_port(port)
        clew = peers.Clew(bench.clew, bench.state, settings=settings)
        began = time.monotonic()
        subprocess.run(clew.start(port, "none", data), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - began
    finally:
        sink.terminate()
        lines = sink.communicate()[0].splitlines()
    return steady(lines, seconds, data.bytes)


def rates(bench, latency_ms, files, sets):
    """MB a second for each number of requests."""
    found = {}
    for n in IN_FLIGHT:
        slow = SLOW_MIB if n == 1 else SLOW_MIB_MORE
        data = bench.input(bench.mib if latency_ms == 0 else min(bench.mib, slow), files=files)
        rounds = min(bench.rounds, 5 if latency_ms == 0 else 1)  # a distance is the same in each of them
        found[n] = statistics.median(rate(bench, latency_ms, data, ["outputs.in_flight=%d" % n, *sets])
                                     for _ in range(rounds)) / 1e6
    return found


def measure(bench):
    out = ["| | answers after | %s |" % " | ".join("`in_flight: %d`" % n for n in IN_FLIGHT),
           "|---|---|%s" % ("---|" * len(IN_FLIGHT))]
    for latency_ms in LATENCIES_MS:
        for name, files in FILES:
            for spool, sets in SPOOLS:
                found = rates(bench, latency_ms, files, sets)
                cells = ["%.1f MB/s%s" % (found[n], "" if n == IN_FLIGHT[0] else
                                          " (× %.1f)" % (found[n] / found[IN_FLIGHT[0]])) for n in IN_FLIGHT]
                out.append("| %s%s | %d ms | %s |" % (name, spool, latency_ms, " | ".join(cells)))
    for data in bench.inputs.values():
        shutil.rmtree(data.folder, ignore_errors=True)
    bench.inputs.clear()
    return {"distance": out}
