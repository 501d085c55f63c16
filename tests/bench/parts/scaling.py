# SPDX-License-Identifier: Apache-2.0
"""CPU a byte of clew alone as files and lines change, beside what it takes with the first of the rows."""
import peers
from bench import median, ratio

JOINED = ["inputs.multiline.rules=[java]"]
CASES = [("4 files", 4, "mixed", []), ("one file", 1, "mixed", []), ("1,000 files", 1000, "mixed", []),
         ("lines of 100 bytes", 4, "short", []), ("lines of 10 KiB", 4, "long", []),
         ("5 fields a line", 4, "narrow", []), ("100 fields a line", 4, "wide", []),
         ("text with stack traces", 4, "text", []), ("the same, traces joined", 4, "text", JOINED)]


def measure(bench):
    tasks = {name: (peers.Clew(bench.clew, bench.state, settings=settings), "none",
                    bench.input(bench.mib, files, shape)) for name, files, shape, settings in CASES}
    runs = bench.take_turns(tasks)
    return {"scaling": table(runs, {name: data for name, (_, _, data) in tasks.items()})}


def against(runs, data, other_runs, other, field):
    if not getattr(runs[0], field):
        return "–"
    return "%+.0f %%" % (100 * (ratio(runs, other_runs, field) * other.bytes / data.bytes - 1))


def table(runs, inputs):
    out = ["| | bytes a line | CPU ns a byte | MB per CPU s | against the first row | its instructions |",
           "|---|---|---|---|---|---|"]
    first = next(iter(runs))
    for name, taken in runs.items():
        data, cpu = inputs[name], median(taken, "cpu")
        out.append("| %s | %.0f | %.2f | %.0f | %s | %s |" % (
            name, data.bytes / data.lines, cpu * 1e9 / data.bytes, data.bytes / 1e6 / cpu,
            *("" if name == first else against(taken, data, runs[first], inputs[first], field)
              for field in ("cpu", "instructions"))))
    return out
