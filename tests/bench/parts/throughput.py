# SPDX-License-Identifier: Apache-2.0
"""CPU, records and memory of clew, the floor and the peers, by compression, over the same files; and how
clew stands to its aims."""
import peers
import syslog_peers
from bench import median, ratio

PEERS = {"Collector": peers.Collector, "rsyslog ¹": syslog_peers.Rsyslog,
         "syslog-ng ¹": syslog_peers.SyslogNg}
FOOTNOTE = [
    "",
    "¹ Less work: they cannot write OTLP, so they send each line's fields as JSON in text, and an id is one",
    "of these. rsyslog sends over bare TCP, compressed as one zlib stream; syslog-ng by HTTP, without",
    "compression, and makes numbers and booleans text. Their far ends count lines and ids too.",
]
PEER_ROUNDS = 3  # they take many times as long, and their ratio to clew is no near thing
# Fluent Bit 5.1.1 (tail, multiline.parser cri, parser json, opentelemetry), CPU seconds for 256 MiB of
# lines like these on the reference machine: not measured here, so good for an order of magnitude.
FLUENT_BIT = {"none": 13.4, "gzip": 18.3}
FLUENT_BIT_BYTES = 256 << 20
# Fluent Bit's figure divided by 25, 16 and 22 (its gzip figure), which are the aims.
AIMS = {"CPU s for 256 MiB": {"none": 0.53, "gzip": 1.15, "zstd": 0.83},
        "× floor": {"none": 3.0, "gzip": 1.5, "zstd": 1.7},
        "peak RSS, MB": dict.fromkeys(peers.MODES, 20.0),
        "peak private memory, MB": dict.fromkeys(peers.MODES, 10.0)}


def measure(bench):
    data = bench.input(bench.mib)
    bench.notes.append("input: %d MiB, %d lines of %.0f bytes in %d files, %d with ids" % (
        data.bytes >> 20, data.lines, data.bytes / data.lines, len(data.paths), data.with_ids))
    runs = take(bench, data)
    bench.rows = rows = [row(*key, runs, data) for key in runs]
    bench.whole_ns = next(1e9 / row["records"] for row in rows
                          if row["name"] == "clew" and row["mode"] == "none")
    return {"throughput": table(rows, data) + (FOOTNOTE if any("¹" in row["name"] for row in rows) else []), "aims": aims(rows, data)}


def take(bench, data):
    """Runs of each runner and mode."""
    runners = {"floor": peers.Floor(bench.tools), "clew": peers.Clew(bench.clew, bench.state)}
    for name, peer in ({} if bench.is_alone else PEERS).items():
        try:
            runners[name] = peer(bench.state)
        except peers.Missing as why:
            print("no %s: %s" % (name, why))
    tasks = {(name, mode): (runner, mode, data) for mode in peers.MODES
             for name, runner in runners.items() if mode in runner.modes}
    return bench.take_turns(tasks, {key: PEER_ROUNDS for key in tasks if key[0] in PEERS})


def row(name, mode, runs, data):
    taken = runs[name, mode]
    cpu = median(taken, "cpu")
    return {"name": name, "mode": mode, "cpu": cpu, "mb": data.bytes / 1e6 / cpu,
            "records": data.lines / cpu, "instructions": median(taken, "instructions") / data.lines,
            "rss": median(taken, "rss") / 1e6, "anon": median(taken, "anon") / 1e6,
            "floor": ratio(taken, runs["floor", mode], "cpu"),
            "clew": ratio(taken, runs["clew", mode], "cpu"), "rounds": len(taken),
            "spread": (min(run.cpu for run in taken), max(run.cpu for run in taken))}


def table(rows, data):
    out = ["| | compression | CPU s (least – most) | instructions a record | MB per CPU s | records per CPU s | peak RSS, private | × floor | × clew | runs |",
           "|---|---|---|---|---|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: (peers.MODES.index(row["mode"]), row["cpu"])):
        out.append("| %s | %s | %.3f (%.3f – %.3f) | %s | %.0f | %s | %.1f, %.1f MB | %.1f | %s | %d |" % (
            row["name"], row["mode"], row["cpu"], *row["spread"],
            "%.0f" % row["instructions"] if row["instructions"] else "–", row["mb"],
            "–" if row["name"] == "floor" else "%.0f" % row["records"], row["rss"], row["anon"],
            row["floor"], "–" if row["name"] in ("clew", "floor") else "%.1f" % row["clew"],
            row["rounds"]))
    clew = {row["mode"]: row["cpu"] for row in rows if row["name"] == "clew"}
    for mode, seconds in FLUENT_BIT.items():
        seconds *= data.bytes / FLUENT_BIT_BYTES
        out.append("| Fluent Bit 5.1.1, elsewhere | %s | %.1f | – | %.0f | | 46 – 55 MB | – | %.1f | – |" % (
            mode, seconds, data.bytes / 1e6 / seconds, seconds / clew[mode]))
    return out


def aims(rows, data):
    """What is asked of clew, and what it does."""
    clew = {row["mode"]: row for row in rows if row["name"] == "clew"}
    takes = {"CPU s for 256 MiB": lambda row: row["cpu"] * FLUENT_BIT_BYTES / data.bytes,
             "× floor": lambda row: row["floor"], "peak RSS, MB": lambda row: row["rss"],
             "peak private memory, MB": lambda row: row["anon"]}
    out = ["| | none | gzip | zstd |", "|---|---|---|---|"]
    for name, aim in AIMS.items():
        cells = [(takes[name](clew[mode]), aim[mode]) for mode in peers.MODES]
        out.append("| %s | %s |" % (name, " | ".join(
            "%.3g (aim %.3g%s)" % (does, wanted, ", met" if does <= wanted else "")
            for does, wanted in cells)))
    return out
