# SPDX-License-Identifier: Apache-2.0
"""CPU a byte of clew alone as files and lines change."""
import statistics
import sys

import peers

CASES = [("one file", 1, "mixed"), ("4 files", 4, "mixed"), ("1,000 files", 1000, "mixed"),
         ("lines of 100 bytes", 4, "short"), ("lines of 10 KiB", 4, "long"),
         ("100 fields a line", 4, "wide"), ("text with stack traces", 4, "text")]


def measure(bench):
    inputs = [bench.input("s%d" % i, max(bench.mib // 2, 1), files, shape)
              for i, (_, files, shape) in enumerate(CASES)]
    cpu = [[] for _ in CASES]
    for _ in range(bench.rounds):
        for i, data in enumerate(inputs):
            run = peers.measure(peers.Clew(bench.clew, bench.state), bench.clew, "none", data)
            if CASES[i][2] != "text" and run.records != data.lines:
                sys.exit("run: NO RESULT: %s: %s of %d" % (CASES[i][0], run.records, data.lines))
            cpu[i].append(run.cpu)
    out = ["| | bytes a line | CPU ns a byte | MB per CPU s |", "|---|---|---|---|"]
    for (name, _, _), data, taken in zip(CASES, inputs, cpu):
        took = statistics.median(taken)
        out.append("| %s | %.0f | %.2f | %.0f |" % (
            name, data.bytes / data.lines, took * 1e9 / data.bytes, data.bytes / 1e6 / took))
    for data in inputs:
        data.remove()
    return {"scaling": out}
