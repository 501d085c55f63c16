# SPDX-License-Identifier: Apache-2.0
"""CPU, records and memory of clew, the floor and the peers, by compression, over the same files."""
import statistics

import peers
from bench import judge

MODES = ["none", "gzip", "zstd"]
PEERS = {"Collector": peers.Collector}
# Fluent Bit 5.1.1 (tail, multiline.parser cri, parser json, opentelemetry), CPU seconds for 256 MiB of
# lines like these on the reference machine: not measured here, so good for an order of magnitude.
FLUENT_BIT = {"none": 13.4, "gzip": 18.3}


def measure(bench):
    data = bench.input("pods", bench.mib)
    bench.notes.append("input: %d MiB, %d lines of %.0f bytes in %d files, %d with ids" % (
        data.bytes >> 20, data.lines, data.bytes / data.lines, len(data.paths), data.with_ids))
    bench.rows = rows = [row(name, mode, runs, data) for (name, mode), runs in take(bench, data).items()]
    bench.whole_ns = next(1e9 / row["records"] for row in rows
                          if row["name"] == "clew" and row["mode"] == "none")
    data.remove()
    return {"throughput": table(rows, data)}


def take(bench, data):
    """Runs of each runner and mode, which take turns."""
    runners = {"floor": peers.Floor(bench.tools), "clew": peers.Clew(bench.clew, bench.state)}
    for name, peer in ({} if bench.is_alone else PEERS).items():
        try:
            runners[name] = peer(bench.state)
        except peers.Missing as why:
            print("no %s: %s" % (name, why))
    runs = {(name, mode): [] for name in runners for mode in MODES}
    for _ in range(bench.rounds):
        for mode in MODES:
            for name, runner in runners.items():
                run = peers.measure(runner, bench.clew, mode, data)
                if name != "floor":
                    judge("%s (%s)" % (name, mode), run, data)
                runs[name, mode].append(run)
    return runs


def row(name, mode, runs, data):
    cpu = statistics.median(run.cpu for run in runs)
    rss, anon = (statistics.median(getattr(run, field) / 1e6 for run in runs)
                 for field in ("rss", "anon"))
    return {"name": name, "mode": mode, "cpu": cpu, "mb": data.bytes / 1e6 / cpu,
            "records": data.lines / cpu, "rss": rss, "anon": anon,
            "spread": (min(run.cpu for run in runs), max(run.cpu for run in runs))}


def table(rows, data):
    floor = {row["mode"]: row["cpu"] for row in rows if row["name"] == "floor"}
    out = ["| | compression | CPU s (least – most) | MB per CPU s | records per CPU s | peak RSS, private | × floor |",
           "|---|---|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: (MODES.index(row["mode"]), row["cpu"])):
        out.append("| %s | %s | %.2f (%.2f – %.2f) | %.0f | %s | %.1f, %.1f MB | %.1f |" % (
            row["name"], row["mode"], row["cpu"], *row["spread"], row["mb"],
            "–" if row["name"] == "floor" else "%.0f" % row["records"], row["rss"], row["anon"],
            row["cpu"] / floor[row["mode"]]))
    share = data.bytes / (256 << 20)
    for row in rows:
        if row["name"] == "clew" and row["mode"] in FLUENT_BIT:
            out.append("| Fluent Bit 5.1.1, elsewhere | %s | %.1f | %.0f | | 46 – 55 MB | clew × %.0f |" % (
                row["mode"], FLUENT_BIT[row["mode"]] * share,
                data.bytes / 1e6 / (FLUENT_BIT[row["mode"]] * share),
                FLUENT_BIT[row["mode"]] * share / row["cpu"]))
    return out
