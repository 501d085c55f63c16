#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does a record still cost no more instructions than tests/bench/budget.json allows each stage?

usage: tests/bench/test_budget.py [--against BUILD | --with NAME=VALUE…] [--kind KIND]…

Times differ from run to run, counts do not: callgrind counts the instructions of one and of two rounds
over the same lines, so that what is done once cancels out. A stage is what its line of bench_pipeline
costs more than the line before, or than encoding for the two ways to compress. Lines are of six kinds:
`mixed`, the four that `generate` writes, and the five of lines.py. The budget has some slack for other
compilers and versions of the compressors; it holds for the build type it was measured with. After a
change that is worth its cost:

    CLEW_WRITE_BUDGET=1 CLEW=build/clew tests/bench/test_budget.py

What a change costs is told by two builds of the same options, each from a folder of its own, or by a
feature off and on in one build, on the same lines:

    CLEW=build/clew tests/bench/test_budget.py --against ../before/build
    CLEW=build/clew tests/bench/test_budget.py --with trace.repeat_moved=true

That prints instructions a record and the difference, for each kind and stage, and fails where a record
costs 0.2 % more: "not one instruction" means less than that.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import lines

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "budget.json"
STAGES = ["frame", "parse", "resolve", "audit", "encode", "gzip", "zstd"]
BEFORE = {stage: before for before, stage in zip(STAGES, STAGES[1:])} | {"zstd": "encode"}
RECORD = STAGES[:5]  # what every record goes through
MIXED = "mixed"
KINDS = [MIXED, *lines.KINDS]
LINES = 400  # of each kind
SLACK = 1.1
NOTHING = 0.002  # of a record: what is less is no cost


def stages_of(kind):
    """How lines compress is asked of all kinds together."""
    return STAGES if kind == MIXED else RECORD


def stop(why):
    sys.exit(f"{why}\n0 passed, 1 failed")


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed, %d skipped" % sum(len(stages_of(kind)) for kind in KINDS))
    sys.exit(0)


def build_options(build):
    listed = subprocess.check_output(["meson", "introspect", "--buildoptions", str(build)])
    return {option["name"]: option["value"] for option in json.loads(listed)}


def instructions(bench, log, rounds, stage, sets):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         str(bench), log.name, str(rounds), str(stage), *sets], cwd=log.parent,
        env={**os.environ, "CLEW_BENCH_QUIET": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stdout)
    if done.returncode != 0 or not found:
        stop(done.stdout)
    return int(found[1])


def write_lines(tools, folder):
    """The lines of each kind, in a file of its name."""
    subprocess.check_output([str(tools / "generate"), folder + "/pods", "1"])
    parts = sorted(pathlib.Path(folder, "pods").glob("*/*/*.log"))
    logs = {kind: pathlib.Path(folder, kind + ".log") for kind in KINDS}
    mixed = b"".join(part.read_bytes() for part in parts).splitlines(keepends=True)
    logs[MIXED].write_bytes(b"".join(mixed[::len(mixed) // LINES]))
    for kind in lines.KINDS:
        lines.write(kind, logs[kind], LINES)
    return logs


def measure(tools, logs, sets=()):
    """Instructions a record, by kind and stage."""
    runs = [(kind, stage, rounds) for kind in logs for stage in stages_of(kind) for rounds in (1, 2)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        counts = dict(zip(runs, pool.map(
            lambda run: instructions(tools / "bench_pipeline", logs[run[0]], run[2], STAGES.index(run[1]), sets),
            runs)))
    costs = {}
    for kind, log in logs.items():
        count = log.read_bytes().count(b"\n")
        totals = {None: 0} | {stage: (counts[kind, stage, 2] - counts[kind, stage, 1]) / count
                              for stage in stages_of(kind)}
        costs[kind] = {stage: totals[stage] - totals[BEFORE.get(stage)] for stage in stages_of(kind)}
    return costs


def judge(costs, budget):
    failed = passed = 0
    for kind in costs:
        for stage in stages_of(kind):
            allowed = budget.get(kind, {}).get(stage, 0)
            is_good = costs[kind][stage] <= allowed
            failed, passed = failed + (not is_good), passed + is_good
            print("%s %-9s %-8s %5.0f instructions a record, budget %d" % (
                "ok  " if is_good else "FAIL", kind, stage, costs[kind][stage], allowed))
    print("%d passed, %d failed" % (passed, failed))
    return failed


def compare(before, after):
    """One line a stage and one a record; how many kinds cost more by now."""
    form = "%-9s %-8s %10.2f %10.2f %+9.2f  %+7.3f %%"
    print("%-9s %-8s %10s %10s %9s" % ("kind", "stage", "before", "after", "more"))
    failed = 0
    for kind in before:
        for stage in stages_of(kind):
            old, new = before[kind][stage], after[kind][stage]
            print(form % (kind, stage, old, new, new - old, 100 * (new - old) / old))
        old, new = (sum(costs[kind][stage] for stage in RECORD) for costs in (before, after))
        print(form % (kind, "a record", old, new, new - old, 100 * (new - old) / old))
        failed += new >= old * (1 + NOTHING)
    print("%d passed, %d failed" % (len(before) - failed, failed))
    return failed


def parse_arguments():
    arguments = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    arguments.add_argument("--against", metavar="BUILD", type=pathlib.Path)
    arguments.add_argument("--with", dest="sets", metavar="NAME=VALUE", action="append", default=[])
    arguments.add_argument("--kind", action="append", choices=KINDS)
    return arguments.parse_args()


def main():
    given = parse_arguments()
    if shutil.which("valgrind") is None:
        skip("valgrind, which counts the instructions, is not installed")
    build = pathlib.Path(os.environ.get("CLEW", HERE.parents[1] / "build" / "clew")).resolve().parent
    options = build_options(build)
    if options["b_sanitize"] != "none":
        skip("a build with sanitizers has no budget")
    budgets = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    is_writing = os.environ.get("CLEW_WRITE_BUDGET") == "1"
    is_comparing = given.against is not None or given.sets
    if options["buildtype"] not in budgets and not is_writing and not is_comparing:
        skip("build type %s has no budget" % options["buildtype"])
    if given.against and build_options(given.against)["buildtype"] != options["buildtype"]:
        stop(f"{given.against} has another build type")
    with tempfile.TemporaryDirectory(prefix="clew-budget-") as folder:
        logs = {kind: log for kind, log in write_lines(build / "tests" / "bench", folder).items()
                if kind in (given.kind or KINDS)}
        if is_comparing:
            other = (given.against.resolve() if given.against else build) / "tests" / "bench"
            before = measure(other, logs)
            sys.exit(1 if compare(before, measure(build / "tests" / "bench", logs, given.sets)) else 0)
        costs = measure(build / "tests" / "bench", logs)
    if is_writing:
        budgets[options["buildtype"]] = {
            kind: {stage: round(cost * SLACK) for stage, cost in costs[kind].items()} for kind in costs}
        BUDGET.write_text(json.dumps(budgets, indent=2, sort_keys=False) + "\n")
    sys.exit(1 if judge(costs, budgets[options["buildtype"]]) else 0)


if __name__ == "__main__":
    main()
