# SPDX-License-Identifier: Apache-2.0
"""What two workers ship on two cores beside one, and what they cost.

Time counts here, not CPU, so the far end is one that costs next to nothing (sink.c), and all of them are
scheduled before everything else on the machine where that is allowed. That every record arrives with its
ids is verified in runs of their own, with a far end that reads them."""
import os
import shutil
import statistics
import subprocess
import time

import peers

MODES = ["none", "gzip"]
MIB_MIN_WHOLE = 256  # below it starting and ending weigh too much for the figures to mean anything


def go_first():
    """In the child: before all others, as far as that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


def may_go_first():
    return subprocess.run(["true"], preexec_fn=go_first).returncode == 0 and os.geteuid() == 0


def run(clew, port, mode, data):
    """Seconds on the clock, and of CPU."""
    command = clew.start(port, mode, data)
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=go_first)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise peers.NoResult("clew ended with status %d" % process.returncode)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def times(bench, data, clews):
    port = peers.free_port()
    sink = subprocess.Popen([bench.tools / "sink", str(port)], stdin=subprocess.DEVNULL,
                            preexec_fn=go_first)
    try:
        runs = {(mode, workers): [] for mode in MODES for workers in clews}
        for _ in range(bench.rounds):
            for mode, workers in runs:
                runs[mode, workers].append(run(clews[workers], port, mode, data))
        return runs
    finally:
        sink.terminate()
        sink.wait()


def measure(bench):
    data = bench.input(max(2 * bench.mib, MIB_MIN_WHOLE) if bench.mib > 16 else bench.mib, files=8)
    clews = {n: peers.Clew(bench.clew, bench.state, settings=["workers=%d" % n]) for n in (1, 2)}
    clews[2].records_of = clews[1].records_of = lambda data: data.lines
    for mode in MODES:
        bench.measure(clews[2], mode, data)
    runs = times(bench, data, clews)
    shutil.rmtree(data.folder)
    out = ["| workers | compression | seconds (least – most) | MB/s | × one | CPU s |",
           "|---|---|---|---|---|---|"]
    for (mode, workers), taken in runs.items():
        wall, cpu = ([each[i] for each in taken] for i in (0, 1))
        ratio = statistics.median(one[0] / two for one, two in zip(runs[mode, 1], wall))
        out.append("| %d | %s | %.2f (%.2f – %.2f) | %.0f | %s | %.2f |" % (
            workers, mode, statistics.median(wall), min(wall), max(wall),
            data.bytes / 1e6 / statistics.median(wall), "" if workers == 1 else "%.2f" % ratio,
            statistics.median(cpu)))
    bench.notes.append("workers: %.0f MB in 8 files%s" % (
        data.bytes / 1e6, ", clew and its far end scheduled before all else" if may_go_first() else ""))
    return {"workers": out}
