# SPDX-License-Identifier: Apache-2.0
"""What is measured of a running clew, and the table of it."""

import os
import pathlib
import re
import time
import urllib.request

KB = 1024


def get(port, path):
    """The answer's text, and the milliseconds that it took."""
    begin = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        text = answer.read().decode()
    return text, (time.monotonic() - begin) * 1000


def counter(metrics, name):
    """The sum of its series."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)", metrics, re.M))


def status_kb(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def private_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", text, re.M))


def watches(pid):
    """Of inotify, over all its descriptors."""
    count = 0
    for path in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            count += path.read_text(encoding="ascii").count("inotify wd:")
        except OSError:  # closed meanwhile
            pass
    return count


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def folder_bytes(folder):
    """Of all files below it, as their sizes say."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # removed meanwhile
            pass
    return total


def take(pid, port, data):
    """One look at everything. `data`: clew's data directory."""
    metrics, metrics_ms = get(port, "/metrics")
    spool = folder_bytes(data / "spool") if (data / "spool").exists() else 0
    return {
        "rss": status_kb(pid, "VmRSS") * KB, "private": private_kb(pid) * KB,
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "watches": watches(pid),
        "series": sum(not line.startswith("#") for line in metrics.splitlines()),
        "checkpoint": (data / "checkpoints.json").stat().st_size, "spool": spool, "cpu": cpu_s(pid),
        "lost": counter(metrics, "clew_lost_bytes_total"), "metrics_ms": metrics_ms}


COLUMNS = [  # of a row: heading, and what is written of it
    ("s", lambda r: f"{r['at']:.0f}"), ("backend", lambda r: r["mood"]), ("pods so far", lambda r: r["pods"]),
    ("RSS MiB", lambda r: f"{r['rss'] / KB / KB:.1f}"), ("private MiB", lambda r: f"{r['private'] / KB / KB:.1f}"),
    ("descriptors", lambda r: r["descriptors"]), ("watches", lambda r: r["watches"]),
    ("series", lambda r: r["series"]), ("checkpoint KiB", lambda r: f"{r['checkpoint'] / KB:.0f}"),
    ("spool MiB", lambda r: f"{r['spool'] / KB / KB:.1f}"),
    ("p99 late s", lambda r: "-" if r["late"] is None else f"{r['late']:.2f}"),
    ("slowest look ms", lambda r: f"{r['look_ms']:.0f}"), ("core %", lambda r: f"{r['core']:.1%}"[:-1])]


def table(rows):
    lines = ["| " + " | ".join(name for name, _ in COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(show(row)) for _, show in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)
