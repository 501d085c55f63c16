#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does a record still cost no more instructions than tests/bench/budget.json allows each stage?

Times differ from run to run, counts do not: valgrind counts the instructions of one and of two
rounds over the same lines, so that what is done once cancels out. A stage is what its line of
bench_pipeline costs more than the line before, or than encoding for the two ways to compress. The
budget has some slack for other compilers and versions of the compressors; it holds for the build type
it was measured with. After a change that is worth its cost:

    CLEW_WRITE_BUDGET=1 CLEW=build/clew tests/bench/test_budget.py
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "budget.json"
STAGES = ["frame", "parse", "resolve", "audit", "encode", "gzip", "zstd"]
BEFORE = {stage: before for before, stage in zip(STAGES, STAGES[1:])} | {"zstd": "encode"}
SLACK = 1.1


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed, %d skipped" % len(STAGES))
    sys.exit(0)


def build_options(build):
    listed = subprocess.check_output(["meson", "introspect", "--buildoptions", str(build)])
    return {option["name"]: option["value"] for option in json.loads(listed)}


def instructions(bench, log, rounds, stage):
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
         str(bench), str(log), str(rounds), str(stage)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stdout)
    if done.returncode != 0 or not found:
        sys.exit(done.stdout + "\n0 passed, 1 failed")
    return int(found[1].replace(",", ""))


def measure(tools, folder):
    """Instructions a record of each stage, over the four kinds of lines that `generate` writes."""
    subprocess.check_output([str(tools / "generate"), folder + "/pods", "1"])
    log = pathlib.Path(folder, "all.log")
    parts = sorted(pathlib.Path(folder, "pods").glob("*/*/*.log"))
    log.write_bytes(b"".join(part.read_bytes() for part in parts))
    lines = log.read_bytes().count(b"\n")
    bench = tools / "bench_pipeline"
    totals = {None: 0.0}
    for number, stage in enumerate(STAGES):
        one, two = (instructions(bench, log, rounds, number) for rounds in (1, 2))
        totals[stage] = (two - one) / lines
    return {stage: totals[stage] - totals[BEFORE.get(stage)] for stage in STAGES}


def judge(costs, budget):
    failed = 0
    for stage in STAGES:
        is_good = costs[stage] <= budget[stage]
        failed += not is_good
        print("%s %-8s %5.0f instructions a record, budget %d" % (
            "ok  " if is_good else "FAIL", stage, costs[stage], budget[stage]))
    print("%d passed, %d failed" % (len(STAGES) - failed, failed))
    return failed


def main():
    if shutil.which("valgrind") is None:
        skip("valgrind, which counts the instructions, is not installed")
    build = pathlib.Path(os.environ.get("CLEW", HERE.parents[1] / "build" / "clew")).resolve().parent
    options = build_options(build)
    if options["b_sanitize"] != "none":
        skip("a build with sanitizers has no budget")
    budgets = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    is_writing = os.environ.get("CLEW_WRITE_BUDGET") == "1"
    if options["buildtype"] not in budgets and not is_writing:
        skip("build type %s has no budget" % options["buildtype"])
    with tempfile.TemporaryDirectory(prefix="clew-budget-") as folder:
        costs = measure(build / "tests" / "bench", folder)
    if is_writing:
        budgets[options["buildtype"]] = {s: round(costs[s] * SLACK) for s in STAGES}
        BUDGET.write_text(json.dumps(budgets, indent=2, sort_keys=False) + "\n")
    sys.exit(1 if judge(costs, budgets[options["buildtype"]]) else 0)


main()
