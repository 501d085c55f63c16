# SPDX-License-Identifier: Apache-2.0
"""Each stage alone, over lines in memory: nanoseconds a record over the four kinds of lines, and
instructions a record for each kind."""
import re
import subprocess

NAMES = ["lines and frame", "parse", "resolve", "audit", "encode", "gzip", "zstd"]
SERVICES = {"checkout": "Python JSON", "inventory": "key=value", "payment": "pino JSON",
            "shipping": "slog JSON"}
# What the first five stages took together, of the same lines, at two points of clew's history.
HISTORY = {"before shapes": [7296, 6776, 6299, 6217], "first": [9044, 8265, 6985, 7138]}


def measure(bench):
    data = bench.input(4)
    log = bench.state / "all.log"
    log.write_bytes(b"".join(path.read_bytes() for path in data.paths))
    return {"stages": times(bench, log), "instructions": instructions(bench, data)}


def stages_of(totals):
    """What each stage takes of what they take one after the other; either compressor follows encode."""
    each = [after - before for before, after in zip([0.0] + totals[:5], totals[:6])]
    return each + [totals[6] - totals[4]]


def times(bench, log):
    said = subprocess.check_output([bench.tools / "bench_pipeline", log, str(bench.rounds * 4)], text=True)
    each = stages_of([float(found) for found in re.findall(r"([\d.]+) ns a record", said)])
    whole = bench.whole_ns
    rest = whole - sum(each[:5])
    rows = list(zip(NAMES[:5], each)) + ([("reading, batches, sending, starting", rest)] if whole else [])
    rows += [("resolve and audit together", each[2] + each[3]), *zip(NAMES[5:], each[5:])]
    return ["| stage | ns a record | share of a whole run without compression |", "|---|---|---|"] + [
        "| %s | %.0f | %s |" % (name, took, "%.0f %%" % (100 * took / whole)
                                if whole and name not in NAMES[5:] else "–") for name, took in rows]


def count(bench, log, stage, lines):
    """Instructions a record: of twelve rounds without those of two, so that what is done once cancels
    out."""
    counts = [int(subprocess.check_output(
        [bench.tools / "meter", bench.tools / "bench_pipeline", log, rounds, str(stage)],
        stderr=subprocess.DEVNULL).split()[-1]) for rounds in ("2", "12")]
    return (counts[1] - counts[0]) / 10 / lines


def instructions(bench, data):
    logs = {name: next(path for path in data.paths if path.parent.name == name) for name in SERVICES}
    columns = []
    for log in logs.values():
        lines = log.read_bytes().count(b"\n")
        columns.append(stages_of([count(bench, log, stage, lines) for stage in range(len(NAMES))]))
    rows = [(name, [column[i] for column in columns]) for i, name in enumerate(NAMES)]
    rows.insert(5, ("**together**", [sum(column[:5]) for column in columns]))
    rows[6:6] = list(HISTORY.items())
    out = ["| | %s |" % " | ".join("%s (%s)" % pair for pair in SERVICES.items()), "|---|---|---|---|---|"]
    return out + ["| %s | %s |" % (name, " | ".join("{:,.0f}".format(value) if value else "–"
                                                    for value in values)) for name, values in rows]
