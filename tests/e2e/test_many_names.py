#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand distinct names: memory, work and metrics stay bounded, and it is said.

Each kind of name is put into as many lines as there are names. What a run with the same name in every line
takes is the measure: names may cost a little more, never in proportion to how many there have been.
"""

import json
import os
import re
import urllib.request

import clew

NAMES = 100_000
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MEMORY_MORE = 48 << 20  # groups, windows, and a look at them: groups_max times two or three kilobytes
WORK_TIMES = 8  # a table that grows with the names, or a list that is walked, takes hundreds of times

KINDS = {
    "one name": lambda n: {"logger": "web", "service.name": "shop"},
    "services": lambda n: {"service.name": f"service-of-request-{n:08}"},
    "namespaces": lambda n: {"service.name": "shop", "service.namespace": f"tenant-{n:08}"},
    "loggers": lambda n: {"service.name": "shop", "logger": f"worker-{n:08}"},
    "attributes": lambda n: {"service.name": "shop", f"header-{n:08}": "x"},
    "shapes": lambda n: {"service.name": "shop", f"a{n % 499}": 1, f"b{n % 503}": {f"c{n % 211}": [1]}},
    "levels": lambda n: {"service.name": "shop", "level": f"level-{n:08}"},
}
TOLD = {"services": "the limit of audit.groups_max", "namespaces": "the limit of audit.groups_max",
        "attributes": "more shapes than clew remembers", "shapes": "more shapes than clew remembers"}


def write_lines(path, kind):
    with open(path, "w", encoding="utf-8") as out:
        for number in range(NAMES):
            line = {"msg": "done", "trace_id": TRACE} | KINDS[kind](number)
            out.write(json.dumps(line) + "\n")


def used(process):
    """(bytes of memory at the most, seconds of CPU)"""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        peak = int(re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.M)[1]) * 1024
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return peak, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return answer.read().decode()


def ship(tmp, kind):
    """(memory, CPU, /metrics, /coverage, log) of a run over lines of that kind."""
    folder = tmp / kind.replace(" ", "-")
    folder.mkdir()
    write_lines(folder / "a.log", kind)
    sink, port = clew.free_port(), clew.free_port()
    sets = [f"outputs.endpoint=http://127.0.0.1:{sink}", f"data_dir={folder}/data",
            f"control.listen=127.0.0.1:{port}", "audit.check_interval=200ms"]
    with clew.start("receive", "--listen", f"127.0.0.1:{sink}", "--discard") as far:
        clew.wait_for_port(sink, far)
        arguments = [word for one in sets for word in ("--set", one)]
        with clew.start("run", *arguments, folder / "a.log") as run:
            clew.wait_for_port(port, run)
            sent = f"clew_sent_records_total {NAMES}\n"
            clew.wait_for(lambda: sent in get(port, "/metrics?services=off"),
                          f"all lines with {kind} arrive", clew.END_TIMEOUT)
            if kind in TOLD:
                clew.wait_for(lambda: TOLD[kind] in run.err(), f"too many {kind} are told")
            metrics, coverage = get(port, "/metrics"), json.loads(get(port, "/coverage"))
            memory, cpu = used(run)
            clew.equal(run.stop(), 0)
            log = run.err()
        far.stop()
    return memory, cpu, metrics, coverage, log


def test_no_name_costs_more_than_a_bounded_place(tmp):
    runs = {kind: ship(tmp, kind) for kind in KINDS}
    memory_of_one, cpu_of_one, *_ = runs["one name"]
    for kind, (memory, cpu, metrics, coverage, log) in runs.items():
        series = [line for line in metrics.splitlines() if not line.startswith("#")]
        print(f"   {kind}: {memory >> 20} MiB, {cpu:.2f} s, {len(series)} series", flush=True)
        assert len(series) < 250 + 8 * 101, (kind, len(series))
        clew.equal(coverage["records"], NAMES, kind)
        assert len(coverage["groups"]) <= 501, kind
        clew.equal(sum(log.count(words) for words in set(TOLD.values())), int(kind in TOLD), kind)
        if not clew.has_sanitizer():
            assert memory < memory_of_one + MEMORY_MORE, (kind, memory, memory_of_one)
            assert cpu < WORK_TIMES * (cpu_of_one + 0.1), (kind, cpu, cpu_of_one)
    clew.contains(runs["services"][2], f"clew_audit_over_records_total {NAMES - 10_000}\n")
    clew.contains(runs["one name"][2], "clew_shapes_forgotten_total 0\n")


if __name__ == "__main__":
    clew.main()
