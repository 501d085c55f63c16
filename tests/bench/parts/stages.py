# SPDX-License-Identifier: Apache-2.0
"""Nanoseconds a record of each stage alone, the best of some rounds over the four kinds of lines."""
import re
import subprocess

NAMES = ["lines and frame", "parse", "resolve", "audit", "encode"]


def measure(bench):
    data = bench.input(4)
    log = bench.state / "all.log"
    log.write_bytes(b"".join(path.read_bytes() for path in data.paths))
    said = subprocess.check_output([bench.tools / "bench_pipeline", log, str(bench.rounds * 4)], text=True)
    times = [float(found) for found in re.findall(r"([\d.]+) ns a record", said)]
    each = [after - before for before, after in zip([0.0] + times, times)]
    return {"stages": table(each, bench.whole_ns)}


def table(each, whole_ns):
    out = ["| stage | ns a record | share of the whole run |", "|---|---|---|"]
    for name, took in zip(NAMES, each):
        share = "%.0f %%" % (100 * took / whole_ns) if whole_ns else "–"
        out.append("| %s | %.0f | %s |" % (name, took, share))
    if whole_ns:
        rest = whole_ns - sum(each)
        out.append("| reading, batches, sending, starting | %.0f | %.0f %% |" % (
            rest, 100 * rest / whole_ns))
        out.append("| resolve and audit together | %.0f | %.0f %% |" % (
            each[2] + each[3], 100 * (each[2] + each[3]) / whole_ns))
    return out
